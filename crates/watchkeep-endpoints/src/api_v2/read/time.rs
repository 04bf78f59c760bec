//! Times as clients write them.

use std::borrow::Cow;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::de::{Deserialize, Deserializer, Error};
use watchkeep_alerts::Timestamp;

/// The first instant of the year 1: what Go's clients send for a time that they do not say.
const UNSAID: i64 = -62_135_596_800_000;

/// A time: RFC 3339, or without a zone, which is UTC.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Time(Timestamp);

impl Time {
    /// Returns the time, unless it says that there is none.
    pub(crate) fn said(self) -> Option<Timestamp> {
        (self.0.as_millis() != UNSAID).then_some(self.0)
    }

    /// Returns the time as it is written.
    pub(crate) const fn written(self) -> Timestamp {
        self.0
    }

    fn parse(text: &str) -> Option<Self> {
        // For Go's clients an empty text is the beginning of the epoch.
        if text.is_empty() {
            return Some(Self(Timestamp::from_millis(0)));
        }
        let (date, time) = text.split_once(['T', 't', ' '])?;
        if time.contains('[') || date.len() < 10 {
            return None;
        }
        let zoned = time.contains(['Z', 'z', '+', '-']);
        let instant: jiff::Timestamp = if zoned && !text.contains(' ') {
            text.parse().ok()?
        } else if zoned {
            return None;
        } else {
            let local: DateTime = text.parse().ok()?;
            TimeZone::UTC.to_timestamp(local).ok()?
        };
        Some(Self(Timestamp::from_millis(instant.as_millisecond())))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            let shown: String = text.chars().take(64).collect();
            D::Error::custom(format!("{shown:?} is no time as in RFC 3339"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let time = Time::parse(text).map(|time| time.written().to_string());
        assert_eq!(time.as_deref(), expected, "{text}");
    }

    #[test]
    fn times_are_those_of_go() {
        check(
            "2020-01-02T03:04:05.678912345+02:00",
            Some("2020-01-02T01:04:05.678Z"),
        );
        check("2020-01-02T03:04:05Z", Some("2020-01-02T03:04:05.000Z"));
        check("2020-01-02T03:04:05", Some("2020-01-02T03:04:05.000Z"));
        check("2020-01-02 03:04:05", Some("2020-01-02T03:04:05.000Z"));
        check("", Some("1970-01-01T00:00:00.000Z"));
        for bad in [
            "x",
            "2020-01-02",
            "2020-01-02 03:04:05Z",
            "2020-13-01T00:00:00Z",
            "2020-01-02T03:04:05Z[UTC]",
            "2020-01-02T25:00:00Z",
            "T",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn the_year_one_says_that_there_is_no_time() {
        let said = |text| Time::parse(text).unwrap().said();
        assert_eq!(said("0001-01-01T00:00:00.000Z"), None);
        assert_eq!(said("0001-01-01T00:00:00Z"), None);
        assert!(said("0001-01-01T00:00:01Z").is_some());
    }
}
