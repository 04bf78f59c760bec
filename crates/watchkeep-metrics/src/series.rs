//! One series: its name, its labels and its atomics, in one piece of memory.

use std::sync::Arc;

use metrics::{CounterFn, GaugeFn, HistogramFn, Key};

use crate::Timestamp;
use crate::label::LabelSet;

/// One series; a handle of the facade points at it.
#[derive(Debug)]
pub(crate) struct Series<C> {
    name: Arc<str>,
    labels: LabelSet,
    created: Option<Timestamp>,
    pub(crate) cell: C,
}

/// A series whose cell does not matter.
pub(crate) trait Labeled: Send + Sync {
    fn labels(&self) -> &LabelSet;
}

// === impl Series ===

impl<C> Series<C> {
    pub(crate) const fn new(
        name: Arc<str>,
        labels: LabelSet,
        created: Option<Timestamp>,
        cell: C,
    ) -> Self {
        Self {
            name,
            labels,
            created,
            cell,
        }
    }

    pub(crate) const fn labels(&self) -> &LabelSet {
        &self.labels
    }

    /// When it was registered, where that is kept.
    pub(crate) const fn created(&self) -> Option<Timestamp> {
        self.created
    }

    /// Tells whether the key is exactly how this series is written, so that nothing of the key has to be kept.
    pub(crate) fn is_written_as(&self, key: &Key) -> bool {
        let labels = key.labels();
        key.name() == &*self.name
            && self
                .labels
                .is_written_as(labels.map(|label| (label.key(), label.value())))
    }
}

impl<C: Send + Sync> Labeled for Series<C> {
    fn labels(&self) -> &LabelSet {
        &self.labels
    }
}

impl<C: CounterFn> CounterFn for Series<C> {
    fn increment(&self, value: u64) {
        self.cell.increment(value);
    }

    fn absolute(&self, value: u64) {
        self.cell.absolute(value);
    }
}

impl<C: GaugeFn> GaugeFn for Series<C> {
    fn increment(&self, value: f64) {
        self.cell.increment(value);
    }

    fn decrement(&self, value: f64) {
        self.cell.decrement(value);
    }

    fn set(&self, value: f64) {
        self.cell.set(value);
    }
}

impl<C: HistogramFn> HistogramFn for Series<C> {
    fn record(&self, value: f64) {
        self.cell.record(value);
    }

    fn record_many(&self, value: f64, count: usize) {
        self.cell.record_many(value, count);
    }
}
