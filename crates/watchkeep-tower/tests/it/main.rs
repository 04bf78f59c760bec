//! The layer from outside: what it counts, logs, passes on and gives back.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails where something is not as it should be"
)]

mod answers;
mod ends;
mod grpc;
mod identity;
mod labels;
mod lines;
mod names;
#[cfg(feature = "opentelemetry")]
mod otel;
mod outcomes;
mod panics;
#[cfg(feature = "axum")]
mod router;
#[cfg(feature = "axum")]
mod server;
#[cfg(feature = "axum")]
mod sockets;
mod spans;
mod streams;
mod support;
mod traces;
