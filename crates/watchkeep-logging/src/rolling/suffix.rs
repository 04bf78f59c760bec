//! What stands behind the name of the active file in the name of a rotated one.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const LENGTH: usize = 25;
const LAST_NUMBER: u16 = 9999;

/// `20260822T101530.123Z-0001`: when it was rotated, and a number that tells files of one millisecond apart.
///
/// Orders as it sorts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Suffix {
    millis: i64,
    number: u16,
}

// === impl Suffix ===

impl Suffix {
    /// Returns the suffix for a rotation now; a clock that went back does not change the order of the names.
    ///
    /// Before 1970 it is 1970, because a year has four digits and no sign.
    pub(super) fn after(newest: Option<Self>, now: Timestamp) -> Self {
        let millis = now.as_millisecond().max(0);
        match newest {
            Some(newest) if newest.millis >= millis => newest.next(),
            Some(_) | None => Self { millis, number: 1 },
        }
    }

    /// Returns the first suffix that sorts behind this one.
    pub(super) fn next(self) -> Self {
        if self.number < LAST_NUMBER {
            Self {
                number: self.number + 1,
                ..self
            }
        } else {
            Self {
                millis: self.millis + 1,
                number: 1,
            }
        }
    }

    /// Returns the time of the rotation, in milliseconds since the Unix epoch.
    pub(crate) fn millis(self) -> i64 {
        self.millis
    }

    /// Reads a suffix, and returns it with what stands behind it.
    pub(crate) fn split(text: &str) -> Option<(Self, &str)> {
        let (suffix, ending) = text.split_at_checked(LENGTH)?;
        Some((Self::parse(suffix)?, ending))
    }

    /// Reads exactly what `Display` writes, and nothing else.
    fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let shape = bytes.len() == LENGTH
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                8 => *byte == b'T',
                15 => *byte == b'.',
                19 => *byte == b'Z',
                20 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shape {
            return None;
        }
        let part = |from: usize, to: usize| text[from..to].parse::<i16>().ok();
        let small = |from, to| part(from, to).and_then(|number| i8::try_from(number).ok());
        let time = DateTime::new(
            part(0, 4)?,
            small(4, 6)?,
            small(6, 8)?,
            small(9, 11)?,
            small(11, 13)?,
            small(13, 15)?,
            i32::from(part(16, 19)?) * 1_000_000,
        )
        .ok()?;
        Some(Self {
            millis: TimeZone::UTC.to_timestamp(time).ok()?.as_millisecond(),
            number: text[21..].parse().ok()?,
        })
    }
}

impl fmt::Display for Suffix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = Timestamp::from_millisecond(self.millis).unwrap_or(Timestamp::MAX);
        let at = TimeZone::UTC.to_datetime(time);
        write!(
            f,
            "{:04}{:02}{:02}T{:02}{:02}{:02}.{:03}Z-{:04}",
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            at.millisecond(),
            self.number
        )
    }
}

#[cfg(test)]
mod tests;
