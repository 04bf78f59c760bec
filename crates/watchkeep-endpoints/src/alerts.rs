//! `/alerts`: what fires, why nobody is told of it, each delivery, and the dead letters.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use watchkeep_alerts::Alerting;

use crate::respond;

pub(crate) async fn list(State(alerting): State<Alerting>) -> Response {
    let body = serde_json::json!({
        "alerts": alerting.alerts().await,
        "deadLetters": alerting.dead_letters().await,
    });
    respond::json(StatusCode::OK, body.to_string())
}
