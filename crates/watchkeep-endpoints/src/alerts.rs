//! `/alerts`: what fires, why nobody is told of it, each delivery, and the dead letters.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use watchkeep_alerts::Alerting;

use crate::respond;
use crate::route::{self, Routes};

pub(crate) fn mount(routes: &mut Routes, alerting: Alerting) {
    routes.mount(route::ALERTS, list, alerting);
}

async fn list(State(alerting): State<Alerting>) -> Response {
    let body = serde_json::json!({
        "alerts": alerting.alerts().await,
        "deadLetters": alerting.dead_letters().await,
    });
    respond::json(StatusCode::OK, body.to_string())
}
