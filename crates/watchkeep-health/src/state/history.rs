//! The latest changes, as many as fit.

use std::collections::VecDeque;

use tokio::time::Instant;

use crate::transition::{PastTransition, Transition};

/// A ring of changes.
#[derive(Debug)]
pub(crate) struct History {
    changes: VecDeque<(Instant, Transition)>,
    most: usize,
}

impl History {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            changes: VecDeque::new(),
            most,
        }
    }

    pub(crate) fn push(&mut self, change: &Transition, now: Instant) {
        if self.most == 0 {
            return;
        }
        if self.changes.len() == self.most {
            self.changes.pop_front();
        }
        self.changes.push_back((now, change.clone()));
    }

    /// The changes, oldest first.
    pub(crate) fn list(&self, now: Instant) -> Vec<PastTransition> {
        let past = |(at, transition): &(Instant, Transition)| PastTransition {
            transition: transition.clone(),
            ago: now.saturating_duration_since(*at),
        };
        self.changes.iter().map(past).collect()
    }
}
