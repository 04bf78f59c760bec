//! What is known about one component, and the word that follows from it.

use std::time::Duration;

use tokio::time::Instant;

use crate::component::{Component, Criticality};
use crate::report::ComponentReport;
use crate::state::Source;
use crate::state::track::{Limits, Track, Verdict};
use crate::status::Status;

/// What is known about one component.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) name: String,
    pub(super) criticality: Criticality,
    limits: Limits,
    /// Whether a check looks at it; otherwise the program speaks for it.
    checked: bool,
    /// What the program says; stays unknown for a checked component.
    said: Status,
    /// Results of the check, or when the program last spoke.
    own: Track,
    /// Results of real calls.
    calls: Track,
    latency: Option<Duration>,
    last_success: Option<Instant>,
    pub(super) status: Status,
    since: Instant,
    /// Whether it was ever anything but "not checked yet".
    counts: bool,
}

// === impl Watched ===

impl Watched {
    pub(super) fn new(component: &Component, now: Instant) -> Self {
        let checked = component.check.is_some();
        let mut own = Track::default();
        if !checked && component.starts != Status::Unknown {
            own.say(None, now);
        }
        let mut watched = Self {
            name: component.name.clone(),
            criticality: component.criticality,
            limits: Limits {
                fail_after: component.fail_after,
                recover_after: component.recover_after,
                stale_after: component.staleness(),
            },
            checked,
            said: component.starts,
            own,
            calls: Track::default(),
            latency: None,
            last_success: None,
            status: Status::Unknown,
            since: now,
            counts: false,
        };
        watched.refresh(now);
        watched
    }

    pub(super) fn is_checked(&self) -> bool {
        self.checked
    }

    /// The check, if there is one, begins to run.
    pub(super) fn start(&mut self, now: Instant) {
        if self.checked {
            self.own.expect_from(now);
        }
    }

    pub(super) fn record(&mut self, source: Source, error: Option<&str>, now: Instant) {
        let track = match source {
            Source::Check => &mut self.own,
            Source::Call => &mut self.calls,
        };
        track.record(error, self.limits, now);
        if error.is_none() {
            self.last_success = Some(now);
        }
    }

    pub(super) fn set_latency(&mut self, latency: Duration) {
        self.latency = Some(latency);
    }

    pub(super) fn say(&mut self, status: Status, message: Option<String>, now: Instant) {
        self.said = status;
        self.own.say(message, now);
        self.calls = Track::default();
        if status == Status::Healthy {
            self.last_success = Some(now);
        }
    }

    /// Lets the time take effect; returns the former status, and how long it held, when it has changed.
    pub(super) fn refresh(&mut self, now: Instant) -> Option<(Status, Duration)> {
        if self.own.expire(self.limits, now) {
            self.said = Status::Unknown;
            self.counts = true;
        }
        if self.calls.expire(self.limits, now) {
            self.calls = Track::default();
        }
        let status = self.word();
        self.counts |= status != Status::Unknown;
        if status == self.status {
            return None;
        }
        let former = std::mem::replace(&mut self.status, status);
        let after = now.saturating_duration_since(self.since);
        self.since = now;
        Some((former, after))
    }

    fn word(&self) -> Status {
        let status = match (self.own.verdict, self.calls.verdict) {
            (Some(Verdict::Failing), _) | (_, Some(Verdict::Failing)) => Status::Unhealthy,
            (Some(Verdict::Passing), _) | (_, Some(Verdict::Passing)) => Status::Healthy,
            (None, None) => self.said,
        };
        match (self.criticality, status) {
            (Criticality::Optional, Status::Unhealthy) => Status::Degraded,
            (Criticality::Critical | Criticality::Optional, status) => status,
        }
    }

    /// What it does to the whole: an optional component degrades it at worst, and not before it was checked.
    pub(super) fn weight(&self) -> Status {
        match self.criticality {
            Criticality::Critical => self.status,
            Criticality::Optional if self.counts => self.status.min(Status::Degraded),
            Criticality::Optional => Status::Healthy,
        }
    }

    /// The latest error of whoever makes the status what it is.
    pub(super) fn message(&self) -> Option<String> {
        let calls_fail = self.calls.verdict == Some(Verdict::Failing)
            && self.own.verdict != Some(Verdict::Failing);
        let (first, second) = if calls_fail {
            (&self.calls, &self.own)
        } else {
            (&self.own, &self.calls)
        };
        first.message.clone().or_else(|| second.message.clone())
    }

    pub(super) fn report(&self, now: Instant) -> ComponentReport {
        ComponentReport {
            name: self.name.clone(),
            status: self.status,
            criticality: self.criticality,
            since: now.saturating_duration_since(self.since),
            latency: self.latency,
            message: self.message(),
            consecutive_failures: self.own.failures.max(self.calls.failures),
            last_success: self
                .last_success
                .map(|at| now.saturating_duration_since(at)),
        }
    }
}
