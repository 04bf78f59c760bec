//! The atomics of a histogram, and the bounds of its buckets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use metrics::{CounterFn as _, HistogramFn};

use crate::cell::{Cell, Mark, Rejected, Supplies, bounded, update};
use crate::exemplar::{Exemplar, Slots};
use crate::number::canonical;

/// A histogram: one atomic a bucket, and the sum.
#[derive(Debug)]
pub(crate) struct HistogramCell {
    bounds: Arc<Bounds>,
    /// One more than there are bounds; the last is what lies above all of them. Not cumulative.
    buckets: Box<[AtomicU64]>,
    sum: AtomicU64,
    exemplars: Option<Slots>,
    rejected: Arc<Rejected>,
}

/// The upper bounds of a histogram's buckets, with their text.
#[derive(Debug)]
pub(crate) struct Bounds {
    pub(crate) values: Box<[f64]>,
    /// The end of each bucket's name, `le="0.1"} `, the last one for `+Inf`.
    pub(crate) texts: Box<[Box<str>]>,
}

// === impl HistogramCell ===

impl HistogramCell {
    pub(crate) const fn bounds(&self) -> &Arc<Bounds> {
        &self.bounds
    }

    pub(crate) fn buckets(&self) -> impl Iterator<Item = u64> {
        self.buckets.iter().map(|bucket| bucket.load(Relaxed))
    }

    pub(crate) fn sum(&self) -> f64 {
        f64::from_bits(self.sum.load(Relaxed))
    }

    /// Returns the exemplar of a bucket, if it has one, and lets the next observation replace it.
    pub(crate) fn take_exemplar(&self, bucket: usize) -> Option<Exemplar> {
        self.exemplars.as_ref()?.take(bucket)
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
        if let Some(exemplars) = &self.exemplars {
            exemplars.offer(at, value);
        }
    }
}

impl Cell for HistogramCell {
    type Shape = Arc<Bounds>;

    fn new(bounds: &Arc<Bounds>, supplies: &Supplies) -> Self {
        let count = bounds.texts.len();
        Self {
            bounds: Arc::clone(bounds),
            buckets: (0..count).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0),
            exemplars: supplies.exemplars.map(|source| Slots::new(source, count)),
            rejected: Arc::clone(&supplies.rejected),
        }
    }

    fn mark(&self) -> Mark {
        (
            self.buckets().fold(0, u64::wrapping_add),
            self.sum.load(Relaxed),
        )
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
        let texts = values.iter().map(|bound| canonical(*bound));
        Self {
            values: values.into(),
            texts: texts
                .chain(["+Inf".to_owned()])
                .map(|bound| format!("le=\"{bound}\"}} ").into())
                .collect(),
        }
    }
}
