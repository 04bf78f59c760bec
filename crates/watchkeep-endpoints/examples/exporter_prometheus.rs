//! A service that keeps its metrics-exporter-prometheus: the layer records into it, the endpoints serve it.
//!
//! `cargo run -p watchkeep-endpoints --example exporter_prometheus --features exporter-prometheus`, then
//! `curl http://127.0.0.1:8080/` and `curl http://127.0.0.1:8080/metrics`.

use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use watchkeep_endpoints::{Access, Endpoints, POLLED_PATHS};
use watchkeep_tower::ObservabilityLayer;

/// Without bounds the exporter makes summaries, which cannot be added up over several instances.
const SECONDS: [f64; 8] = [0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let handle = install()?;
    // The exporter keeps every observation until a scrape or this, and nothing calls it by itself.
    let upkeep = handle.clone();
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_secs(5));
        loop {
            ticks.tick().await;
            upkeep.run_upkeep();
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    axum::serve(listener, app(handle)).await?;
    Ok(())
}

/// What the service had before: the exporter as the recorder of the whole process.
fn install() -> Result<PrometheusHandle, Box<dyn Error>> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?;
    Ok(builder.install_recorder()?)
}

/// The service's own routes, counted and timed by the layer, and `/metrics` beside them.
fn app(handle: PrometheusHandle) -> Router {
    let endpoints = Endpoints::new(Access::closed()).with_exporter_prometheus(handle);
    Router::new()
        .route("/", get(|| async { "hello" }))
        .merge(endpoints.router())
        .layer(
            ObservabilityLayer::builder()
                .with_skip(POLLED_PATHS)
                .build(),
        )
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(app: &Router, path: &str) -> String {
        let request = Request::get(path).body(Body::empty());
        let request = request.expect("the path is valid");
        let response = app.clone().oneshot(request).await;
        let response = response.expect("a router never fails");
        let body = response.into_body().collect().await;
        let body = body.expect("the body is whole").to_bytes();
        String::from_utf8_lossy(&body).into_owned()
    }

    #[tokio::test]
    async fn the_layers_numbers_are_in_the_exporters_text() {
        let app = app(install().expect("this is the only recorder of the process"));
        assert_eq!(ask(&app, "/").await, "hello");
        let text = ask(&app, "/metrics").await;
        let counted = "http_server_requests_total{method=\"GET\",route=\"/\",status=\"200\",outcome=\"completed\"} 1\n";
        assert!(text.contains(counted), "{text}");
        let timed =
            "http_server_request_duration_seconds_bucket{method=\"GET\",route=\"/\",le=\"10\"} 1\n";
        assert!(text.contains(timed), "{text}");
        assert!(
            !text.contains("route=\"/metrics\""),
            "scrapes are not counted"
        );
    }
}
