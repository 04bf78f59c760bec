//! Numbers in the forms for people that Prometheus' templates have.

use super::action::Humanize;
use crate::number::general;

/// Four significant digits, as all of them have.
fn four(value: f64) -> String {
    general(value, Some(4))
}

pub(super) fn write(form: Humanize, value: f64) -> String {
    match form {
        Humanize::Duration => duration(value),
        Humanize::Percentage => format!("{}%", four(value * 100.0)),
        Humanize::Plain => plain(value),
        Humanize::Powers => powers(value),
    }
}

fn plain(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return four(value);
    }
    if value.abs() >= 1.0 {
        return scaled(
            value,
            1_000.0,
            &["", "k", "M", "G", "T", "P", "E", "Z", "Y"],
        );
    }
    small(value)
}

fn powers(value: f64) -> String {
    if value.abs() <= 1.0 || !value.is_finite() {
        return four(value);
    }
    scaled(
        value,
        1_024.0,
        &["", "ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"],
    )
}

/// Divides until the number is below the step, or the prefixes end.
fn scaled(mut value: f64, step: f64, prefixes: &[&str]) -> String {
    let mut at = 0;
    while value.abs() >= step && at + 1 < prefixes.len() {
        value /= step;
        at += 1;
    }
    format!("{}{}", four(value), prefixes[at])
}

/// Multiplies until the number is one at least, or the prefixes end.
fn small(mut value: f64) -> String {
    let prefixes = ["", "m", "u", "n", "p", "f", "a", "z", "y"];
    let mut at = 0;
    while value.abs() < 1.0 && at + 1 < prefixes.len() {
        value *= 1_000.0;
        at += 1;
    }
    format!("{}{}", four(value), prefixes[at])
}

fn duration(value: f64) -> String {
    if !value.is_finite() {
        return four(value);
    }
    if value == 0.0 {
        return format!("{}s", four(value));
    }
    if value.abs() < 1.0 {
        return format!("{}s", small(value));
    }
    let sign = if value < 0.0 { "-" } else { "" };
    let value = value.abs();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole seconds; what an i64 cannot hold is no duration"
    )]
    let total = value as i64;
    let (seconds, minutes) = (total % 60, total / 60 % 60);
    let (hours, days) = (total / 3_600 % 24, total / 86_400);
    if days != 0 {
        format!("{sign}{days}d {hours}h {minutes}m {seconds}s")
    } else if hours != 0 {
        format!("{sign}{hours}h {minutes}m {seconds}s")
    } else if minutes != 0 {
        format!("{sign}{minutes}m {seconds}s")
    } else {
        format!("{sign}{}s", four(value))
    }
}
