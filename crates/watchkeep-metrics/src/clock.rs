//! The one place of this crate that reads clocks.

#![expect(
    clippy::disallowed_types,
    reason = "everything else in the crate takes the time as an argument; the host reads it here"
)]

use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::Timestamp;

/// Returns the current time of the system's clock.
///
/// The clock may jump; [`History`](crate::History) and [`Daily`](crate::Daily) say what they do then.
#[must_use]
pub fn now() -> Timestamp {
    let millis = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |m| -m),
    };
    Timestamp::from_millis(millis)
}

/// Returns the time since this was first called, as a timestamp: for measuring how long something was idle.
///
/// It never jumps, and says nothing about the time of day.
#[must_use]
pub fn monotonic() -> Timestamp {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    let since = BEGIN.get_or_init(Instant::now).elapsed();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_monotonic_clock_begins_at_zero_and_goes_on() {
        let first = monotonic();
        assert!(first < Timestamp::from_millis(60_000));
        assert!(monotonic() >= first);
    }

    #[test]
    fn now_is_after_the_year_2020() {
        assert!(now() > Timestamp::from_millis(1_577_836_800_000));
    }
}
