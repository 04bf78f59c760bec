//! The buckets of a histogram at one moment.

use crate::buckets::HistogramCell;

/// The buckets of a histogram at one moment.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq)]
pub struct HistogramSnapshot {
    /// How many observations there were: the sum of the buckets.
    pub count: u64,
    /// The sum of all observations.
    pub sum: f64,
    /// The inclusive upper bounds, ascending, without `+Inf`.
    pub bounds: Vec<f64>,
    /// How many observations fell into each bucket, **not** cumulative; one more than there are bounds, for those above all.
    pub buckets: Vec<u64>,
}

impl HistogramSnapshot {
    pub(crate) fn of(cell: &HistogramCell) -> Self {
        let buckets: Vec<u64> = cell.buckets().collect();
        Self {
            count: buckets.iter().sum(),
            sum: cell.sum(),
            bounds: cell.bounds().values.to_vec(),
            buckets,
        }
    }

    /// Returns the mean observation, `None` without any.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a mean is an f64 anyway")]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }

    /// Returns an estimate of the `q`-quantile (0 to 1), `None` without observations.
    ///
    /// It is what PromQL's `histogram_quantile` gives: linear inside a bucket, the highest bound for what lies above it.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "ranks inside buckets are an estimate anyway"
    )]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        if self.count == 0 || !(0.0..=1.0).contains(&q) {
            return None;
        }
        let rank = q * self.count as f64;
        let mut below = 0;
        for (at, bucket) in self.buckets.iter().enumerate() {
            let up_to = below + bucket;
            if *bucket > 0 && up_to as f64 >= rank {
                let Some(upper) = self.bounds.get(at) else {
                    break;
                };
                let lower = match at.checked_sub(1) {
                    Some(before) => self.bounds[before],
                    None if *upper <= 0.0 => return Some(*upper),
                    None => 0.0,
                };
                let share = (rank - below as f64) / *bucket as f64;
                return Some(lower + (upper - lower) * share);
            }
            below = up_to;
        }
        self.bounds.last().copied()
    }

    /// Returns how many observations were at most `bound`, `None` when it is no bound of this histogram.
    pub(crate) fn at_most(&self, bound: f64) -> Option<u64> {
        if bound == f64::INFINITY {
            return Some(self.count);
        }
        let at = self.bounds.iter().position(|known| *known == bound)?;
        Some(self.buckets[..=at].iter().sum())
    }

    /// Returns what was observed since `earlier`, or everything when a bucket has less than it had: then it began anew.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let grown: Option<Vec<u64>> = self
            .buckets
            .iter()
            .zip(&earlier.buckets)
            .map(|(now, then)| now.checked_sub(*then))
            .collect();
        let Some(buckets) = grown.filter(|_| self.bounds == earlier.bounds) else {
            return self.clone();
        };
        Self {
            count: buckets.iter().sum(),
            sum: self.sum - earlier.sum,
            bounds: self.bounds.clone(),
            buckets,
        }
    }

    /// Adds another series of the same family, which therefore has the same bounds.
    pub(crate) fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        for (bucket, more) in self.buckets.iter_mut().zip(&other.buckets) {
            *bucket += more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(bounds: &[f64], buckets: &[u64]) -> HistogramSnapshot {
        HistogramSnapshot {
            count: buckets.iter().sum(),
            sum: 10.0,
            bounds: bounds.to_vec(),
            buckets: buckets.to_vec(),
        }
    }

    #[test]
    fn quantiles_are_linear_inside_a_bucket() {
        let h = histogram(&[1.0, 2.0, 4.0], &[10, 10, 0, 0]);
        assert_eq!(h.quantile(0.5), Some(1.0));
        assert_eq!(h.quantile(0.25), Some(0.5));
        assert_eq!(h.quantile(0.75), Some(1.5));
        assert_eq!(h.quantile(1.0), Some(2.0));
        assert_eq!(h.quantile(1.5), None);
        assert_eq!(h.quantile(f64::NAN), None);
    }

    #[test]
    fn quantiles_above_all_bounds_are_the_highest_bound() {
        assert_eq!(histogram(&[1.0, 2.0], &[1, 0, 9]).quantile(0.95), Some(2.0));
    }

    #[test]
    fn without_observations_there_is_no_quantile_and_no_mean() {
        let empty = histogram(&[1.0], &[0, 0]);
        assert_eq!((empty.quantile(0.5), empty.mean()), (None, None));
        assert_eq!(histogram(&[1.0], &[3, 1]).mean(), Some(2.5));
    }

    #[test]
    fn counts_up_to_a_bound_are_cumulative() {
        let h = histogram(&[1.0, 2.0], &[3, 4, 5]);
        assert_eq!(h.at_most(1.0), Some(3));
        assert_eq!(h.at_most(2.0), Some(7));
        assert_eq!(h.at_most(f64::INFINITY), Some(12));
        assert_eq!(h.at_most(1.5), None);
    }

    #[test]
    fn what_was_observed_since_is_everything_when_bounds_or_counts_say_so() {
        let before = histogram(&[1.0, 2.0], &[1, 2, 3]);
        let after = histogram(&[1.0, 2.0], &[1, 4, 4]);
        assert_eq!(after.since(&before).buckets, [0, 2, 1]);
        assert_eq!(
            (after.since(&before).count, after.since(&before).sum),
            (3, 0.0)
        );
        assert_eq!(before.since(&after), before, "it began anew");
        let other = histogram(&[1.0, 3.0], &[0, 0, 0]);
        assert_eq!(after.since(&other), after, "other bounds");
    }
}
