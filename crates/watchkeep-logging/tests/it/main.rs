//! Logging as a program sees it: events in, files out.

mod files;
mod hostile;
#[cfg(feature = "query")]
mod query;
mod spans;
mod support;
