//! `/alerts/dry-run`: what the configuration that runs would send.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use tokio::sync::Semaphore;
use watchkeep_alerts::dry_run::{DryRun, Script};
use watchkeep_alerts::{Alerting, Timestamp};

use super::{problem, wants_text};
use crate::respond;

/// The engine, and the right to make the one dry run that is made at a time: each may take a processor for some seconds.
#[derive(Clone)]
pub(super) struct DryRuns {
    alerting: Alerting,
    turn: Arc<Semaphore>,
}

/// From when to when, instead of what the file says.
#[derive(Deserialize)]
pub(super) struct Span {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl DryRuns {
    pub(super) fn new(alerting: Alerting) -> Self {
        Self {
            alerting,
            turn: Arc::new(Semaphore::new(1)),
        }
    }
}

/// Takes the file of events as the body, whatever its type is said to be.
pub(super) async fn dry_run(
    State(runs): State<DryRuns>,
    Query(span): Query<Span>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let Ok(turn) = runs.turn.acquire_owned().await else {
        return problem(StatusCode::SERVICE_UNAVAILABLE, "no dry runs are made");
    };
    let run = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        run(&runs.alerting, &body, &span)
    });
    match run.await {
        Ok(Ok(run)) if wants_text(&headers) => {
            let text = run.to_string();
            respond::fresh(StatusCode::OK, "text/plain; charset=utf-8", text)
        }
        Ok(Ok(run)) => match serde_json::to_string(&run) {
            Ok(body) => respond::json(StatusCode::OK, body),
            Err(_) => failed(),
        },
        Ok(Err(words)) => problem(StatusCode::BAD_REQUEST, &words),
        Err(_) => failed(),
    }
}

fn run(alerting: &Alerting, text: &str, span: &Span) -> Result<DryRun, String> {
    let script = Script::parse_from(text, span.from).map_err(|error| error.to_string())?;
    let script = match span.to {
        Some(to) => script.until(to),
        None => script,
    };
    alerting.dry_run(&script).map_err(|error| error.to_string())
}

fn failed() -> Response {
    problem(StatusCode::INTERNAL_SERVER_ERROR, "the dry run failed")
}
