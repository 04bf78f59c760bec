//! The integration tests: one binary, one module a subject.

mod alertmanager;
mod metrics;
mod oracle;
mod outages;
mod rules;
mod stores;
mod workspace;
