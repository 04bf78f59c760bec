//! The wall clock, for what is shown only.
#![expect(
    clippy::disallowed_types,
    reason = "a point in time needs the wall clock; what depends on a duration is decided by the monotonic one"
)]

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The last second that four digits of a year can tell.
const LAST_SECOND: u64 = 253_402_300_799;

/// Tells how long ago 1970 began.
#[derive(Clone)]
pub(crate) struct WallClock(Arc<dyn Fn() -> Duration + Send + Sync>);

// === impl WallClock ===

impl WallClock {
    pub(crate) fn new(now: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub(crate) fn now(&self) -> Duration {
        (self.0)()
    }
}

impl Default for WallClock {
    fn default() -> Self {
        Self::new(since_1970)
    }
}

/// The system's time since 1970; zero on a machine whose clock stands before that.
pub(crate) fn since_1970() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// How long ago that was; zero for the future.
#[cfg(feature = "file")]
pub(crate) fn age(time: SystemTime) -> Duration {
    time.elapsed().unwrap_or_default()
}

/// The time in UTC, in the form of RFC 3339 and ISO 8601, to the second.
pub(crate) fn timestamp(since_1970: Duration) -> String {
    let seconds = since_1970.as_secs().min(LAST_SECOND);
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of the Gregorian calendar, this many days after 1970 began.
///
/// Years are counted from March on, so that a leap day is the last one of its year.
fn date(days: u64) -> (u64, u64, u64) {
    const DAYS_BEFORE_1970: u64 = 719_468;
    const DAYS_OF_400_YEARS: u64 = 146_097;
    let days = days + DAYS_BEFORE_1970;
    let (era, of_era) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next_year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_follow_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_709_208_061, "2024-02-29T12:01:01Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (LAST_SECOND, "9999-12-31T23:59:59Z"),
            (u64::MAX, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(timestamp(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn the_system_knows_the_year() {
        assert!(timestamp(since_1970()).as_str() > "2025");
    }
}
