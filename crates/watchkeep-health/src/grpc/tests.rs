//! The protocol over a real connection.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::timeout;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Code, Streaming};
use tonic_health::pb::health_client::HealthClient;

use super::*;
use crate::Fatal;
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

fn say(registry: &Registry, name: &str, status: Status) {
    registry.set_status(name, status, None).unwrap();
}

async fn told(stream: &mut Streaming<HealthCheckResponse>) -> Option<ServingStatus> {
    let message = timeout(Duration::from_secs(20), stream.message()).await;
    message.unwrap().unwrap().map(|message| message.status())
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

    say(&registry, "mail", Status::Unhealthy);
    assert_eq!(ask(&mut client, "mail").await, Ok(NotServing));
    assert_eq!(ask(&mut client, "").await, Ok(Serving));
    say(&registry, "database", Status::Unhealthy);
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
    say(&registry, "mail", Status::Unhealthy);
    say(&registry, "database", Status::Unhealthy);
    assert_eq!(told(&mut ready).await, Some(ServingStatus::NotServing));
    say(&registry, "database", Status::Healthy);
    assert_eq!(told(&mut ready).await, Some(ServingStatus::Serving));
}

#[tokio::test]
async fn a_watcher_of_a_service_that_is_not_there_is_not_sent_away() {
    let registry = registry();
    let mut client = client(&registry).await;
    let mut nobody = client.watch(request("nobody")).await.unwrap().into_inner();
    assert_eq!(told(&mut nobody).await, Some(ServingStatus::ServiceUnknown));
    say(&registry, "database", Status::Unhealthy);
    let more = timeout(Duration::from_millis(100), told(&mut nobody)).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test]
async fn a_watcher_of_liveness_is_told_when_a_sign_of_life_ends() {
    let fatal = Fatal::new();
    let registry = Registry::builder("1")
        .component(Component::manual("api").starting_as(Status::Healthy))
        .liveness("fatal", fatal.clone())
        .build()
        .unwrap();
    let _running = registry.start();
    let mut client = client(&registry).await;
    let watch = client.watch(request("liveness")).await;
    let mut live = watch.unwrap().into_inner();
    assert_eq!(told(&mut live).await, Some(ServingStatus::Serving));
    fatal.raise();
    assert_eq!(told(&mut live).await, Some(ServingStatus::NotServing));
}

#[tokio::test]
async fn watchers_are_told_of_a_drain_and_keep_no_server_from_ending() {
    let registry = registry();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = Server::builder().add_service(service(registry.clone()));
    let served = server.serve_with_incoming_shutdown(TcpIncoming::from(listener), async {
        let _ = stopped.await;
    });
    let served = tokio::spawn(served);
    let channel = Channel::from_shared(format!("http://{address}")).unwrap();
    let mut client = HealthClient::new(channel.connect().await.unwrap());
    let mut watchers = Vec::new();
    for (service, at_the_end) in [
        ("readiness", Some(ServingStatus::NotServing)),
        ("liveness", None),
        ("database", None),
        ("nobody", None),
    ] {
        let mut watcher = client.watch(request(service)).await.unwrap().into_inner();
        told(&mut watcher).await.unwrap();
        watchers.push((watcher, at_the_end));
    }
    registry.begin_drain();
    stop.send(()).unwrap();
    for (watcher, at_the_end) in &mut watchers {
        if at_the_end.is_some() {
            assert_eq!(told(watcher).await, *at_the_end);
        }
        assert_eq!(told(watcher).await, None);
    }
    let ended = timeout(Duration::from_secs(20), served).await;
    ended.unwrap().unwrap().unwrap();
}
