//! The gRPC health protocol, `grpc.health.v1.Health`, over a registry.
//!
//! | service | answer |
//! |---|---|
//! | empty, `readiness` | `SERVING` while [`Probe::Ready`] passes, else `NOT_SERVING` |
//! | `liveness` | the same of [`Probe::Live`] |
//! | `startup` | the same of [`Probe::Startup`] |
//! | a component's name | `SERVING` while it is healthy, or critical and degraded; `UNKNOWN`; else `NOT_SERVING` |
//!
//! For another name `Check` fails with `NOT_FOUND`, and `Watch` says `SERVICE_UNKNOWN` and stays open, as the
//! protocol demands: a client takes its end for a fault and comes back.
//! `Watch` sends the answer at once and then each time it differs. Once the program drains it sends what is true
//! then, and ends, so that no watcher keeps a server that shuts down gracefully waiting.

use std::pin::Pin;

use futures_util::Stream;
use futures_util::stream::unfold;
use tonic::{Request, Response, Status as RpcStatus};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

use crate::component::Criticality;
use crate::registry::Registry;
use crate::status::{Probe, Status};
use crate::transition::Changed;

/// Answers the calls of the protocol; made by [`service`].
#[derive(Clone, Debug)]
pub struct RegistryHealth {
    registry: Registry,
}

/// What a watcher was told last.
struct Watcher {
    registry: Registry,
    changed: Changed,
    service: String,
    told: Option<ServingStatus>,
}

/// Makes the service, to be added to a tonic server.
#[must_use]
pub fn service(registry: Registry) -> HealthServer<RegistryHealth> {
    HealthServer::new(RegistryHealth { registry })
}

/// The answer for a service; `None` when there is none of that name.
fn serving(registry: &Registry, service: &str) -> Option<ServingStatus> {
    let probe = match service {
        "" | "readiness" => Probe::Ready,
        "liveness" => Probe::Live,
        "startup" => Probe::Startup,
        component => return serving_component(registry, component),
    };
    Some(match registry.probe(probe).ok {
        true => ServingStatus::Serving,
        false => ServingStatus::NotServing,
    })
}

fn serving_component(registry: &Registry, name: &str) -> Option<ServingStatus> {
    let (status, criticality) = registry.component(name)?;
    Some(match (status, criticality) {
        (Status::Healthy, _) | (Status::Degraded, Criticality::Critical) => ServingStatus::Serving,
        (Status::Unknown, _) => ServingStatus::Unknown,
        (Status::Degraded | Status::Unhealthy, _) => ServingStatus::NotServing,
    })
}

fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: status.into(),
    }
}

// === impl RegistryHealth ===

#[tonic::async_trait]
impl Health for RegistryHealth {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, RpcStatus> {
        match serving(&self.registry, &request.get_ref().service) {
            Some(status) => Ok(Response::new(response(status))),
            None => Err(RpcStatus::not_found("there is no such service")),
        }
    }

    type WatchStream =
        Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, RpcStatus>> + Send + 'static>>;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, RpcStatus> {
        let watcher = Watcher {
            registry: self.registry.clone(),
            changed: self.registry.changed(),
            service: request.into_inner().service,
            told: None,
        };
        let answers = unfold(watcher, async |mut watcher| {
            let status = watcher.next().await?;
            Some((Ok(response(status)), watcher))
        });
        Ok(Response::new(Box::pin(answers)))
    }
}

// === impl Watcher ===

impl Watcher {
    /// Waits for an answer that was not told yet.
    async fn next(&mut self) -> Option<ServingStatus> {
        loop {
            // Looked at first: whoever is sent away has been told what the drain changed.
            let is_last = self.registry.is_draining();
            let status = serving(&self.registry, &self.service);
            let status = status.unwrap_or(ServingStatus::ServiceUnknown);
            if self.told.replace(status) != Some(status) {
                return Some(status);
            }
            if is_last || !self.changed.wait().await {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests;
