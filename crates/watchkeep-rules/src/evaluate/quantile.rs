//! Quantiles: of values, and of the buckets of a classic histogram.

use std::collections::HashMap;

use watchkeep_metrics::SeriesLabels;

use super::over_time::count;
use super::{EvaluationError, Sample, Samples, Semantics, check_distinct};

/// How much a bucket may shrink and still be taken for equal, as a share.
const SMALL: f64 = 1e-12;

/// The `q`-quantile of values, between the two nearest.
pub(super) fn of_values(q: f64, mut values: Vec<f64>) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    // What is no number is smaller than all numbers.
    values.sort_by(|left, right| match (left.is_nan(), right.is_nan()) {
        (true, true) => std::cmp::Ordering::Equal,
        (true, false) => std::cmp::Ordering::Less,
        (false, true) => std::cmp::Ordering::Greater,
        (false, false) => left.total_cmp(right),
    });
    let rank = q * count(values.len() - 1);
    let floor = rank.floor();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank is from zero to the number of values"
    )]
    let lower = (floor as usize).min(values.len() - 1);
    let upper = (lower + 1).min(values.len() - 1);
    let weight = rank - floor;
    values[lower] * (1.0 - weight) + values[upper] * weight
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    bound: f64,
    count: f64,
}

/// `histogram_quantile`: of each histogram among the series, which are its buckets by the label `le`.
pub(super) fn histogram(
    q: f64,
    samples: Samples,
    semantics: Semantics,
) -> Result<Samples, EvaluationError> {
    let mut histograms: Vec<(SeriesLabels, Vec<Bucket>)> = Vec::new();
    let mut places: HashMap<SeriesLabels, usize> = HashMap::new();
    for sample in samples {
        // A series without a bound is no bucket.
        let Some(bound) = bound(sample.labels.get("le")) else {
            continue;
        };
        let rest = sample.labels.filtered(|name| name != "le");
        let place = *places.entry(rest).or_insert_with_key(|rest| {
            histograms.push((rest.without_name(), Vec::new()));
            histograms.len() - 1
        });
        let bucket = Bucket {
            bound,
            count: sample.value,
        };
        histograms[place].1.push(bucket);
    }
    let quantiles: Samples = histograms
        .into_iter()
        .map(|(labels, buckets)| Sample::new(labels, of_buckets(q, buckets, semantics)))
        .collect();
    check_distinct(&quantiles)?;
    Ok(quantiles)
}

/// A bound as Go reads it, which takes a bit more than Rust's own form.
fn bound(text: &str) -> Option<f64> {
    text.parse().ok()
}

fn of_buckets(q: f64, mut buckets: Vec<Bucket>, semantics: Semantics) -> f64 {
    if q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    buckets.sort_by(|left, right| left.bound.total_cmp(&right.bound));
    if buckets
        .last()
        .is_none_or(|last| last.bound != f64::INFINITY)
    {
        return f64::NAN;
    }
    let mut buckets = merged(&buckets);
    make_monotonic(&mut buckets, semantics);
    let [.., below, last] = buckets.as_slice() else {
        return f64::NAN;
    };
    let observations = last.count;
    if observations == 0.0 {
        return f64::NAN;
    }
    let mut rank = q * observations;
    let finite = &buckets[..buckets.len() - 1];
    let at = finite.partition_point(|bucket| {
        // What is no number is not below the rank.
        bucket.count < rank || bucket.count.is_nan() || rank.is_nan()
    });
    let Some(bucket) = finite.get(at) else {
        return below.bound;
    };
    if at == 0 && bucket.bound <= 0.0 {
        return bucket.bound;
    }
    let (mut start, mut within) = (0.0, bucket.count);
    if let Some(before) = at.checked_sub(1).map(|before| finite[before]) {
        start = before.bound;
        within -= before.count;
        rank -= before.count;
    }
    start + (bucket.bound - start) * (rank / within)
}

/// Adds up buckets of the same bound.
fn merged(buckets: &[Bucket]) -> Vec<Bucket> {
    let mut all: Vec<Bucket> = Vec::with_capacity(buckets.len());
    for bucket in buckets {
        match all.last_mut() {
            Some(last) if last.bound == bucket.bound => last.count += bucket.count,
            _ => all.push(*bucket),
        }
    }
    all
}

/// A bucket has at least what the one below it has; where a scrape says otherwise it is set right.
fn make_monotonic(buckets: &mut [Bucket], semantics: Semantics) {
    let Some((first, rest)) = buckets.split_first_mut() else {
        return;
    };
    let mut most = first.count;
    for bucket in rest {
        let forgiven = semantics == Semantics::Prometheus3 && is_nearly(most, bucket.count);
        if bucket.count < most || forgiven {
            bucket.count = most;
        } else if bucket.count > most {
            most = bucket.count;
        }
    }
}

fn is_nearly(left: f64, right: f64) -> bool {
    left == right || (left - right).abs() / (left.abs() + right.abs()).min(f64::MAX) < SMALL
}
