//! The typed expression of a rule, and the PromQL that it means.

use std::fmt;
use std::time::Duration;

use watchkeep_metrics::{History, Selector, Timestamp};

/// A number computed from the history of metrics.
///
/// `Display` prints the PromQL that it means.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Expression {
    /// How much the matching counters grew within the window, resets taken into account; their sum.
    Increase(Selector, Duration),
    /// The newest value of the matching series.
    Latest(Selector),
    /// The left one divided by the right one. Nothing when the right one is zero: no traffic is no verdict.
    Ratio(Box<Self>, Box<Self>),
    /// The expression times a number.
    Scaled(Box<Self>, f64),
}

impl Expression {
    /// The value at `now`, or none where there is not enough data to say.
    #[must_use]
    pub fn evaluate(&self, history: &History, now: Timestamp) -> Option<f64> {
        match self {
            Self::Increase(selector, window) => history.increase(selector, *window, now),
            Self::Latest(selector) => history.latest(selector),
            Self::Ratio(left, right) => {
                let right = right.evaluate(history, now)?;
                if right == 0.0 {
                    return None;
                }
                Some(left.evaluate(history, now)? / right)
            }
            Self::Scaled(inner, factor) => Some(inner.evaluate(history, now)? * factor),
        }
    }

    /// Calls `visit` with every selector, and the window it is read over.
    pub(crate) fn selectors(&self, visit: &mut impl FnMut(&Selector, Option<Duration>)) {
        match self {
            Self::Increase(selector, window) => visit(selector, Some(*window)),
            Self::Latest(selector) => visit(selector, None),
            Self::Ratio(left, right) => {
                left.selectors(visit);
                right.selectors(visit);
            }
            Self::Scaled(inner, _) => inner.selectors(visit),
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Increase(selector, window) => {
                write!(f, "sum(increase({selector}[{}]))", Span(*window))
            }
            Self::Latest(selector) => write!(f, "{selector}"),
            Self::Ratio(left, right) => write!(f, "{left} / {right}"),
            Self::Scaled(inner, factor) => write!(f, "{inner} * {factor}"),
        }
    }
}

/// A duration as PromQL writes it: `5m`, `90s`, `1h`, `1500ms`.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0.as_millis();
        for (unit, size) in [("h", 3_600_000), ("m", 60_000), ("s", 1_000)] {
            if milliseconds != 0 && milliseconds.is_multiple_of(size) {
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
    fn prints_durations_in_the_largest_whole_unit() {
        for (milliseconds, text) in [
            (300_000, "5m"),
            (90_000, "90s"),
            (3_600_000, "1h"),
            (1_500, "1500ms"),
            (0, "0ms"),
        ] {
            assert_eq!(Span(Duration::from_millis(milliseconds)).to_string(), text);
        }
    }
}
