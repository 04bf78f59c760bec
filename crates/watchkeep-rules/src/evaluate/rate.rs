//! How much a series changed over a window, and how fast.

use std::time::Duration;

use watchkeep_metrics::Timestamp;

use super::{Point, Semantics};
use crate::expression::Function;

/// A window of time.
#[derive(Debug)]
pub(super) struct Range {
    start: i64,
    end: i64,
    seconds: f64,
}

impl Range {
    pub(super) fn new(end: Timestamp, window: Duration) -> Self {
        Self {
            start: end.saturating_before(window).as_millis(),
            end: end.as_millis(),
            seconds: window.as_secs_f64(),
        }
    }
}

/// `rate`, `increase`, `delta` or `irate` of the samples in a window; nothing for fewer than two.
pub(super) fn of(
    function: Function,
    points: &[Point],
    range: &Range,
    semantics: Semantics,
) -> Option<f64> {
    match function {
        Function::Irate => instant(points),
        Function::Delta => extrapolated(points, range, false, 1.0, semantics),
        Function::Increase => extrapolated(points, range, true, 1.0, semantics),
        _ => extrapolated(points, range, true, range.seconds, semantics),
    }
}

/// The change between the first and the last sample, carried on to the borders of the window.
///
/// A border is taken for the series' own when the sample next to it is not over 1.1 usual distances away; else the series is
/// taken to begin, or end, half a distance beyond that sample. A counter is not carried back beyond its zero.
fn extrapolated(
    points: &[Point],
    range: &Range,
    is_counter: bool,
    per: f64,
    semantics: Semantics,
) -> Option<f64> {
    let [(first_at, first), .., (last_at, last)] = points else {
        return None;
    };
    let mut change = last - first;
    if is_counter {
        for pair in points.windows(2) {
            // It began anew, so all that it had before counts too.
            if pair[1].1 < pair[0].1 {
                change += pair[0].1;
            }
        }
    }
    let sampled = seconds_between(*first_at, *last_at);
    let distance = sampled / count(points.len() - 1);
    let limit = distance * 1.1;
    let mut before = seconds_between(range.start, *first_at);
    let mut after = seconds_between(*last_at, range.end);
    let to_zero = if is_counter && change > 0.0 && *first >= 0.0 {
        sampled * (first / change)
    } else {
        f64::INFINITY
    };
    // Both look at the zero and at the limit, and 2.42 does so in the other order.
    if semantics == Semantics::Prometheus2 && to_zero < before {
        before = to_zero;
    }
    if before >= limit {
        before = distance / 2.0;
    }
    if to_zero < before {
        before = to_zero;
    }
    if after >= limit {
        after = distance / 2.0;
    }
    Some(change * ((sampled + before + after) / sampled / per))
}

/// The speed between the last two samples.
fn instant(points: &[Point]) -> Option<f64> {
    let [.., (before_at, before), (last_at, last)] = points else {
        return None;
    };
    let change = if last < before { *last } else { last - before };
    Some(change / seconds_between(*before_at, *last_at))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a window's milliseconds are far below 2^53"
)]
fn seconds_between(earlier: i64, later: i64) -> f64 {
    later.saturating_sub(earlier) as f64 / 1_000.0
}

#[expect(
    clippy::cast_precision_loss,
    reason = "samples of a window are far below 2^53"
)]
const fn count(number: usize) -> f64 {
    number as f64
}
