//! What goes into the state machine.

use std::sync::Arc;

use crate::alert::Alert;
use crate::config::Config;
use crate::fingerprint::Fingerprint;
use crate::incoming::Incoming;
use crate::matcher::Matchers;
use crate::state::effect::Lane;
use crate::timestamp::Timestamp;
use crate::view::AlertKind;

/// What happens to the state machine.
#[derive(Debug)]
pub(crate) enum Event {
    /// An alert is raised, raised again, or reported to be over.
    Alert {
        alert: Alert,
        kind: AlertKind,
        /// When it began; now, unless something else is said.
        starts_at: Option<Timestamp>,
        ends: Ends,
    },
    /// An alert comes from outside.
    Receive(Incoming),
    /// The configuration is another one.
    Reload(Arc<Config>),
    /// An alert is over; named by its labels as they were raised, or as they are shown.
    Resolve(Fingerprint),
    /// The outbox is done with a job.
    Settled(Settled),
    /// A silence is to begin, change or end.
    Silence(SilenceOp),
    /// The time has come that [`wake_at`](super::State::wake_at) named.
    Tick,
}

/// When an alert ends by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ends {
    /// At this time, unless it is raised again: a lease, as Prometheus sends it. In the past: it is over.
    At(Timestamp),
    /// After the configuration's `resolve_timeout`, unless it is raised again.
    Timeout,
    /// An event some minutes after its last occurrence, a state never.
    Unsaid,
}

/// What is to be done with a silence.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum SilenceOp {
    /// Ends it now; what is over stays as it is.
    Expire(String),
    /// Makes one, or changes the one with this id.
    Set(SilenceDraft),
}

/// A silence as it is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct SilenceDraft {
    /// The silence to change; without it a new one is made.
    pub(crate) id: Option<String>,
    pub(crate) matchers: Matchers,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    pub(crate) created_by: String,
    pub(crate) comment: String,
}

/// What became of a job.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Settled {
    pub(crate) id: String,
    pub(crate) lane: Lane,
    pub(crate) group_key: String,
    pub(crate) outcome: Outcome,
    pub(crate) at: Timestamp,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// It is among the dead letters: nobody was told.
    Dead,
    /// The receiver took it.
    Delivered,
    /// A newer job of its group and lane says all it had to say.
    Superseded,
}
