//! Logs, metrics, health, alerts, rules, a tower layer and a live page for a Rust service, in one builder.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use watchkeep::Watchkeep;
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let watchkeep = Watchkeep::builder("greeter")
//!         .with_version(env!("CARGO_PKG_VERSION"))
//!         .start()?;
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//!     let app = Router::new().route("/", get(|| async { "hello" }));
//!     let app = watchkeep.watch(app, listener.local_addr()?);
//!     axum::serve(listener, app).await?;
//!     watchkeep.shutdown().await;
//!     Ok(())
//! }
//! ```
//!
//! # Overview
//! [`Watchkeep::builder`] takes what is special about a service; [`Builder::start`] installs logging and the metrics recorder, and starts the checks and rules.
//! The [`Watchkeep`] it returns hands out the parts, wraps a router, and flushes everything at the end.
//! Each part is a crate of its own, useful alone, and re-exported here under its name.
//!
//! # Features
//! | feature | default | what it adds |
//! |---|---|---|
//! | `logging` | yes | structured logs to the console and to files ([`logging`]) |
//! | `metrics` | yes | the recorder behind the `metrics` facade ([`mod@metrics`]) |
//! | `tower` | yes | the middleware layer ([`tower`]) |
//! | `endpoints` | yes | `/metrics`, health, probes, alerts, the dashboard ([`endpoints`]); brings `health` and `alerts` |
//! | `health` | with `endpoints` | the health registry ([`health`]) |
//! | `health-checkers`, `health-grpc` | no | ready-made checks; the gRPC health protocol |
//! | `alerts` | with `endpoints` | the alert engine with its log channel ([`alerts`]) |
//! | `rules` | no | alert rules in PromQL over metrics, from code or from files ([`rules`]) |
//! | `log-appender` | no | log sinks over writers of others |
//! | `log-exit` | no | the last log lines at `process::exit` |
//! | `log-gzip` | no | compression of rotated log files |
//! | `log-opentelemetry`, `tower-opentelemetry` | no | the ids of `tracing-opentelemetry` in log lines; in the layer |
//! | `log-query` | no | the JSON log files read again |
//! | `process` | no | process metrics: memory, CPU, file descriptors |
//! | `runtime` | no | metrics of the Tokio runtime: workers, tasks, busy time |
//! | `alertmanager`, `discord`, `pagerduty`, `slack`, `teams`, `telegram`, `webhook` | no | alert channels; they bring an HTTP client and TLS |
//! | `elasticsearch` | no | the error report from Elasticsearch; it brings a small HTTP client and TLS |
//! | `email` | no | the e-mail channel; it brings a mail client and TLS |
//! | `sqlite` | no | the journal of alerts on disk; it brings SQLite |
//! | `full` | no | all of them |

mod builder;
mod error;
#[cfg(all(feature = "alerts", feature = "health"))]
mod health_alerts;
mod joints;
#[cfg(feature = "endpoints")]
mod request_tiles;
#[cfg(feature = "rules")]
mod rule_task;
mod running;
#[cfg(feature = "runtime")]
mod runtime;

pub use builder::Builder;
pub use error::Error;
#[cfg(all(feature = "alerts", feature = "health"))]
pub use health_alerts::HealthAlerts;
#[cfg(feature = "rules")]
pub use rule_task::Rules;
pub use running::Watchkeep;

#[cfg(feature = "alerts")]
pub use watchkeep_alerts as alerts;
#[cfg(feature = "endpoints")]
pub use watchkeep_endpoints as endpoints;
#[cfg(feature = "health")]
pub use watchkeep_health as health;
#[cfg(feature = "logging")]
pub use watchkeep_logging as logging;
#[cfg(feature = "metrics")]
pub use watchkeep_metrics as metrics;
#[cfg(feature = "rules")]
pub use watchkeep_rules as rules;
#[cfg(feature = "tower")]
pub use watchkeep_tower as tower;

#[cfg(all(doctest, feature = "endpoints"))]
#[doc = include_str!("../README.md")]
struct Readme;
