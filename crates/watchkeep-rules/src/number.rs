//! Numbers as Go writes them: in PromQL, and in the texts of alerts.

use std::fmt::Write as _;

/// A number as PromQL reads it back, the same to the last bit (of a NaN only that it is one).
pub(crate) fn promql(value: f64) -> String {
    if value.is_finite() {
        let plain = value.to_string();
        return if plain.len() > 21 {
            format!("{value:e}")
        } else {
            plain
        };
    }
    general(value, None)
}

/// Go's `%g`: the shortest digits that read back the same, or so many significant ones, without trailing zeros.
pub(crate) fn general(value: f64, precision: Option<usize>) -> String {
    if let Some(text) = special(value) {
        return text.to_owned();
    }
    let precision = precision.map(|digits| digits.max(1));
    let scientific = match precision {
        Some(digits) => format!("{value:.*e}", digits - 1),
        None => format!("{value:e}"),
    };
    let (mantissa, exponent) = split(&scientific);
    let mantissa = trim_zeros(mantissa);
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
    // The exponent from which Go changes to the other form; for the shortest digits it is always 6.
    let limit = match precision {
        Some(precision) if precision > digits && i32_of(digits) > exponent => i32_of(digits),
        Some(precision) => i32_of(precision),
        None => 6,
    };
    if exponent < -4 || exponent >= limit {
        return join(mantissa, exponent);
    }
    let fraction = usize::try_from(i32_of(digits) - 1 - exponent).unwrap_or(0);
    format!("{value:.fraction$}")
}

/// Go's `%e`, six digits after the point unless said otherwise.
pub(crate) fn scientific(value: f64, precision: Option<usize>) -> String {
    if let Some(text) = special(value) {
        return text.to_owned();
    }
    let text = format!("{value:.*e}", precision.unwrap_or(6));
    let (mantissa, exponent) = split(&text);
    join(mantissa, exponent)
}

/// Go's `%f`, six digits after the point unless said otherwise.
pub(crate) fn fixed(value: f64, precision: Option<usize>) -> String {
    special(value).map_or_else(
        || format!("{value:.*}", precision.unwrap_or(6)),
        str::to_owned,
    )
}

fn special(value: f64) -> Option<&'static str> {
    match value {
        _ if value.is_nan() => Some("NaN"),
        f64::INFINITY => Some("+Inf"),
        f64::NEG_INFINITY => Some("-Inf"),
        _ => None,
    }
}

/// The mantissa and the exponent of Rust's `{:e}`.
fn split(text: &str) -> (&str, i32) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    (mantissa, exponent.parse().unwrap_or(0))
}

/// Mantissa and exponent in Go's form, with a sign and two digits at least.
fn join(mantissa: &str, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    let mut text = mantissa.to_owned();
    // A String takes every write.
    let _ = write!(text, "e{sign}{:02}", exponent.abs());
    text
}

fn trim_zeros(number: &str) -> &str {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    }
}

fn i32_of(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn general_is_that_of_go() {
        for (value, precision, text) in [
            (0.0, None, "0"),
            (2.5, None, "2.5"),
            (100.0, None, "100"),
            (-0.075, None, "-0.075"),
            (1e-7, None, "1e-07"),
            (999_999.0, None, "999999"),
            (1_000_000.0, None, "1e+06"),
            (123_456_789.0, None, "1.23456789e+08"),
            (7.5, Some(4), "7.5"),
            (12.345_6, Some(4), "12.35"),
            (12_345.6, Some(4), "1.235e+04"),
            (0.000_012, Some(4), "1.2e-05"),
            (1_000.0, Some(4), "1000"),
            (100.0, Some(2), "1e+02"),
            (0.0, Some(4), "0"),
            (f64::NAN, Some(4), "NaN"),
            (f64::INFINITY, None, "+Inf"),
            (f64::NEG_INFINITY, None, "-Inf"),
        ] {
            assert_eq!(general(value, precision), text);
        }
    }

    #[test]
    fn the_other_forms_are_those_of_go() {
        assert_eq!(scientific(1_234.5, Some(2)), "1.23e+03");
        assert_eq!(scientific(0.0, None), "0.000000e+00");
        assert_eq!(fixed(2_500.4, Some(0)), "2500");
        assert_eq!(fixed(1.5, None), "1.500000");
        assert_eq!(fixed(f64::NAN, Some(2)), "NaN");
    }

    #[test]
    fn promql_reads_back_the_same() {
        for value in [0.05, 1e300, -1e-300, 5e-324, 1e21, 123_456_789.0, 0.1 + 0.2] {
            assert_eq!(promql(value).parse(), Ok(value));
        }
        assert_eq!(promql(0.05), "0.05");
        assert_eq!(promql(f64::INFINITY), "+Inf");
        assert_eq!(promql(1e300), "1e300");
    }
}
