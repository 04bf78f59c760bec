//! What an evaluation may use, why one has no value, and whose semantics it has.

use std::time::Duration;

use watchkeep_metrics::SeriesLabels;

/// Which Prometheus decides, where they differ.
///
/// The differences: 2 counts a sample exactly at the start of a window or of the five minutes of lookback, 3 does not;
/// 3 sums with compensation and 2 does so only over time; both guess the start of a counter in another order; and 3 forgives
/// buckets of a histogram that shrink by a trillionth.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Semantics {
    /// Prometheus 2.42, as Debian 12 has it.
    Prometheus2,
    /// Prometheus 3: the default.
    #[default]
    Prometheus3,
}

/// What one evaluation of one rule may use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Budget {
    /// The most series it may read, each as often as it is read. Default: 20,000.
    pub series: usize,
    /// The most samples it may read. Default: 5 million.
    pub samples: usize,
    /// The longest it may take. Default: one second.
    pub time: Duration,
}

/// Why an expression has no value.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// Two series of a result have the same labels.
    #[error("two series of the result have the same labels, {0}")]
    Duplicate(SeriesLabels),
    /// A match that is not one to one.
    #[error("more than one series on the {side} side belongs to {group}")]
    ManyToOne {
        /// `left` or `right`.
        side: &'static str,
        /// What they have in common.
        group: SeriesLabels,
    },
    /// More series than the budget has.
    #[error("it reads more than {0} series")]
    Series(usize),
    /// More samples than the budget has.
    #[error("it reads more than {0} samples")]
    Samples(usize),
    /// Longer than the budget allows.
    #[error("it takes longer than {0:?}")]
    Time(Duration),
    /// More alerts than the group's limit.
    #[error("it has {found} alerts, over the limit of {limit}")]
    Limit {
        /// How many there were.
        found: usize,
        /// The group's `limit`.
        limit: usize,
    },
}

// === impl Budget ===

impl Default for Budget {
    fn default() -> Self {
        Self {
            series: 20_000,
            samples: 5_000_000,
            time: Duration::from_secs(1),
        }
    }
}
