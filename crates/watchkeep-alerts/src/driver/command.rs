//! What handles ask of the task.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::alert::Alert;
use crate::clock::Now;
use crate::config::Config;
use crate::driver::{Channels, Machine};
use crate::fingerprint::Fingerprint;
use crate::incoming::Incoming;
use crate::journal::Durability;
use crate::state::{Refusal, SilenceError, SilenceOp};
use crate::view::AlertKind;

/// What handles ask of the task.
pub(crate) enum Command {
    Close,
    Discard(String, Reply),
    Look(Box<dyn FnOnce(&Machine, Now) + Send>),
    Raise {
        alert: Alert,
        kind: AlertKind,
        reply: Reply,
    },
    Receive(Vec<Incoming>, Reply),
    Reload(Arc<Config>, Box<Channels>, Reply),
    Replay(String, Reply),
    Resolve(Fingerprint, Reply),
    Silence(SilenceOp, Reply),
    /// Lets go of the journal; says how many notices are left.
    Stop(oneshot::Sender<usize>),
}

/// Where the answer goes, if anybody waits for it.
pub(crate) type Reply = Option<oneshot::Sender<Answer>>;

/// What became of a command; given once its changes are in the journal.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) durability: Durability,
    pub(crate) outcome: Outcome,
}

/// What became of a command.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The alert was taken; whether it was new.
    pub(crate) accepted: Option<(Fingerprint, bool)>,
    pub(crate) refused: Option<Refusal>,
    /// Of several alerts, what became of each.
    pub(crate) received: Vec<Result<(Fingerprint, bool), Refusal>>,
    /// What was named was there.
    pub(crate) found: bool,
    pub(crate) silence: Option<Result<String, SilenceError>>,
}
