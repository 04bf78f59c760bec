//! A count that begins anew at local midnight.

use std::sync::Mutex;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::error::Kind;
use crate::sync::lock;
use crate::{Error, Timestamp};

/// How far before the day's start a clock may be for the day to stay: a small correction around midnight resets nothing.
const SMALL_STEP: Duration = Duration::from_secs(3_600);

/// A count since the last local midnight, or since it was made.
///
/// Days are those of the time zone: 23 to 25 hours long where clocks change, and beginning when the zone says, also where
/// midnight is skipped. The count begins anew only when a later day has come; a clock that is set back never resets it.
///
/// ```
/// use watchkeep_metrics::{Daily, Timestamp};
///
/// let messages = Daily::utc();
/// let evening = Timestamp::from_millis(1_782_000_000_000); // 2026-06-21T00:00:00Z
/// messages.add(2, evening);
/// assert_eq!(messages.get(evening), 2);
/// assert_eq!(messages.get(Timestamp::from_millis(1_782_000_000_000 + 86_400_000)), 0);
/// ```
#[derive(Debug)]
pub struct Daily {
    zone: TimeZone,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    day: Option<Day>,
    count: u64,
}

/// A local day, from its first millisecond to that of the next.
#[derive(Clone, Copy, Debug)]
struct Day {
    date: Date,
    start: Timestamp,
    end: Timestamp,
}

impl Daily {
    /// Creates a count over the days of the system's time zone: that of `TZ`, or of `/etc/localtime`, or else UTC.
    #[must_use]
    pub fn system() -> Self {
        Self::new(TimeZone::system())
    }

    /// Creates a count over the days of UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self::new(TimeZone::UTC)
    }

    /// Creates a count over the days of a zone of the IANA database, `Europe/Berlin` say.
    ///
    /// # Errors
    ///
    /// Returns an error when the system knows no zone of that name.
    pub fn in_zone(name: &str) -> Result<Self, Error> {
        match TimeZone::get(name) {
            Ok(zone) => Ok(Self::new(zone)),
            Err(cause) => Err(Error::caused_by(Kind::TimeZone(name.to_owned()), cause)),
        }
    }

    fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            state: Mutex::default(),
        }
    }

    /// Adds `n` to the day's count, which begins anew first when the day is over.
    pub fn add(&self, n: u64, now: Timestamp) {
        let mut state = lock(&self.state);
        self.turn(&mut state, now);
        state.count = state.count.saturating_add(n);
    }

    /// Returns the day's count.
    #[must_use]
    pub fn get(&self, now: Timestamp) -> u64 {
        let mut state = lock(&self.state);
        self.turn(&mut state, now);
        state.count
    }

    /// Brings the state to the day of `now`.
    fn turn(&self, state: &mut State, now: Timestamp) {
        match state.day {
            Some(day) if now >= day.start && now < day.end => {}
            Some(day) if now < day.start => {
                // The clock was set back. What was counted was counted lately, so it stays; but after a large step that is a
                // count of the earlier day, or its own midnight would not come.
                if day.start.saturating_sub(now) > SMALL_STEP {
                    state.day = Some(self.day_of(now));
                }
            }
            Some(day) => {
                let next = self.day_of(now);
                if next.date > day.date {
                    state.count = 0;
                }
                state.day = Some(next);
            }
            None => state.day = Some(self.day_of(now)),
        }
    }

    fn day_of(&self, now: Timestamp) -> Day {
        let at =
            jiff::Timestamp::from_millisecond(now.as_millis()).unwrap_or(if now.as_millis() < 0 {
                jiff::Timestamp::MIN
            } else {
                jiff::Timestamp::MAX
            });
        let local = at.to_zoned_datetime(self.zone.clone());
        let millis = |at: jiff::Timestamp| Timestamp::from_millis(at.as_millisecond());
        let start = local.start_of_day();
        let end = local.tomorrow().and_then(|next| next.start_of_day());
        Day {
            date: local.date(),
            start: start.map_or(Timestamp::from_millis(i64::MIN), |start| {
                millis(start.timestamp())
            }),
            end: end.map_or(Timestamp::from_millis(i64::MAX), |end| {
                millis(end.timestamp())
            }),
        }
    }
}

#[cfg(test)]
mod tests;
