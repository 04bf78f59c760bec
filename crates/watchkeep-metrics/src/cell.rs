//! The atomics behind counters and gauges, and what all cells have in common.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use metrics::{CounterFn, GaugeFn};

use crate::exemplar::Source;
use crate::series::Series;

/// The atomics of one series.
pub(crate) trait Cell: Sized + Send + Sync + 'static {
    /// What the cells of one family have in common.
    type Shape: Debug + Send + Sync;

    fn new(shape: &Self::Shape, supplies: &Supplies) -> Self;

    /// Changes whenever something is recorded, also when the value stays the same.
    fn mark(&self) -> Mark;
}

/// What [`Cell::mark`] returns; only whether two of them are equal means anything.
pub(crate) type Mark = (u64, u64);

/// What the cells of one recorder have in common.
#[derive(Debug)]
pub(crate) struct Supplies {
    pub(crate) rejected: Arc<Rejected>,
    pub(crate) exemplars: Option<Source>,
}

/// What was refused, by reason; each is a series of `watchkeep_metrics_rejected_total`.
#[derive(Debug)]
pub(crate) struct Rejected {
    pub(crate) families: Arc<Series<CounterCell>>,
    pub(crate) kind: Arc<Series<CounterCell>>,
    pub(crate) name: Arc<Series<CounterCell>>,
    pub(crate) negative: Arc<Series<CounterCell>>,
    pub(crate) not_finite: Arc<Series<CounterCell>>,
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
    /// Tells a gauge that is set to the same value again from one that nobody sets. It may miss writes of several threads
    /// at once, but not all of them.
    writes: AtomicU64,
    rejected: Arc<Rejected>,
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

impl Cell for CounterCell {
    type Shape = ();

    fn new((): &(), _: &Supplies) -> Self {
        Self::default()
    }

    fn mark(&self) -> Mark {
        (self.whole(), self.fraction.load(Relaxed))
    }
}

impl CounterFn for CounterCell {
    #[inline]
    fn increment(&self, value: u64) {
        self.whole.fetch_add(value, Relaxed);
    }

    fn absolute(&self, value: u64) {
        self.whole.fetch_max(value, Relaxed);
    }
}

// === impl GaugeCell ===

impl GaugeCell {
    pub(crate) fn value(&self) -> f64 {
        f64::from_bits(self.bits.load(Relaxed))
    }

    fn add(&self, value: f64) {
        if value.is_finite() {
            update(&self.bits, |now| now + value);
            self.written();
        } else {
            self.rejected.not_finite.increment(1);
        }
    }

    /// Not one operation but two, which cost no lock of the memory bus.
    fn written(&self) {
        let writes = self.writes.load(Relaxed);
        self.writes.store(writes.wrapping_add(1), Relaxed);
    }
}

impl Cell for GaugeCell {
    type Shape = ();

    fn new((): &(), supplies: &Supplies) -> Self {
        Self {
            bits: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            rejected: Arc::clone(&supplies.rejected),
        }
    }

    fn mark(&self) -> Mark {
        (self.bits.load(Relaxed), self.writes.load(Relaxed))
    }
}

impl GaugeFn for GaugeCell {
    fn increment(&self, value: f64) {
        self.add(value);
    }

    fn decrement(&self, value: f64) {
        self.add(-value);
    }

    #[inline]
    fn set(&self, value: f64) {
        self.bits.store(value.to_bits(), Relaxed);
        self.written();
    }
}

/// Replaces the `f64` whose bits `atomic` holds.
pub(crate) fn update(atomic: &AtomicU64, change: impl Fn(f64) -> f64) {
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
#[inline]
pub(crate) const fn bounded(sum: f64) -> f64 {
    if sum.is_finite() {
        return sum;
    }
    f64::MAX.copysign(sum)
}
