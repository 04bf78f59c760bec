//! The integration tests: one binary, one module a subject.

mod metrics;
mod oracle;
mod outages;
mod refusals;
mod stops;
mod stores;
mod workspace;
