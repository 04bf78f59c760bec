//! A bucket of tokens: so many at once, and so many over time.

use std::time::Duration;

use crate::notifier::Rate;

/// The tokens of one lane.
///
/// Counts time rather than tokens (a theoretical arrival time), so that nothing is lost to rounding.
#[derive(Debug)]
pub(super) struct Bucket {
    rate: Rate,
    /// When the bucket will be, or was, full.
    full_at: Duration,
}

impl Bucket {
    pub(super) fn new(rate: Rate) -> Self {
        Self {
            rate: Rate {
                burst: rate.burst.max(1),
                every: rate.every.max(Duration::from_millis(1)),
            },
            full_at: Duration::ZERO,
        }
    }

    /// Returns when there is a token.
    pub(super) fn ready_at(&self) -> Duration {
        let room = self.rate.every.saturating_mul(self.rate.burst - 1);
        self.full_at.saturating_sub(room)
    }

    /// Takes one.
    pub(super) fn take(&mut self, now: Duration) {
        self.full_at = self.full_at.max(now).saturating_add(self.rate.every);
    }

    /// Returns how many can be taken from now until so much later.
    pub(super) fn within(&self, now: Duration, time: Duration) -> usize {
        let every = self.rate.every.as_nanos();
        let capacity = every * u128::from(self.rate.burst);
        let missing = self.full_at.saturating_sub(now).as_nanos();
        let tokens = (capacity.saturating_sub(missing) + time.as_nanos()) / every;
        usize::try_from(tokens).unwrap_or(usize::MAX)
    }
}
