//! What runs a service in a cluster, in small: a kubelet that probes, and a service that follows readiness.

mod kubelet;
mod manifest;
mod service;

pub use kubelet::{Kubelet, Seen};
pub use manifest::{Manifest, Probe};
pub use service::Service;
