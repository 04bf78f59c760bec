//! The layer from outside: what it counts, logs, passes on and gives back.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails where something is not as it should be"
)]

mod answers;
mod catch_panic;
mod ends;
mod errors;
mod grpc;
mod grpc_sockets;
mod hostile_ids;
#[cfg(feature = "axum")]
mod hostile_routes;
mod hostile_traces;
mod identity;
mod labels;
mod lines;
mod names;
#[cfg(feature = "opentelemetry")]
mod otel;
mod outcomes;
mod panics;
mod recorders;
#[cfg(feature = "axum")]
mod router;
#[cfg(feature = "axum")]
mod server;
#[cfg(feature = "axum")]
mod sockets;
mod spans;
mod standing;
mod streams;
mod support;
mod timeouts;
mod tonic;
mod traces;
mod wire;
