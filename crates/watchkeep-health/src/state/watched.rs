//! What is known about one component, and the word that follows from it.

use std::time::Duration;

use tokio::time::Instant;

use crate::component::{Component, Criticality, Gate, Gates};
use crate::report::ComponentReport;
use crate::state::Source;
use crate::state::track::{Limits, Track, Verdict};
use crate::status::Status;
use crate::transition::Reason;

/// A status that has changed.
pub(super) struct Change {
    pub(super) from: Status,
    pub(super) after: Duration,
    pub(super) reason: Reason,
}

/// What is known about one component.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) name: String,
    pub(super) criticality: Criticality,
    gates: Gates,
    limits: Limits,
    /// Whether a check looks at it; otherwise the program speaks for it.
    checked: bool,
    on_demand: bool,
    /// What the program says; stays unknown for a checked component.
    said: Status,
    /// Results of the check, or when the program last spoke.
    own: Track,
    /// Results of real calls.
    calls: Track,
    latency: Option<Duration>,
    last_success: Option<Instant>,
    /// When anybody last said anything about it.
    last_result: Option<Instant>,
    pub(super) status: Status,
    since: Instant,
    /// Whether it was ever anything but "not checked yet".
    counts: bool,
    /// What happened last.
    reason: Reason,
}

// === impl Watched ===

impl Watched {
    pub(super) fn new(component: &Component, now: Instant) -> Self {
        let checked = component.work.is_some();
        let mut own = Track::default();
        if !checked && component.starts != Status::Unknown {
            own.say(None, now);
        }
        let mut watched = Self {
            name: component.name.clone(),
            criticality: component.criticality,
            gates: component.gates,
            limits: Limits {
                fail_after: component.fail_after,
                recover_after: component.recover_after,
                stale_after: component.staleness(),
            },
            checked,
            on_demand: component.on_demand.is_some(),
            said: component.starts,
            own,
            calls: Track::default(),
            latency: None,
            last_success: None,
            last_result: None,
            status: Status::Unknown,
            since: now,
            counts: false,
            reason: Reason::Said,
        };
        watched.refresh(now);
        watched
    }

    pub(super) fn is_checked(&self) -> bool {
        self.checked
    }

    /// The check, if there is one, begins to run.
    pub(super) fn start(&mut self, now: Instant) {
        if self.checked && !self.on_demand {
            self.own.expect_from(now);
        }
    }

    pub(super) fn record(&mut self, source: Source, error: Option<&str>, now: Instant) {
        let track = match source {
            Source::Check => &mut self.own,
            Source::Call => &mut self.calls,
        };
        track.record(error, self.limits, now);
        self.last_result = Some(now);
        if error.is_none() {
            self.last_success = Some(now);
        }
        self.reason = match error {
            None => Reason::Passed,
            Some(_) => Reason::Failed,
        };
    }

    pub(super) fn set_latency(&mut self, latency: Duration) {
        self.latency = Some(latency);
    }

    pub(super) fn say(&mut self, status: Status, message: Option<String>, now: Instant) {
        self.said = status;
        self.reason = Reason::Said;
        self.last_result = Some(now);
        self.own.say(message, now);
        self.calls = Track::default();
        if status == Status::Healthy {
            self.last_success = Some(now);
        }
    }

    /// Lets the time take effect; returns what has changed.
    pub(super) fn refresh(&mut self, now: Instant) -> Option<Change> {
        self.expire(now);
        let status = self.word();
        self.counts |= status != Status::Unknown;
        if status == self.status {
            return None;
        }
        let from = std::mem::replace(&mut self.status, status);
        let after = now.saturating_duration_since(self.since);
        self.since = now;
        Some(Change {
            from,
            after,
            reason: self.reason,
        })
    }

    fn expire(&mut self, now: Instant) {
        if self.own.expire(self.limits, now) {
            self.said = Status::Unknown;
            // Nobody has asked for it since, and that is no fault of the component.
            self.counts = !self.on_demand;
            self.reason = Reason::Stale;
        }
        if self.calls.expire(self.limits, now) {
            self.calls = Track::default();
            self.reason = Reason::Stale;
        }
    }

    /// Until when nothing goes stale.
    pub(super) fn fresh_until(&self) -> Option<Instant> {
        let own = self.own.fresh_until(self.limits);
        let calls = self.calls.fresh_until(self.limits);
        own.into_iter().chain(calls).min()
    }

    /// Whether readiness, or the start, has to wait for it.
    pub(super) fn holds_back(&self, gate: Gate) -> bool {
        let belongs = match gate {
            Gate::Ready => self.gates.ready,
            Gate::Startup => self.gates.startup,
        };
        belongs && self.criticality == Criticality::Critical && self.status != Status::Healthy
    }

    /// How long ago the check came to a result.
    pub(super) fn age(&self, now: Instant) -> Option<Duration> {
        self.latency.and_then(|_| self.own.age(now))
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
        let age = |at: Option<Instant>| at.map(|at| now.saturating_duration_since(at));
        ComponentReport {
            name: self.name.clone(),
            status: self.status,
            criticality: self.criticality,
            since: now.saturating_duration_since(self.since),
            latency: self.latency,
            message: self.message(),
            consecutive_failures: self.own.failures.max(self.calls.failures),
            last_success: age(self.last_success),
            last_result: age(self.last_result),
        }
    }
}
