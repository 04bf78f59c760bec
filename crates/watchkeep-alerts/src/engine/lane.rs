//! One receiver as the shell sees it: its channel, and how many of its notices are not settled.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use crate::line::TARGET;
use crate::notification::Notification;
use crate::notifier::Notifier;
use crate::numbers::{self, Outcome};

pub(super) struct Lane {
    pub(super) name: String,
    pub(super) notifier: Arc<dyn Notifier>,
    /// Notices that are queued or under way.
    outstanding: AtomicU64,
}

impl Lane {
    pub(super) fn new(name: String, notifier: Arc<dyn Notifier>) -> Self {
        Self {
            name,
            notifier,
            outstanding: AtomicU64::new(0),
        }
    }

    /// Queues a notice, and says whether there was room.
    pub(super) fn queue(
        &self,
        queue: &mpsc::Sender<Notification>,
        notification: Notification,
    ) -> bool {
        // Counted before it is queued, so that a fast worker never counts below zero.
        self.outstanding.fetch_add(1, Ordering::AcqRel);
        if queue.try_send(notification).is_ok() {
            return true;
        }
        self.outstanding.fetch_sub(1, Ordering::AcqRel);
        false
    }

    /// Counts a notice that found no room.
    pub(super) fn dropped(&self) {
        numbers::notified(&self.name, Outcome::Dropped, 1);
        tracing::warn!(target: TARGET, receiver = self.name, "notification dropped: the queue is full");
    }

    /// Counts a notice that is settled.
    pub(super) fn settled(&self, outcome: Outcome) {
        self.outstanding.fetch_sub(1, Ordering::AcqRel);
        numbers::notified(&self.name, outcome, 1);
    }

    /// Counts what the worker left when it was stopped.
    pub(super) fn abandon(&self) {
        let left = self.outstanding.swap(0, Ordering::AcqRel);
        if left > 0 {
            numbers::notified(&self.name, Outcome::Dropped, left);
            tracing::error!(target: TARGET, receiver = self.name, notices = left, "notifications dropped at shutdown");
        }
    }
}
