//! The few numbers that sum a service up: how much, how often it failed, how long it took.

use std::time::Duration;

use metrics::{Key, Label};

use crate::buckets::HistogramCell;
use crate::cell::CounterCell;
use crate::{HistogramSnapshot, Recorder, Snapshot};

/// Counts work, errors by type and durations, and reads them back as a total, a rate of errors and a mean.
///
/// It keeps nothing itself: everything is in the recorder, under three names, so that a summary and a scrape say the same;
/// what others record under these names counts as well, whatever its other labels are.
///
/// ```
/// use std::time::Duration;
/// use watchkeep_metrics::{Recorder, Summary};
///
/// let recorder = Recorder::default();
/// let summary = Summary::builder("messages_total")
///     .with_errors("errors_total", "error_type")
///     .with_durations("response_time_seconds")
///     .build(&recorder);
/// summary.record();
/// summary.record_duration(Duration::from_millis(200));
/// summary.record();
/// summary.record_error("timeout");
///
/// assert_eq!(summary.total(), 2);
/// assert_eq!(summary.error_rate(), Some(0.5));
/// assert_eq!(summary.mean(), Some(Duration::from_millis(200)));
/// ```
#[derive(Clone, Debug)]
pub struct Summary {
    recorder: Recorder,
    names: SummaryBuilder,
}

/// Builds a [`Summary`] from the names of its metrics.
#[must_use = "a builder does nothing until it is built"]
#[derive(Clone, Debug)]
pub struct SummaryBuilder {
    total: String,
    errors: String,
    error_label: String,
    durations: String,
}

// === impl SummaryBuilder ===

impl SummaryBuilder {
    /// Names the counter of errors and the label that has their type; default: `errors_total`, `error_type`.
    pub fn with_errors(mut self, name: impl Into<String>, label: impl Into<String>) -> Self {
        self.errors = name.into();
        self.error_label = label.into();
        self
    }

    /// Names the histogram of durations, in seconds; default: `duration_seconds`.
    pub fn with_durations(mut self, name: impl Into<String>) -> Self {
        self.durations = name.into();
        self
    }

    /// Returns the summary over this recorder. Nothing is registered before it is recorded.
    #[must_use]
    pub fn build(self, recorder: &Recorder) -> Summary {
        Summary {
            recorder: recorder.clone(),
            names: self,
        }
    }
}

// === impl Summary ===

impl Summary {
    /// Returns a builder, given the name of the counter of everything that counts.
    pub fn builder(total: impl Into<String>) -> SummaryBuilder {
        SummaryBuilder {
            total: total.into(),
            errors: "errors_total".to_owned(),
            error_label: "error_type".to_owned(),
            durations: "duration_seconds".to_owned(),
        }
    }

    /// Counts one more, in the series without labels.
    pub fn record(&self) {
        let key = Key::from_name(self.names.total.clone());
        if let Some(series) = self.recorder.registry().series::<CounterCell>(&key) {
            metrics::CounterFn::increment(&*series, 1);
        }
    }

    /// Counts an error of this type; the total is not touched.
    pub fn record_error(&self, error_type: impl Into<String>) {
        let label = Label::new(self.names.error_label.clone(), error_type.into());
        let key = Key::from_parts(self.names.errors.clone(), vec![label]);
        if let Some(series) = self.recorder.registry().series::<CounterCell>(&key) {
            metrics::CounterFn::increment(&*series, 1);
        }
    }

    /// Observes how long one took.
    pub fn record_duration(&self, duration: Duration) {
        let key = Key::from_name(self.names.durations.clone());
        if let Some(series) = self.recorder.registry().series::<HistogramCell>(&key) {
            metrics::HistogramFn::record(&*series, duration.as_secs_f64());
        }
    }

    /// Returns how many there were.
    #[must_use]
    pub fn total(&self) -> u64 {
        whole(self.count(&self.names.total, &[]))
    }

    /// Returns how many errors there were, of all types.
    #[must_use]
    pub fn errors(&self) -> u64 {
        whole(self.count(&self.names.errors, &[]))
    }

    /// Returns how many errors of this type there were.
    #[must_use]
    pub fn errors_of(&self, error_type: &str) -> u64 {
        let labels = [(self.names.error_label.as_str(), error_type)];
        whole(self.count(&self.names.errors, &labels))
    }

    /// Returns errors over total, `None` when there was nothing yet: no work is no rate.
    #[must_use]
    pub fn error_rate(&self) -> Option<f64> {
        let total = self.count(&self.names.total, &[]);
        (total > 0.0).then(|| self.count(&self.names.errors, &[]) / total)
    }

    /// Returns the mean duration, `None` without any.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        let mean = self.durations()?.mean()?;
        Duration::try_from_secs_f64(mean).ok()
    }

    /// Returns the histogram of durations, in seconds, `None` when there was none.
    #[must_use]
    pub fn durations(&self) -> Option<HistogramSnapshot> {
        let name = &self.names.durations;
        self.read(name).histogram(name, &[])
    }

    fn count(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.read(name).counter(name, labels)
    }

    fn read(&self, name: &str) -> Snapshot {
        self.recorder.snapshot_of(&[name])
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counters are not negative, and above 2^53 they are read with 53 bits anyway"
)]
const fn whole(count: f64) -> u64 {
    count as u64
}

#[cfg(test)]
mod tests {
    use metrics::{counter, with_local_recorder};

    use super::*;

    fn summary(recorder: &Recorder) -> Summary {
        Summary::builder("m_total").build(recorder)
    }

    #[test]
    fn nothing_recorded_is_no_rate_and_no_mean_and_registers_nothing() {
        let recorder = Recorder::default();
        let summary = summary(&recorder);
        assert_eq!((summary.total(), summary.errors()), (0, 0));
        assert_eq!((summary.error_rate(), summary.mean()), (None, None));
        assert_eq!(summary.durations(), None);
        assert!(recorder.snapshot().family("m_total").is_none());
    }

    #[test]
    fn what_others_record_under_the_names_counts() {
        let recorder = Recorder::default();
        let summary = summary(&recorder);
        with_local_recorder(&recorder, || {
            counter!("m_total", "outcome" => "ok").increment(3);
            counter!("errors_total", "error_type" => "a").increment(1);
        });
        summary.record();
        summary.record_error("a");
        summary.record_error("b");
        assert_eq!((summary.total(), summary.errors()), (4, 3));
        assert_eq!((summary.errors_of("a"), summary.errors_of("c")), (2, 0));
        assert_eq!(summary.error_rate(), Some(0.75));
    }

    #[test]
    fn the_mean_is_over_all_durations() {
        let recorder = Recorder::default();
        let summary = summary(&recorder);
        for millis in [100, 200, 600] {
            summary.record_duration(Duration::from_millis(millis));
        }
        let mean = summary.mean().unwrap();
        assert!(mean.abs_diff(Duration::from_millis(300)) < Duration::from_micros(1));
        assert_eq!(summary.durations().unwrap().count, 3);
    }
}
