//! Sets an alert engine up: receivers, routes, journal, bounds.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::alerting::{Alerting, Front};
use crate::clock::{Clock, ManualClock};
use crate::config::{Config, ReceiverConfig};
use crate::driver::{Channels, NULL, Parts, telling};
use crate::error::{Error, Kind};
use crate::journal::{Journal, Memory};
use crate::level::Level;
use crate::matcher::{MatchOp, Matcher, Matchers};
use crate::notifier::Notifier;
use crate::route::RouteBuilder;
use crate::{outbox, state};

/// The longest time that an option may be set to: a year.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3_600);
/// How often routes of the builder look for changes of an alert; a file says its own.
const GROUP_INTERVAL: Duration = Duration::from_secs(10);

/// Sets an [`Alerting`] engine up; see each option for its default.
#[must_use = "a builder does nothing until it is built"]
pub struct AlertingBuilder {
    service: String,
    notifiers: Vec<(String, Arc<dyn Notifier>)>,
    routes: BTreeMap<Level, Vec<String>>,
    config: Option<Result<Config, Error>>,
    journal: Box<dyn Journal>,
    clock: Clock,
    strict: bool,
    repeat_interval: Duration,
    event_ends_after: Duration,
    max_active: usize,
    fallback: Option<String>,
    accept_timeout: Duration,
    attempt_timeout: Duration,
    patience: Duration,
    outbox: outbox::Settings,
}

impl AlertingBuilder {
    pub(crate) fn new(service: String) -> Self {
        Self {
            service,
            notifiers: Vec::new(),
            routes: BTreeMap::new(),
            config: None,
            journal: Box::new(Memory::new()),
            clock: Clock::start(),
            strict: false,
            repeat_interval: Duration::from_secs(4 * 3_600),
            event_ends_after: Duration::from_secs(300),
            max_active: 10_000,
            fallback: None,
            accept_timeout: Duration::from_secs(10),
            attempt_timeout: Duration::from_secs(30),
            patience: Duration::from_secs(5),
            outbox: outbox::Settings::new(fastrand::u64(..)),
        }
    }

    /// Adds a receiver: the name that routes use, and the channel behind it.
    pub fn notifier(mut self, receiver: impl Into<String>, notifier: impl Notifier) -> Self {
        self.notifiers.push((receiver.into(), Arc::new(notifier)));
        self
    }

    /// Sends the alerts of one level to these receivers, instead of those of an earlier call. Default: to none.
    ///
    /// Each alert is told on its own, and at once; its end within ten seconds.
    /// For groups, matchers and times use a [configuration](Self::config), which takes the place of all such routes.
    /// Every alert, and its end, is also a log line, whatever its route.
    pub fn route(mut self, level: Level, receivers: &[&str]) -> Self {
        let receivers = receivers.iter().map(|&name| name.to_owned()).collect();
        self.routes.insert(level, receivers);
        self
    }

    /// Routes alerts as a configuration says; its receivers without channels are bound by their names to [notifiers](Self::notifier), and the others have the channels that it describes, as far as their features are enabled.
    ///
    /// A receiver with the name `null` and no channel tells nobody.
    pub fn config(mut self, config: Config) -> Self {
        self.config = Some(Ok(config));
        self
    }

    /// Routes alerts as a file in Alertmanager's format says; an error in it comes out of [`build`](Self::build).
    pub fn config_yaml(mut self, yaml: &str) -> Self {
        let config = Config::from_yaml(yaml);
        self.config = Some(config.map_err(|error| Kind::Config(error).into()));
        self
    }

    /// Keeps alerts, silences and what is to be delivered in this journal. Default: in memory, where a crash loses them.
    pub fn journal(mut self, journal: impl Journal) -> Self {
        self.journal = Box::new(journal);
        self
    }

    /// Does exactly as Alertmanager does, also where this engine would do better. Default: no.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Goes by a clock that stands still until it is moved, for tests. Default: the clocks of the system.
    pub fn clock(mut self, clock: ManualClock) -> Self {
        self.clock = Clock::Manual(clock);
        self
    }

    /// Tells this receiver what could not be delivered to another one. Default: nobody.
    ///
    /// It is told once in four hours of the same alerts of one group.
    pub fn fallback(mut self, receiver: impl Into<String>) -> Self {
        self.fallback = Some(receiver.into());
        self
    }

