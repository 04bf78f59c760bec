//! What a history takes out of a snapshot, found again without building a label.

use std::collections::HashMap;

use super::{STALE, SeriesHistory};
use crate::history::labels::SeriesLabels;
use crate::number::canonical;
use crate::snapshot::{FamilySnapshot, SeriesSnapshot, Value};
use crate::{HistogramSnapshot, Kind, Snapshot};

/// After how many rows a series that is not in the recorder any more is forgotten here.
const PATIENCE: u64 = 64;

/// Where the series of the last snapshots are kept, by family and label text.
#[derive(Debug, Default)]
pub(super) struct Scraped {
    families: HashMap<String, Family>,
}

#[derive(Debug, Default)]
struct Family {
    wanted: bool,
    series: HashMap<Box<str>, Known>,
}

/// A series of the recorder: one series here, or many for a histogram.
#[derive(Debug)]
struct Known {
    /// The row after the one it was seen in last.
    seen: u64,
    /// Those of its series that a choice names, by their position in the histogram: buckets, `+Inf`, sum, count.
    labels: Vec<(usize, SeriesLabels)>,
}

impl Scraped {
    /// Forgets everything: the next snapshot is looked at afresh.
    pub(super) fn forget(&mut self) {
        self.families.clear();
    }

    /// Forgets what has not been seen for a while.
    pub(super) fn sweep(&mut self, row: u64) {
        if !row.is_multiple_of(PATIENCE) {
            return;
        }
        for family in self.families.values_mut() {
            family
                .series
                .retain(|_, known| known.seen + PATIENCE >= row);
        }
        self.families.retain(|_, family| !family.series.is_empty());
    }
}

impl SeriesHistory {
    /// Takes everything that is chosen out of a snapshot into the newest row, and ends what is not there any more.
    pub(super) fn scrape(&mut self, snapshot: &Snapshot) {
        let Some(row) = self.newest() else { return };
        let end = row + 1;
        let mut scraped = std::mem::take(&mut self.scraped);
        for family in snapshot.families() {
            if !scraped.families.contains_key(family.name()) {
                let wanted = self.wants(family);
                let new = Family {
                    wanted,
                    series: HashMap::new(),
                };
                scraped.families.insert(family.name().to_owned(), new);
            }
            let Some(known) = scraped.families.get_mut(family.name()) else {
                continue;
            };
            if known.wanted {
                for series in family.series() {
                    self.take(family, series, &mut known.series, row);
                }
            }
        }
        for known in scraped
            .families
            .values_mut()
            .flat_map(|family| family.series.values_mut())
        {
            // Seen in the row before, and not in this one.
            if known.seen + 1 == end {
                for (_, labels) in &known.labels {
                    if let Some(slot) = self.kept.find(labels) {
                        self.kept.write(slot, row, f64::from_bits(STALE));
                    }
                }
            }
        }
        self.scraped = scraped;
    }

    fn wants(&self, family: &FamilySnapshot) -> bool {
        let name = family.name();
        match family.kind() {
            Kind::Counter | Kind::Gauge => self.is_watched(name),
            Kind::Histogram => ["_bucket", "_sum", "_count"]
                .iter()
                .any(|suffix| self.is_watched(&format!("{name}{suffix}"))),
        }
    }

    fn take(
        &mut self,
        family: &FamilySnapshot,
        series: &SeriesSnapshot,
        all: &mut HashMap<Box<str>, Known>,
        row: u64,
    ) {
        let text = series.label_text();
        if !all.contains_key(text) {
            let labels = self.named(family, series);
            all.insert(text.into(), Known { seen: 0, labels });
        }
        let Some(known) = all.get_mut(text) else {
            return;
        };
        known.seen = row + 1;
        match series.value() {
            Value::Counter(value) | Value::Gauge(value) => {
                for (_, labels) in &known.labels {
                    self.put(labels, *value);
                }
            }
            Value::Histogram(histogram) => {
                let values = values(histogram);
                for (position, labels) in &known.labels {
                    if let Some(value) = values.get(*position) {
                        self.put(labels, *value);
                    }
                }
            }
        }
    }

    /// The series that a recorder's series is, as far as a choice names them.
    fn named(
        &self,
        family: &FamilySnapshot,
        series: &SeriesSnapshot,
    ) -> Vec<(usize, SeriesLabels)> {
        let own = |suffix: &str| {
            let name = format!("{}{suffix}", family.name());
            let labels = series
                .labels()
                .map(|(name, value)| (name.to_owned(), value.to_owned()));
            SeriesLabels::new(labels.chain([("__name__".to_owned(), name)]))
        };
        let all = match series.value() {
            Value::Counter(_) | Value::Gauge(_) => vec![own("")],
            Value::Histogram(histogram) => {
                let bucket = own("_bucket");
                let bounds = histogram.bounds.iter().map(|bound| canonical(*bound));
                let buckets = bounds
                    .chain(["+Inf".to_owned()])
                    .map(|bound| bucket.with("le", &bound));
                buckets.chain([own("_sum"), own("_count")]).collect()
            }
        };
        let chosen = |labels: &SeriesLabels| self.choices.iter().any(|choice| choice.takes(labels));
        let numbered = all.into_iter().enumerate();
        numbered.filter(|(_, labels)| chosen(labels)).collect()
    }
}

/// The values of a histogram's series: cumulative buckets, `+Inf`, sum, count.
#[expect(
    clippy::cast_precision_loss,
    reason = "PromQL's numbers are f64; counts above 2^53 are read with 53 bits"
)]
fn values(histogram: &HistogramSnapshot) -> Vec<f64> {
    let mut below = 0;
    let cumulative = histogram.buckets.iter().map(|bucket| {
        below += bucket;
        below as f64
    });
    let mut values: Vec<f64> = cumulative.collect();
    values.extend([histogram.sum, histogram.count as f64]);
    values
}
