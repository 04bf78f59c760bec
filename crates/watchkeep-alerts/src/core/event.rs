//! What goes into the core, and what comes out.

use std::time::Duration;

use crate::alert::Alert;
use crate::fingerprint::Fingerprint;
use crate::level::Level;
use crate::notification::Notification;
use crate::view::{AlertKind, AlertView, DeliveryOutcome};

/// What the core goes by.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) service: String,
    /// The least time between two notices about an alert that goes on.
    pub(crate) repeat_interval: Duration,
    /// How long an event alert lasts after its last occurrence.
    pub(crate) event_ends_after: Duration,
    /// The least time after a notice that failed for good until the next about the same alert.
    pub(crate) renotify_after: Duration,
    pub(crate) max_active: usize,
    /// The receivers' names; elsewhere a receiver is its place in this list.
    pub(crate) receivers: Vec<String>,
    /// The receivers of each level.
    pub(crate) routes: [Vec<usize>; 4],
    /// Makes the delivery ids of this process its own.
    pub(crate) nonce: u64,
}

/// What happens to the core.
#[derive(Debug)]
pub(crate) enum Event {
    /// An alert is raised, or raised again.
    Raise(Alert, AlertKind),
    /// An alert is over.
    Resolve(Fingerprint),
    /// A worker tried to deliver a notice, or could not even queue it.
    Tried(Tried),
    /// The time has come that [`wake_at`](super::Core::wake_at) named.
    Tick,
}

/// How a try went.
#[derive(Debug)]
pub(crate) struct Tried {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) receiver: usize,
    /// The delivery's id: what is said about an older one changes nothing.
    pub(crate) id: String,
    pub(crate) outcome: DeliveryOutcome,
    pub(crate) tries: u32,
    /// How long until the next try.
    pub(crate) next_in: Option<Duration>,
    pub(crate) error: Option<String>,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Effect {
    /// The alert was taken; `new` when it was not active before.
    Accepted { fingerprint: Fingerprint, new: bool },
    /// An alert began.
    Began(Box<AlertView>),
    /// Send this to that receiver.
    Deliver(usize, Notification),
    /// An alert ended.
    Ended(Box<AlertView>),
    /// The alert was refused, because too many are active; `first` when none was refused for that before.
    Refused { level: Level, first: bool },
    /// The alert that was to be resolved was active, and is no longer.
    Resolved,
}
