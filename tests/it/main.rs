//! The integration tests: one binary, one module a subject.

mod alertmanager;
mod channels;
mod deploy;
mod kubelet;
mod logpath;
mod logs;
mod metrics;
mod operators;
mod oracle;
mod outages;
mod refusals;
mod rules;
mod soak;
mod stops;
mod stores;
mod workspace;
