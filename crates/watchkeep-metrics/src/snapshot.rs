//! All numbers of a recorder at one moment.

use std::fmt;
use std::sync::Arc;

use crate::cell::Cell;
use crate::family::{Family, Members};
use crate::group::Group;
use crate::registry::{Description, Listed};
use crate::series::{Labeled, Series};
use crate::{HistogramSnapshot, Selector};

/// All numbers of a [`Recorder`](crate::Recorder) at one moment, to be read by name and labels.
///
/// Names are those of the Prometheus text (`_total` included), label names are cleaned ones. A choice of labels means every
/// series that has all of them, and their sum; an empty value asks for the label's absence.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Sorted by name.
    families: Vec<FamilySnapshot>,
}

/// One family of a [`Snapshot`].
#[derive(Clone)]
pub struct FamilySnapshot {
    family: Arc<Family>,
    description: Option<Arc<Description>>,
    series: Vec<SeriesSnapshot>,
}

/// One series of a [`FamilySnapshot`].
#[derive(Clone)]
pub struct SeriesSnapshot {
    series: Arc<dyn Labeled>,
    value: Value,
}

/// What kind of metric a family is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// Only goes up.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts observations by size.
    Histogram,
}

/// The value of a series.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A counter's total.
    Counter(f64),
    /// A gauge's last value.
    Gauge(f64),
    /// A histogram's buckets.
    Histogram(HistogramSnapshot),
}

// === impl Snapshot ===

impl Snapshot {
    pub(crate) fn of(families: &[Listed]) -> Self {
        let families = families
            .iter()
            .map(|listed| FamilySnapshot {
                series: series(&listed.family),
                description: listed.description.clone(),
                family: Arc::clone(&listed.family),
            })
            .filter(|family| !family.series.is_empty())
            .collect();
        Self { families }
    }

    /// Returns the sum of a counter's series that have all the labels, zero when there are none.
    #[must_use]
    pub fn counter(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.scalar(name, labels, Kind::Counter).unwrap_or(0.0)
    }

    /// Returns the sum of a gauge's series that have all the labels, `None` when there are none.
    #[must_use]
    pub fn gauge(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.scalar(name, labels, Kind::Gauge)
    }

    /// Returns the sum of a histogram's series that have all the labels, `None` when there are none.
    #[must_use]
    pub fn histogram(&self, name: &str, labels: &[(&str, &str)]) -> Option<HistogramSnapshot> {
        let mut total: Option<HistogramSnapshot> = None;
        for series in self.family(name)?.with_labels(labels.iter().copied()) {
            let Value::Histogram(histogram) = &series.value else {
                continue;
            };
            match &mut total {
                Some(total) => total.add(histogram),
                None => total = Some(histogram.clone()),
            }
        }
        total
    }

    /// Returns what a selector stands for, `None` when it chooses nothing.
    #[must_use]
    pub fn value(&self, selector: &Selector) -> Option<f64> {
        let name = selector.name();
        let labels: Vec<_> = selector.labels().collect();
        if let Some(family) = self.family(name) {
            return match family.kind() {
                kind @ (Kind::Counter | Kind::Gauge) => self.scalar(name, &labels, kind),
                Kind::Histogram => None,
            };
        }
        if let Some(base) = name.strip_suffix("_sum") {
            return Some(self.histogram(base, &labels)?.sum);
        }
        if let Some(base) = name.strip_suffix("_count") {
            return Some(count(self.histogram(base, &labels)?.count));
        }
        let base = name.strip_suffix("_bucket")?;
        let bound = labels.iter().find(|(name, _)| *name == "le")?.1;
        let bound: f64 = bound.parse().ok()?;
        let labels: Vec<_> = labels
            .into_iter()
            .filter(|(name, _)| *name != "le")
            .collect();
        self.histogram(base, &labels)?.at_most(bound).map(count)
    }

    /// Returns a family by name.
    #[must_use]
    pub fn family(&self, name: &str) -> Option<&FamilySnapshot> {
        let at = self
            .families
            .binary_search_by(|family| family.name().cmp(name));
        Some(&self.families[at.ok()?])
    }

    /// Returns all families that have a series, sorted by name.
    pub fn families(&self) -> impl Iterator<Item = &FamilySnapshot> {
        self.families.iter()
    }

    fn scalar(&self, name: &str, labels: &[(&str, &str)], kind: Kind) -> Option<f64> {
        let family = self.family(name).filter(|family| family.kind() == kind)?;
        family
            .with_labels(labels.iter().copied())
            .filter_map(|series| match series.value {
                Value::Counter(value) | Value::Gauge(value) => Some(value),
                Value::Histogram(_) => None,
            })
            .reduce(|sum, value| sum + value)
    }
}

fn series(family: &Family) -> Vec<SeriesSnapshot> {
    match &family.members {
        Members::Counters(group) => read(group, |cell| Value::Counter(cell.value())),
        Members::Gauges(group) => read(group, |cell| Value::Gauge(cell.value())),
        Members::Histograms(group) => {
            read(group, |cell| Value::Histogram(HistogramSnapshot::of(cell)))
        }
    }
}

fn read<C: Cell>(group: &Group<C>, value: impl Fn(&C) -> Value) -> Vec<SeriesSnapshot> {
    let all = group.all();
    let all = all.iter().map(|series| SeriesSnapshot {
        value: value(&series.cell),
        series: Arc::<Series<C>>::clone(series),
    });
    all.collect()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "PromQL's numbers are f64; counts above 2^53 are read with 53 bits"
)]
const fn count(count: u64) -> f64 {
    count as f64
}

// === impl FamilySnapshot ===

impl FamilySnapshot {
    /// Returns the name, as the Prometheus text shows it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.family.name()
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.family.kind()
    }

    /// Returns the help text, `None` when nobody described the family.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.description
            .as_ref()
            .map(|description| &*description.help)
    }

    /// Returns the series, sorted by labels.
    #[must_use]
    pub fn series(&self) -> &[SeriesSnapshot] {
        &self.series
    }

    fn with_labels<'a>(
        &'a self,
        labels: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    ) -> impl Iterator<Item = &'a SeriesSnapshot> {
        self.series
            .iter()
            .filter(move |series| series.series.labels().contains(labels.clone()))
    }
}

impl fmt::Debug for FamilySnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FamilySnapshot")
            .field("name", &self.name())
            .field("series", &self.series)
            .finish_non_exhaustive()
    }
}

// === impl SeriesSnapshot ===

impl SeriesSnapshot {
    /// Returns the labels, sorted by name, global ones included.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.series.labels().iter()
    }

    /// Returns the value of a label, `None` when the series has none of that name.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Returns the value.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }
}

impl fmt::Debug for SeriesSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeriesSnapshot")
            .field("labels", &self.series.labels().text())
            .field("value", &self.value)
            .finish()
    }
}
