//! What comes out of the state machine.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::alert::Labels;
use crate::fingerprint::Fingerprint;
use crate::journal::Change;
use crate::level::Level;
use crate::notification::Notification;
use crate::state::dedup::Reason;
use crate::state::packed::Packed;
use crate::state::settings::Limit;
use crate::state::silence::SilenceError;
use crate::timestamp::Timestamp;
use crate::view::AlertView;

/// What is to be done, in this order.
#[derive(Debug)]
pub(crate) enum Effect {
    /// The alert was taken; `new` when it was not firing before.
    Accepted { fingerprint: Fingerprint, new: bool },
    /// What somebody is told, or why nobody is.
    Audit(Decision),
    /// An alert began.
    Began(Box<Begun>),
    /// Hand this to the outbox.
    Deliver(Box<Job>),
    /// An alert ended.
    Ended(Box<AlertView>),
    /// Write this; the driver commits all changes of a step before it does anything else of that step.
    Persist(Change),
    /// The alert was not taken; `first` when none was refused for this in the last minutes.
    Refused {
        level: Level,
        refusal: Refusal,
        first: bool,
    },
    /// The alert that was to be resolved fired, and does no longer.
    Resolved,
    /// A silence was not made, changed or ended.
    SilenceRefused(SilenceError),
    /// A silence was made, changed or ended.
    SilenceSet { id: String },
    /// Drop what is unsent of this group and lane (only in strict mode, where an alert that ends before its first notice leaves says nothing).
    Withdraw { lane: Lane, group_key: String },
}

/// An alert that began, its texts in one piece: a thousand of them come at once.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) alert: Packed,
}

/// Why an alert was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Another alert has the same fingerprint.
    #[error("another alert has the same fingerprint")]
    Collision,
    /// It ends before it begins.
    #[error("it ends before it begins")]
    EndsBeforeStart,
    /// A bound is reached.
    #[error("too many {0}")]
    Full(Limit),
}

/// The queue of one integration of one receiver.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) struct Lane {
    pub(crate) receiver: String,
    pub(crate) integration: usize,
}

/// A notice for one lane.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Job {
    /// The delivery's id: `[A-Za-z0-9_-]`, never used again.
    pub(crate) id: String,
    pub(crate) lane: Lane,
    pub(crate) group_key: String,
    pub(crate) kind: JobKind,
    /// The highest of its alerts.
    pub(crate) level: Level,
    /// Whether all of its alerts are events.
    pub(crate) event_only: bool,
    /// Whether no notice of this group was delivered to this lane yet, as far as the state machine knows: a [`Resolve`](JobKind::Resolve) that supersedes an unsent trigger then has to say both (D12).
    pub(crate) untold: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) notification: Notification,
}

/// What a job does to the incident that a group is at a pager.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JobKind {
    /// Ends it: all that the lane was told of is over.
    Resolve,
    /// Begins it: the lane was told of nothing that still fires.
    Trigger,
    /// Says more about it.
    Update,
}

/// What somebody is told, or why nobody is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Decision {
    pub(crate) at: Timestamp,
    pub(crate) group_key: String,
    pub(crate) receiver: String,
    pub(crate) fingerprint: Option<Fingerprint>,
    /// The labels of the alerts that it is about.
    pub(crate) alerts: Vec<Labels>,
    /// The place of the channel among those of the receiver, when it is about one.
    pub(crate) integration: usize,
    /// The notice, when one is handed out.
    pub(crate) notice: Option<String>,
    pub(crate) why: Why,
}

/// What somebody is told, or why nobody is; prints as words.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Why {
    /// It ended before the first notice of its group was due.
    EndedUntold,
    /// This alert inhibits it.
    Inhibited(Fingerprint),
    /// The time is not one of these intervals.
    Inactive(Vec<String>),
    /// The time is one of these intervals.
    Muted(Vec<String>),
    /// It was over when it was first heard of.
    NeverFired,
    /// The receiver is not there any more.
    ReceiverGone,
    /// These silences match it.
    Silenced(Vec<String>),
    /// A notice is handed out, for this reason; without one it is an end that was held back.
    Told(JobKind, Option<Reason>),
}

impl Why {
    /// Says whether nobody is told.
    pub(crate) const fn holds_back(&self) -> bool {
        !matches!(self, Self::Told(..))
    }

    /// Returns one word for it, as the label of a metric.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::EndedUntold => "ended_untold",
            Self::Inhibited(_) => "inhibited",
            Self::Inactive(_) => "inactive",
            Self::Muted(_) => "muted",
            Self::NeverFired => "never_fired",
            Self::ReceiverGone => "receiver_gone",
            Self::Silenced(_) => "silenced",
            Self::Told(..) => "told",
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EndedUntold => f.write_str("ended before its first notice"),
            Self::Inhibited(by) => write!(f, "inhibited by {by}"),
            Self::Inactive(names) => write!(f, "outside of {}", names.join(", ")),
            Self::Muted(names) => write!(f, "muted by {}", names.join(", ")),
            Self::NeverFired => f.write_str("over when it was first heard of"),
            Self::ReceiverGone => f.write_str("its receiver is not configured any more"),
            Self::Silenced(ids) => write!(f, "silenced by {}", ids.join(", ")),
            Self::Told(kind, reason) => {
                let what = match kind {
                    JobKind::Resolve => "the end is handed out",
                    JobKind::Trigger => "a notice is handed out",
                    JobKind::Update => "another notice is handed out",
                };
                match reason {
                    Some(reason) => write!(f, "{what}: {reason}"),
                    None => write!(f, "{what}: what was told is over, though held back"),
                }
            }
        }
    }
}
