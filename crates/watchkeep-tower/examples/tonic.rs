//! The health service of tonic under the layer; it asks itself once and shows the numbers, or goes on with the argument `serve`.
//!
//! `cargo run -p watchkeep-tower --example tonic`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::{env, error::Error, net::SocketAddr};

use tokio::{net::TcpListener, task::JoinHandle};
use tonic::transport::{self, Endpoint, Server, server::TcpIncoming};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use watchkeep_metrics::{Format, Recorder};
use watchkeep_tower::{ObservabilityLayer, PropagationLayer};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let recorder = Recorder::builder().build()?;
    let (address, server) = start(&recorder).await?;
    println!("{address}");
    match env::args().any(|argument| argument == "serve") {
        true => server.await??,
        false => println!("{}", show(address, &recorder).await?),
    }
    Ok(())
}

async fn start(
    recorder: &Recorder,
) -> Result<(SocketAddr, JoinHandle<Result<(), transport::Error>>), Box<dyn Error>> {
    let layer = ObservabilityLayer::builder()
        .with_recorder(recorder.clone())
        .build();
    let (_, health) = tonic_health::server::health_reporter();
    // The layer is around the whole server, so that it counts calls of methods that do not exist, too.
    let server = Server::builder().layer(layer).add_service(health);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = server.serve_with_incoming(TcpIncoming::from(listener));
    Ok((address, tokio::spawn(server)))
}

/// Asks for the health of the server, and then for the numbers.
async fn show(address: SocketAddr, recorder: &Recorder) -> Result<String, Box<dyn Error>> {
    let channel = Endpoint::from_shared(format!("http://{address}"))?;
    // Inside of a request this continues its trace.
    let channel = tower::Layer::layer(&PropagationLayer::new(), channel.connect().await?);
    let mut client = HealthClient::new(channel);
    let response = client.check(HealthCheckRequest::default()).await?;
    let mut page = Vec::new();
    recorder.render(Format::Prometheus, &mut page);
    let page = String::from_utf8_lossy(&page);
    Ok(format!("{response:?}\n\n{page}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_call_is_answered_and_counted() {
        let recorder = Recorder::builder().build().expect("the defaults are valid");
        let (address, _) = start(&recorder).await.expect("a free port is there");
        let shown = show(address, &recorder).await.expect("the server answers");
        assert!(shown.contains("\"x-request-id\": "), "{shown}");
        let counted = "http_server_grpc_requests_total{grpc_status=\"OK\",route=\"/grpc.health.v1.Health/Check\"} 1\n";
        assert!(shown.contains(counted), "{shown}");
    }
}
