//! Every family of a recorder, what is known about them, and the limits.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, RwLock};

use metrics::{Key, Unit};

use crate::Kind;
use crate::cell::{Bounds, CounterCell, GaugeCell, HistogramCell, Rejected};
use crate::family::{Cell, Family, Place};
use crate::index::Index;
use crate::label::LabelSet;
use crate::name::clean_metric;
use crate::sync::{read, write};

const REJECTED: &str = "watchkeep_metrics_rejected_total";
const OVERFLOW: &str = "watchkeep_metrics_overflow_total";
const HOOK_PANICS: &str = "watchkeep_metrics_hook_panics_total";
/// The families above, which the host's limit leaves room for.
const OWN_FAMILIES: usize = 3;

/// What the builder decided.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) buckets: Arc<Bounds>,
    pub(crate) buckets_for: HashMap<String, Arc<Bounds>>,
    pub(crate) global_labels: Vec<(String, String)>,
    pub(crate) max_families: usize,
    pub(crate) max_series_per_family: usize,
}

/// Families by cleaned name; the index in front of them is what a running host touches.
#[derive(Debug)]
pub(crate) struct Registry {
    settings: Settings,
    families: RwLock<BTreeMap<Box<str>, Arc<Family>>>,
    descriptions: RwLock<HashMap<Box<str>, Arc<Description>>>,
    counters: Index<CounterCell>,
    gauges: Index<GaugeCell>,
    histograms: Index<HistogramCell>,
    overflow: Arc<Family>,
    pub(crate) rejected: Arc<Rejected>,
    pub(crate) hook_panics: Arc<CounterCell>,
}

/// Help text and unit of a family.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Description {
    pub(crate) help: Box<str>,
    pub(crate) unit: Option<Unit>,
}

/// A family as a reader gets it.
pub(crate) struct Listed {
    pub(crate) family: Arc<Family>,
    pub(crate) description: Option<Arc<Description>>,
}

// === impl Registry ===

impl Registry {
    pub(crate) fn new(settings: Settings) -> Self {
        let overflow = Family::new(OVERFLOW, Kind::Counter, Arc::clone(&settings.buckets));
        let registry = Self {
            settings,
            overflow: Arc::new(overflow),
            families: RwLock::default(),
            descriptions: RwLock::default(),
            counters: Index::new(),
            gauges: Index::new(),
            histograms: Index::new(),
            rejected: Arc::default(),
            hook_panics: Arc::default(),
        };
        registry.add_own_families();
        registry
    }

    pub(crate) fn counter(&self, key: &Key) -> Option<Arc<CounterCell>> {
        self.counters
            .get(key)
            .or_else(|| match self.register(Kind::Counter, key)? {
                (Cell::Counter(cell), place) => Some(remember(&self.counters, key, cell, place)),
                (Cell::Gauge(_) | Cell::Histogram(_), _) => None,
            })
    }

    pub(crate) fn gauge(&self, key: &Key) -> Option<Arc<GaugeCell>> {
        self.gauges
            .get(key)
            .or_else(|| match self.register(Kind::Gauge, key)? {
                (Cell::Gauge(cell), place) => Some(remember(&self.gauges, key, cell, place)),
                (Cell::Counter(_) | Cell::Histogram(_), _) => None,
            })
    }

    pub(crate) fn histogram(&self, key: &Key) -> Option<Arc<HistogramCell>> {
        self.histograms
            .get(key)
            .or_else(|| match self.register(Kind::Histogram, key)? {
                (Cell::Histogram(cell), place) => {
                    Some(remember(&self.histograms, key, cell, place))
                }
                (Cell::Counter(_) | Cell::Gauge(_), _) => None,
            })
    }

    /// Keeps help and unit of a name; the latest description counts, one without text does not.
    pub(crate) fn describe(&self, name: &str, unit: Option<Unit>, help: &str) {
        if help.is_empty() {
            return;
        }
        let name = clean_metric(name);
        let same = |known: &Description| *known.help == *help && known.unit == unit;
        if read(&self.descriptions)
            .get(&*name)
            .is_some_and(|known| same(known))
        {
            return;
        }
        let mut descriptions = write(&self.descriptions);
        let room = descriptions.len() < self.max_families();
        if room || descriptions.contains_key(&*name) {
            let help = help.into();
            descriptions.insert(name.into(), Arc::new(Description { help, unit }));
        }
    }

    /// Returns every family, sorted by name.
    pub(crate) fn list(&self) -> Vec<Listed> {
        let families: Vec<_> = read(&self.families).values().cloned().collect();
        let descriptions = read(&self.descriptions);
        families
            .into_iter()
            .map(|family| Listed {
                description: descriptions.get(family.name()).cloned(),
                family,
            })
            .collect()
    }

