//! Numbers as the exposition formats write them.

use std::io::Write as _;

/// The largest integer up to which every integer is exact in an `f64`.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Appends a sample value: integers without a point, everything else in the shortest form that reads back the same.
pub(crate) fn write_value(value: f64, out: &mut Vec<u8>) {
    if value.fract() == 0.0 && value.abs() <= EXACT {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the value is an integer within ±2^53, which an i64 holds exactly"
        )]
        let integer = value as i64;
        write_integer(integer, out);
    } else if value.is_nan() {
        out.extend_from_slice(b"NaN");
    } else if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 { b"+Inf" } else { b"-Inf" });
    } else {
        write!(out, "{value:?}").expect("a Vec takes every write");
    }
}

/// Appends an integer.
pub(crate) fn write_integer(value: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Returns a bucket bound in OpenMetrics' canonical form (`0.005`, `1.0`, `1e+06`).
///
/// Both formats use it, so that a series has the same `le` whichever one a scraper asks for.
pub(crate) fn canonical(bound: f64) -> String {
    let scientific = format!("{bound:e}");
    let (digits, exponent) = scientific
        .split_once('e')
        .expect("LowerExp always writes an exponent");
    let exponent: i32 = exponent
        .parse()
        .expect("LowerExp writes a decimal exponent");
    if (-4..6).contains(&exponent) {
        let plain = bound.to_string();
        return if plain.contains('.') {
            plain
        } else {
            plain + ".0"
        };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_back_the_same_and_integers_have_no_point() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (3.0, "3"),
            (-7.0, "-7"),
            (0.1, "0.1"),
            (1.5e-9, "1.5e-9"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (1e17, "1e17"),
            (1e300, "1e300"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            let mut out = Vec::new();
            write_value(value, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }

    #[test]
    fn bounds_are_canonical_floats() {
        for (bound, text) in [
            (0.005, "0.005"),
            (1.0, "1.0"),
            (10.0, "10.0"),
            (100_000.0, "100000.0"),
            (1_000_000.0, "1e+06"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (2_500_000.0, "2.5e+06"),
            (-1.0, "-1.0"),
            (0.0, "0.0"),
        ] {
            assert_eq!(canonical(bound), text);
        }
    }
}
