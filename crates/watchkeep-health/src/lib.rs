//! A health registry: checks run in the background, reports are read for free.
//!
//! ```
//! use std::time::Duration;
//!
//! use watchkeep_health::{CheckError, Component, Probe, Registry, Status};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let registry = Registry::builder(env!("CARGO_PKG_VERSION"))
//!     .component(Component::manual("api").starting_as(Status::Healthy))
//!     .component(Component::from_fn("database", || async {
//!         // Ask the pool of the program for a connection here.
//!         Ok::<(), CheckError>(())
//!     }))
//!     .component(
//!         Component::from_fn("mail", || async { Err(CheckError::new("connection refused")) })
//!             .optional()
//!             .every(Duration::from_secs(60)),
//!     )
//!     .build()?;
//!
//! let mut changes = registry.subscribe();
//! let running = registry.start(); // Dropping this stops the checks.
//! let change = changes.next().await.ok_or("the registry is gone")?;
//! assert_eq!((change.component.as_str(), change.to), ("database", Status::Healthy));
//!
//! assert!(registry.probe(Probe::Ready).ok);
//! assert_eq!(registry.report().status, Status::Healthy); // `mail` failed once; three failures count.
//! # drop(running);
//! # Ok(())
//! # }
//! ```
//!
//! # Words
//!
//! A component is [`Status::Unknown`] until its first success or its third failure in a row, then
//! [`Status::Healthy`], or, when it fails, [`Status::Unhealthy`] if it is critical (the default) and
//! [`Status::Degraded`] if it is optional. A result that is too old counts for nothing: the component is
//! unknown again, never "last known good" for ever.
//! The whole is as bad as its worst component, where an optional one never does worse than degrade it, and one
//! that has not been checked yet does not count. A registry without components is healthy: the process answers.
//!
//! # Probes
//!
//! [`Probe::Live`] passes as long as the process can answer and its [local checks](LocalCheck) do; it depends on
//! nothing else, because a restart mends no database. [`Probe::Ready`] passes while every critical component that
//! belongs to it ([`Gate`]) is healthy and the program neither starts nor drains. [`Probe::Startup`] passes for
//! good once every latch was released and every critical component that belongs to it was healthy.
//!
//! # Checks
//!
//! A check is a closure over the program's own client, or one of [`checkers`]. It runs in a task of its own, one
//! run at a time; errors, panics, timeouts and lost runs are results like any other.
//!
//! # Metrics
//!
//! Through the [`metrics`] facade, from [`Registry::start`] on: `watchkeep_health_status{component,status}`, one
//! series for each word, 1 for the present one and 0 for the others; `watchkeep_health_ready`;
//! `watchkeep_health_check_duration_seconds{component}`; `watchkeep_health_check_runs_total{component,outcome}`
//! with the outcomes `ok`, `error`, `timeout`, `panic` and `stuck`;
//! `watchkeep_health_transitions_total{component,from,to}`;
//! `watchkeep_health_last_success_timestamp_seconds{component}`; and, with a
//! [watchdog](RegistryBuilder::watchdog), `watchkeep_health_runtime_lag_seconds`.
//!
//! # Features
//!
//! None is on by default. `grpc`: the gRPC health protocol. `http`, `tcp`, `dns`, `smtp`, `tls`, `disk`, `file`,
//! `memory`: the [`checkers`] of these names.

mod check;
pub mod checkers;
mod clock;
mod component;
mod error;
mod export;
#[cfg(feature = "grpc")]
pub mod grpc;
mod liveness;
mod message;
mod registry;
mod report;
mod running;
mod state;
mod status;
mod transition;

pub use async_trait::async_trait;

pub use crate::check::{Check, CheckError};
pub use crate::component::{Component, Criticality, Gate};
pub use crate::error::Error;
pub use crate::liveness::{Fatal, LocalCheck, Pulse};
pub use crate::registry::{Registry, RegistryBuilder};
pub use crate::report::{ComponentReport, Report};
pub use crate::running::Running;
pub use crate::status::{Probe, ProbeAnswer, Status};
pub use crate::transition::{Changed, PastTransition, Reason, Transition, Transitions};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
