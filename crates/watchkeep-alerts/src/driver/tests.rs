//! Tests of the driver: the pure parts together, the backlog, and the crash test of the real one.

mod backlog;
#[cfg(all(unix, feature = "sqlite"))]
mod crash;
mod machine;
