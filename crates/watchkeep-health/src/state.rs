//! The pure core: from results and the time to words.

use std::time::Duration;

use tokio::time::Instant;

use crate::component::{Component, Gate};
use crate::report::Report;
use crate::status::Status;
use crate::transition::Transition;

mod answers;
mod history;
mod latches;
mod track;
mod watched;

pub(crate) use answers::{Answers, Packed, Readiness};
pub(crate) use history::History;
pub(crate) use latches::Latches;
use watched::Watched;

/// Everything a registry knows.
#[derive(Debug)]
pub(crate) struct State {
    components: Vec<Watched>,
    latches: Latches,
    history: History,
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
    pub(crate) fn new(
        version: String,
        components: &[Component],
        latches: Latches,
        history: History,
        now: Instant,
    ) -> Self {
        let mut state = Self {
            components: components
                .iter()
                .map(|component| Watched::new(component, now))
                .collect(),
            latches,
            history,
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

    pub(crate) fn is_draining(&self) -> bool {
        self.draining
    }

    /// Opens a latch for good; `false` when there is none of that name.
    pub(crate) fn release(&mut self, latch: &str) -> bool {
        self.latches.release(latch)
    }

    /// Lets the time take effect and returns what has changed since the last call.
    pub(crate) fn refresh(&mut self, now: Instant) -> Vec<Transition> {
        let mut changes = Vec::new();
        for component in &mut self.components {
            if let Some(change) = component.refresh(now) {
                self.sequence += 1;
                changes.push(Transition {
                    component: component.name.clone(),
                    from: change.from,
                    to: component.status,
                    after: change.after,
                    reason: change.reason,
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
        self.started |= !self.draining && self.latches.are_open() && self.passes(Gate::Startup);
        for change in &mut changes {
            change.whole = self.whole;
            self.history.push(change, now);
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

    /// The answers to the probes, and how long they hold if nothing happens.
    pub(crate) fn answers(&self) -> Answers {
        let readiness = if self.draining {
            Readiness::Draining
        } else if !self.started {
            Readiness::Starting
        } else if self.passes(Gate::Ready) {
            Readiness::Ready
        } else {
            Readiness::NotReady
        };
        let fresh_until = self.components.iter().filter_map(Watched::fresh_until);
        Answers {
            readiness,
            started: self.started,
            holds_for: fresh_until
                .min()
                .map(|until| until.saturating_duration_since(self.born)),
        }
    }

    fn passes(&self, gate: Gate) -> bool {
        !self
            .components
            .iter()
            .any(|component| component.holds_back(gate))
    }

    /// How long ago the check of a component came to a result.
    pub(crate) fn age(&self, index: usize, now: Instant) -> Option<Duration> {
        self.components[index].age(now)
    }

    pub(crate) fn history(&self) -> &History {
        &self.history
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
            started: self.started,
            waiting_for: self.latches.closed(),
            live: true,
            taken_at: Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests;
