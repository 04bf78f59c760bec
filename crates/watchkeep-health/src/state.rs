//! The pure core: from results and the time to words.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::component::{Component, Criticality};
use crate::report::{ComponentReport, Report};
use crate::status::{Probe, ProbeAnswer, Status};
use crate::transition::Transition;

mod track;

use track::{Limits, Track, Verdict};

/// Everything a registry knows.
#[derive(Debug)]
pub(crate) struct State {
    components: Vec<Watched>,
    version: Arc<str>,
    born: Instant,
    whole: Status,
    draining: bool,
    started: bool,
    sequence: u64,
}

/// Who brings a result.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    /// A run of the check.
    Check,
    /// A real call.
    Call,
}

/// What is known about one component.
#[derive(Debug)]
struct Watched {
    name: String,
    criticality: Criticality,
    limits: Limits,
    /// Whether a check looks at it; otherwise the program speaks for it.
    checked: bool,
    /// What the program says, and since when it has said so.
    said: Status,
    /// Results of the check, or when the program last spoke.
    own: Track,
    /// Results of real calls.
    calls: Track,
    latency: Option<Duration>,
    last_success: Option<Instant>,
    status: Status,
    since: Instant,
    /// Whether it was ever anything but "not checked yet".
    counts: bool,
}

// === impl State ===

impl State {
    pub(crate) fn new(version: String, components: &[Component], now: Instant) -> Self {
        let mut state = Self {
            components: components
                .iter()
                .map(|component| Watched::new(component, now))
                .collect(),
            version: version.into(),
            born: now,
            whole: Status::Unknown,
            draining: false,
            started: false,
            sequence: 0,
        };
        state.refresh(now);
        state
    }

    /// The index of the component with this name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.components
            .iter()
            .position(|component| component.name == name)
    }

    pub(crate) fn is_checked(&self, index: usize) -> bool {
        self.components[index].checked
    }

    /// The checks begin: one that never comes back with a result will go stale.
    pub(crate) fn start(&mut self, now: Instant) {
        for component in self
            .components
            .iter_mut()
            .filter(|component| component.checked)
        {
            component.own.expect_from(now);
        }
    }

    /// Takes the result of a check or a call: nothing when all is well, else the error.
    pub(crate) fn record(
        &mut self,
        index: usize,
        source: Source,
        error: Option<&str>,
        now: Instant,
    ) {
        let component = &mut self.components[index];
        let track = match source {
            Source::Check => &mut component.own,
            Source::Call => &mut component.calls,
        };
        track.record(error, component.limits, now);
        if error.is_none() {
            component.last_success = Some(now);
        }
    }

    pub(crate) fn set_latency(&mut self, index: usize, latency: Duration) {
        self.components[index].latency = Some(latency);
    }

    /// The program says how a manual component is; that outweighs all calls so far.
    pub(crate) fn say(
        &mut self,
        index: usize,
        status: Status,
        message: Option<String>,
        now: Instant,
    ) {
        let component = &mut self.components[index];
        component.said = status;
        component.own.say(message, now);
        component.calls = Track::default();
        if status == Status::Healthy {
            component.last_success = Some(now);
        }
    }

    pub(crate) fn drain(&mut self) -> bool {
        !std::mem::replace(&mut self.draining, true)
    }

    /// Lets the time take effect and returns what has changed since the last call.
    pub(crate) fn refresh(&mut self, now: Instant) -> Vec<Transition> {
        let mut changes = Vec::new();
        for component in &mut self.components {
            if let Some((from, after)) = component.refresh(now) {
                self.sequence += 1;
                changes.push(Transition {
                    component: component.name.clone(),
                    from,
                    to: component.status,
                    after,
                    message: component.message(),
                    whole: Status::Unknown,
                    sequence: self.sequence,
                });
            }
        }
        self.whole = self
            .components
            .iter()
            .map(Watched::weight)
            .max()
            .unwrap_or(Status::Healthy);
        self.started |= self.is_ready();
        for change in &mut changes {
            change.whole = self.whole;
        }
        changes
    }

    pub(crate) fn statuses(&self) -> impl Iterator<Item = Status> {
        self.components.iter().map(|component| component.status)
    }

    pub(crate) fn status(&self, index: usize) -> Status {
        self.components[index].status
    }

    pub(crate) fn message(&self, index: usize) -> Option<String> {
        self.components[index].message()
    }

    pub(crate) fn probe(&self, probe: Probe) -> ProbeAnswer {
        match probe {
            Probe::Live => ProbeAnswer::new(true, "live"),
            Probe::Ready if self.draining => ProbeAnswer::new(false, "draining"),
            Probe::Ready if self.is_ready() => ProbeAnswer::new(true, "ready"),
            Probe::Ready if self.started => ProbeAnswer::new(false, "not ready"),
            Probe::Startup if self.started => ProbeAnswer::new(true, "started"),
            Probe::Ready | Probe::Startup => ProbeAnswer::new(false, "starting"),
        }
    }

    fn is_ready(&self) -> bool {
        let is_fine = |component: &Watched| match component.criticality {
            Criticality::Critical => component.status == Status::Healthy,
            Criticality::Optional => true,
        };
        !self.draining && self.components.iter().all(is_fine)
    }

    pub(crate) fn report(&self, now: Instant) -> Report {
        Report {
            status: self.whole,
            components: self
                .components
                .iter()
                .map(|component| component.report(now))
                .collect(),
            uptime: now.saturating_duration_since(self.born),
            version: self.version.as_ref().to_owned(),
            draining: self.draining,
        }
    }
}

// === impl Watched ===

impl Watched {
    fn new(component: &Component, now: Instant) -> Self {
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

    /// Lets the time take effect; returns the former status, and how long it held, when it has changed.
    fn refresh(&mut self, now: Instant) -> Option<(Status, Duration)> {
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
    fn weight(&self) -> Status {
        match self.criticality {
            Criticality::Critical => self.status,
            Criticality::Optional if self.counts => self.status.min(Status::Degraded),
            Criticality::Optional => Status::Healthy,
        }
    }

    /// The latest error of whoever makes the status what it is.
    fn message(&self) -> Option<String> {
        let calls_fail = self.calls.verdict == Some(Verdict::Failing)
            && self.own.verdict != Some(Verdict::Failing);
        let (first, second) = if calls_fail {
            (&self.calls, &self.own)
        } else {
            (&self.own, &self.calls)
        };
        first.message.clone().or_else(|| second.message.clone())
    }

    fn report(&self, now: Instant) -> ComponentReport {
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

#[cfg(test)]
mod tests;
