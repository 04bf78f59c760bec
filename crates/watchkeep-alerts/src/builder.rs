//! Sets an alert engine up: receivers, routes, bounds.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::alerting::Alerting;
use crate::core::Settings;
use crate::error::{Error, Kind};
use crate::level::Level;
use crate::notifier::Notifier;
use crate::worker::Retry;

/// The longest time that an option may be set to: a year.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3_600);

/// Sets an [`Alerting`] engine up; see each option for its default.
#[must_use = "a builder does nothing until it is built"]
pub struct AlertingBuilder {
    service: String,
    notifiers: Vec<(String, Arc<dyn Notifier>)>,
    routes: BTreeMap<Level, Vec<String>>,
    repeat_interval: Duration,
    event_ends_after: Duration,
    renotify_after: Duration,
    max_active: usize,
    queue: usize,
    retry: Retry,
}

/// What the engine is made of.
pub(crate) struct Parts {
    pub(crate) settings: Settings,
    pub(crate) notifiers: Vec<Arc<dyn Notifier>>,
    pub(crate) queue: usize,
    pub(crate) retry: Retry,
}

impl AlertingBuilder {
    pub(crate) fn new(service: String) -> Self {
        Self {
            service,
            notifiers: Vec::new(),
            routes: BTreeMap::new(),
            repeat_interval: Duration::from_secs(4 * 3_600),
            event_ends_after: Duration::from_secs(300),
            renotify_after: Duration::from_secs(300),
            max_active: 10_000,
            queue: 256,
            retry: Retry {
                tries: 8,
                first: Duration::from_millis(500),
                longest: Duration::from_secs(60),
                attempt_timeout: Duration::from_secs(30),
            },
        }
    }

    /// Adds a receiver: the name that routes use, and the channel behind it.
    pub fn notifier(mut self, receiver: impl Into<String>, notifier: impl Notifier) -> Self {
        self.notifiers.push((receiver.into(), Arc::new(notifier)));
        self
    }

    /// Sends the alerts of one level to these receivers, instead of those of an earlier call. Default: to none.
    ///
    /// Every alert, and its end, is also a log line, whatever its route.
    pub fn route(mut self, level: Level, receivers: &[&str]) -> Self {
        let receivers = receivers.iter().map(|&name| name.to_owned()).collect();
        self.routes.insert(level, receivers);
        self
    }

    /// Sets how long after a notice an alert that goes on is said again. Default: 4 hours.
    ///
    /// An alert that ended and begins anew is said at once.
    pub fn repeat_interval(mut self, interval: Duration) -> Self {
        self.repeat_interval = interval;
        self
    }

    /// Sets how long an event alert lasts after its last occurrence. Default: 5 minutes.
    pub fn event_ends_after(mut self, after: Duration) -> Self {
        self.event_ends_after = after;
        self
    }

    /// Sets how long after a notice that failed for good, or found the queue full, an alert that goes on is said again. Default: 5 minutes.
    pub fn renotify_after(mut self, after: Duration) -> Self {
        self.renotify_after = after;
        self
    }

    /// Sets the most alerts that may be active at once; more are refused, counted and logged. Default: 10,000.
    pub fn max_active(mut self, alerts: usize) -> Self {
        self.max_active = alerts;
        self
    }

    /// Sets how many notices may wait for one receiver; more are dropped, counted and logged. Default: 256.
    pub fn queue(mut self, notices: usize) -> Self {
        self.queue = notices;
        self
    }

    /// Sets how often a notice is tried before it counts as failed. Default: 8.
    pub fn max_tries(mut self, tries: u32) -> Self {
        self.retry.tries = tries;
        self
    }

    /// Sets the bounds of the wait between tries: it is random below a bound that begins at the first, doubles, and ends at the second. Default: 0.5 s and 60 s.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.retry.first = first;
        self.retry.longest = longest;
        self
    }

    /// Sets how long one try may take. Default: 30 s.
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.retry.attempt_timeout = limit;
        self
    }

    /// Starts the engine: one task per receiver, and one for what ends by itself.
    ///
    /// # Errors
    /// When a route names a receiver that there is not, two receivers share a name, an option is out of range, or there is no Tokio runtime here (with its timer enabled).
    pub fn build(self) -> Result<Alerting, Error> {
        Alerting::start(self.parts()?)
    }

    fn parts(self) -> Result<Parts, Error> {
        self.check_ranges()?;
        let mut receivers: Vec<String> = Vec::new();
        let mut notifiers = Vec::new();
        for (name, notifier) in self.notifiers {
            if name.is_empty() || name.len() > 128 {
                return Err(Kind::ReceiverName.into());
            }
            if receivers.contains(&name) {
                return Err(Kind::DuplicateReceiver(name).into());
            }
            receivers.push(name);
            notifiers.push(notifier);
        }
        let mut routes: [Vec<usize>; 4] = Default::default();
        for (level, names) in self.routes {
            for name in names {
                let Some(receiver) = receivers.iter().position(|known| *known == name) else {
                    return Err(Kind::UnknownReceiver(name).into());
                };
                let route = &mut routes[level.index()];
                if !route.contains(&receiver) {
                    route.push(receiver);
                }
            }
        }
        Ok(Parts {
            settings: Settings {
                service: self.service,
                repeat_interval: self.repeat_interval,
                event_ends_after: self.event_ends_after,
                renotify_after: self.renotify_after,
                max_active: self.max_active,
                receivers,
                routes,
                nonce: fastrand::u64(..),
            },
            notifiers,
            queue: self.queue,
            retry: self.retry,
        })
    }

    fn check_ranges(&self) -> Result<(), Error> {
        let check = |option, right, bounds| match right {
            true => Ok(()),
            false => Err(Error::from(Kind::Range { option, bounds })),
        };
        let time = |time: Duration| !time.is_zero() && time <= LONGEST;
        let times = "more than zero, and at most a year";
        check(
            "the service name",
            !self.service.is_empty() && self.service.len() <= 128,
            "1 to 128 bytes long",
        )?;
        check("repeat_interval", time(self.repeat_interval), times)?;
        check("event_ends_after", time(self.event_ends_after), times)?;
        check("renotify_after", time(self.renotify_after), times)?;
        check(
            "backoff",
            time(self.retry.first) && time(self.retry.longest),
            times,
        )?;
        check("attempt_timeout", time(self.retry.attempt_timeout), times)?;
        check(
            "max_active",
            (1..=1_000_000).contains(&self.max_active),
            "1 to 1,000,000",
        )?;
        check(
            "queue",
            (1..=1_000_000).contains(&self.queue),
            "1 to 1,000,000",
        )?;
        check(
            "max_tries",
            (1..=1_000).contains(&self.retry.tries),
            "1 to 1,000",
        )
    }
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
