//! A server of plain hyper under the layer; it asks itself once and shows the numbers, or goes on with the argument `serve`.
//!
//! `cargo run -p watchkeep-tower --example hyper`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

mod ask;

use std::{convert::Infallible, env, error::Error, io, net::SocketAddr};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{net::TcpListener, task::JoinHandle};
use tower::{Layer, service_fn};
use watchkeep_metrics::{Format, Recorder};
use watchkeep_tower::ObservabilityLayer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (address, server) = start().await?;
    println!("http://{address}/hello/world and http://{address}/metrics");
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
    Ok((address, tokio::spawn(serve(listener, recorder))))
}

async fn serve(listener: TcpListener, recorder: Recorder) -> io::Result<()> {
    let layer = ObservabilityLayer::builder()
        .with_recorder(recorder.clone())
        .with_skip(["/metrics"])
        // Without a router it is for the service to say which route a path belongs to, so that no path is a label.
        .with_route(|parts| {
            let is_greeting = parts.uri.path().starts_with("/hello/");
            is_greeting.then(|| "/hello/{name}".into())
        })
        .build();
    loop {
        let (connection, _) = listener.accept().await?;
        let recorder = recorder.clone();
        let answer = service_fn(move |request: Request<Incoming>| {
            let response = answer(request.uri().path(), &recorder);
            async move { Ok::<_, Infallible>(response) }
        });
        // One layer for all connections; each gets a service of its own.
        let service = TowerToHyperService::new(layer.layer(answer));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(connection), service);
        // A client that goes away is no error of the server.
        tokio::spawn(async move { connection.await.unwrap_or_default() });
    }
}

fn answer(path: &str, recorder: &Recorder) -> Response<Full<Bytes>> {
    let mut response = Response::default();
    if let Some(name) = path.strip_prefix("/hello/") {
        *response.body_mut() = Full::from(format!("hello {name}\n"));
    } else if path == "/metrics" {
        let mut page = Vec::new();
        recorder.render(Format::Prometheus, &mut page);
        *response.body_mut() = Full::from(page);
    } else {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

/// Asks once, and then for the numbers.
async fn show(address: SocketAddr) -> io::Result<String> {
    let answer = ask::ask(address, "/hello/world").await?;
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
        assert!(shown.contains("hello world\n"), "{shown}");
        let counted = "http_server_requests_total{method=\"GET\",outcome=\"completed\",route=\"/hello/{name}\",status=\"200\"} 1\n";
        assert!(shown.contains(counted), "{shown}");
    }
}
