//! Alertmanager's API v2 over the embedded engine, for `amtool`, Prometheus, Grafana and what else speaks it.
//!
//! Answers are those of Alertmanager 0.25, with fields of later versions that older clients leave aside.
//! What is refused there is refused here with the same status, and the bounds below are refused in addition.

use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use tokio::sync::Semaphore;
use watchkeep_alerts::{Alerting, Error};

mod alerts;
mod answer;
mod body;
mod query;
mod read;
mod silences;
mod status;
mod write;

use crate::route::{self, Routes};
use answer::Problem;

/// How many bodies are read and taken at once; others wait.
const BODIES_AT_ONCE: usize = 8;

/// What the handlers share.
#[derive(Clone)]
struct Api {
    alerting: Alerting,
    gate: Arc<Semaphore>,
    started: jiff::Timestamp,
}

pub(crate) fn mount(routes: &mut Routes, alerting: Alerting) {
    let api = Api {
        alerting,
        gate: Arc::new(Semaphore::new(BODIES_AT_ONCE)),
        started: jiff::Timestamp::now(),
    };
    routes.mount(route::API_STATUS, status::status, api.clone());
    routes.mount(route::API_RECEIVERS, status::receivers, api.clone());
    routes.mount(route::API_ALERTS, alerts::list, api.clone());
    routes.mount(route::API_POST_ALERTS, alerts::post, api.clone());
    routes.mount(route::API_GROUPS, alerts::groups, api.clone());
    routes.mount(route::API_SILENCES, silences::list, api.clone());
    routes.mount(route::API_POST_SILENCE, silences::post, api.clone());
    routes.mount(route::API_SILENCE, silences::get, api.clone());
    routes.mount(route::API_EXPIRE_SILENCE, silences::expire, api.clone());
    routes.mount(route::API_HEALTHY, status::healthy, ());
    routes.mount(route::API_READY, status::ready, api);
}

/// Says whether the client takes JSON; one that says nothing takes anything.
fn check_accept(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(accept) = crate::metrics::joined(headers, http::header::ACCEPT) else {
        return Ok(());
    };
    let takes = accept.split(',').any(|range| {
        let range = range.split(';').next().unwrap_or_default().trim();
        ["*/*", "application/*", "application/json", ""]
            .iter()
            .any(|json| range.eq_ignore_ascii_case(json))
    });
    match takes {
        true => Ok(()),
        false => Err(Problem::coded(
            StatusCode::NOT_ACCEPTABLE,
            "unsupported media type requested, only [application/json] are available",
        )),
    }
}

/// Makes the answer to what the engine itself could not do.
fn of_engine(error: &Error) -> Problem {
    if error.is_unknown_silence() {
        return Problem::said(StatusCode::NOT_FOUND, "silence not found");
    }
    let cause = std::error::Error::source(error).filter(|_| error.is_invalid_silence());
    match cause {
        Some(cause) => Problem::said(
            StatusCode::BAD_REQUEST,
            format!("silence invalid: {}", answer::in_full(cause)),
        ),
        None => Problem::said(StatusCode::SERVICE_UNAVAILABLE, answer::in_full(error)),
    }
}

#[cfg(test)]
mod tests;
