//! `/alerts/explain`: why somebody was, or was not, told.

use axum::extract::{Query, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use watchkeep_alerts::{Alerting, Labels, Timestamp};

use super::{problem, wants_text};
use crate::respond;

/// The most labels that are asked about, as many as an alert may have.
const LABELS: usize = 32;

/// What is asked: `at`, and labels, each as its own parameter, or any of them as `label=name=value`.
pub(super) async fn explain(
    State(alerting): State<Alerting>,
    Query(parameters): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let (labels, at) = match read(parameters) {
        Ok(asked) => asked,
        Err(words) => return problem(StatusCode::BAD_REQUEST, &words),
    };
    let Some(explanation) = alerting.explain(labels, at).await else {
        return problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "the alert engine is shut down",
        );
    };
    if wants_text(&headers) {
        let text = explanation.to_string();
        return respond::fresh(StatusCode::OK, "text/plain; charset=utf-8", text);
    }
    match serde_json::to_string(&explanation) {
        Ok(body) => respond::json(StatusCode::OK, body),
        Err(_) => problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the answer cannot be written",
        ),
    }
}

fn read(parameters: Vec<(String, String)>) -> Result<(Labels, Option<Timestamp>), String> {
    let (mut labels, mut at) = (Labels::new(), None);
    for (name, value) in parameters {
        match name.as_str() {
            // An empty time is now, as an empty field of a form is.
            "at" if value.is_empty() => {}
            "at" => at = Some(value.parse().map_err(|error| format!("`at`: {error}"))?),
            "label" => {
                let split = value.split_once('=').filter(|(name, _)| !name.is_empty());
                let (name, value) = split.ok_or("`label` is not name=value")?;
                labels.insert(name.to_owned(), value.to_owned());
            }
            _ => drop(labels.insert(name, value)),
        }
    }
    match labels.len() > LABELS {
        true => Err(format!("there are more than {LABELS} labels")),
        false => Ok((labels, at)),
    }
}