    /// Sets how long after a notice an alert that goes on is said again by the [routes](Self::route) of this builder. Default: 4 hours.
    ///
    /// An alert that ended and begins anew does not wait for it, but a state whose end nobody was told of yet goes on.
    pub fn repeat_interval(mut self, interval: Duration) -> Self {
        self.repeat_interval = interval;
        self
    }

    /// Sets how long an event alert lasts after its last occurrence. Default: 5 minutes.
    pub fn event_ends_after(mut self, after: Duration) -> Self {
        self.event_ends_after = after;
        self
    }

    /// Sets the most alerts that may be active at once; more are refused, counted and logged, and half as many of one name. Default: 10,000.
    pub fn max_active(mut self, alerts: usize) -> Self {
        self.max_active = alerts;
        self
    }

    /// Sets how many notices may wait for one channel; beyond, the least urgent becomes a dead letter. Default: 10,000.
    pub fn queue(mut self, notices: usize) -> Self {
        self.outbox.queue = notices;
        self
    }

    /// Sets how many dead letters are kept, and how long; what is forgotten is counted and in the audit. Default: 1,000 for 14 days.
    pub fn dead_letters(mut self, most: usize, retention: Duration) -> Self {
        self.outbox.dead_letters = most;
        self.outbox.dead_letter_retention = retention;
        self
    }

    /// Sets how long a notice of a level is tried before it is given up. Default: 24 h for critical alerts, 4 h for errors, 1 h for others.
    pub fn retry_for(mut self, level: Level, time: Duration) -> Self {
        self.outbox.budgets[level.index()] = time;
        self
    }

    /// Sets the bounds of the wait between tries: it is random below a bound that begins at the first, doubles, and ends at the second. Default: 0.5 s and 5 minutes.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.outbox.first_wait = first;
        self.outbox.longest_wait = longest;
        self
    }

    /// Sets how long one try may take. Default: 30 s.
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.attempt_timeout = limit;
        self
    }

    /// Sets how long [`Alerting::trigger`] and its like wait for the journal. Default: 10 s, twice as long as the engine itself waits for it.
    pub fn accept_timeout(mut self, limit: Duration) -> Self {
        self.accept_timeout = limit;
        self
    }

    /// Sets how long a commit may take before the engine goes on without it.
    #[cfg(test)]
    pub(crate) fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Finds what is wrong without starting anything: receivers without a channel, channels that cannot be made, options out of range.
    ///
    /// # Errors
    /// As [`build`](Self::build), as far as that is known before; an error in a file comes out of `build` only.
    pub fn check(&self) -> Result<(), Error> {
        self.check_ranges()?;
        let registered = self.registered()?;
        match &self.config {
            Some(Ok(config)) => Channels::new(config, &registered).map(drop),
            Some(Err(_)) => Ok(()),
            None => levels(&self.routes, &registered, self.repeat_interval).map(drop),
        }
    }

    /// Reads what an earlier process left in the journal, and starts the engine.
    ///
    /// # Errors
    /// When the configuration is not valid, a receiver has no channel, two share a name, an option is out of range, the journal cannot be read, or there is no Tokio runtime here (with its timer enabled).
    pub fn build(self) -> Result<Alerting, Error> {
        self.check_ranges()?;
        let registered = self.registered()?;
        let config = match self.config {
            Some(config) => config?,
            None => levels(&self.routes, &registered, self.repeat_interval)?,
        };
        let channels = Channels::new(&config, &registered)?;
        let mut outbox = self.outbox;
        if let Some(name) = &self.fallback {
            outbox.fallback = channels.of(name);
            if outbox.fallback.is_empty() {
                return Err(Kind::UnknownReceiver(name.clone()).into());
            }
        }
        let mut state = state::Settings::new(self.service.clone(), outbox.nonce);
        state.strict = self.strict;
        state.event_ends_after = self.event_ends_after;
        state.limits.alerts = self.max_active;
        state.limits.alerts_per_name = self.max_active.div_ceil(2);
        state.limits.groups = self.max_active.max(state.limits.groups);
        outbox.event_ends_after = self.event_ends_after;
        outbox.alerts_per_notice = state.limits.alerts_per_notice;
        let bound = registered.iter();
        state.bound = bound
            .map(|(name, notifier)| (name.clone(), telling(notifier.as_ref())))
            .collect();
        let front = Front {
            service: self.service,
            registered,
            accept_timeout: self.accept_timeout,
            fallback: self.fallback,
        };
        let parts = Parts {
            state,
            outbox,
            config: Arc::new(config),
            channels,
            journal: self.journal,
            clock: self.clock,
            attempt_timeout: self.attempt_timeout,
            patience: self.patience,
        };
        Alerting::start(front, parts)
    }

    fn registered(&self) -> Result<BTreeMap<String, Arc<dyn Notifier>>, Error> {
        let mut registered = BTreeMap::new();
        for (name, notifier) in &self.notifiers {
            if name.is_empty() || name.len() > 128 {
                return Err(Kind::ReceiverName.into());
            }
            let before = registered.insert(name.clone(), Arc::clone(notifier));
            if before.is_some() {
                return Err(Kind::DuplicateReceiver(name.clone()).into());
            }
        }
        Ok(registered)
    }

    fn check_ranges(&self) -> Result<(), Error> {
        let check = |option, right, bounds| match right {
            true => Ok(()),
            false => Err(Error::from(Kind::Range { option, bounds })),
        };
        let time = |time: Duration| !time.is_zero() && time <= LONGEST;
        let times = "more than zero, and at most a year";
        let count = |count: usize| (1..=1_000_000).contains(&count);
        let counts = "1 to 1,000,000";
        let outbox = &self.outbox;
        check(
            "the service name",
            !self.service.is_empty() && self.service.len() <= 128,
            "1 to 128 bytes long",
        )?;
        check("repeat_interval", time(self.repeat_interval), times)?;
        check("event_ends_after", time(self.event_ends_after), times)?;
        check(
            "backoff",
            time(outbox.first_wait) && time(outbox.longest_wait),
            times,
        )?;
        check("retry_for", outbox.budgets.into_iter().all(time), times)?;
        check("attempt_timeout", time(self.attempt_timeout), times)?;
        check("accept_timeout", time(self.accept_timeout), times)?;
        check("max_active", count(self.max_active), counts)?;
        check("queue", count(outbox.queue), counts)?;
        check(
            "dead_letters",
            count(outbox.dead_letters) && time(outbox.dead_letter_retention),
            "1 to 1,000,000, for more than no time and at most a year",
        )
    }
}

