//! The integration tests: one binary, one module a subject.

mod alertmanager;
mod channels;
mod metrics;
mod oracle;
mod outages;
mod pages;
mod refusals;
mod rules;
mod stops;
mod stores;
mod workspace;