    fn register(&self, kind: Kind, key: &Key) -> Option<(Cell, Place)> {
        let name = clean_metric(key.name());
        let family = match self.family(&name, kind) {
            Ok(family) => family,
            Err(reason) => {
                metrics::CounterFn::increment(&**reason, 1);
                return None;
            }
        };
        let labels = LabelSet::new(
            key.labels().map(|label| (label.key(), label.value())),
            &self.settings.global_labels,
            family.reserved_label(),
        );
        let limit = self.settings.max_series_per_family;
        let found = family.series(labels, limit, &self.rejected, || {
            self.own_labels(Some(("overflow", "true")))
        });
        if found.place == Place::Overflow {
            self.count_overflow(&family);
        }
        Some((found.cell, found.place))
    }

    /// Returns the family of a cleaned name, or the counter of the reason why there is none.
    fn family(&self, name: &str, kind: Kind) -> Result<Arc<Family>, &Arc<CounterCell>> {
        if let Some(known) = read(&self.families).get(name) {
            return self.of_kind(known, kind);
        }
        let mut families = write(&self.families);
        if let Some(known) = families.get(name) {
            return self.of_kind(known, kind);
        }
        if families.len() >= self.max_families() {
            return Err(&self.rejected.families);
        }
        if clashes(&families, name, kind) {
            return Err(&self.rejected.name);
        }
        let family = Arc::new(Family::new(name, kind, self.bounds_for(name)));
        families.insert(name.into(), Arc::clone(&family));
        Ok(family)
    }

    fn of_kind(&self, known: &Arc<Family>, kind: Kind) -> Result<Arc<Family>, &Arc<CounterCell>> {
        if known.kind() == kind {
            Ok(Arc::clone(known))
        } else {
            Err(&self.rejected.kind)
        }
    }

    fn bounds_for(&self, name: &str) -> Arc<Bounds> {
        let special = self.settings.buckets_for.get(name);
        Arc::clone(special.unwrap_or(&self.settings.buckets))
    }

    const fn max_families(&self) -> usize {
        self.settings.max_families.saturating_add(OWN_FAMILIES)
    }

    /// Counts a label set that got no series of its own, in a series that appears with the first one.
    fn count_overflow(&self, family: &Family) {
        if family.overflowed().next() == 0 {
            let labels = self.own_labels(Some(("metric", family.name())));
            self.overflow.adopt(labels, family.overflowed());
        }
    }

    fn add_own_families(&self) {
        self.describe(
            REJECTED,
            None,
            "What metrics refused: observations that are not finite, negative increments, names whose kind or suffix \
             clashes with another metric, families over the limit.",
        );
        self.describe(
            OVERFLOW,
            None,
            "How often a label set found no room in its metric and went to the series with overflow=\"true\".",
        );
        self.describe(
            HOOK_PANICS,
            None,
            "Functions that run before each reading and panicked.",
        );
        let rejected = Family::new(REJECTED, Kind::Counter, Arc::clone(&self.settings.buckets));
        for (reason, cell) in [
            ("families", &self.rejected.families),
            ("kind", &self.rejected.kind),
            ("name", &self.rejected.name),
            ("negative", &self.rejected.negative),
            ("not_finite", &self.rejected.not_finite),
        ] {
            rejected.adopt(self.own_labels(Some(("reason", reason))), cell);
        }
        let panics = Family::new(
            HOOK_PANICS,
            Kind::Counter,
            Arc::clone(&self.settings.buckets),
        );
        panics.adopt(self.own_labels(None), &self.hook_panics);
        let mut families = write(&self.families);
        families.insert(REJECTED.into(), Arc::new(rejected));
        families.insert(HOOK_PANICS.into(), Arc::new(panics));
        families.insert(OVERFLOW.into(), Arc::clone(&self.overflow));
    }

    fn own_labels(&self, label: Option<(&str, &str)>) -> LabelSet {
        LabelSet::new(label.into_iter(), &self.settings.global_labels, None)
    }
}

fn remember<T>(index: &Index<T>, key: &Key, cell: Arc<T>, place: Place) -> Arc<T> {
    if place == Place::Own {
        index.insert(key, Arc::clone(&cell));
    }
    cell
}

/// Tells whether a new family would write sample names that an existing one writes.
fn clashes(families: &BTreeMap<Box<str>, Arc<Family>>, name: &str, kind: Kind) -> bool {
    const SUFFIXES: [&str; 3] = ["_bucket", "_count", "_sum"];
    let is_histogram = |base: &str| {
        let family = families.get(base);
        family.is_some_and(|family| family.kind() == Kind::Histogram)
    };
    let taken_from_histogram = SUFFIXES
        .iter()
        .any(|suffix| name.strip_suffix(suffix).is_some_and(is_histogram));
    let takes_from_others = kind == Kind::Histogram
        && SUFFIXES
            .iter()
            .any(|suffix| families.contains_key(format!("{name}{suffix}").as_str()));
    taken_from_histogram || takes_from_others
}

#[cfg(test)]
mod tests;
