//! `/metrics` of a service that records into metrics-exporter-prometheus already.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use metrics_exporter_prometheus::PrometheusHandle;
use watchkeep_metrics::Format;

use crate::Endpoints;
use crate::metrics::{self, Renders};
use crate::route::{self, Routes};

impl Endpoints {
    /// Serves the metrics of this exporter under `/metrics`, as Prometheus text, compressed when asked; without effect beside
    /// [`with_metrics`](Self::with_metrics).
    ///
    /// It is meant for a service that has this recorder already, and moves to ours later or not at all. A recorder that was
    /// built without the exporter's own listener keeps every observation until somebody scrapes or calls its `run_upkeep`,
    /// which nothing here does.
    pub fn with_exporter_prometheus(mut self, handle: PrometheusHandle) -> Self {
        self.exporter = Some(handle);
        self
    }
}

#[derive(Clone)]
struct Exporter {
    handle: PrometheusHandle,
    renders: Renders,
}

pub(crate) fn mount(routes: &mut Routes, handle: Option<PrometheusHandle>) {
    if let Some(handle) = handle {
        let renders = metrics::renders();
        routes.mount(route::METRICS, exposition, Exporter { handle, renders });
    }
}

async fn exposition(State(exporter): State<Exporter>, headers: HeaderMap) -> Response {
    let content_type = Format::Prometheus.content_type();
    let handle = exporter.handle;
    let render = move || handle.render().into_bytes();
    metrics::rendered(&exporter.renders, content_type, &headers, render).await
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
    use http_body_util::BodyExt as _;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use tower::ServiceExt as _;
    use watchkeep_metrics::Recorder;

    use super::*;
    use crate::Access;

    async fn scrape(endpoints: Endpoints, encoding: &'static str) -> (Response, Vec<u8>) {
        let request = Request::get("/metrics").header(ACCEPT_ENCODING, encoding);
        let request = request.body(Body::empty()).expect("a valid request");
        let answered = endpoints.router().oneshot(request).await;
        let (parts, body) = answered.expect("a router never fails").into_parts();
        let body = body.collect().await.expect("the body is whole").to_bytes();
        (Response::from_parts(parts, Body::empty()), body.to_vec())
    }

    fn endpoints() -> Endpoints {
        let recorder = PrometheusBuilder::new().build_recorder();
        ::metrics::with_local_recorder(&recorder, || {
            ::metrics::counter!("theirs_total").increment(3);
        });
        Endpoints::new(Access::closed()).with_exporter_prometheus(recorder.handle())
    }

    #[tokio::test]
    async fn the_exporters_text_is_served_with_its_version() {
        let (response, body) = scrape(endpoints(), "identity").await;
        let text = String::from_utf8_lossy(&body);
        assert!(text.contains("theirs_total 3\n"), "{text}");
        let content_type = response.headers()[CONTENT_TYPE].to_str();
        assert_eq!(
            content_type.expect("it is ASCII"),
            "text/plain; version=0.0.4; charset=utf-8"
        );
    }

    #[tokio::test]
    async fn it_is_compressed_when_asked() {
        let (response, body) = scrape(endpoints(), "gzip").await;
        assert_eq!(response.headers()[CONTENT_ENCODING], "gzip");
        assert_eq!(body[..2], [0x1f, 0x8b]);
    }

    #[tokio::test]
    async fn our_recorder_comes_first() {
        let both = endpoints().with_metrics(Recorder::default());
        let (_, body) = scrape(both, "identity").await;
        assert!(!String::from_utf8_lossy(&body).contains("theirs_total"));
    }
}
