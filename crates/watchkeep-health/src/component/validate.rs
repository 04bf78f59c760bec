//! Which components cannot work.

use std::time::Duration;

use crate::component::{Component, Criticality};
use crate::error::{Error, Kind};
use crate::status::Status;

/// More than this names no component.
const MAX_NAME_BYTES: usize = 100;
/// A shorter interval is a mistake in the unit.
pub(crate) const MIN_INTERVAL: Duration = Duration::from_millis(10);

impl Component {
    pub(crate) fn validate(&self) -> Result<(), Error> {
        if !is_name(&self.name) {
            return Err(Kind::Name(self.name.chars().take(MAX_NAME_BYTES).collect()).into());
        }
        self.problem().map_or(Ok(()), |problem| {
            Err(Kind::Component {
                name: self.name.clone(),
                problem,
            }
            .into())
        })
    }

    fn problem(&self) -> Option<&'static str> {
        if self.fail_after == 0 || self.recover_after == 0 {
            return Some("a threshold of zero can never be reached");
        }
        if self.stale_after.is_some_and(|age| age.is_zero()) {
            return Some("a result that is stale at once says nothing");
        }
        if self.work.is_none() {
            return self
                .on_demand
                .is_some()
                .then_some("there is no check to be run on demand");
        }
        self.problem_of_a_check()
    }

    fn problem_of_a_check(&self) -> Option<&'static str> {
        if self.interval < MIN_INTERVAL {
            return Some("an interval below 10 ms is too short");
        }
        if self.timeout.is_zero() {
            return Some("no check can end within a timeout of zero");
        }
        if self.starts != Status::Unknown {
            return Some(
                "only a manual component starts with a status; a checked one is unknown at first",
            );
        }
        if self.on_demand.is_some() && self.criticality == Criticality::Critical {
            return Some(
                "a check that runs only when it is asked for cannot be critical; make it optional",
            );
        }
        let cycle = self.longest_wait().saturating_add(self.timeout);
        self.staleness()
            .is_some_and(|age| age <= cycle)
            .then_some("a result must stay fresh for longer than the interval (or the longest back-off, or the cache) and the timeout together")
    }
}

/// What can name a component, a latch or a local check.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.trim() == name
        && name.len() <= MAX_NAME_BYTES
        && !name
            .chars()
            .any(|character| character == ':' || character.is_control())
}
