//! `1h`: how far back a report goes.

use std::time::Duration;

/// The longest time back: ten years, beyond which it is a slip of the finger.
const LONGEST: u64 = 10 * 365 * 24 * 3600;

/// A text that is no time back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no time back; it is a whole number with s, m, h or d behind it, such as 90s or 1h, up to 3650d"
)]
pub struct SinceError(String);

/// Reads `<n>s`, `<n>m`, `<n>h` or `<n>d`.
///
/// # Errors
///
/// The text is anything else, 0, or more than ten years.
pub fn parse_since(text: &str) -> Result<Duration, SinceError> {
    let refused = || SinceError(crate::escape::shown(text));
    let unit = text.chars().next_back().ok_or_else(refused)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        _ => return Err(refused()),
    };
    let number = &text[..text.len() - 1];
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refused());
    }
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(seconds))
        .filter(|seconds| (1..=LONGEST).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_back_is_a_number_and_a_unit() {
        for (text, seconds) in [("1s", 1), ("90m", 5400), ("1h", 3600), ("3650d", LONGEST)] {
            assert_eq!(
                parse_since(text),
                Ok(Duration::from_secs(seconds)),
                "{text}"
            );
        }
        for text in [
            "",
            "h",
            "1",
            "0s",
            "-1h",
            "+1h",
            "1.5h",
            "1 h",
            "1w",
            "1hh",
            "never",
            "3651d",
            "1\u{e9}",
            "99999999999999999999h",
            "18446744073709551615d",
        ] {
            let error = parse_since(text).unwrap_err().to_string();
            assert!(error.contains("such as 90s or 1h"), "{text}: {error}");
        }
        let hostile = parse_since(&"\u{1b}[31m".repeat(1000))
            .unwrap_err()
            .to_string();
        assert!(
            !hostile.contains('\u{1b}') && hostile.len() < 1000,
            "{hostile}"
        );
    }
}
