//! Numbers, times and texts as people read them.

use std::time::Duration;

use jiff::Timestamp;

/// No text on the page is longer, in characters; what is cut ends in `…`.
const MOST_CHARACTERS: usize = 500;

/// A span of time in its two largest units: `3 d 4 h`, `12 min 5 s`.
pub(super) fn span(span: Duration) -> String {
    let units = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
    let mut rest = span.as_secs();
    let mut words = Vec::new();
    for (unit, size) in units {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            words.push(format!("{count} {unit}"));
        }
    }
    words.truncate(2);
    if words.is_empty() {
        "0 s".to_owned()
    } else {
        words.join(" ")
    }
}

/// Milliseconds with as many digits as say something.
pub(super) fn milliseconds(latency: Duration) -> String {
    format!("{} ms", number(latency.as_secs_f64() * 1_000.0))
}

/// A number with at most three digits after the point that say something, and none where they do not.
pub(super) fn number(number: f64) -> String {
    let size = number.abs();
    let digits: usize = match size {
        _ if size >= 100.0 || size == 0.0 => 0,
        _ if size >= 10.0 => 1,
        _ if size >= 1.0 => 2,
        _ => 3,
    };
    if size >= 1e15 {
        return format!("{number:.2e}");
    }
    let text = format!("{number:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// Bytes in the largest unit that leaves a whole.
pub(super) fn bytes(bytes: f64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes;
    let mut unit = 0;
    while value >= 1_024.0 && unit + 1 < units.len() {
        value /= 1_024.0;
        unit += 1;
    }
    format!("{} {}", number(value), units[unit])
}

/// A point in time as `10:15:30`, with its date when that is another day than `now`'s, both in UTC.
pub(super) fn clock(at: Timestamp, now: Timestamp) -> String {
    let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    if day(at) == day(now) {
        at.strftime("%H:%M:%S").to_string()
    } else {
        at.strftime("%Y-%m-%d %H:%M").to_string()
    }
}

/// A text that is no longer than the page has room for.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_in_their_two_largest_units() {
        for (seconds, words) in [
            (0, "0 s"),
            (59, "59 s"),
            (725, "12 min 5 s"),
            (3_600, "1 h"),
            (273_700, "3 d 4 h"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), words);
        }
    }

    #[test]
    fn numbers_show_what_says_something() {
        for (given, text) in [
            (0.0, "0"),
            (0.1234, "0.123"),
            (-1.5, "-1.5"),
            (2.0, "2"),
            (12.34, "12.3"),
            (1_234.5, "1234"),
            (1e300, "1.00e300"),
        ] {
            assert_eq!(number(given), text);
        }
    }

    #[test]
    fn bytes_read_in_their_unit() {
        for (given, text) in [
            (0.0, "0 B"),
            (1_536.0, "1.5 KiB"),
            (47_448_064.0, "45.2 MiB"),
            (f64::MAX, "1.63e296 TiB"),
        ] {
            assert_eq!(bytes(given), text);
        }
    }

    #[test]
    fn another_day_has_its_date() {
        let at: Timestamp = "2026-08-22T10:15:30Z".parse().unwrap();
        let same: Timestamp = "2026-08-22T23:00:00Z".parse().unwrap();
        let next: Timestamp = "2026-08-23T00:00:00Z".parse().unwrap();
        assert_eq!(clock(at, same), "10:15:30");
        assert_eq!(clock(at, next), "2026-08-22 10:15");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "ä".repeat(MOST_CHARACTERS + 1);
        let cut = cut(&long);
        assert_eq!(cut.chars().count(), MOST_CHARACTERS + 1);
        assert!(cut.ends_with('…'));
        let fits = "ä".repeat(MOST_CHARACTERS);
        assert_eq!(super::cut(&fits), fits);
    }
}
