//! A component: a name, how it is looked at, and how much it matters.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::check::{Check, CheckError, FnCheck, Work};
use crate::status::Status;

mod gate;
mod validate;

pub use gate::Gate;
pub(crate) use gate::Gates;
pub(crate) use validate::{MIN_INTERVAL, is_name};

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
    pub(crate) work: Option<Work>,
    pub(crate) criticality: Criticality,
    pub(crate) gates: Gates,
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
    pub(crate) fail_after: u32,
    pub(crate) recover_after: u32,
    pub(crate) stale_after: Option<Duration>,
    pub(crate) starts: Status,
    pub(crate) back_off: Option<Duration>,
    /// How long a result satisfies whoever asks, when the check runs only then.
    pub(crate) on_demand: Option<Duration>,
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
        Self::with_work(name.into(), Some(Work::Async(Arc::new(check))))
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

    /// A component that this closure looks at, on a thread that it may block.
    ///
    /// For file systems and for clients that are not async. A run that is not over within its timeout counts as a
    /// failure, but nothing can end it: until it has ended by itself no other one begins, and every run that
    /// should have begun counts as `stuck`.
    pub fn blocking<F>(name: impl Into<String>, check: F) -> Self
    where
        F: Fn() -> Result<(), CheckError> + Send + Sync + 'static,
    {
        Self::with_work(name.into(), Some(Work::Blocking(Arc::new(check))))
    }

    /// A component whose status the program says itself, by [`Registry::set_status`](crate::Registry::set_status),
    /// or by [`Registry::observe`](crate::Registry::observe).
    ///
    /// It is unknown at first, see [`starting_as`](Self::starting_as), and what was said holds until something
    /// else is said, unless [`stale_after`](Self::stale_after) is given.
    pub fn manual(name: impl Into<String>) -> Self {
        Self::with_work(name.into(), None)
    }

    fn with_work(name: String, work: Option<Work>) -> Self {
        Self {
            name,
            work,
            criticality: Criticality::Critical,
            gates: Gates::BOTH,
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(2),
            fail_after: 3,
            recover_after: 1,
            stale_after: None,
            starts: Status::Unknown,
            back_off: None,
            on_demand: None,
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

    /// Which probes a critical component holds back, instead of both; an optional one holds back none.
    ///
    /// Without [`Gate::Ready`] the program stays ready, though unhealthy, while the component fails: right for
    /// what all replicas share, since taking all of them out of service helps nobody.
    pub fn gates(mut self, gates: impl IntoIterator<Item = Gate>) -> Self {
        self.gates = gates.into_iter().collect();
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
    /// By default three intervals (or the longest back-off, or the cache of one [on demand](Self::on_demand), when
    /// that is more), one timeout and three seconds, 35 s in all; a manual component never goes stale.
    pub fn stale_after(mut self, age: Duration) -> Self {
        self.stale_after = Some(age);
        self
    }

    /// Lets the check of a failing component wait longer and longer, up to this; by default it does not.
    ///
    /// From the failure on that turns the component, the wait doubles with each further one, less up to a half at
    /// random so that replicas do not return in step; the first success ends it. It spares a dependency that is
    /// going under, and it delays the news of its recovery by as much.
    pub fn back_off(mut self, longest: Duration) -> Self {
        self.back_off = Some(longest);
        self
    }

    /// Runs the check only when [`Registry::run_now`](crate::Registry::run_now) asks for it, and not again while
    /// its last result is younger than this.
    ///
    /// For what is too slow or too expensive to look at all the time. The component must be
    /// [optional](Self::optional), and does not count while it has no result, or only a stale one.
    pub fn on_demand(mut self, cache: Duration) -> Self {
        self.on_demand = Some(cache);
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
            self.longest_wait()
                .max(self.interval.saturating_mul(3))
                .saturating_add(self.timeout)
                .saturating_add(Duration::from_secs(3))
        };
        self.stale_after
            .or_else(|| self.work.is_some().then(default))
    }

    /// The longest time between the starts of two runs, as far as the component itself decides about it.
    pub(crate) fn longest_wait(&self) -> Duration {
        self.on_demand
            .unwrap_or_else(|| self.interval.max(self.back_off.unwrap_or_default()))
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Component")
            .field("name", &self.name)
            .field("manual", &self.work.is_none())
            .field("criticality", &self.criticality)
            .field("gates", &self.gates)
            .field("interval", &self.interval)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
