//! Builds a registry, and refuses one that cannot work.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::WallClock;
use crate::component::{Component, Criticality, MIN_INTERVAL, is_name};
use crate::error::{Error, Kind};
use crate::liveness::{Liveness, LocalCheck, MIN_LIMIT, Watchdog};
use crate::registry::{Inner, Registry};
use crate::state::{History, Latches, State};

/// More components than this are a mistake, and a burden on whoever stores the metrics.
const MAX_COMPONENTS: usize = 1_024;
/// Each of these is asked by every liveness probe.
const MAX_LOCAL_CHECKS: usize = 16;
const MAX_LATCHES: usize = 64;
const MAX_HISTORY: usize = 65_536;
/// A few hours of a component that flaps every minute.
const DEFAULT_HISTORY: usize = 256;

/// Collects the components of a [`Registry`].
#[must_use]
pub struct RegistryBuilder {
    version: String,
    components: Vec<Component>,
    locals: Vec<(String, Arc<dyn LocalCheck>)>,
    latches: Vec<String>,
    max_interval: Option<Duration>,
    watchdog: Option<Duration>,
    history: usize,
    ready_without_checks: bool,
    wall_clock: WallClock,
}

// === impl RegistryBuilder ===

impl RegistryBuilder {
    pub(super) fn new(version: String) -> Self {
        Self {
            version,
            components: Vec::new(),
            locals: Vec::new(),
            latches: Vec::new(),
            max_interval: None,
            watchdog: None,
            history: DEFAULT_HISTORY,
            ready_without_checks: false,
            wall_clock: WallClock::default(),
        }
    }

    /// Sets the version of the program, instead of the one that the builder began with.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// Adds a component; reports list them in the order in which they were added.
    pub fn component(mut self, component: Component) -> Self {
        self.components.push(component);
        self
    }

    /// Makes every check run at least this often: after the shorter one of its own interval and this.
    ///
    /// How long a result counts is not affected.
    pub fn max_interval(mut self, interval: Duration) -> Self {
        self.max_interval = Some(interval);
        self
    }

    /// Adds a sign of life of the process itself, for [`Probe::Live`](crate::Probe::Live); at most 16.
    ///
    /// What the process depends on is no such sign, and cannot be made one: a component never fails liveness.
    pub fn liveness(mut self, name: impl Into<String>, check: impl LocalCheck) -> Self {
        self.locals.push((name.into(), Arc::new(check)));
        self
    }

    /// Fails [`Probe::Live`](crate::Probe::Live) while the runtime has not got round to a timer for this long.
    ///
    /// Off by default, because a wrong limit restarts a process that is only busy: 30 s is a good start, the
    /// least is 1 s. It sees what a probe on another runtime, or on a worker that is still free, would hide; a
    /// runtime that is wedged as a whole answers no probe anyway. `watchkeep_health_runtime_lag_seconds` tells
    /// what is usual.
    pub fn watchdog(mut self, limit: Duration) -> Self {
        self.watchdog = Some(limit);
        self
    }

    /// Lets the start wait until [`Registry::release`] was called with this name, beside all components that
    /// belong to [`Gate::Startup`](crate::Gate::Startup); at most 64.
    ///
    /// For migrations and caches to be warmed. Whoever dies before it releases leaves the latch closed: a start
    /// that failed must not look like one that succeeded.
    pub fn latch(mut self, name: impl Into<String>) -> Self {
        self.latches.push(name.into());
        self
    }

    /// Remembers this many changes for [`Registry::history`]; by default 256, at most 65,536.
    pub fn history(mut self, changes: usize) -> Self {
        self.history = changes;
        self
    }

    /// Sets the clock that tells how long ago 1970 began; by default the system's.
    ///
    /// It is for what is shown: the times of [`Report::to_health_json_detailed`](crate::Report::to_health_json_detailed)
    /// and `watchkeep_health_last_success_timestamp_seconds`. Ages, intervals and staleness go by the monotonic
    /// clock, so that a clock which is set back, or forward, changes no status.
    pub fn wall_clock(mut self, now: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        self.wall_clock = WallClock::new(now);
        self
    }

