//! One metric family: a name, a kind, and the series of that kind.

use std::sync::{Arc, OnceLock};

use crate::Kind;
use crate::buckets::{Bounds, HistogramCell};
use crate::cell::{Cell, CounterCell, GaugeCell};
use crate::group::Group;
use crate::index::Index;
use crate::registry::Indexes;
use crate::series::Series;

/// All series of one name.
#[derive(Debug)]
pub(crate) struct Family {
    name: Arc<str>,
    overflowed: OnceLock<Arc<Series<CounterCell>>>,
    pub(crate) members: Members,
}

/// The series of a family, which are all of one kind.
#[derive(Debug)]
pub(crate) enum Members {
    Counters(Group<CounterCell>),
    Gauges(Group<GaugeCell>),
    Histograms(Group<HistogramCell>),
}

/// A kind of cell, and where series of it are.
pub(crate) trait Metric: Cell {
    const KIND: Kind;

    /// Returns the family's series, `None` when they are of another kind.
    fn group(family: &Family) -> Option<&Group<Self>>;

    fn index(indexes: &Indexes) -> &Index<Self>;
}

// === impl Family ===

impl Family {
    pub(crate) fn new(name: &str, kind: Kind, bounds: &Arc<Bounds>) -> Self {
        let name = Arc::from(name);
        Self {
            members: match kind {
                Kind::Counter => Members::Counters(Group::new(Arc::clone(&name), ())),
                Kind::Gauge => Members::Gauges(Group::new(Arc::clone(&name), ())),
                Kind::Histogram => {
                    Members::Histograms(Group::new(Arc::clone(&name), Arc::clone(bounds)))
                }
            },
            overflowed: OnceLock::new(),
            name,
        }
    }

    pub(crate) const fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub(crate) const fn kind(&self) -> Kind {
        match self.members {
            Members::Counters(_) => Kind::Counter,
            Members::Gauges(_) => Kind::Gauge,
            Members::Histograms(_) => Kind::Histogram,
        }
    }

    /// How many lookups ended in the series that takes what is over the limit; made with the first of them.
    pub(crate) fn overflowed(
        &self,
        new: impl FnOnce() -> Arc<Series<CounterCell>>,
    ) -> &Series<CounterCell> {
        self.overflowed.get_or_init(new)
    }

    /// The label name that this family's type needs for itself.
    pub(crate) const fn reserved_label(&self) -> Option<&'static str> {
        match self.kind() {
            Kind::Counter | Kind::Gauge => None,
            Kind::Histogram => Some("le"),
        }
    }
}

// === impl Metric ===

impl Metric for CounterCell {
    const KIND: Kind = Kind::Counter;

    fn group(family: &Family) -> Option<&Group<Self>> {
        match &family.members {
            Members::Counters(group) => Some(group),
            Members::Gauges(_) | Members::Histograms(_) => None,
        }
    }

    fn index(indexes: &Indexes) -> &Index<Self> {
        &indexes.counters
    }
}

impl Metric for GaugeCell {
    const KIND: Kind = Kind::Gauge;

    fn group(family: &Family) -> Option<&Group<Self>> {
        match &family.members {
            Members::Gauges(group) => Some(group),
            Members::Counters(_) | Members::Histograms(_) => None,
        }
    }

    fn index(indexes: &Indexes) -> &Index<Self> {
        &indexes.gauges
    }
}

impl Metric for HistogramCell {
    const KIND: Kind = Kind::Histogram;

    fn group(family: &Family) -> Option<&Group<Self>> {
        match &family.members {
            Members::Histograms(group) => Some(group),
            Members::Counters(_) | Members::Gauges(_) => None,
        }
    }

    fn index(indexes: &Indexes) -> &Index<Self> {
        &indexes.histograms
    }
}
