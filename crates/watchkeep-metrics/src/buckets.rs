//! The atomics of a histogram, and the bounds of its buckets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use metrics::{CounterFn as _, HistogramFn};

use crate::cell::{Cell, Mark, Rejected, Supplies, bounded, update};
use crate::exemplar::{Exemplar, Slots};
use crate::number::canonical;

/// How many bounds are searched without a branch.
const BLOCK: usize = 16;

type Block = [f64; BLOCK];

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
    /// The same in blocks that are searched without a branch, filled up with infinity; most histograms have but one.
    first: Block,
    later: Box<[Block]>,
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

    /// Counts observations of one value, of which `total` is the sum.
    ///
    /// What is rare is called last, as a function of its own, so that what is frequent needs no frame on the stack.
    #[inline]
    fn observe(&self, value: f64, count: u64, total: f64) {
        if !value.is_finite() {
            return self.refuse(count);
        }
        if self.bounds.is_later(value) {
            return self.observe_later(value, count, total);
        }
        self.add(self.bounds.first_bucket_of(value), value, count, total);
    }

    #[cold]
    #[inline(never)]
    fn refuse(&self, count: u64) {
        self.rejected.not_finite.increment(count);
    }

    #[inline(never)]
    fn observe_later(&self, value: f64, count: u64, total: f64) {
        self.add(self.bounds.later_bucket_of(value), value, count, total);
    }

    #[inline]
    fn add(&self, bucket: usize, value: f64, count: u64, total: f64) {
        self.buckets[bucket].fetch_add(count, Relaxed);
        update(&self.sum, |sum| bounded(sum + total));
        if let Some(exemplars) = &self.exemplars {
            exemplars.offer(bucket, value);
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
    #[inline]
    fn record(&self, value: f64) {
        self.observe(value, 1, value);
    }

    #[inline]
    fn record_many(&self, value: f64, count: usize) {
        if count == 0 {
            return;
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "nobody records 2^53 observations in one call, and the sum is an f64 anyway"
        )]
        let total = value * count as f64;
        self.observe(value, u64::try_from(count).unwrap_or(u64::MAX), total);
    }
}

// === impl Bounds ===

impl Bounds {
    /// Tells whether the value lies above the first block of bounds.
    #[inline]
    fn is_later(&self, value: f64) -> bool {
        self.first[BLOCK - 1] < value
    }

    /// Returns how many bounds lie below the value, which is its bucket, when it is not later.
    #[inline]
    fn first_bucket_of(&self, value: f64) -> usize {
        below(&self.first, value)
    }

    /// The same when it is later; the last bound of the last block is infinite, so the value is in one of them.
    fn later_bucket_of(&self, value: f64) -> usize {
        let block = self.later.partition_point(|block| block[BLOCK - 1] < value);
        (block + 1) * BLOCK + below(&self.later[block], value)
    }

    pub(crate) fn new(values: &[f64]) -> Self {
        let texts = values.iter().map(|bound| canonical(*bound));
        let block = |block: usize| {
            std::array::from_fn(|at| {
                let bound = values.get(block * BLOCK + at);
                bound.copied().unwrap_or(f64::INFINITY)
            })
        };
        Self {
            values: values.into(),
            texts: texts
                .chain(["+Inf".to_owned()])
                .map(|bound| format!("le=\"{bound}\"}} ").into())
                .collect(),
            first: block(0),
            later: (1..=values.len() / BLOCK).map(block).collect(),
        }
    }
}

/// Returns how many bounds of a block lie below the value, when the last one does not.
///
/// It takes the same four comparisons whatever the value is.
#[inline]
fn below(block: &Block, value: f64) -> usize {
    let mut below = usize::from(block[7] < value) * 8;
    below += usize::from(block[below + 3] < value) * 4;
    below += usize::from(block[below + 1] < value) * 2;
    below + usize::from(block[below] < value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_falls_into_the_first_bucket_whose_bound_it_does_not_exceed() {
        for count in 0..40_u32 {
            let values: Vec<f64> = (1..=count).map(f64::from).collect();
            let bounds = Bounds::new(&values);
            for halves in 0..=2 * count + 3 {
                let value = f64::from(halves) / 2.0;
                let expected = values.iter().filter(|bound| **bound < value).count();
                let found = if bounds.is_later(value) {
                    bounds.later_bucket_of(value)
                } else {
                    bounds.first_bucket_of(value)
                };
                assert_eq!(found, expected, "{value} of {count}");
            }
        }
    }
}
