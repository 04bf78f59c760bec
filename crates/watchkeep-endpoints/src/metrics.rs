//! `/metrics` in whichever form was asked for, and the JSON summary.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, HeaderName, VARY};
use http::{HeaderMap, StatusCode};
use watchkeep_metrics::negotiate::{self, Offer};
use watchkeep_metrics::{Format, Recorder};

use crate::flight::Flights;
use crate::respond;
use crate::route::{self, Routes};

/// Makes the JSON summary of a service.
pub(crate) type Summary = Arc<dyn Fn() -> String + Send + Sync>;

/// How many renders are made at once: two formats, each compressed and not.
const MOST_AT_ONCE: usize = 4;

/// The renders that are being made, by type and whether they are compressed.
pub(crate) type Renders = Flights<(&'static str, bool), Bytes>;

#[derive(Clone)]
pub(crate) struct Metrics {
    pub(crate) recorder: Recorder,
    pub(crate) summary: Option<Summary>,
    pub(crate) renders: Renders,
}

pub(crate) fn renders() -> Renders {
    Flights::new(MOST_AT_ONCE)
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
    let recorder = metrics.recorder;
    let render = move || {
        let mut text = Vec::new();
        recorder.render(format, &mut text);
        text
    };
    rendered(&metrics.renders, format.content_type(), &headers, render).await
}

/// Answers with what `render` returns, compressed when that is accepted; who asks while it is being made gets the same.
///
/// Rendering and compressing cost time on the processor, so a runtime thread does neither.
pub(crate) async fn rendered(
    renders: &Renders,
    content_type: &'static str,
    headers: &HeaderMap,
    render: impl FnOnce() -> Vec<u8> + Send + 'static,
) -> Response {
    let compress = negotiate::accepts_gzip(joined(headers, ACCEPT_ENCODING).as_deref());
    let rendered = renders.join((content_type, compress), move || {
        let text = render();
        let body = if compress {
            negotiate::gzip(&text)
        } else {
            text
        };
        Bytes::from(body)
    });
    let Ok(body) = rendered.await else {
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, mpsc};

    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn scrapes_at_once_share_one_render_for_each_form() {
        let renders = renders();
        let count = Arc::new(AtomicUsize::new(0));
        let (gate, opened) = mpsc::channel::<()>();
        let opened = Arc::new(std::sync::Mutex::new(opened));
        let mut gzip = HeaderMap::new();
        gzip.insert(ACCEPT_ENCODING, "gzip".parse().expect("a header value"));
        let mut scrapes = tokio::task::JoinSet::new();
        for number in 0..40 {
            let renders = renders.clone();
            let (count, opened) = (Arc::clone(&count), Arc::clone(&opened));
            let headers = if number % 2 == 0 {
                HeaderMap::new()
            } else {
                gzip.clone()
            };
            scrapes.spawn(async move {
                let render = move || {
                    count.fetch_add(1, Ordering::Relaxed);
                    let _ = opened.lock().map(|opened| opened.recv());
                    b"up 1\n".to_vec()
                };
                let answer = rendered(&renders, "text/plain", &headers, render).await;
                let (parts, body) = answer.into_parts();
                let body = body.collect().await.expect("it is whole").to_bytes();
                (parts.headers.contains_key(CONTENT_ENCODING), body)
            });
        }
        // All have asked once each has had its turn; the renders still wait.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        drop(gate);
        while let Some(scrape) = scrapes.join_next().await {
            let (is_packed, body) = scrape.expect("it answers");
            assert_eq!(body.starts_with(&[0x1f, 0x8b]), is_packed);
            assert!(is_packed || body == "up 1\n");
        }
        assert_eq!(count.load(Ordering::Relaxed), 2);
    }
}
