//! Durations as Prometheus writes them: `5m`, `1h30m`, `1500ms`.

use std::fmt;
use std::time::Duration;

/// The units, largest first, in milliseconds.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 24 * 3_600_000),
    ("w", 7 * 24 * 3_600_000),
    ("d", 24 * 3_600_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// The longest duration, a hundred years: what Prometheus can still express in nanoseconds.
const LONGEST: u64 = 100 * 365 * 24 * 3_600_000;

/// Reads a duration: whole numbers with units, each unit once and the larger before the smaller; or `0`.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut total = 0_u64;
    let mut units = UNITS.iter();
    while !rest.is_empty() || rest.len() == text.len() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let number: u64 = number.parse().ok()?;
        let letters = after.len()
            - after
                .trim_start_matches(|c: char| c.is_ascii_lowercase())
                .len();
        let (unit, after) = after.split_at(letters);
        let (_, size) = units.find(|(known, _)| *known == unit)?;
        total = total.checked_add(number.checked_mul(*size)?)?;
        rest = after;
    }
    (total <= LONGEST).then(|| Duration::from_millis(total))
}

/// Shows a duration in the largest whole unit up to hours, `0s` for none; what is below a millisecond is cut.
pub(crate) struct Shown(pub(crate) Duration);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0.as_millis();
        if milliseconds == 0 {
            return f.write_str("0s");
        }
        for (unit, size) in [
            ("d", 86_400_000),
            ("h", 3_600_000),
            ("m", 60_000),
            ("s", 1_000),
        ] {
            if milliseconds.is_multiple_of(size) {
                return write!(f, "{}{unit}", milliseconds / size);
            }
        }
        write!(f, "{milliseconds}ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_prometheus_reads() {
        for (text, milliseconds) in [
            ("5m", Some(300_000)),
            ("1h30m", Some(5_400_000)),
            ("1m500ms", Some(60_500)),
            ("2w", Some(1_209_600_000)),
            ("0", Some(0)),
            ("0s", Some(0)),
            ("", None),
            ("5", None),
            ("1.5m", None),
            ("-1m", None),
            ("30m1h", None),
            ("1m1m", None),
            ("5 m", None),
            ("101y", None),
            ("99999999999999999999y", None),
            ("9999999999999999y", None),
        ] {
            assert_eq!(
                parse(text),
                milliseconds.map(Duration::from_millis),
                "{text}"
            );
        }
    }

    #[test]
    fn shows_the_largest_whole_unit() {
        for (milliseconds, text) in [
            (300_000, "5m"),
            (90_000, "90s"),
            (3_600_000, "1h"),
            (259_200_000, "3d"),
            (1_500, "1500ms"),
            (0, "0s"),
        ] {
            let shown = Shown(Duration::from_millis(milliseconds)).to_string();
            assert_eq!(shown, text);
            assert_eq!(parse(text), Some(Duration::from_millis(milliseconds)));
        }
    }
}
