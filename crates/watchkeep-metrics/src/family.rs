//! One metric family and its series, with a bound on how many there can be.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};

use crate::Kind;
use crate::cell::{Bounds, CounterCell, GaugeCell, HistogramCell, Rejected};
use crate::label::LabelSet;
use crate::sync::lock;

/// All series of one name.
#[derive(Debug)]
pub(crate) struct Family {
    name: Box<str>,
    kind: Kind,
    bounds: Arc<Bounds>,
    overflowed: Arc<CounterCell>,
    state: Mutex<State>,
}

/// One series: its labels and where its numbers are.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) labels: LabelSet,
    pub(crate) cell: Cell,
}

/// The numbers of a series.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Counter(Arc<CounterCell>),
    Gauge(Arc<GaugeCell>),
    Histogram(Arc<HistogramCell>),
}

/// What a lookup of a series came to.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) cell: Cell,
    pub(crate) place: Place,
}

/// Where a label set ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// In a series of its own; its key may be remembered.
    Own,
    /// In a series of its own, but the key must not be remembered, or memory would not be bounded.
    Unindexed,
    /// In the one series that takes what is over the limit.
    Overflow,
}

#[derive(Debug, Default)]
struct State {
    series: HashSet<ByText>,
    /// What readers take; replaced, never changed, so that they need no lock while they read.
    sorted: Arc<[Arc<Series>]>,
    /// Registered since `sorted` was made.
    fresh: Vec<Arc<Series>>,
    overflow: Option<Arc<Series>>,
    /// How many keys of the recorder's index lead here.
    indexed: usize,
}

#[derive(Debug)]
struct ByText(Arc<Series>);

// === impl Family ===

impl Family {
    pub(crate) fn new(name: &str, kind: Kind, bounds: Arc<Bounds>) -> Self {
        Self {
            name: name.into(),
            kind,
            bounds,
            overflowed: Arc::default(),
            state: Mutex::default(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }

    /// How many lookups ended in the series that takes what is over the limit.
    pub(crate) const fn overflowed(&self) -> &Arc<CounterCell> {
        &self.overflowed
    }

    /// The label name that this family's type needs for itself.
    pub(crate) const fn reserved_label(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Counter | Kind::Gauge => None,
            Kind::Histogram => Some("le"),
        }
    }

    /// Returns the series of these labels, which is made when there is room for it; else the one of `overflow`.
    pub(crate) fn series(
        &self,
        labels: LabelSet,
        limit: usize,
        rejected: &Arc<Rejected>,
        overflow: impl FnOnce() -> LabelSet,
    ) -> Found {
        let mut state = lock(&self.state);
        if let Some(ByText(series)) = state.series.get(labels.text()) {
            let series = Arc::clone(series);
            return state.found(&series, limit);
        }
        if state.series.len() < limit {
            let series = Arc::new(Series {
                labels,
                cell: self.new_cell(rejected),
            });
            state.add(Arc::clone(&series));
            return state.found(&series, limit);
        }
        if let Some(series) = &state.overflow {
            return Found::overflow(series);
        }
        let series = Arc::new(Series {
            labels: overflow(),
            cell: self.new_cell(rejected),
        });
        // A host that has a series of exactly these labels shares it.
        let series = match state.series.get(series.labels.text()) {
            Some(ByText(known)) => Arc::clone(known),
            None => {
                state.add(Arc::clone(&series));
                series
            }
        };
        state.overflow = Some(Arc::clone(&series));
        Found::overflow(&series)
    }

    /// Puts in a counter that exists already.
    pub(crate) fn adopt(&self, labels: LabelSet, cell: &Arc<CounterCell>) {
        lock(&self.state).add(Arc::new(Series {
            labels,
            cell: Cell::Counter(Arc::clone(cell)),
        }));
    }

    /// Returns all series, sorted by their labels' text.
    pub(crate) fn all(&self) -> Arc<[Arc<Series>]> {
        let mut state = lock(&self.state);
        if !state.fresh.is_empty() {
            let mut all: Vec<_> = state.sorted.to_vec();
            all.append(&mut state.fresh);
            all.sort_unstable_by(|a, b| a.labels.text().cmp(b.labels.text()));
            state.sorted = all.into();
        }
        Arc::clone(&state.sorted)
    }

    fn new_cell(&self, rejected: &Arc<Rejected>) -> Cell {
        let rejected = Arc::clone(rejected);
        match self.kind {
            Kind::Counter => Cell::Counter(Arc::default()),
            Kind::Gauge => Cell::Gauge(Arc::new(GaugeCell::new(rejected))),
            Kind::Histogram => {
                let bounds = Arc::clone(&self.bounds);
                Cell::Histogram(Arc::new(HistogramCell::new(bounds, rejected)))
            }
        }
    }
}

// === impl State ===

impl State {
    fn add(&mut self, series: Arc<Series>) {
        self.fresh.push(Arc::clone(&series));
        self.series.insert(ByText(series));
    }

    /// Several raw keys may clean to one series; twice the limit of them is remembered, the others are looked up each time.
    /// A key whose value was cut is not remembered either, since it may be of any length.
    fn found(&mut self, series: &Series, limit: usize) -> Found {
        let cell = series.cell.clone();
        let remember = self.indexed < limit.saturating_mul(2) && !series.labels.is_cut();
        if remember {
            self.indexed += 1;
        }
        let place = if remember {
            Place::Own
        } else {
            Place::Unindexed
        };
        Found { cell, place }
    }
}

// === impl Found ===

impl Found {
    fn overflow(series: &Series) -> Self {
        Self {
            cell: series.cell.clone(),
            place: Place::Overflow,
        }
    }
}

// === impl ByText ===

impl Borrow<str> for ByText {
    fn borrow(&self) -> &str {
        self.0.labels.text()
    }
}

impl Hash for ByText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.labels.text().hash(state);
    }
}

impl PartialEq for ByText {
    fn eq(&self, other: &Self) -> bool {
        self.0.labels.text() == other.0.labels.text()
    }
}

impl Eq for ByText {}
