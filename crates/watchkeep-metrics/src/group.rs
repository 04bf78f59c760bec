//! The series of one family, with a bound on how many there can be.

mod expiry;

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};

use crate::Timestamp;
use crate::cell::{Cell, Mark, Supplies};
use crate::label::LabelSet;
use crate::series::Series;
use crate::sync::lock;

/// The series of one family.
///
/// Readers have a lock of their own; that of the writers, which only new series need, is never held while something is
/// sorted.
#[derive(Debug)]
pub(crate) struct Group<C: Cell> {
    name: Arc<str>,
    shape: C::Shape,
    state: Mutex<State<C>>,
    readers: Mutex<Readers<C>>,
}

/// Where a label set ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// In a series of its own; its key may be remembered.
    Own,
    /// In the one series that takes what is over the limit.
    Overflow,
    /// In a series of its own, but the key must not be remembered, or memory would not be bounded.
    Unindexed,
}

#[derive(Debug)]
struct State<C> {
    series: HashSet<ByText<C>>,
    /// Registered since the readers last looked.
    fresh: Vec<Arc<Series<C>>>,
    overflow: Option<Arc<Series<C>>>,
    /// How many keys of the recorder's index lead here.
    indexed: usize,
}

#[derive(Debug)]
struct Readers<C> {
    /// Sorted by the labels' text; replaced, never changed, so that a reader needs no lock while it reads.
    sorted: Arc<[Arc<Series<C>>]>,
    /// Since when which series has been idle, by address; empty as long as nothing expires.
    seen: HashMap<usize, (Mark, Timestamp)>,
}

#[derive(Debug)]
struct ByText<C>(Arc<Series<C>>);

// === impl Group ===

impl<C: Cell> Group<C> {
    pub(crate) fn new(name: Arc<str>, shape: C::Shape) -> Self {
        let state = State {
            series: HashSet::new(),
            fresh: Vec::new(),
            overflow: None,
            indexed: 0,
        };
        let readers = Readers {
            sorted: Arc::from([]),
            seen: HashMap::new(),
        };
        Self {
            name,
            shape,
            state: Mutex::new(state),
            readers: Mutex::new(readers),
        }
    }

    /// Returns the series of these labels, which is made when there is room for it; else the one of `overflow`.
    pub(crate) fn series(
        &self,
        labels: LabelSet,
        limit: usize,
        created: Option<Timestamp>,
        supplies: &Supplies,
        overflow: impl FnOnce() -> LabelSet,
    ) -> (Arc<Series<C>>, Place) {
        let new = |labels| {
            let cell = C::new(&self.shape, supplies);
            Arc::new(Series::new(Arc::clone(&self.name), labels, created, cell))
        };
        let mut state = lock(&self.state);
        if let Some(ByText(series)) = state.series.get(labels.text()) {
            let series = Arc::clone(series);
            let place = state.place(&series, limit);
            return (series, place);
        }
        if state.series.len() < limit {
            let series = new(labels);
            state.add(&series);
            let place = state.place(&series, limit);
            return (series, place);
        }
        if let Some(series) = &state.overflow {
            return (Arc::clone(series), Place::Overflow);
        }
        // A host that has a series of exactly these labels shares it.
        let labels = overflow();
        let series = if let Some(ByText(known)) = state.series.get(labels.text()) {
            Arc::clone(known)
        } else {
            let series = new(labels);
            state.add(&series);
            series
        };
        state.overflow = Some(Arc::clone(&series));
        (series, Place::Overflow)
    }

    /// Adds a series of the recorder's own, of labels that no other has.
    pub(crate) fn add(
        &self,
        labels: LabelSet,
        created: Option<Timestamp>,
        cell: C,
    ) -> Arc<Series<C>> {
        let series = Arc::new(Series::new(Arc::clone(&self.name), labels, created, cell));
        lock(&self.state).add(&series);
        series
    }

    /// Returns all series, sorted by their labels' text.
    pub(crate) fn all(&self) -> Arc<[Arc<Series<C>>]> {
        let mut readers = lock(&self.readers);
        self.refresh(&mut readers);
        Arc::clone(&readers.sorted)
    }

    fn refresh(&self, readers: &mut Readers<C>) {
        let mut fresh = std::mem::take(&mut lock(&self.state).fresh);
        if fresh.is_empty() {
            return;
        }
        fresh.extend(readers.sorted.iter().cloned());
        // The old ones are one ascending run, which a merge sort finds.
        fresh.sort_by(|a, b| a.labels().text().cmp(b.labels().text()));
        readers.sorted = fresh.into();
    }
}

// === impl State ===

impl<C> State<C> {
    fn add(&mut self, series: &Arc<Series<C>>) {
        self.fresh.push(Arc::clone(series));
        self.series.insert(ByText(Arc::clone(series)));
    }

    /// Several raw keys may clean to one series; twice the limit of them is remembered, the others are looked up each time.
    /// A key whose value was cut is not remembered either, since it may be of any length.
    fn place(&mut self, series: &Series<C>, limit: usize) -> Place {
        let remember = self.indexed < limit.saturating_mul(2) && !series.labels().is_cut();
        if remember {
            self.indexed += 1;
            Place::Own
        } else {
            Place::Unindexed
        }
    }
}

// === impl ByText ===

impl<C> Borrow<str> for ByText<C> {
    fn borrow(&self) -> &str {
        self.0.labels().text()
    }
}

impl<C> Hash for ByText<C> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.labels().text().hash(state);
    }
}

impl<C> PartialEq for ByText<C> {
    fn eq(&self, other: &Self) -> bool {
        self.0.labels().text() == other.0.labels().text()
    }
}

impl<C> Eq for ByText<C> {}

#[cfg(test)]
mod tests;
