//! What follows from a batch of events: changes to commit, and what is done after that.

use std::sync::Arc;

use crate::driver::command::{Outcome, Reply};
use crate::journal::Change;
use crate::level::Level;
use crate::notification::Notification;
use crate::state::{Begun, Lane, Refusal};
use crate::view::AlertView;

/// What follows from a batch of events.
#[derive(Default)]
pub(crate) struct Batch {
    pub(super) changes: Vec<Change>,
    pub(super) answers: Vec<(Reply, Outcome)>,
    pub(super) sends: Vec<(Lane, Arc<Notification>)>,
    pub(super) words: Vec<Word>,
}

/// What goes to the log and the metrics.
pub(super) enum Word {
    Began(Box<Begun>),
    Dead {
        lane: Lane,
        id: String,
        attempts: u32,
        reason: String,
    },
    Delivered(Lane),
    Ended(Box<AlertView>),
    Refused {
        level: Level,
        refusal: Refusal,
        first: bool,
    },
    Retrying {
        lane: Lane,
        attempts: u32,
        error: String,
    },
    Suppressed(&'static str),
    Triggered(Level),
}
