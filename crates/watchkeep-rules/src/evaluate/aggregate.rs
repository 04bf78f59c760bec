//! Series put together by their labels.

use std::collections::HashMap;

use watchkeep_metrics::SeriesLabels;

use super::over_time::{Mean, Sum, count};
use super::{Sample, Samples, Semantics};
use crate::expression::{Aggregation, Grouping};

struct Group {
    labels: SeriesLabels,
    members: usize,
    /// The sum with what was lost.
    sum: Sum,
    mean: Mean,
    /// The best value, or what 2.42 adds up.
    value: f64,
}

/// Aggregates; groups come in the order in which their first series do.
pub(super) fn aggregate(
    aggregation: Aggregation,
    grouping: &Grouping,
    samples: Samples,
    semantics: Semantics,
) -> Samples {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<SeriesLabels, usize> = HashMap::new();
    for sample in samples {
        let labels = key(grouping, &sample.labels);
        match places.get(&labels) {
            Some(place) => groups[*place].add(aggregation, sample.value, semantics),
            None => {
                places.insert(labels.clone(), groups.len());
                groups.push(Group::new(labels, sample.value));
            }
        }
    }
    let values = groups.into_iter().map(|group| {
        let value = group.result(aggregation, semantics);
        Sample::new(group.labels, value)
    });
    values.collect()
}

fn key(grouping: &Grouping, labels: &SeriesLabels) -> SeriesLabels {
    match grouping {
        Grouping::By(kept) => labels.filtered(|name| kept.iter().any(|kept| kept == name)),
        Grouping::Without(dropped) => labels
            .filtered(|name| name != "__name__" && !dropped.iter().any(|dropped| dropped == name)),
    }
}

impl Group {
    fn new(labels: SeriesLabels, value: f64) -> Self {
        let mut mean = Mean::default();
        mean.add(value);
        Self {
            labels,
            members: 1,
            sum: Sum::new(value, 0.0),
            mean,
            value,
        }
    }

    fn add(&mut self, aggregation: Aggregation, value: f64, semantics: Semantics) {
        self.members += 1;
        match (aggregation, semantics) {
            (Aggregation::Avg, Semantics::Prometheus2) => self.move_mean(value),
            (Aggregation::Avg, Semantics::Prometheus3) => self.mean.add(value),
            (Aggregation::Sum, Semantics::Prometheus2) => self.value += value,
            (Aggregation::Sum, Semantics::Prometheus3) => self.sum.add(value),
            (Aggregation::Count, _) => {}
            (Aggregation::Max, _) => {
                if self.value < value || self.value.is_nan() {
                    self.value = value;
                }
            }
            (Aggregation::Min, _) => {
                if self.value > value || self.value.is_nan() {
                    self.value = value;
                }
            }
        }
    }

    /// The mean as 2.42 moves it along, which an infinite one does not leave.
    fn move_mean(&mut self, value: f64) {
        if self.value.is_infinite() {
            let stays = value.is_infinite() && (self.value > 0.0) == (value > 0.0);
            if stays || value.is_finite() {
                return;
            }
        }
        let count = count(self.members);
        self.value += value / count - self.value / count;
    }

    fn result(&self, aggregation: Aggregation, semantics: Semantics) -> f64 {
        match (aggregation, semantics) {
            (Aggregation::Count, _) => count(self.members),
            (Aggregation::Sum, Semantics::Prometheus3) => self.sum.value(),
            (Aggregation::Avg, Semantics::Prometheus3) => self.mean.value(),
            _ => self.value,
        }
    }
}
