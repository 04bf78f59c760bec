//! The words of health, and the questions of a probe.

use std::fmt;

use serde::Serialize;

/// How a component, or the whole, is.
///
/// The order is from good to bad: `Healthy < Degraded < Unknown < Unhealthy`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All is well.
    Healthy,
    /// It works, with less than it should have.
    Degraded,
    /// Nobody knows: not checked yet, or the last result is too old.
    Unknown,
    /// It does not work.
    Unhealthy,
}

/// A question that an orchestrator asks.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Probe {
    /// Whether the process is alive; says nothing of what it depends on.
    Live,
    /// Whether it should be sent requests.
    Ready,
    /// Whether it has finished to start.
    Startup,
}

/// The answer to a [`Probe`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ProbeAnswer {
    /// Whether the probe passes.
    pub ok: bool,
    /// Why, in a word or two: `live`; `ready`, `starting`, `not ready` or `draining`; `started` or `starting`.
    pub word: &'static str,
}

// === impl Status ===

impl Status {
    /// Every status, from good to bad.
    pub const ALL: [Self; 4] = [
        Self::Healthy,
        Self::Degraded,
        Self::Unknown,
        Self::Unhealthy,
    ];

    /// The word for it, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unknown => "unknown",
            Self::Unhealthy => "unhealthy",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

// === impl ProbeAnswer ===

impl ProbeAnswer {
    pub(crate) const fn new(ok: bool, word: &'static str) -> Self {
        Self { ok, word }
    }
}
