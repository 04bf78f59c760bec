//! What the state machine goes by, beside the configuration: bounds, defaults and compatibility.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// What the state machine goes by, beside the configuration.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The label `service` of alerts that have none.
    pub(crate) service: String,
    /// How long an event lasts after its last occurrence; 5 minutes.
    pub(crate) event_ends_after: Duration,
    /// Whether to do exactly as Alertmanager does, also where we know better (D1 to D12).
    pub(crate) strict: bool,
    pub(crate) limits: Limits,
    /// How long a silence is kept after its end; 120 hours, as Alertmanager.
    pub(crate) silence_retention: Duration,
    /// How long what a receiver was told is kept at most after its group is gone; 120 hours, as Alertmanager.
    pub(crate) log_retention: Duration,
    /// The receivers without integrations in the configuration: bound by name to a notifier of the program.
    pub(crate) bound: BTreeMap<String, Telling>,
    /// Makes the ids of this process its own.
    pub(crate) nonce: u64,
}

/// Which ends are told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Telling {
    /// Whether the end of alerts is told at all (`send_resolved`).
    pub(crate) resolved: bool,
    /// Whether the end of events is told too: to a pager, whose incident would stay open, but not to chat, where it says nothing new.
    pub(crate) event_ends: bool,
}

/// The bounds, each above zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Alerts held, firing or about to be told resolved; 10,000.
    pub(crate) alerts: usize,
    /// Alerts held with the same `alertname`; 5,000, so that one noisy name leaves room for others.
    pub(crate) alerts_per_name: usize,
    /// Groups, and as many group logs kept after their group; 10,000.
    pub(crate) groups: usize,
    /// Silences, whatever their state; 1,000.
    pub(crate) silences: usize,
    /// One silence: matchers, author and comment, in bytes; 8 KiB.
    pub(crate) silence_bytes: usize,
    /// Alerts in one notice; the rest is counted in it; 500.
    pub(crate) alerts_per_notice: usize,
}

/// A bound on alerts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Limit {
    Alerts,
    AlertsPerName,
    Groups,
}

// === impl Settings ===

impl Settings {
    pub(crate) fn new(service: impl Into<String>, nonce: u64) -> Self {
        const RETENTION: Duration = Duration::from_secs(120 * 60 * 60);
        Self {
            service: service.into(),
            event_ends_after: Duration::from_secs(5 * 60),
            strict: false,
            limits: Limits::default(),
            silence_retention: RETENTION,
            log_retention: RETENTION,
            bound: BTreeMap::new(),
            nonce,
        }
    }
}

// === impl Telling ===

impl Default for Telling {
    /// Ends of states, but not of events.
    fn default() -> Self {
        Self {
            resolved: true,
            event_ends: false,
        }
    }
}

// === impl Limits ===

impl Default for Limits {
    fn default() -> Self {
        Self {
            alerts: 10_000,
            alerts_per_name: 5_000,
            groups: 10_000,
            silences: 1_000,
            silence_bytes: 8 * 1024,
            alerts_per_notice: 500,
        }
    }
}

// === impl Limit ===

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alerts => "alerts",
            Self::AlertsPerName => "alerts of one name",
            Self::Groups => "groups",
        })
    }
}
