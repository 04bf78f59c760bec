//! What one source of results says about a component.

use std::time::Duration;

use tokio::time::Instant;

/// How many results turn a component, and how long one counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) fail_after: u32,
    pub(crate) recover_after: u32,
    pub(crate) stale_after: Option<Duration>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    Failing,
    Passing,
}

/// The results of one source.
///
/// The check and the real calls have one each, so that a check that merely connects does not hide that every
/// call fails.
#[derive(Debug, Default)]
pub(crate) struct Track {
    /// None until the first success or enough failures.
    pub(crate) verdict: Option<Verdict>,
    /// Failures in a row.
    pub(crate) failures: u32,
    /// Successes in a row.
    successes: u32,
    /// The error of the last result.
    pub(crate) message: Option<String>,
    /// From when on the age of the last result counts.
    at: Option<Instant>,
}

impl Track {
    pub(crate) fn record(&mut self, error: Option<&str>, limits: Limits, now: Instant) {
        self.at = Some(now);
        self.message = error.map(str::to_owned);
        match error {
            Some(_) => {
                self.failures = self.failures.saturating_add(1);
                self.successes = 0;
                if self.failures >= limits.fail_after {
                    self.verdict = Some(Verdict::Failing);
                }
            }
            None => {
                self.successes = self.successes.saturating_add(1);
                self.failures = 0;
                if self.verdict.is_none() || self.successes >= limits.recover_after {
                    self.verdict = Some(Verdict::Passing);
                }
            }
        }
    }

    /// The program speaks for itself; only the age and the text of what it says are kept here.
    pub(crate) fn say(&mut self, message: Option<String>, now: Instant) {
        *self = Self {
            message,
            at: Some(now),
            ..Self::default()
        };
    }

    /// A result is to come: from now on its absence is noticed.
    pub(crate) fn expect_from(&mut self, now: Instant) {
        self.at.get_or_insert(now);
    }

    /// Until when the last result counts.
    pub(crate) fn fresh_until(&self, limits: Limits) -> Option<Instant> {
        // An age beyond what the clock can tell is no bound.
        self.at?.checked_add(limits.stale_after?)
    }

    /// How old the last result is.
    pub(crate) fn age(&self, now: Instant) -> Option<Duration> {
        self.at.map(|at| now.saturating_duration_since(at))
    }

    /// Forgets everything once the last result is too old; returns whether that happened now.
    pub(crate) fn expire(&mut self, limits: Limits, now: Instant) -> bool {
        let (Some(age), Some(at)) = (limits.stale_after, self.at) else {
            return false;
        };
        if now.saturating_duration_since(at) <= age {
            return false;
        }
        *self = Self {
            message: Some(format!("no result for {age:?}")),
            ..Self::default()
        };
        true
    }
}
