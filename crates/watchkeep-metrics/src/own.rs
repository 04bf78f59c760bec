//! The recorder's metrics about itself.

use std::sync::Arc;

use crate::Kind;
use crate::buckets::Bounds;
use crate::cell::{CounterCell, Rejected};
use crate::family::{Family, Metric as _};
use crate::group::Group;
use crate::label::LabelSet;
use crate::registry::Settings;
use crate::series::Series;

const REJECTED: &str = "watchkeep_metrics_rejected_total";
const OVERFLOW: &str = "watchkeep_metrics_overflow_total";
const HOOK_PANICS: &str = "watchkeep_metrics_hook_panics_total";

/// Names and help of the families, which the host's limit leaves room for.
pub(crate) const DESCRIPTIONS: [(&str, &str); 3] = [
    (
        REJECTED,
        "What metrics refused: observations that are not finite, negative increments, names whose kind or suffix clashes \
         with another metric, families over the limit.",
    ),
    (
        OVERFLOW,
        "How often a label set found no room in its metric and went to the series with overflow=\"true\".",
    ),
    (
        HOOK_PANICS,
        "Functions that run before each reading and panicked.",
    ),
];

/// The recorder's metrics about itself, all of them counters that stay for as long as it does.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) rejected: Arc<Rejected>,
    pub(crate) hook_panics: Arc<Series<CounterCell>>,
    rejections: Arc<Family>,
    overflows: Arc<Family>,
    panics: Arc<Family>,
}

impl Own {
    pub(crate) fn new(settings: &Settings) -> Self {
        let no_bounds = Arc::new(Bounds::new(&[]));
        let family = |name| Arc::new(Family::new(name, Kind::Counter, &no_bounds));
        let [rejections, overflows, panics] = [REJECTED, OVERFLOW, HOOK_PANICS].map(family);
        let rejected = |reason| counter(&rejections, settings, Some(("reason", reason)));
        Self {
            rejected: Arc::new(Rejected {
                families: rejected("families"),
                kind: rejected("kind"),
                name: rejected("name"),
                negative: rejected("negative"),
                not_finite: rejected("not_finite"),
            }),
            hook_panics: counter(&panics, settings, None),
            rejections,
            overflows,
            panics,
        }
    }

    pub(crate) fn families(&self) -> [&Arc<Family>; DESCRIPTIONS.len()] {
        [&self.rejections, &self.overflows, &self.panics]
    }

    /// Returns a new counter of the label sets that found no room in a metric.
    pub(crate) fn overflowed(&self, metric: &str, settings: &Settings) -> Arc<Series<CounterCell>> {
        counter(&self.overflows, settings, Some(("metric", metric)))
    }
}

fn counter(
    family: &Family,
    settings: &Settings,
    label: Option<(&str, &str)>,
) -> Arc<Series<CounterCell>> {
    let labels = LabelSet::new(label.into_iter(), &settings.global_labels, None);
    let group: &Group<CounterCell> =
        CounterCell::group(family).expect("a family that was made for counters");
    group.add(labels, settings.now(), CounterCell::default())
}
