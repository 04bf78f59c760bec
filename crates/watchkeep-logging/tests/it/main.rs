//! Logging as a program sees it: events in, files out.

mod ecs;
mod files;
mod hostile;
mod levels;
mod limit;
#[cfg(feature = "opentelemetry")]
mod otel;
mod properties;
#[cfg(feature = "query")]
mod query;
mod races;
mod recent;
#[cfg(feature = "appender")]
mod sinks;
mod spans;
#[cfg(unix)]
mod storm;
mod support;
mod writers;
