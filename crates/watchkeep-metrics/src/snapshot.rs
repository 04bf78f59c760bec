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
        let series = self.chosen(name, labels, &[]);
        scalar(series, Kind::Counter).unwrap_or(0.0)
    }

    /// Returns the sum of a gauge's series that have all the labels, `None` when there are none.
    #[must_use]
    pub fn gauge(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        scalar(self.chosen(name, labels, &[]), Kind::Gauge)
    }

    /// Returns the sum of a histogram's series that have all the labels, `None` when there are none.
    #[must_use]
    pub fn histogram(&self, name: &str, labels: &[(&str, &str)]) -> Option<HistogramSnapshot> {
        histogram(self.chosen(name, labels, &[]))
    }

    /// Returns what a selector stands for, `None` when it chooses nothing, or a histogram by its own name.
    #[must_use]
    pub fn value(&self, selector: &Selector) -> Option<f64> {
        let name = selector.name();
        let wanted: Vec<_> = selector.labels().collect();
        let unwanted: Vec<_> = selector.unwanted().collect();
        if let Some(family) = self.family(name) {
            return scalar(self.chosen(name, &wanted, &unwanted), family.kind());
        }
        let histogram = |base: &str, wanted: &[_]| histogram(self.chosen(base, wanted, &unwanted));
        if let Some(base) = name.strip_suffix("_sum") {
            return Some(histogram(base, &wanted)?.sum);
        }
        if let Some(base) = name.strip_suffix("_count") {
            return Some(count(histogram(base, &wanted)?.count));
        }
        let base = name.strip_suffix("_bucket")?;
        let (bounds, wanted): (Vec<_>, Vec<_>) =
            wanted.into_iter().partition(|(name, _)| *name == "le");
        let bound: f64 = bounds.first()?.1.parse().ok()?;
        histogram(base, &wanted)?.at_most(bound).map(count)
    }

    /// Returns the histogram that a selector names by its own name, `None` when it chooses nothing.
    #[must_use]
    pub fn histogram_of(&self, selector: &Selector) -> Option<HistogramSnapshot> {
        let wanted: Vec<_> = selector.labels().collect();
        let unwanted: Vec<_> = selector.unwanted().collect();
        histogram(self.chosen(selector.name(), &wanted, &unwanted))
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

    /// Returns the series of a family that have all of some labels and none of others.
    fn chosen<'a>(
        &'a self,
        name: &str,
        wanted: &'a [(&'a str, &'a str)],
        unwanted: &'a [(&'a str, &'a str)],
    ) -> impl Iterator<Item = &'a SeriesSnapshot> {
        let series = self.family(name).map_or(&[][..], FamilySnapshot::series);
        series.iter().filter(move |series| {
            let labels = series.series.labels();
            labels.contains(wanted.iter().copied())
                && !unwanted.iter().any(|label| labels.contains([*label]))
        })
    }
}

fn scalar<'a>(series: impl Iterator<Item = &'a SeriesSnapshot>, kind: Kind) -> Option<f64> {
    series
        .filter_map(|series| match (&series.value, kind) {
            (Value::Counter(value), Kind::Counter) | (Value::Gauge(value), Kind::Gauge) => {
                Some(*value)
            }
            (Value::Counter(_) | Value::Gauge(_) | Value::Histogram(_), _) => None,
        })
        .reduce(|sum, value| sum + value)
}

fn histogram<'a>(series: impl Iterator<Item = &'a SeriesSnapshot>) -> Option<HistogramSnapshot> {
    series
        .filter_map(|series| match &series.value {
            Value::Histogram(histogram) => Some(histogram.clone()),
            Value::Counter(_) | Value::Gauge(_) => None,
        })
        .reduce(|mut sum, histogram| {
            sum.add(&histogram);
            sum
        })
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

    /// The labels as the exposition writes them: equal texts are equal labels.
    pub(crate) fn label_text(&self) -> &str {
        self.series.labels().text()
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
