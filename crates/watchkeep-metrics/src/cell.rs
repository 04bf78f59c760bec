//! The atomics behind the series: counters, gauges and histograms.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use metrics::{CounterFn, GaugeFn, HistogramFn};

use crate::number::canonical;

/// What was refused, by reason; each is a series of `watchkeep_metrics_rejected_total`.
#[derive(Debug, Default)]
pub(crate) struct Rejected {
    pub(crate) families: Arc<CounterCell>,
    pub(crate) kind: Arc<CounterCell>,
    pub(crate) name: Arc<CounterCell>,
    pub(crate) negative: Arc<CounterCell>,
    pub(crate) not_finite: Arc<CounterCell>,
}

/// A counter: a part of whole numbers and one of fractions, so that both kinds of handle can share a series.
#[derive(Debug, Default)]
pub(crate) struct CounterCell {
    whole: AtomicU64,
    fraction: AtomicU64,
}

/// A gauge: the bits of an `f64`.
#[derive(Debug)]
pub(crate) struct GaugeCell {
    bits: AtomicU64,
    rejected: Arc<Rejected>,
}

/// A histogram: one atomic a bucket, and the sum.
#[derive(Debug)]
pub(crate) struct HistogramCell {
    bounds: Arc<Bounds>,
    /// One more than there are bounds; the last is what lies above all of them. Not cumulative.
    buckets: Box<[AtomicU64]>,
    sum: AtomicU64,
    rejected: Arc<Rejected>,
}

/// The upper bounds of a histogram's buckets, with their text.
#[derive(Debug)]
pub(crate) struct Bounds {
    pub(crate) values: Box<[f64]>,
    /// The `le` of each bound, without the `+Inf` that ends every histogram.
    pub(crate) texts: Box<[Box<str>]>,
}

// === impl CounterCell ===

impl CounterCell {
    pub(crate) fn add_fraction(&self, value: f64) {
        update(&self.fraction, |sum| bounded(sum + value));
    }

    /// Raises the fractional part to `value` where that is more.
    pub(crate) fn raise_fraction(&self, value: f64) {
        update(&self.fraction, |sum| sum.max(value));
    }

    /// Adds one and returns what was there before.
    pub(crate) fn next(&self) -> u64 {
        self.whole.fetch_add(1, Relaxed)
    }

    pub(crate) fn whole(&self) -> u64 {
        self.whole.load(Relaxed)
    }

    pub(crate) fn fraction(&self) -> f64 {
        f64::from_bits(self.fraction.load(Relaxed))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "the formats' numbers are f64; above 2^53 a counter is read with 53 bits"
    )]
    pub(crate) fn value(&self) -> f64 {
        self.whole() as f64 + self.fraction()
    }
}

impl CounterFn for CounterCell {
    fn increment(&self, value: u64) {
        self.whole.fetch_add(value, Relaxed);
    }

    fn absolute(&self, value: u64) {
        self.whole.fetch_max(value, Relaxed);
    }
}

// === impl GaugeCell ===

impl GaugeCell {
    pub(crate) const fn new(rejected: Arc<Rejected>) -> Self {
        Self {
            bits: AtomicU64::new(0),
            rejected,
        }
    }

    pub(crate) fn value(&self) -> f64 {
        f64::from_bits(self.bits.load(Relaxed))
    }

    fn add(&self, value: f64) {
        if value.is_finite() {
            update(&self.bits, |now| now + value);
        } else {
            self.rejected.not_finite.increment(1);
        }
    }
}

impl GaugeFn for GaugeCell {
    fn increment(&self, value: f64) {
        self.add(value);
    }

    fn decrement(&self, value: f64) {
        self.add(-value);
    }

    fn set(&self, value: f64) {
        self.bits.store(value.to_bits(), Relaxed);
    }
}

// === impl HistogramCell ===

impl HistogramCell {
    pub(crate) fn new(bounds: Arc<Bounds>, rejected: Arc<Rejected>) -> Self {
        let buckets = (0..=bounds.values.len())
            .map(|_| AtomicU64::new(0))
            .collect();
        Self {
            bounds,
            buckets,
            sum: AtomicU64::new(0),
            rejected,
        }
    }

    pub(crate) const fn bounds(&self) -> &Arc<Bounds> {
        &self.bounds
    }

    pub(crate) fn buckets(&self) -> impl Iterator<Item = u64> {
        self.buckets.iter().map(|bucket| bucket.load(Relaxed))
    }

    pub(crate) fn sum(&self) -> f64 {
        f64::from_bits(self.sum.load(Relaxed))
    }

    fn observe(&self, value: f64, count: u64) {
        if !value.is_finite() {
            self.rejected.not_finite.increment(count);
            return;
        }
        if count == 0 {
            return;
        }
        let at = self.bounds.values.partition_point(|bound| *bound < value);
        self.buckets[at].fetch_add(count, Relaxed);
        #[expect(
            clippy::cast_precision_loss,
            reason = "nobody records 2^53 observations in one call, and the sum is an f64 anyway"
        )]
        let total = value * count as f64;
        update(&self.sum, |sum| bounded(sum + total));
    }
}

impl HistogramFn for HistogramCell {
    fn record(&self, value: f64) {
        self.observe(value, 1);
    }

    fn record_many(&self, value: f64, count: usize) {
        self.observe(value, u64::try_from(count).unwrap_or(u64::MAX));
    }
}

// === impl Bounds ===

impl Bounds {
    pub(crate) fn new(values: &[f64]) -> Self {
        Self {
            values: values.into(),
            texts: values
                .iter()
                .map(|bound| canonical(*bound).into())
                .collect(),
        }
    }
}

/// Replaces the `f64` whose bits `atomic` holds.
fn update(atomic: &AtomicU64, change: impl Fn(f64) -> f64) {
    let mut known = atomic.load(Relaxed);
    loop {
        let next = change(f64::from_bits(known)).to_bits();
        match atomic.compare_exchange_weak(known, next, Relaxed, Relaxed) {
            Ok(_) => return,
            Err(current) => known = current,
        }
    }
}

/// Keeps a sum finite, since nothing would ever bring an infinite one back.
const fn bounded(sum: f64) -> f64 {
    sum.clamp(f64::MIN, f64::MAX)
}
