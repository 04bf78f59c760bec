//! Logging as a program sees it: events in, files out.

mod files;
mod hostile;
#[cfg(feature = "query")]
mod query;
#[cfg(feature = "appender")]
mod sinks;
mod spans;
#[cfg(unix)]
mod storm;
mod support;
mod writers;
