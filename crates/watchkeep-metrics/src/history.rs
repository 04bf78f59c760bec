//! A short history of chosen series.

mod labels;
mod series;

use std::collections::VecDeque;
use std::time::Duration;

use crate::{HistogramSnapshot, Selector, Snapshot, Timestamp};

pub use labels::SeriesLabels;
pub use series::{HistoryLimits, KeptSeries, Rows, Selection, SeriesHistory, is_stale};

/// Samples of chosen series over a span of time, bounded in number.
///
/// It is pure: the host calls [`record`](Self::record) at its own pace with the time and a [`Snapshot`].
///
/// ```
/// use std::time::Duration;
/// use watchkeep_metrics::{History, Recorder, Selector, Timestamp};
///
/// let recorder = Recorder::default();
/// let errors = Selector::new("errors_total");
/// let mut history = History::new(Duration::from_secs(300), 100);
/// history.watch(errors.clone());
/// metrics::with_local_recorder(&recorder, || metrics::counter!("errors_total").increment(2));
/// history.record(Timestamp::from_millis(0), &recorder.snapshot());
/// metrics::with_local_recorder(&recorder, || metrics::counter!("errors_total").increment(3));
/// let now = Timestamp::from_millis(60_000);
/// history.record(now, &recorder.snapshot());
///
/// assert_eq!(history.increase(&errors, Duration::from_secs(300), now), Some(3.0));
/// assert_eq!(history.latest(&errors), Some(5.0));
/// ```
#[derive(Clone, Debug)]
pub struct History {
    span: Duration,
    max_samples: usize,
    selectors: Vec<Selector>,
    histograms: Vec<Selector>,
    /// Ascending in time, no two of the same.
    rows: VecDeque<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    at: Timestamp,
    /// One for each selector that was watched then; `None` where it chose nothing.
    values: Vec<Option<f64>>,
    /// The same for histograms.
    histograms: Vec<Option<HistogramSnapshot>>,
}

impl History {
    /// How far apart samples should be where nothing asks for more: ten seconds.
    pub const INTERVAL: Duration = Duration::from_secs(10);

    /// Creates a history of at least `span` (and the sample before it), of at most `max_samples` samples, two at the least.
    ///
    /// When there are more samples in the span than that, the oldest go, and windows become shorter.
    #[must_use]
    pub fn new(span: Duration, max_samples: usize) -> Self {
        Self {
            span,
            max_samples: max_samples.max(2),
            selectors: Vec::new(),
            histograms: Vec::new(),
            rows: VecDeque::new(),
        }
    }

    /// Watches a selector from the next [`record`](Self::record) on; a second time changes nothing.
    pub fn watch(&mut self, selector: Selector) {
        if !self.selectors.contains(&selector) {
            self.selectors.push(selector);
        }
    }

    /// Watches the buckets of a histogram, by its own name, for [`quantile`](Self::quantile); a second time changes nothing.
    ///
    /// A sample takes eight bytes for each bucket: an hour at [`INTERVAL`](Self::INTERVAL) of one with 14 bounds 50 KB.
    pub fn watch_histogram(&mut self, selector: Selector) {
        if !self.histograms.contains(&selector) {
            self.histograms.push(selector);
        }
    }

    /// Takes a sample of everything that is watched.
    ///
    /// When the clock was set back, samples from what is now the future are dropped: a window never mixes two clocks.
    pub fn record(&mut self, now: Timestamp, snapshot: &Snapshot) {
        while self.rows.back().is_some_and(|row| row.at >= now) {
            self.rows.pop_back();
        }
        let values = self.selectors.iter().map(|selector| {
            let value = snapshot.value(selector);
            value.filter(|value| value.is_finite())
        });
        let row = Row {
            at: now,
            values: values.collect(),
            histograms: self
                .histograms
                .iter()
                .map(|selector| snapshot.histogram_of(selector))
                .collect(),
        };
        self.rows.push_back(row);
        let start = now.saturating_before(self.span);
        while self.rows.len() > self.max_samples
            || self.rows.get(1).is_some_and(|row| row.at <= start)
        {
            self.rows.pop_front();
        }
    }

    /// Returns how much the selector's counters went up within `window` before `now`.
    ///
    /// It adds up the differences from the last sample at or before the window's start (or the first there is) to the last
    /// one at or before `now`; nothing is extrapolated. A value below the one before it is a counter that began anew, so all
    /// of it counts, as does all of a series that was not there before. `None`: not watched, never there, or fewer than two
    /// samples.
    #[must_use]
    pub fn increase(&self, selector: &Selector, window: Duration, now: Timestamp) -> Option<f64> {
        let column = self.column(selector)?;
        let rows = self.window(window, now);
        let mut values = rows.filter_map(|row| row.values.get(column).copied());
        let first = values.next()?;
        let (mut before, mut grown, mut samples) = (first, 0.0, 1_usize);
        for value in values {
            samples += 1;
            let Some(value) = value else { continue };
            let base = before.filter(|base| *base <= value).unwrap_or(0.0);
            grown += value - base;
            before = Some(value);
        }
        (samples > 1 && before.is_some()).then_some(grown)
    }

