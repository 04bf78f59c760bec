//! The pure core: from results and the time to words.

use std::time::Duration;

use tokio::time::Instant;

use crate::component::{Component, Criticality};
use crate::report::Report;
use crate::status::{Probe, ProbeAnswer, Status};
use crate::transition::Transition;

mod track;
mod watched;

use watched::Watched;

/// Everything a registry knows.
#[derive(Debug)]
pub(crate) struct State {
    components: Vec<Watched>,
    version: String,
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

// === impl State ===

impl State {
    pub(crate) fn new(version: String, components: &[Component], now: Instant) -> Self {
        let mut state = Self {
            components: components
                .iter()
                .map(|component| Watched::new(component, now))
                .collect(),
            version,
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
        self.components[index].is_checked()
    }

    /// The checks begin: one that never comes back with a result will go stale.
    pub(crate) fn start(&mut self, now: Instant) {
        for component in &mut self.components {
            component.start(now);
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
        self.components[index].record(source, error, now);
    }

    pub(crate) fn set_latency(&mut self, index: usize, latency: Duration) {
        self.components[index].set_latency(latency);
    }

    /// The program says how a manual component is; that outweighs all calls so far.
    pub(crate) fn say(
        &mut self,
        index: usize,
        status: Status,
        message: Option<String>,
        now: Instant,
    ) {
        self.components[index].say(status, message, now);
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
            version: self.version.clone(),
            draining: self.draining,
        }
    }
}

#[cfg(test)]
mod tests;
