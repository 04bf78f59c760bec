//! Logging as a program sees it: events in, files out.

mod files;
mod hostile;
mod spans;
mod support;
