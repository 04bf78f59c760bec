//! `/alerts`: what the alert engine holds, with each delivery.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use watchkeep_alerts::Alerting;

use crate::respond;

pub(crate) async fn list(State(alerting): State<Alerting>) -> Response {
    let body = serde_json::json!({ "alerts": alerting.active() });
    respond::json(StatusCode::OK, body.to_string())
}
