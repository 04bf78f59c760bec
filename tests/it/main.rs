//! The integration tests: one binary, one module a subject.

mod oracle;
mod stores;
mod workspace;
