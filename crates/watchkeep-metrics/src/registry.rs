//! Every family of a recorder, what is known about them, and the limits.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use metrics::{CounterFn as _, Key, Unit};

use crate::buckets::{Bounds, HistogramCell};
use crate::cell::{CounterCell, GaugeCell, Supplies};
use crate::exemplar::Source;
use crate::family::{Family, Members, Metric};
use crate::group::{Group, Place};
use crate::index::Index;
use crate::label::LabelSet;
use crate::name::{LONGEST, clean_metric, shortened};
use crate::own::{DESCRIPTIONS, Own};
use crate::series::Series;
use crate::sync::{read, write};
use crate::{Kind, Timestamp};

/// What the builder decided.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) buckets: Arc<Bounds>,
    pub(crate) buckets_for: HashMap<String, Arc<Bounds>>,
    /// The clock that says when a series was registered, where that is kept.
    pub(crate) created: Option<fn() -> Timestamp>,
    pub(crate) exemplars: Option<Source>,
    pub(crate) global_labels: Vec<(String, String)>,
    pub(crate) max_families: usize,
    pub(crate) max_series_per_family: usize,
}

/// Families by cleaned name; the indexes in front of them are what a running host touches.
#[derive(Debug)]
pub(crate) struct Registry {
    settings: Settings,
    supplies: Supplies,
    families: RwLock<BTreeMap<Arc<str>, Arc<Family>>>,
    descriptions: RwLock<HashMap<Box<str>, Arc<Description>>>,
    indexes: Indexes,
    pub(crate) own: Own,
}

/// An index for each kind, since a name may be used for another kind by mistake.
#[derive(Debug)]
pub(crate) struct Indexes {
    pub(crate) counters: Index<CounterCell>,
    pub(crate) gauges: Index<GaugeCell>,
    pub(crate) histograms: Index<HistogramCell>,
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

// === impl Settings ===

impl Settings {
    pub(crate) fn now(&self) -> Option<Timestamp> {
        self.created.map(|now| now())
    }

    fn bounds_of(&self, name: &str) -> &Arc<Bounds> {
        self.buckets_for.get(name).unwrap_or(&self.buckets)
    }
}

// === impl Registry ===

impl Registry {
    pub(crate) fn new(settings: Settings) -> Self {
        let own = Own::new(&settings);
        let families = own
            .families()
            .map(|family| (Arc::clone(family.name()), Arc::clone(family)));
        let registry = Self {
            supplies: Supplies {
                rejected: Arc::clone(&own.rejected),
                exemplars: settings.exemplars,
            },
            settings,
            families: RwLock::new(families.into()),
            descriptions: RwLock::default(),
            indexes: Indexes {
                counters: Index::new(),
                gauges: Index::new(),
                histograms: Index::new(),
            },
            own,
        };
        for (name, help) in DESCRIPTIONS {
            registry.describe(name, None, help);
        }
        registry
    }

    /// Returns the series of a key, which is made when it is new; `None` when it was refused.
    pub(crate) fn series<C: Metric>(&self, key: &Key) -> Option<Arc<Series<C>>> {
        let known = C::index(&self.indexes).get(key);
        known.or_else(|| self.register(key))
    }

    /// Forgets the series that were idle for `timeout` and that nobody holds; returns how many that were.
    pub(crate) fn expire(&self, timeout: Duration, now: Timestamp) -> usize {
        let families: Vec<_> = read(&self.families).values().cloned().collect();
        let expire = |family: &Arc<Family>| match &family.members {
            Members::Counters(group) => group.expire(&self.indexes.counters, timeout, now).len(),
            Members::Gauges(group) => group.expire(&self.indexes.gauges, timeout, now).len(),
            Members::Histograms(group) => {
                group.expire(&self.indexes.histograms, timeout, now).len()
            }
        };
        families.iter().map(expire).sum()
    }

    /// Keeps help and unit of a name; the latest description counts, one without text does not.
    pub(crate) fn describe(&self, name: &str, unit: Option<Unit>, help: &str) {
        if help.is_empty() {
            return;
        }
        let name = clean_metric(shortened(name));
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
        self.described(families)
    }

    /// Returns the families of these names that there are, sorted by name, each once.
    pub(crate) fn pick(&self, names: &[&str]) -> Vec<Listed> {
        let mut names = names.to_vec();
        names.sort_unstable();
        names.dedup();
        let known = read(&self.families);
        let families: Vec<_> = names
            .iter()
            .filter_map(|name| known.get(*name).cloned())
            .collect();
        drop(known);
        self.described(families)
    }

    fn described(&self, families: Vec<Arc<Family>>) -> Vec<Listed> {
        let descriptions = read(&self.descriptions);
        families
            .into_iter()
            .map(|family| Listed {
                description: descriptions.get(&**family.name()).cloned(),
                family,
            })
            .collect()
    }

    fn register<C: Metric>(&self, key: &Key) -> Option<Arc<Series<C>>> {
        let name = clean_metric(shortened(key.name()));
        let family = self.family(&name, C::KIND);
        let found = family.and_then(|family| match C::group(&family) {
            Some(group) => Ok(self.find(key, &family, group)),
            None => Err(&self.supplies.rejected.kind),
        });
        match found {
            Ok(series) => Some(series),
            Err(reason) => {
                reason.increment(1);
                None
            }
        }
    }

    fn find<C: Metric>(&self, key: &Key, family: &Family, group: &Group<C>) -> Arc<Series<C>> {
        let labels = LabelSet::new(
            key.labels().map(|label| (label.key(), label.value())),
            &self.settings.global_labels,
            family.reserved_label(),
        );
        let limit = self.settings.max_series_per_family;
        let global_labels = &self.settings.global_labels;
        let overflow = || LabelSet::new([("overflow", "true")].into_iter(), global_labels, None);
        let (series, place) =
            group.series(labels, limit, self.settings.now(), &self.supplies, overflow);
        match place {
            // What is remembered must have a bound.
            Place::Own if key.name().len() > LONGEST => {}
            Place::Own => {
                C::index(&self.indexes).insert(key, &series);
            }
            Place::Overflow => family
                .overflowed(|| self.own.overflowed(family.name(), &self.settings))
                .increment(1),
            Place::Unindexed => {}
        }
        series
    }

    /// Returns the family of a cleaned name, whatever its kind is, or the counter of the reason why there is none.
    fn family(&self, name: &str, kind: Kind) -> Result<Arc<Family>, &Arc<Series<CounterCell>>> {
        if let Some(known) = read(&self.families).get(name) {
            return Ok(Arc::clone(known));
        }
        let mut families = write(&self.families);
        if let Some(known) = families.get(name) {
            return Ok(Arc::clone(known));
        }
        if families.len() >= self.max_families() {
            return Err(&self.supplies.rejected.families);
        }
        if clashes(&families, name, kind) {
            return Err(&self.supplies.rejected.name);
        }
        let family = Arc::new(Family::new(name, kind, self.settings.bounds_of(name)));
        families.insert(Arc::clone(family.name()), Arc::clone(&family));
        Ok(family)
    }

    const fn max_families(&self) -> usize {
        self.settings
            .max_families
            .saturating_add(DESCRIPTIONS.len())
    }
}

/// Tells whether a new family would write sample names that an existing one writes.
fn clashes(families: &BTreeMap<Arc<str>, Arc<Family>>, name: &str, kind: Kind) -> bool {
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
