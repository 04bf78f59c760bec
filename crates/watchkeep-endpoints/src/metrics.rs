//! `/metrics` in whichever form was asked for, and the JSON summary.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, HeaderName, VARY};
use http::{HeaderMap, StatusCode};
use watchkeep_metrics::negotiate::{self, Offer};
use watchkeep_metrics::{Format, Recorder};

use crate::respond;
use crate::route::{self, Routes};

/// Makes the JSON summary of a service.
pub(crate) type Summary = Arc<dyn Fn() -> String + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Metrics {
    pub(crate) recorder: Recorder,
    pub(crate) summary: Option<Summary>,
}

pub(crate) fn mount(routes: &mut Routes, metrics: Metrics) {
    routes.mount(route::METRICS, exposition, metrics.clone());
    routes.mount(route::SUMMARY, summary, metrics);
}

async fn exposition(State(metrics): State<Metrics>, headers: HeaderMap) -> Response {
    let format = match negotiate::best(joined(&headers, ACCEPT).as_deref()) {
        Offer::Json if metrics.summary.is_some() => return summary(State(metrics)).await,
        Offer::OpenMetrics => Format::OpenMetrics,
        _ => Format::Prometheus,
    };
    let render = move || {
        let mut text = Vec::new();
        metrics.recorder.render(format, &mut text);
        text
    };
    rendered(format.content_type(), &headers, render).await
}

/// Answers with what `render` returns, compressed when that is accepted.
///
/// Rendering and compressing cost time on the processor, so a runtime thread does neither.
pub(crate) async fn rendered(
    content_type: &'static str,
    headers: &HeaderMap,
    render: impl FnOnce() -> Vec<u8> + Send + 'static,
) -> Response {
    let compress = negotiate::accepts_gzip(joined(headers, ACCEPT_ENCODING).as_deref());
    let rendered = tokio::task::spawn_blocking(move || {
        let text = render();
        if compress {
            negotiate::gzip(&text)
        } else {
            text
        }
    })
    .await;
    let Ok(body) = rendered else {
        return respond::refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the metrics could not be rendered\n",
        );
    };
    let mut response = respond::fresh(StatusCode::OK, content_type, body);
    if compress {
        respond::with(&mut response, CONTENT_ENCODING, "gzip");
    }
    respond::with(&mut response, VARY, "accept, accept-encoding");
    response
}

async fn summary(State(metrics): State<Metrics>) -> Response {
    match metrics.summary {
        Some(summary) => respond::json(StatusCode::OK, summary()),
        None => respond::refusal(StatusCode::NOT_FOUND, "this service has no summary\n"),
    }
}

/// All values of a header as one list, the way RFC 9110 section 5.3 joins them.
pub(crate) fn joined(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let values: Vec<&str> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    (!values.is_empty()).then(|| values.join(","))
}