    /// Accepts that no critical component holds readiness back, which is an error else.
    ///
    /// The program is ready then whatever fails, as soon as its latches are open.
    pub fn ready_without_checks(mut self) -> Self {
        self.ready_without_checks = true;
        self
    }

    /// Builds the registry. No check runs before [`Registry::start`].
    ///
    /// # Errors
    ///
    /// When two names differ in nothing but case; when a name is empty, longer than 100 bytes or has a `:`, a
    /// control character or outer spaces; when a time or a threshold is zero, an interval is under 10 ms, a
    /// watchdog's limit under 1 s, or a result would be stale before the next one can come; when a checked
    /// component is told its first status, or a critical one would run on demand only; when no critical component
    /// holds readiness back; and when there are more than 1,024 components or too much of anything else.
    pub fn build(mut self) -> Result<Registry, Error> {
        self.validate()?;
        for component in &mut self.components {
            // Fixed now, because the default follows from the component's own interval.
            component.stale_after = component.staleness();
            component.interval = self
                .max_interval
                .map_or(component.interval, |most| component.interval.min(most));
        }
        let born = Instant::now();
        let state = State::new(
            self.version,
            &self.components,
            Latches::new(self.latches),
            History::new(self.history),
            born,
        );
        let liveness = Liveness::new(self.locals, self.watchdog.map(Watchdog::new));
        Ok(Registry::new(Inner::new(
            self.components,
            liveness,
            state,
            born,
            self.wall_clock,
        )))
    }

    fn validate(&self) -> Result<(), Error> {
        at_most("components", self.components.len(), MAX_COMPONENTS)?;
        at_most("local checks", self.locals.len(), MAX_LOCAL_CHECKS)?;
        at_most("latches", self.latches.len(), MAX_LATCHES)?;
        if self.history > MAX_HISTORY {
            return Err(Kind::History(self.history).into());
        }
        if let Some(interval) = self.max_interval.filter(|it| *it < MIN_INTERVAL) {
            return Err(Kind::Interval(interval).into());
        }
        if let Some(limit) = self.watchdog.filter(|limit| *limit < MIN_LIMIT) {
            return Err(Kind::Watchdog(limit).into());
        }
        for component in &self.components {
            component.validate()?;
        }
        let names = self.components.iter().map(|it| it.name.as_str());
        unique(names).map_err(|name| Kind::Duplicate(name.to_owned()))?;
        self.validate_guards()?;
        let holds_back = |component: &Component| {
            component.criticality == Criticality::Critical && component.gates.ready
        };
        if !self.ready_without_checks && !self.components.iter().any(holds_back) {
            return Err(Kind::NoReadyCheck.into());
        }
        Ok(())
    }

    /// Latches and local checks have names for people only, but one of their own.
    fn validate_guards(&self) -> Result<(), Error> {
        let locals = self.locals.iter().map(|(name, _)| name.as_str());
        let guards: Vec<&str> = locals
            .chain(self.latches.iter().map(String::as_str))
            .collect();
        if let Some(name) = guards.iter().find(|name| !is_name(name)) {
            return Err(Kind::Name((*name).to_owned()).into());
        }
        unique(guards.into_iter()).map_err(|name| Kind::DuplicateGuard(name.to_owned()).into())
    }
}

fn at_most(what: &'static str, count: usize, most: usize) -> Result<(), Error> {
    if count > most {
        return Err(Kind::TooMany { what, count, most }.into());
    }
    Ok(())
}

/// Returns the first name that another one has, too; case makes no difference.
fn unique<'a>(mut names: impl Iterator<Item = &'a str>) -> Result<(), &'a str> {
    let mut seen = HashSet::new();
    names
        .find(|name| !seen.insert(name.to_lowercase()))
        .map_or(Ok(()), Err)
}

impl fmt::Debug for RegistryBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryBuilder")
            .field("version", &self.version)
            .field("components", &self.components)
            .field("latches", &self.latches)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
