//! The protocol over a real connection.

use tokio::net::TcpListener;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Code, Streaming};
use tonic_health::pb::health_client::HealthClient;

use super::*;
use crate::component::Component;

fn registry() -> Registry {
    Registry::builder("1")
        .component(Component::manual("database").starting_as(Status::Healthy))
        .component(Component::manual("mail").optional())
        .build()
        .unwrap()
}

async fn client(registry: &Registry) -> HealthClient<Channel> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder().add_service(service(registry.clone()));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    let channel = Channel::from_shared(format!("http://{address}")).unwrap();
    HealthClient::new(channel.connect().await.unwrap())
}

fn request(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

async fn ask(client: &mut HealthClient<Channel>, service: &str) -> Result<ServingStatus, Code> {
    match client.check(request(service)).await {
        Ok(response) => Ok(response.into_inner().status()),
        Err(error) => Err(error.code()),
    }
}

async fn told(stream: &mut Streaming<HealthCheckResponse>) -> Option<ServingStatus> {
    let message = stream.message().await.unwrap();
    message.map(|message| message.status())
}

#[tokio::test]
async fn probes_and_components_are_services() {
    use ServingStatus::{NotServing, Serving, Unknown};

    let registry = registry();
    let mut client = client(&registry).await;
    for service in ["", "liveness", "readiness", "startup", "database"] {
        assert_eq!(ask(&mut client, service).await, Ok(Serving), "{service}");
    }
    assert_eq!(ask(&mut client, "mail").await, Ok(Unknown));
    assert_eq!(ask(&mut client, "nobody").await, Err(Code::NotFound));

    let say = |name, status| registry.set_status(name, status, None).unwrap();
    say("mail", Status::Unhealthy);
    assert_eq!(ask(&mut client, "mail").await, Ok(NotServing));
    assert_eq!(ask(&mut client, "").await, Ok(Serving));
    say("database", Status::Unhealthy);
    for (service, status) in [
        ("", NotServing),
        ("readiness", NotServing),
        ("database", NotServing),
        ("liveness", Serving),
        ("startup", Serving),
    ] {
        assert_eq!(ask(&mut client, service).await, Ok(status), "{service}");
    }
}

#[tokio::test]
async fn a_watcher_is_told_at_once_and_then_of_each_difference() {
    let registry = registry();
    let mut client = client(&registry).await;
    let watch = client.watch(request("readiness")).await;
    let mut ready = watch.unwrap().into_inner();
    assert_eq!(told(&mut ready).await, Some(ServingStatus::Serving));
    // No difference for readiness.
    registry
        .set_status("mail", Status::Unhealthy, None)
        .unwrap();
    registry.begin_drain();
    assert_eq!(told(&mut ready).await, Some(ServingStatus::NotServing));

    let mut nobody = client.watch(request("nobody")).await.unwrap().into_inner();
    assert_eq!(told(&mut nobody).await, Some(ServingStatus::ServiceUnknown));
    assert_eq!(told(&mut nobody).await, None);
}
