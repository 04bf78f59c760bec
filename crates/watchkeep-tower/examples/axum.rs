//! A service of axum under the layer; it asks itself once and shows the numbers, or goes on with the argument `serve`.
//!
//! `cargo run -p watchkeep-tower --example axum --features axum`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod ask;

use std::{env, error::Error, io, net::SocketAddr};

use axum::{Router, extract::Path, routing::get};
use tokio::{net::TcpListener, task::JoinHandle};
use watchkeep_metrics::{Format, Recorder};
use watchkeep_tower::{ObservabilityLayer, RequestId};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (address, server) = start().await?;
    println!("http://{address}/users/7 and http://{address}/metrics");
    match env::args().any(|argument| argument == "serve") {
        true => server.await??,
        false => println!("{}", show(address).await?),
    }
    Ok(())
}

async fn start() -> Result<(SocketAddr, JoinHandle<io::Result<()>>), Box<dyn Error>> {
    let recorder = Recorder::builder().build()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(async move { axum::serve(listener, app(recorder)).await });
    Ok((address, server))
}

fn app(recorder: Recorder) -> Router {
    let layer = ObservabilityLayer::builder()
        // A service that has installed its recorder for the whole process leaves this out.
        .with_recorder(recorder.clone())
        // Scrapes are neither counted nor logged.
        .with_skip(["/metrics"])
        // A handler that panics answers with a plain 500.
        .with_panic_response()
        .build();
    Router::new()
        .route("/users/{id}", get(user))
        .route("/metrics", get(async move || page(&recorder)))
        // Inside of `Router::layer` the layer sees which route has matched.
        .layer(layer)
}

/// The ids of the request are extractors.
async fn user(Path(user): Path<u32>, id: RequestId) -> String {
    format!("user {user}, request {id}\n")
}

fn page(recorder: &Recorder) -> String {
    let mut page = Vec::new();
    recorder.render(Format::Prometheus, &mut page);
    String::from_utf8_lossy(&page).into_owned()
}

/// Asks once, and then for the numbers.
async fn show(address: SocketAddr) -> io::Result<String> {
    let answer = ask::ask(address, "/users/7").await?;
    let metrics = ask::ask(address, "/metrics").await?;
    Ok(format!("{answer}\n{metrics}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_request_is_answered_and_counted() {
        let (address, _) = start().await.expect("a free port is there");
        let shown = show(address).await.expect("the server answers");
        assert!(shown.contains("\r\nx-request-id: "), "{shown}");
        assert!(shown.contains("user 7, request "), "{shown}");
        let counted = "http_server_requests_total{method=\"GET\",outcome=\"completed\",route=\"/users/{id}\",status=\"200\"} 1\n";
        assert!(shown.contains(counted), "{shown}");
        assert!(!shown.contains("route=\"/metrics\""), "{shown}");
    }
}