/// Makes the configuration of routes by level: each alert is a group of its own.
fn levels(
    routes: &BTreeMap<Level, Vec<String>>,
    registered: &BTreeMap<String, Arc<dyn Notifier>>,
    repeat_interval: Duration,
) -> Result<Config, Error> {
    let mut root = RouteBuilder::to(NULL)
        .group_by(["..."])
        .group_wait(Duration::ZERO)
        .group_interval(GROUP_INTERVAL)
        .repeat_interval(repeat_interval);
    for (level, names) in routes {
        let severity = Matcher::new("severity", MatchOp::Equal, level.severity());
        let severity: Matchers = severity.into_iter().collect();
        let mut seen: Vec<&String> = Vec::new();
        for name in names {
            if !registered.contains_key(name) {
                return Err(Kind::UnknownReceiver(name.clone()).into());
            }
            if seen.contains(&name) {
                continue;
            }
            seen.push(name);
            root = root.child(
                RouteBuilder::to(name)
                    .named(format!("{} to {name}", level.severity()))
                    .matchers(severity.clone())
                    .continues(),
            );
        }
    }
    let mut config = Config::builder().route(root);
    for name in registered.keys() {
        config = config.receiver(ReceiverConfig::new(name));
    }
    if !registered.contains_key(NULL) {
        config = config.receiver(ReceiverConfig::new(NULL));
    }
    config.build().map_err(|error| Kind::Config(error).into())
}

impl fmt::Debug for AlertingBuilder {
    /// Shows names and numbers; a notifier may hold secrets, and is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let receivers: Vec<_> = self.notifiers.iter().map(|(name, _)| name).collect();
        f.debug_struct("AlertingBuilder")
            .field("service", &self.service)
            .field("receivers", &receivers)
            .field("routes", &self.routes)
            .finish_non_exhaustive()
    }
}
