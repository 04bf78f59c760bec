//! A real service of tonic under the layer, and a client of tonic that calls it over a socket.

use http::Uri;
use tokio::net::TcpListener;
use tonic::{
    Code, Streaming,
    transport::{Channel, Endpoint, Server, server::TcpIncoming},
};
use tonic_health::{
    ServingStatus,
    pb::{
        HealthCheckRequest, HealthCheckResponse, health_check_response, health_client::HealthClient,
    },
    server::{HealthReporter, health_reporter},
};

use crate::support::{Ledger, REQUESTS};

const CALLS: &str = "http_server_grpc_requests_total";
const CHECK: &str = "/grpc.health.v1.Health/Check";
const WATCH: &str = "/grpc.health.v1.Health/Watch";

/// A server, its books, and how it is told what to say.
struct Health {
    ledger: Ledger,
    reporter: HealthReporter,
    channel: Channel,
}

impl Health {
    async fn start() -> Self {
        let ledger = Ledger::new();
        let (reporter, service) = health_reporter();
        let server = Server::builder().layer(ledger.layer()).add_service(service);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        Self {
            ledger,
            reporter,
            channel: endpoint.connect().await.unwrap(),
        }
    }

    fn client(&self) -> HealthClient<Channel> {
        HealthClient::new(self.channel.clone())
    }

    /// Checks how often calls of a route ended so.
    #[track_caller]
    fn check_calls(&self, route: &str, status: &str, count: f64) {
        let labels = [("route", route), ("grpc_status", status)];
        let counted = self.ledger.snapshot().counter(CALLS, &labels);
        assert_eq!(counted, count, "{labels:?} in {}", self.ledger.page());
    }
}

fn request(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

async fn told(stream: &mut Streaming<HealthCheckResponse>) -> health_check_response::ServingStatus {
    stream.message().await.unwrap().unwrap().status()
}

#[tokio::test]
async fn calls_are_counted_by_method_and_status() {
    let health = Health::start().await;
    let mut client = health.client();
    for _ in 0..3 {
        let response = client.check(request("")).await.unwrap();
        assert!(response.metadata().contains_key("x-request-id"));
        let status = response.into_inner().status();
        assert_eq!(status, health_check_response::ServingStatus::Serving);
    }
    health.ledger.settle(0, &[("completed", 3)]).await;
    health.check_calls(CHECK, "OK", 3.0);

    // An error is a response without a body, and its status is in the headers.
    for number in 0..20 {
        let error = client.check(request(&format!("nobody{number}"))).await;
        assert_eq!(error.unwrap_err().code(), Code::NotFound);
    }
    let error = client.watch(request("nobody")).await;
    assert_eq!(error.unwrap_err().code(), Code::NotFound);
    health.ledger.settle(0, &[("completed", 24)]).await;
    health.check_calls(CHECK, "NOT_FOUND", 20.0);
    // No call of this method was answered with a body yet.
    health.check_calls("_unmatched", "NOT_FOUND", 1.0);
    assert_eq!(
        health.ledger.series(CALLS),
        3,
        "the names in calls are no labels"
    );
    assert_eq!(
        health
            .ledger
            .count(&[("status", "200"), ("method", "POST")]),
        24.0
    );
}

#[tokio::test]
async fn services_that_do_not_exist_share_a_label() {
    let health = Health::start().await;
    for number in 0..20 {
        let origin: Uri = format!("http://x/invented{number}").parse().unwrap();
        let mut client = HealthClient::with_origin(health.channel.clone(), origin);
        let error = client.check(request("")).await;
        assert_eq!(error.unwrap_err().code(), Code::Unimplemented);
    }
    health.ledger.settle(0, &[("completed", 20)]).await;
    health.check_calls("_unmatched", "UNIMPLEMENTED", 20.0);
    assert_eq!(health.ledger.series(CALLS), 1);
    assert_eq!(health.ledger.series(REQUESTS), 1);
}

#[tokio::test]
async fn a_watch_is_in_flight_until_its_client_leaves() {
    let health = Health::start().await;
    let response = health.client().watch(request("")).await.unwrap();
    let mut stream = response.into_inner();
    let mut say = async |status| {
        health.reporter.set_service_status("", status).await;
        told(&mut stream).await
    };
    for status in [ServingStatus::NotServing, ServingStatus::Serving] {
        say(status).await;
        health.ledger.check(1, &[]);
    }
    drop(stream);
    health.ledger.settle(0, &[("cancelled_in_body", 1)]).await;
    health.check_calls(WATCH, "CANCELLED", 1.0);

    // The connection goes on.
    health.client().check(request("")).await.unwrap();
    let ended = [("cancelled_in_body", 1), ("completed", 1)];
    health.ledger.settle(0, &ended).await;
    health.check_calls(CHECK, "OK", 1.0);
}

#[tokio::test]
async fn a_watch_that_its_server_ends_is_completed() {
    let mut health = Health::start().await;
    health
        .reporter
        .set_service_status("mail", ServingStatus::Serving)
        .await;
    let response = health.client().watch(request("mail")).await.unwrap();
    let mut stream = response.into_inner();
    told(&mut stream).await;
    health.ledger.check(1, &[]);
    health.reporter.clear_service_status("mail").await;
    assert_eq!(stream.message().await.unwrap(), None);
    health.ledger.settle(0, &[("completed", 1)]).await;
    health.check_calls(WATCH, "OK", 1.0);
}
