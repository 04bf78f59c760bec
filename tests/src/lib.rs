//! Support for the integration tests, and the examples of the documentation as tests.

pub mod blackhole;
pub mod browser;
pub mod client;
pub mod deployment;
pub mod eventually;
pub mod exposition;
pub mod gate;
pub mod kubelet;
pub mod oracle;
pub mod programs;
pub mod proxy;
pub mod servers;
pub mod shippers;
pub mod sink;

// Every Rust block of these files compiles and runs under `cargo test --doc`; a test checks that no file is forgotten.

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../docs/alerting.md")]
struct Alerting;

#[cfg(doctest)]
#[doc = include_str!("../../docs/ARCHITECTURE.md")]
struct Architecture;

#[cfg(doctest)]
#[doc = include_str!("../../docs/CHANGELOG.md")]
struct Changelog;

#[cfg(doctest)]
#[doc = include_str!("../../docs/channels.md")]
struct Channels;

#[cfg(doctest)]
#[doc = include_str!("../../docs/dashboard.md")]
struct Dashboard;

#[cfg(doctest)]
#[doc = include_str!("../../docs/DECISIONS.md")]
struct Decisions;

#[cfg(doctest)]
#[doc = include_str!("../../docs/endpoints.md")]
struct Endpoints;

#[cfg(doctest)]
#[doc = include_str!("../../docs/health.md")]
struct Health;

#[cfg(doctest)]
#[doc = include_str!("../../docs/logging.md")]
struct Logging;

#[cfg(doctest)]
#[doc = include_str!("../../docs/metrics.md")]
struct Metrics;

#[cfg(doctest)]
#[doc = include_str!("../../docs/middleware.md")]
struct Middleware;

#[cfg(doctest)]
#[doc = include_str!("../../docs/operations.md")]
struct Operations;

#[cfg(doctest)]
#[doc = include_str!("../../docs/rules.md")]
struct Rules;

#[cfg(doctest)]
#[doc = include_str!("../../docs/STYLE.md")]
struct Style;