    /// Returns how much the selector's counters went up each second, within `window` before `now`.
    ///
    /// It is the [`increase`](Self::increase) over the time between the samples that it compares; `None` as there.
    #[must_use]
    pub fn rate(&self, selector: &Selector, window: Duration, now: Timestamp) -> Option<f64> {
        let grown = self.increase(selector, window, now)?;
        let column = self.column(selector)?;
        let mut rows = self
            .window(window, now)
            .filter(|row| row.values.len() > column);
        let first = rows.next()?.at;
        let last = rows.last()?.at;
        Some(grown / last.saturating_sub(first).as_secs_f64())
    }

    /// Returns the mean of the samples after the start of `window` up to `now`, each counting the same: of a gauge, say.
    ///
    /// `None` when there is no sample, or none in which the selector chose anything.
    #[must_use]
    pub fn average(&self, selector: &Selector, window: Duration, now: Timestamp) -> Option<f64> {
        let start = now.saturating_before(window);
        let samples = self.samples(selector);
        let within = samples.filter(|(at, _)| *at > start && *at <= now);
        let (sum, count) = within.fold((0.0, 0.0), |(sum, count), (_, value)| {
            (sum + value, count + 1.0)
        });
        (count > 0.0).then(|| sum / count)
    }

    /// Returns what a histogram observed within `window` before `now`, with resets as in [`increase`](Self::increase).
    ///
    /// `None`: not watched with [`watch_histogram`](Self::watch_histogram), never there, or fewer than two samples.
    #[must_use]
    pub fn observed(
        &self,
        selector: &Selector,
        window: Duration,
        now: Timestamp,
    ) -> Option<HistogramSnapshot> {
        let column = self.histograms.iter().position(|known| known == selector)?;
        let rows = self.window(window, now);
        let mut samples = rows.filter_map(|row| row.histograms.get(column));
        let mut before = samples.next()?.as_ref();
        let mut grown: Option<HistogramSnapshot> = None;
        for sample in samples.flatten() {
            let more = before.map_or_else(|| sample.clone(), |before| sample.since(before));
            match &mut grown {
                Some(grown) => grown.add(&more),
                None => grown = Some(more),
            }
            before = Some(sample);
        }
        grown
    }

    /// Returns an estimate of the `q`-quantile (0 to 1) of what a histogram [`observed`](Self::observed) within the window.
    ///
    /// It is interpolated inside a bucket as in PromQL. `None` as there, and when nothing was observed.
    #[must_use]
    pub fn quantile(
        &self,
        selector: &Selector,
        q: f64,
        window: Duration,
        now: Timestamp,
    ) -> Option<f64> {
        self.observed(selector, window, now)?.quantile(q)
    }

    /// Returns the selector's value in the last sample, `None` when it chose nothing or there is no sample.
    #[must_use]
    pub fn latest(&self, selector: &Selector) -> Option<f64> {
        let column = self.column(selector)?;
        *self.rows.back()?.values.get(column)?
    }

    /// Returns the selector's samples, oldest first, without those where it chose nothing.
    pub fn samples(&self, selector: &Selector) -> impl Iterator<Item = (Timestamp, f64)> {
        let column = self.column(selector);
        self.rows
            .iter()
            .filter_map(move |row| Some((row.at, (*row.values.get(column?)?)?)))
    }

    /// Returns the rows of a window: from the last one at or before its start, or the first there is, to `now`.
    fn window(&self, window: Duration, now: Timestamp) -> impl Iterator<Item = &Row> {
        let start = now.saturating_before(window);
        let from = self
            .rows
            .partition_point(|row| row.at <= start)
            .saturating_sub(1);
        let to = self.rows.partition_point(|row| row.at <= now);
        self.rows.range(from.min(to)..to)
    }

    fn column(&self, selector: &Selector) -> Option<usize> {
        self.selectors.iter().position(|known| known == selector)
    }
}

impl Default for History {
    /// Returns a history of one hour with a sample each [`INTERVAL`](Self::INTERVAL), and the one before them.
    fn default() -> Self {
        Self::new(Duration::from_secs(3_600), 361)
    }
}

#[cfg(test)]
mod tests;
