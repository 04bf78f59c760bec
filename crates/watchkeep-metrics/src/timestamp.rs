//! A point in time as milliseconds since the Unix epoch.

use std::time::Duration;

/// A point in time: milliseconds since the Unix epoch, in UTC.
///
/// Nothing in this crate but [`clock::now`](crate::clock::now) reads a clock, so that tests and replays choose the time.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Creates a timestamp from milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Returns the time from `earlier` to `self`, zero when `earlier` is the later one.
    #[must_use]
    pub fn saturating_sub(self, earlier: Self) -> Duration {
        let millis = i128::from(self.0) - i128::from(earlier.0);
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }

    /// Returns the point `duration` later, at most the last one that can be expressed.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis_of(duration)))
    }

    /// Returns the point `duration` earlier, at least the first one that can be expressed.
    #[must_use]
    pub fn saturating_before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis_of(duration)))
    }
}

fn millis_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        let (first, last) = (Timestamp(i64::MIN), Timestamp(i64::MAX));
        assert_eq!(
            last.saturating_sub(first),
            Duration::from_millis(u64::MAX),
            "the whole range fits"
        );
        assert_eq!(first.saturating_sub(last), Duration::ZERO);
        assert_eq!(last.saturating_add(Duration::MAX), last);
        assert_eq!(first.saturating_before(Duration::MAX), first);
        assert_eq!(
            Timestamp(5_000).saturating_before(Duration::from_secs(2)),
            Timestamp(3_000)
        );
    }
}
