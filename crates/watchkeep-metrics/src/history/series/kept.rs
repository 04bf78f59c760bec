//! The kept series: labels, and a value for each row since they appeared.

use std::collections::{HashMap, VecDeque};

use super::MISSING;
use crate::history::labels::SeriesLabels;

/// The kept series, each at a place that stays its own until it is removed.
#[derive(Debug, Default)]
pub(super) struct Kept {
    slots: Vec<Option<Series>>,
    free: Vec<usize>,
    by_labels: HashMap<SeriesLabels, usize>,
    values: usize,
}

/// One kept series.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) labels: SeriesLabels,
    pub(super) without_name: SeriesLabels,
    /// The row of the first value.
    first: u64,
    values: VecDeque<f64>,
}

static NOTHING: std::sync::LazyLock<Series> = std::sync::LazyLock::new(|| Series {
    labels: SeriesLabels::default(),
    without_name: SeriesLabels::default(),
    first: 0,
    values: VecDeque::new(),
});

impl Kept {
    pub(super) fn len(&self) -> usize {
        self.by_labels.len()
    }

    pub(super) const fn values(&self) -> usize {
        self.values
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Series)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(slot, series)| Some((slot, series.as_ref()?)))
    }

    pub(super) fn find(&self, labels: &SeriesLabels) -> Option<usize> {
        self.by_labels.get(labels).copied()
    }

    /// The series at a place, one without a sample where there is none.
    pub(super) fn at(&self, slot: usize) -> &Series {
        let series = self.slots.get(slot).and_then(Option::as_ref);
        series.unwrap_or(&NOTHING)
    }

    pub(super) fn insert(&mut self, labels: SeriesLabels, row: u64) -> usize {
        let series = Series {
            without_name: labels.without_name(),
            labels: labels.clone(),
            first: row,
            values: VecDeque::new(),
        };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.slots[slot] = Some(series);
        self.by_labels.insert(labels, slot);
        slot
    }

    /// Writes the value of the newest row, over one that it has already.
    pub(super) fn write(&mut self, slot: usize, row: u64, value: f64) {
        let Some(Some(series)) = self.slots.get_mut(slot) else {
            return;
        };
        let before = series.values.len();
        if series.values.is_empty() {
            series.first = row;
        }
        while series.end() < row {
            series.values.push_back(f64::from_bits(MISSING));
        }
        if series.end() > row {
            series.values.pop_back();
        }
        series.values.push_back(value);
        self.values += series.values.len();
        self.values -= before;
    }

    /// Forgets the rows from `end` on.
    pub(super) fn cut(&mut self, end: u64) {
        for series in self.slots.iter_mut().flatten() {
            while series.end() > end && series.values.pop_back().is_some() {
                self.values -= 1;
            }
        }
    }

    /// Forgets the rows before `first`.
    pub(super) fn trim(&mut self, first: u64) {
        for series in self.slots.iter_mut().flatten() {
            while series.first < first && series.values.pop_front().is_some() {
                series.first += 1;
                self.values -= 1;
            }
        }
    }

    /// Removes the series without a sample in the rows from `first` on; returns their places.
    pub(super) fn remove_ended(&mut self, first: u64) -> Vec<usize> {
        let mut gone = Vec::new();
        for (slot, place) in self.slots.iter_mut().enumerate() {
            let Some(series) = place else { continue };
            if series.end() <= first {
                self.by_labels.remove(&series.labels);
                self.values -= series.values.len();
                *place = None;
                gone.push(slot);
            }
        }
        self.free.extend_from_slice(&gone);
        gone
    }
}

impl Series {
    pub(super) const fn first(&self) -> u64 {
        self.first
    }

    /// The row after the last value.
    pub(super) fn end(&self) -> u64 {
        self.first + u64::try_from(self.values.len()).unwrap_or(0)
    }

    pub(super) fn value(&self, row: u64) -> Option<f64> {
        let at = usize::try_from(row.checked_sub(self.first)?).ok()?;
        self.values.get(at).copied()
    }
}
