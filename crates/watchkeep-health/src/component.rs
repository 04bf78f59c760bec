//! A component: a name, how it is looked at, and how much it matters.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::check::{Check, CheckError, FnCheck};
use crate::error::{Error, Kind};
use crate::status::Status;

/// More than this names no component.
const MAX_NAME_BYTES: usize = 100;
/// A shorter interval is a mistake in the unit.
pub(crate) const MIN_INTERVAL: Duration = Duration::from_millis(10);

/// How much a component matters.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Criticality {
    /// Without it the program is unhealthy and not ready.
    Critical,
    /// Without it the program is degraded, and still ready.
    Optional,
}

/// A part of the program, or something that it depends on, whose health is watched.
///
/// The defaults suit a database: critical, every 10 s, a timeout of 2 s, three failures in a row turn it, one
/// success turns it back, and a result counts for 35 s.
#[must_use]
pub struct Component {
    pub(crate) name: String,
    pub(crate) check: Option<Arc<dyn Check>>,
    pub(crate) criticality: Criticality,
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
    pub(crate) fail_after: u32,
    pub(crate) recover_after: u32,
    pub(crate) stale_after: Option<Duration>,
    pub(crate) starts: Status,
}

// === impl Criticality ===

impl Criticality {
    /// The word for it, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Optional => "optional",
        }
    }
}

impl fmt::Display for Criticality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

// === impl Component ===

impl Component {
    /// A component that this check looks at.
    pub fn new(name: impl Into<String>, check: impl Check) -> Self {
        Self::with_check(name.into(), Some(Arc::new(check)))
    }

    /// A component that this closure looks at.
    ///
    /// Inside, `?` turns any error into a [`CheckError`].
    pub fn from_fn<F, Fut>(name: impl Into<String>, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), CheckError>> + Send + 'static,
    {
        Self::new(name, FnCheck(check))
    }

    /// A component whose status the program says itself, by [`Registry::set_status`](crate::Registry::set_status),
    /// or by [`Registry::observe`](crate::Registry::observe).
    ///
    /// It is unknown at first, see [`starting_as`](Self::starting_as), and what was said holds until something
    /// else is said, unless [`stale_after`](Self::stale_after) is given.
    pub fn manual(name: impl Into<String>) -> Self {
        Self::with_check(name.into(), None)
    }

    fn with_check(name: String, check: Option<Arc<dyn Check>>) -> Self {
        Self {
            name,
            check,
            criticality: Criticality::Critical,
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(2),
            fail_after: 3,
            recover_after: 1,
            stale_after: None,
            starts: Status::Unknown,
        }
    }

    /// Without it the program is unhealthy and not ready. This is the default: that something is dispensable has
    /// to be said.
    pub fn critical(mut self) -> Self {
        self.criticality = Criticality::Critical;
        self
    }

    /// Without it the program is degraded, and still ready.
    pub fn optional(mut self) -> Self {
        self.criticality = Criticality::Optional;
        self
    }

    /// How often the check runs, from start to start; by default every 10 s.
    ///
    /// A run begins up to a tenth earlier than that, at random, so that checks and replicas do not march in step.
    pub fn every(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How long a run may take before it counts as a failure; by default 2 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many failures in a row turn the component; by default 3, so that one lost packet wakes nobody.
    pub fn fail_after(mut self, failures: u32) -> Self {
        self.fail_after = failures;
        self
    }

    /// How many successes in a row turn it back; by default 1.
    ///
    /// An unknown component turns healthy at its first success, whatever this says.
    pub fn recover_after(mut self, successes: u32) -> Self {
        self.recover_after = successes;
        self
    }

    /// How long a result counts; after that the component is unknown.
    ///
    /// By default three intervals, one timeout and three seconds, 35 s in all; a manual component never goes
    /// stale.
    pub fn stale_after(mut self, age: Duration) -> Self {
        self.stale_after = Some(age);
        self
    }

    /// The status of a [manual](Self::manual) component before the program says one.
    pub fn starting_as(mut self, status: Status) -> Self {
        self.starts = status;
        self
    }

    /// The age at which a result is stale, if there is one.
    pub(crate) fn staleness(&self) -> Option<Duration> {
        let default = || {
            self.interval
                .saturating_mul(3)
                .saturating_add(self.timeout)
                .saturating_add(Duration::from_secs(3))
        };
        self.stale_after
            .or_else(|| self.check.is_some().then(default))
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        let name = &self.name;
        let named = !name.is_empty()
            && name.trim() == name
            && name.len() <= MAX_NAME_BYTES
            && !name
                .chars()
                .any(|character| character == ':' || character.is_control());
        if !named {
            return Err(Kind::Name(name.clone()).into());
        }
        let wrong = |problem: &'static str| {
            Err(Kind::Component {
                name: name.clone(),
                problem,
            }
            .into())
        };
        if self.fail_after == 0 || self.recover_after == 0 {
            return wrong("a threshold of zero can never be reached");
        }
        if self.stale_after.is_some_and(|age| age.is_zero()) {
            return wrong("a result that is stale at once says nothing");
        }
        if self.check.is_none() {
            return Ok(());
        }
        if self.interval < MIN_INTERVAL {
            return wrong("an interval below 10 ms is too short");
        }
        if self.timeout.is_zero() {
            return wrong("no check can end within a timeout of zero");
        }
        let cycle = self.interval.saturating_add(self.timeout);
        if self.staleness().is_some_and(|age| age <= cycle) {
            return wrong(
                "a result must stay fresh for longer than the interval and the timeout together",
            );
        }
        if self.starts != Status::Unknown {
            return wrong(
                "only a manual component starts with a status; a checked one is unknown at first",
            );
        }
        Ok(())
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Component")
            .field("name", &self.name)
            .field("manual", &self.check.is_none())
            .field("criticality", &self.criticality)
            .field("interval", &self.interval)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
