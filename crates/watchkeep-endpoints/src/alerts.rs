//! `/alerts`: what fires, why somebody was told or not, what would be sent, tests, and the dead letters.

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::json;
use watchkeep_alerts::{Alerting, Error};

use crate::respond;
use crate::route::{self, Routes};

mod dry_run;
mod explain;

use dry_run::DryRuns;

/// The most decisions that are listed.
const DECISIONS: usize = 1_000;

pub(crate) fn mount(routes: &mut Routes, alerting: Alerting) {
    let dry_runs = DryRuns::new(alerting.clone());
    routes.mount(route::ALERTS, list, alerting.clone());
    routes.mount(route::ALERTS_DECISIONS, decisions, alerting.clone());
    routes.mount(route::ALERTS_EXPLAIN, explain::explain, alerting.clone());
    routes.mount(route::ALERTS_EXPORT, export, alerting.clone());
    routes.mount(route::ALERTS_DRY_RUN, dry_run::dry_run, dry_runs);
    routes.mount(route::ALERTS_TEST, test, alerting.clone());
    routes.mount(route::DEAD_LETTERS, dead_letters, alerting.clone());
    routes.mount(route::DEAD_LETTER_REPLAY, replay, alerting.clone());
    routes.mount(route::DEAD_LETTER_DISCARD, discard, alerting);
}

async fn list(State(alerting): State<Alerting>) -> Response {
    let body = json!({
        "alerts": alerting.alerts().await,
        "deadLetters": alerting.dead_letters().await,
    });
    respond::json(StatusCode::OK, body.to_string())
}

async fn decisions(State(alerting): State<Alerting>) -> Response {
    let body = json!({ "decisions": alerting.decisions(DECISIONS).await });
    respond::json(StatusCode::OK, body.to_string())
}

/// The configuration that runs, as Alertmanager's file.
async fn export(State(alerting): State<Alerting>) -> Response {
    let text = alerting.export().to_string();
    respond::fresh(StatusCode::OK, "application/yaml; charset=utf-8", text)
}

/// Sends a test notice, and waits for how it goes.
async fn test(State(alerting): State<Alerting>, Path(receiver): Path<String>) -> Response {
    match alerting.test_each(&receiver).await {
        Ok(deliveries) => {
            let delivered = deliveries.iter().all(|it| it.error.is_none());
            let status = match delivered {
                true => StatusCode::OK,
                false => StatusCode::BAD_GATEWAY,
            };
            let body = json!({
                "receiver": receiver,
                "delivered": delivered,
                "channels": deliveries,
            });
            respond::json(status, body.to_string())
        }
        Err(error) if error.is_unknown_receiver() => {
            let body = json!({ "error": error.to_string(), "receivers": alerting.receivers() });
            respond::json(StatusCode::NOT_FOUND, body.to_string())
        }
        Err(error) => failed(&error),
    }
}

async fn dead_letters(State(alerting): State<Alerting>) -> Response {
    let body = json!({ "deadLetters": alerting.dead_letters().await });
    respond::json(StatusCode::OK, body.to_string())
}

async fn replay(State(alerting): State<Alerting>, Path(id): Path<String>) -> Response {
    let found = alerting.replay(&id).await;
    settled(found, &json!({ "id": id, "replayed": true }))
}

async fn discard(State(alerting): State<Alerting>, Path(id): Path<String>) -> Response {
    let found = alerting.discard(&id).await;
    settled(found, &json!({ "id": id, "discarded": true }))
}

fn settled(found: Result<bool, Error>, done: &serde_json::Value) -> Response {
    match found {
        Ok(true) => respond::json(StatusCode::OK, done.to_string()),
        Ok(false) => problem(StatusCode::NOT_FOUND, "no dead letter has this id"),
        Err(error) => failed(&error),
    }
}

/// The engine cannot answer now.
fn failed(error: &Error) -> Response {
    problem(StatusCode::SERVICE_UNAVAILABLE, &error.to_string())
}

fn problem(status: StatusCode, words: &str) -> Response {
    respond::json(status, json!({ "error": words }).to_string())
}

/// Says whether text is asked for, and not JSON.
fn wants_text(headers: &HeaderMap) -> bool {
    let accept = headers.get(http::header::ACCEPT);
    let accept = accept.and_then(|value| value.to_str().ok());
    let first = accept.and_then(|text| text.split([',', ';']).next());
    first.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/plain"))
}

#[cfg(test)]
mod tests;
