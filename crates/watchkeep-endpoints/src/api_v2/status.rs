//! What the engine is and goes by: `status`, `receivers`, and whether it is there.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::json;

use super::answer::{self, Problem};
use super::{Api, check_accept};
use crate::respond;

/// The version of Alertmanager whose API this is: its tools warn when theirs is another one.
const VERSION: &str = "0.25.0";

#[derive(Serialize)]
struct Receiver<'a> {
    name: &'a str,
}

pub(super) async fn status(
    State(api): State<Api>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    check_accept(&headers)?;
    let status = json!({
        // The engine is no member of a cluster; Alertmanager says so when its own is off.
        "cluster": {"status": "disabled", "peers": []},
        "config": {"original": api.alerting.export().to_string()},
        "uptime": format!("{:.3}", api.started),
        "versionInfo": {
            "branch": "watchkeep",
            "buildDate": "",
            "buildUser": "",
            "goVersion": "",
            "revision": env!("CARGO_PKG_VERSION"),
            "version": VERSION,
        },
    });
    Ok(answer::json(StatusCode::OK, &status))
}

pub(super) async fn receivers(
    State(api): State<Api>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    check_accept(&headers)?;
    let config = api.alerting.configuration();
    let receivers = config.receivers().iter();
    let receivers: Vec<_> = receivers
        .map(|receiver| Receiver {
            name: receiver.name(),
        })
        .collect();
    Ok(answer::json(StatusCode::OK, &receivers))
}

pub(super) async fn healthy() -> Response {
    ok()
}

pub(super) async fn ready(State(api): State<Api>) -> Response {
    if api.alerting.is_open() {
        return ok();
    }
    Problem::said(
        StatusCode::SERVICE_UNAVAILABLE,
        "the alert engine is shut down",
    )
    .into_response()
}

fn ok() -> Response {
    respond::fresh(StatusCode::OK, "text/plain; charset=utf-8", "OK")
}
