//! The integration tests: one binary, one module a subject.

mod alertmanager;
mod channels;
mod cluster;
mod deploy;
mod kubelet;
mod logpath;
mod logs;
mod metrics;
mod operators;
mod oracle;
mod outages;
mod pages;
mod refusals;
mod rules;
mod soak;
mod stops;
mod stores;
mod twins;
mod workspace;
