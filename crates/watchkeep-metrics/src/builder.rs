//! The settings of a recorder.

use std::collections::HashMap;
use std::sync::Arc;

use crate::buckets::Bounds;
use crate::error::Kind;
use crate::exemplar::Source;
use crate::name::{clean_label, clean_metric};
use crate::registry::Settings;
use crate::{Error, Recorder, Timestamp, TraceId};

/// The bounds of OpenTelemetry's HTTP durations, in seconds.
const DEFAULT_BUCKETS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];
const MOST_BUCKETS: usize = 512;

/// Builds a [`Recorder`]; everything is checked in [`build`](Self::build).
#[must_use = "a builder does nothing until it is built"]
#[derive(Clone, Debug)]
pub struct RecorderBuilder {
    buckets: Vec<f64>,
    buckets_for: Vec<(String, Vec<f64>)>,
    created: Option<fn() -> Timestamp>,
    exemplars: Option<Source>,
    global_labels: Vec<(String, String)>,
    max_families: usize,
    max_series_per_family: usize,
}

impl RecorderBuilder {
    pub(crate) fn new() -> Self {
        Self {
            buckets: DEFAULT_BUCKETS.to_vec(),
            buckets_for: Vec::new(),
            created: None,
            exemplars: None,
            global_labels: Vec::new(),
            max_families: 5_000,
            max_series_per_family: 10_000,
        }
    }

    /// Sets the upper bounds of all histograms that have none of their own: finite, ascending, without `+Inf`.
    ///
    /// Default: 5 ms to 10 s in the 14 steps of OpenTelemetry's HTTP conventions.
    pub fn with_buckets(mut self, bounds: &[f64]) -> Self {
        self.buckets = bounds.to_vec();
        self
    }

    /// Sets the upper bounds of one histogram, given its whole name; the last call for a name counts.
    pub fn with_buckets_for(mut self, name: impl Into<String>, bounds: &[f64]) -> Self {
        self.buckets_for.push((name.into(), bounds.to_vec()));
        self
    }

    /// Keeps exemplars: for each bucket of each histogram one observation, and the trace that `current` gave while it was
    /// recorded; `now` gives its time. Default: none.
    ///
    /// Both are called on the recording thread, and must be quick. An exemplar stays until an OpenMetrics rendering has
    /// written it; the first observation in a trace after that replaces it, so that most observations pay for one look.
    /// They take 48 bytes for each bucket. Only OpenMetrics has them, and of all metrics only histograms.
    pub const fn with_exemplars(
        mut self,
        current: fn() -> Option<TraceId>,
        now: fn() -> Timestamp,
    ) -> Self {
        self.exemplars = Some(Source { current, now });
        self
    }

    /// Adds `_created` to the counters and histograms of OpenMetrics, the time at which a series was registered.
    ///
    /// Default: off, since it doubles the lines of counters, and a Prometheus without its feature for zero samples takes it
    /// for one more series.
    pub const fn with_created_timestamps(mut self, now: fn() -> Timestamp) -> Self {
        self.created = Some(now);
        self
    }

    /// Adds a label to every series that has none of that name.
    pub fn with_global_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.global_labels.push((name.into(), value.into()));
        self
    }

    /// Sets how many families there can be beside the recorder's own; default 5,000.
    ///
    /// Beyond it a new name gets a handle that does nothing, counted in `watchkeep_metrics_rejected_total{reason="families"}`.
    pub const fn with_max_families(mut self, families: usize) -> Self {
        self.max_families = families;
        self
    }

    /// Sets how many series a family can have; default 10,000.
    ///
    /// Beyond it new label sets share one more series with the label `overflow="true"`, so that sums stay right; each such
    /// lookup is counted in `watchkeep_metrics_overflow_total{metric}`.
    pub const fn with_max_series_per_family(mut self, series: usize) -> Self {
        self.max_series_per_family = series;
        self
    }

    /// Checks the settings and builds the recorder, which is not installed yet.
    ///
    /// # Errors
    ///
    /// Returns an error for bounds that are empty, not finite or not ascending, a global label that is no label name, and a
    /// limit of zero.
    pub fn build(self) -> Result<Recorder, Error> {
        self.settings().map(Recorder::new)
    }

    pub(crate) fn settings(self) -> Result<Settings, Error> {
        for (name, limit) in [
            ("max_families", self.max_families),
            ("max_series_per_family", self.max_series_per_family),
        ] {
            if limit == 0 {
                return Err(Error::new(Kind::Limit(name)));
            }
        }
        for (position, (name, _)) in self.global_labels.iter().enumerate() {
            let twice = self.global_labels[..position]
                .iter()
                .any(|(known, _)| known == name);
            if clean_label(name) != *name || name == "le" || twice {
                return Err(Error::new(Kind::GlobalLabel(name.clone())));
            }
        }
        let mut buckets_for = HashMap::new();
        for (name, bounds) in &self.buckets_for {
            let bounds = checked(Some(name), bounds)?;
            buckets_for.insert(clean_metric(name).into_owned(), bounds);
        }
        Ok(Settings {
            buckets: checked(None, &self.buckets)?,
            buckets_for,
            created: self.created,
            exemplars: self.exemplars,
            global_labels: self.global_labels,
            max_families: self.max_families,
            max_series_per_family: self.max_series_per_family,
        })
    }
}

fn checked(metric: Option<&String>, bounds: &[f64]) -> Result<Arc<Bounds>, Error> {
    let refuse = |bound| {
        let metric = metric.cloned();
        Error::new(Kind::Buckets { metric, bound })
    };
    if bounds.is_empty() || bounds.len() > MOST_BUCKETS {
        return Err(refuse(None));
    }
    if let Some(bound) = bounds.iter().find(|bound| !bound.is_finite()) {
        return Err(refuse(Some(*bound)));
    }
    match bounds.windows(2).find(|pair| pair[0] >= pair[1]) {
        Some(pair) => Err(refuse(Some(pair[1]))),
        None => Ok(Arc::new(Bounds::new(bounds))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(builder: RecorderBuilder, message: &str) {
        let error = builder.build().unwrap_err();
        assert!(error.is_invalid_configuration());
        assert!(error.to_string().contains(message), "{error}");
    }

    #[test]
    fn bounds_must_be_finite_and_ascending() {
        let builder = RecorderBuilder::new;
        refused(builder().with_buckets(&[]), "from 1 to 512");
        refused(builder().with_buckets(&[1.0; 513]), "from 1 to 512");
        refused(builder().with_buckets(&[2.0, 1.0]), "bound 1 is not");
        refused(builder().with_buckets(&[1.0, 1.0]), "bound 1 is not");
        refused(builder().with_buckets(&[1.0, f64::INFINITY]), "bound inf");
        refused(
            builder().with_buckets_for("h_seconds", &[f64::NAN]),
            "`h_seconds`: bound NaN",
        );
    }

    #[test]
    fn global_labels_must_be_label_names_and_unique() {
        let with = |name: &str| RecorderBuilder::new().with_global_label(name, "v");
        refused(with("a.b"), "`a.b`");
        refused(with("__name__"), "`__name__`");
        refused(with("le"), "`le`");
        refused(with("a").with_global_label("a", "w"), "`a`");
        assert!(with("a").with_global_label("b", "w").build().is_ok());
    }

    #[test]
    fn limits_must_be_at_least_one() {
        refused(
            RecorderBuilder::new().with_max_families(0),
            "`max_families`",
        );
        refused(
            RecorderBuilder::new().with_max_series_per_family(0),
            "`max_series_per_family`",
        );
    }
}
