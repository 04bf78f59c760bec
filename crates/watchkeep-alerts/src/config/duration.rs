//! Durations as Prometheus writes them.

use std::time::Duration;

/// The units, in the order in which they must stand, in milliseconds.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 24 * 3_600_000),
    ("w", 7 * 24 * 3_600_000),
    ("d", 24 * 3_600_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// The longest duration, in milliseconds: what Alertmanager can hold, some 292 years.
const LONGEST: u64 = i64::MAX as u64 / 1_000_000;

/// Reads a duration such as `1h30m`, with each unit once and the larger ones first; `0` needs no unit.
pub(crate) fn parse(text: &str) -> Result<Duration, &'static str> {
    const WRONG: &str = "a duration is not like 1h30m, of whole numbers and y, w, d, h, m, s, ms";
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    if text.is_empty() {
        return Err(WRONG);
    }
    let mut units = UNITS.iter();
    let mut rest = text;
    let mut millis: u64 = 0;
    while !rest.is_empty() {
        let (digits, behind) = split(rest, |c| c.is_ascii_digit());
        let (name, behind) = split(behind, |c| !c.is_ascii_digit());
        let (_, unit) = units.find(|(unit, _)| *unit == name).ok_or(WRONG)?;
        if digits.is_empty() {
            return Err(WRONG);
        }
        millis = digits
            .parse::<u64>()
            .ok()
            .and_then(|count| count.checked_mul(*unit))
            .and_then(|part| millis.checked_add(part))
            .filter(|millis| *millis <= LONGEST)
            .ok_or("a duration is longer than 292 years")?;
        rest = behind;
    }
    Ok(Duration::from_millis(millis))
}

/// Prints a duration as [`parse`] reads it; what is finer than a millisecond is rounded up, and what is longer than it takes is cut.
pub(crate) fn print(duration: Duration) -> String {
    let millis = duration.as_nanos().div_ceil(1_000_000);
    let mut millis = u64::try_from(millis).unwrap_or(LONGEST).min(LONGEST);
    if millis == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, size) in UNITS {
        let count = millis / size;
        millis %= size;
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    text
}

fn split(text: &str, is_part: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !is_part(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_stand_once_and_the_larger_first() {
        for (text, seconds) in [
            ("0", 0),
            ("0s", 0),
            ("30s", 30),
            ("1h30m", 5_400),
            ("1d", 86_400),
            ("2w", 1_209_600),
            ("1y1w1d1h1m1s", 31_536_000 + 604_800 + 86_400 + 3_661),
            ("090s", 90),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse("1s5ms"), Ok(Duration::from_millis(1_005)));
        assert_eq!(
            parse("9223372036854ms"),
            Ok(Duration::from_millis(9_223_372_036_854))
        );
    }

    #[test]
    fn what_is_printed_is_read_back() {
        for (duration, text) in [
            (Duration::ZERO, "0s"),
            (Duration::from_nanos(1), "1ms"),
            (Duration::from_millis(5_400_001), "1h30m1ms"),
            (Duration::from_secs(5 * 86_400), "5d"),
            (Duration::from_millis(LONGEST), "292y24w3d23h47m16s854ms"),
        ] {
            assert_eq!(print(duration), text);
            let rounded = duration.max(Duration::from_millis(u64::from(!duration.is_zero())));
            assert_eq!(parse(text), Ok(rounded));
        }
        assert_eq!(print(Duration::MAX), print(Duration::from_millis(LONGEST)));
    }

    #[test]
    fn others_are_refused() {
        for text in [
            "",
            "1",
            "s",
            "1.5m",
            "-1m",
            "1m1h",
            "1s1s",
            "1 s",
            "1S",
            "ms",
            "1h 30m",
            "1mss",
            "1µs",
            "0x1s",
            "1sm",
            "293y",
            "9223372036855ms",
            "99999999999999999999s",
            "292y300d",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
