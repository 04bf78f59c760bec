//! One active alert, and how far each receiver has been told.

use std::time::Duration;

use crate::alert::Alert;
use crate::clock::Now;
use crate::core::Tried;
use crate::fingerprint::Fingerprint;
use crate::timestamp::Timestamp;
use crate::view::{AlertKind, AlertView, DeliveryOutcome, DeliveryView, Status};

/// One active alert.
#[derive(Debug)]
pub(super) struct Entry {
    alert: Alert,
    pub(super) kind: AlertKind,
    starts_at: Timestamp,
    updated_at: Timestamp,
    /// When it ends by itself.
    pub(super) ends: Option<Duration>,
    occurrences: u64,
    /// Its fingerprint as it was raised, when the service was added to it.
    pub(super) alias: Option<Fingerprint>,
    pub(super) notices: Vec<Notice>,
    /// Its place among the core's deadlines.
    pub(super) deadline: Option<Duration>,
}

impl Entry {
    pub(super) fn new(alert: Alert, kind: AlertKind, now: Now, notices: Vec<Notice>) -> Self {
        Self {
            alert,
            kind,
            starts_at: now.wall,
            updated_at: now.wall,
            ends: None,
            occurrences: 1,
            alias: None,
            notices,
            deadline: None,
        }
    }

    /// Takes another occurrence; what is a state stays one, and an event may become one.
    pub(super) fn raise_again(&mut self, alert: Alert, kind: AlertKind, now: Now) {
        self.alert = alert;
        self.updated_at = now.wall;
        self.occurrences = self.occurrences.saturating_add(1);
        if kind == AlertKind::State {
            self.kind = AlertKind::State;
        }
    }

    /// Returns when something is due for this alert.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        let due = self.notices.iter().map(|notice| notice.due).min();
        match (self.ends, due) {
            (Some(ends), Some(due)) => Some(ends.min(due)),
            (ends, due) => ends.or(due),
        }
    }

    pub(super) fn view(
        &self,
        fingerprint: Fingerprint,
        now: Now,
        state: Status,
        receivers: &[String],
    ) -> AlertView {
        let ends_at = match state {
            Status::Firing => self.ends.map(|ends| now.wall_at(ends)),
            Status::Resolved => Some(now.wall),
        };
        AlertView {
            fingerprint,
            labels: self.alert.labels().clone(),
            annotations: self.alert.annotations().clone(),
            state,
            kind: self.kind,
            level: self.alert.level(),
            starts_at: self.starts_at,
            ends_at,
            updated_at: self.updated_at,
            occurrences: self.occurrences,
            deliveries: self
                .notices
                .iter()
                .map(|notice| notice.view(receivers))
                .collect(),
        }
    }
}

/// How far one receiver has been told about one alert.
#[derive(Debug)]
pub(super) struct Notice {
    pub(super) receiver: usize,
    /// When the next notice is due.
    pub(super) due: Duration,
    /// The last delivery's id; empty before the first.
    pub(super) id: String,
    outcome: DeliveryOutcome,
    delivered: bool,
    tries: u32,
    last_try: Option<Timestamp>,
    next_try: Option<Timestamp>,
    error: Option<String>,
}

impl Notice {
    pub(super) fn due(receiver: usize, due: Duration) -> Self {
        Self {
            receiver,
            due,
            id: String::new(),
            outcome: DeliveryOutcome::Pending,
            delivered: false,
            tries: 0,
            last_try: None,
            next_try: None,
            error: None,
        }
    }

    /// Says whether the last notice is still in the queue or being tried.
    pub(super) fn is_under_way(&self) -> bool {
        !self.id.is_empty() && !self.outcome.is_final()
    }

    /// Says whether the receiver knows, or will know, that the alert fires.
    pub(super) fn was_told(&self) -> bool {
        self.delivered || self.is_under_way()
    }

    pub(super) fn begin(&mut self, id: String, due: Duration) {
        self.id = id;
        self.due = due;
        self.outcome = DeliveryOutcome::Pending;
        self.tries = 0;
        self.next_try = None;
        self.error = None;
    }

    pub(super) fn tried(&mut self, now: Now, tried: Tried, again: Duration) {
        if tried.id != self.id {
            return;
        }
        self.outcome = tried.outcome;
        self.tries = tried.tries;
        self.error = tried.error;
        self.next_try = tried.next_in.map(|after| now.wall.after(after));
        if tried.tries > 0 {
            self.last_try = Some(now.wall);
        }
        match tried.outcome {
            DeliveryOutcome::Delivered => self.delivered = true,
            // Nobody was told: an alert that goes on is said again before its repeat is due.
            DeliveryOutcome::Dropped | DeliveryOutcome::Failed => {
                self.due = self.due.min(now.elapsed.saturating_add(again));
            }
            DeliveryOutcome::Pending | DeliveryOutcome::Retrying => {}
        }
    }

    fn view(&self, receivers: &[String]) -> DeliveryView {
        DeliveryView {
            receiver: receivers[self.receiver].clone(),
            outcome: self.outcome,
            tries: self.tries,
            last_try: self.last_try,
            next_try: self.next_try,
            error: self.error.clone(),
        }
    }
}
