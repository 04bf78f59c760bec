//! The layer with a recorder that a service has already, that of metrics-exporter-prometheus; `serve` lets it go on.
//!
//! `cargo run -p watchkeep-tower --example tower_exporter_prometheus --features axum`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod ask;

use std::{env, error::Error, io, net::SocketAddr, time::Duration};

use axum::{Router, routing::get};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::{net::TcpListener, task::JoinHandle};
use watchkeep_tower::ObservabilityLayer;

/// Without bounds the exporter makes summaries, which cannot be added up over several instances.
const SECONDS: [f64; 8] = [0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (address, server) = start(install()?).await?;
    println!("http://{address}/ and http://{address}/metrics");
    match env::args().any(|argument| argument == "serve") {
        true => server.await??,
        false => println!("{}", show(address).await?),
    }
    Ok(())
}

/// What the service had before: the exporter as the recorder of the whole process.
fn install() -> Result<PrometheusHandle, Box<dyn Error>> {
    let suffix = Matcher::Suffix("_seconds".to_owned());
    let builder = PrometheusBuilder::new().set_buckets_for_metric(suffix, &SECONDS)?;
    Ok(builder.install_recorder()?)
}

async fn start(handle: PrometheusHandle) -> io::Result<(SocketAddr, JoinHandle<io::Result<()>>)> {
    tokio::spawn(keep_up(handle.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(async move { axum::serve(listener, app(handle)).await });
    Ok((address, server))
}

/// The exporter keeps every observation until a scrape or this, and nothing calls it by itself.
async fn keep_up(handle: PrometheusHandle) {
    let mut ticks = tokio::time::interval(Duration::from_secs(5));
    loop {
        ticks.tick().await;
        handle.run_upkeep();
    }
}

fn app(handle: PrometheusHandle) -> Router {
    // Without `with_recorder` the layer takes the one that is installed.
    let layer = ObservabilityLayer::builder()
        .with_skip(["/metrics"])
        .build();
    Router::new()
        .route("/", get(|| async { "hello\n" }))
        .route("/metrics", get(async move || handle.render()))
        .layer(layer)
}

/// Asks once, and then for the numbers.
async fn show(address: SocketAddr) -> io::Result<String> {
    let answer = ask::ask(address, "/").await?;
    let metrics = ask::ask(address, "/metrics").await?;
    Ok(format!("{answer}\n{metrics}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_exporter_has_the_layers_numbers() {
        let handle = install().expect("this is the only recorder of the process");
        let (address, _) = start(handle).await.expect("a free port is there");
        let shown = show(address).await.expect("the server answers");
        assert!(shown.contains("hello\n"), "{shown}");
        let counted = "http_server_requests_total{method=\"GET\",route=\"/\",status=\"200\",outcome=\"completed\"} 1\n";
        assert!(shown.contains(counted), "{shown}");
        let timed =
            "http_server_request_duration_seconds_bucket{method=\"GET\",route=\"/\",le=\"10\"} 1\n";
        assert!(shown.contains(timed), "{shown}");
        assert!(
            shown.contains("http_server_requests_in_flight 0\n"),
            "{shown}"
        );
    }
}
