//! Changes of a component's status, as a stream.

use std::time::Duration;

use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::watch;

use crate::status::Status;

/// A component's status has changed.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Transition {
    /// The component.
    pub component: String,
    /// What it was.
    pub from: Status,
    /// What it is.
    pub to: Status,
    /// How long it was that.
    pub after: Duration,
    /// What changed it.
    pub reason: Reason,
    /// The error that speaks for the new status, when there is one.
    pub message: Option<String>,
    /// How the whole is now.
    pub whole: Status,
    /// Counts the changes of a registry from 1; a gap means that changes were missed.
    pub sequence: u64,
}

/// What has changed a component's status.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Reason {
    /// Its check, or real calls, failed often enough.
    Failed,
    /// Its check, or real calls, succeeded often enough.
    Passed,
    /// The program said so.
    Said,
    /// Nothing was heard for too long.
    Stale,
}

/// A change as the history remembers it.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PastTransition {
    /// What changed.
    pub transition: Transition,
    /// How long ago.
    pub ago: Duration,
}

/// Wakes whoever must know that something is different: a component's status, or a probe's answer.
///
/// Changes between two calls are one wake-up; what the state is then, the registry says.
#[derive(Debug)]
pub struct Changed {
    receiver: watch::Receiver<u64>,
}

/// The changes of a registry since it was asked for them.
///
/// It remembers the last 256; who reads more slowly than that misses the oldest, see [`missed`](Self::missed).
#[derive(Debug)]
pub struct Transitions {
    receiver: broadcast::Receiver<Transition>,
    missed: u64,
}

// === impl Transitions ===

impl Transitions {
    pub(crate) fn new(receiver: broadcast::Receiver<Transition>) -> Self {
        Self {
            receiver,
            missed: 0,
        }
    }

    /// Waits for the next change; `None` once the registry is gone.
    ///
    /// # Cancel safety
    ///
    /// No change is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Transition> {
        loop {
            match self.receiver.recv().await {
                Ok(transition) => return Some(transition),
                Err(RecvError::Lagged(missed)) => self.missed = self.missed.saturating_add(missed),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// How many changes were missed because they were read too slowly.
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

// === impl Reason ===

impl Reason {
    /// The word for it, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Passed => "passed",
            Self::Said => "said",
            Self::Stale => "stale",
        }
    }
}

// === impl Changed ===

impl Changed {
    pub(crate) fn new(receiver: watch::Receiver<u64>) -> Self {
        Self { receiver }
    }

    /// Waits until something has changed since the last call, or since this was made; `false` once the registry
    /// is gone.
    ///
    /// # Cancel safety
    ///
    /// No wake-up is lost when the future is dropped.
    pub async fn wait(&mut self) -> bool {
        self.receiver.changed().await.is_ok()
    }
}
