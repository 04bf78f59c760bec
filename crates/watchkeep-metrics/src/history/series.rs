//! A short history of single series: what alert rules look back at.

mod kept;
mod scrape;

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use super::labels::SeriesLabels;
use crate::{Snapshot, Timestamp};
use kept::Kept;
use scrape::Scraped;

/// Marks the end of a series, as Prometheus does: a NaN that no calculation gives.
const STALE: u64 = 0x7ff0_0000_0000_0002;
/// Marks a row in which a series has no sample; never handed out.
const MISSING: u64 = 0x7ff0_0000_0000_0003;

/// Tells whether a sample is the mark that its series ended there.
#[must_use]
pub const fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE
}

/// The samples of chosen series over a span of time, one row for each moment; bounded in series, rows and values.
///
/// Only series that a [`watch`](Self::watch)ed choice names are kept. A series that was in the recorder and no longer is ends
/// with a mark ([`is_stale`]), as at a scrape by Prometheus; histograms are kept as their `_bucket`, `_sum` and `_count` series.
/// A sample takes eight bytes: a series for an hour 2.9 KB at a sample each ten seconds, 0.5 KB at one a minute.
///
/// ```
/// use std::time::Duration;
/// use watchkeep_metrics::{HistoryLimits, Recorder, SeriesHistory, Timestamp};
///
/// let recorder = Recorder::default();
/// let mut history = SeriesHistory::new(Duration::from_secs(300), HistoryLimits::default());
/// let jobs = history.watch(Some("jobs_total"), |labels| labels.get("kind") == "mail");
/// metrics::with_local_recorder(&recorder, || metrics::counter!("jobs_total", "kind" => "mail").increment(2));
/// let now = Timestamp::from_millis(60_000);
/// history.record(now, &recorder.snapshot());
///
/// let rows = history.rows(Timestamp::from_millis(0), now);
/// let series = history.selected(jobs).next().expect("the series is kept");
/// assert_eq!(series.within(rows).collect::<Vec<_>>(), [(now, 2.0)]);
/// ```
pub struct SeriesHistory {
    span: Duration,
    limits: HistoryLimits,
    /// The moments, ascending; `times[0]` is row number `first`.
    times: VecDeque<Timestamp>,
    first: u64,
    kept: Kept,
    choices: Vec<Choice>,
    scraped: Scraped,
    refused: u64,
}

/// The bounds of a [`SeriesHistory`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HistoryLimits {
    /// The most series; further ones are not kept, and counted in [`SeriesHistory::refused`]. Default: 20,000.
    pub series: usize,
    /// The most rows; with more in the span the oldest go. Default: 3,601, an hour at one a second.
    pub rows: usize,
    /// The most values of all series together; with more the oldest rows go. Default: 8 million, 64 MB.
    pub values: usize,
}

/// A choice of series, as [`SeriesHistory::watch`] gave it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Selection(usize);

/// Some consecutive rows of a history.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rows {
    start: u64,
    end: u64,
}

/// One kept series.
#[derive(Clone, Copy, Debug)]
pub struct KeptSeries<'a> {
    series: &'a kept::Series,
    history: &'a SeriesHistory,
}

struct Choice {
    name: Option<String>,
    filter: Box<dyn Fn(&SeriesLabels) -> bool + Send + Sync>,
    members: Vec<usize>,
}

// === impl Selection ===

impl Selection {
    /// The choice of no series.
    pub const NONE: Self = Self(usize::MAX);
}

// === impl HistoryLimits ===

impl Default for HistoryLimits {
    fn default() -> Self {
        Self {
            series: 20_000,
            rows: 3_601,
            values: 8_000_000,
        }
    }
}

// === impl SeriesHistory ===

impl SeriesHistory {
    /// Creates a history of rows younger than `span`.
    #[must_use]
    pub fn new(span: Duration, limits: HistoryLimits) -> Self {
        Self {
            span,
            limits,
            times: VecDeque::new(),
            first: 0,
            kept: Kept::default(),
            choices: Vec::new(),
            scraped: Scraped::default(),
            refused: 0,
        }
    }

    /// Keeps, from the next row on, every series of that name (or of any) whose labels pass.
    pub fn watch(
        &mut self,
        name: Option<&str>,
        filter: impl Fn(&SeriesLabels) -> bool + Send + Sync + 'static,
    ) -> Selection {
        let mut choice = Choice {
            name: name.map(str::to_owned),
            filter: Box::new(filter),
            members: Vec::new(),
        };
        let known = self.kept.iter();
        choice.members = known
            .filter(|(_, series)| choice.takes(&series.labels))
            .map(|(slot, _)| slot)
            .collect();
        self.choices.push(choice);
        self.scraped.forget();
        Selection(self.choices.len() - 1)
    }

    /// Tells whether any choice may name a series of this name.
    #[must_use]
    pub fn is_watched(&self, name: &str) -> bool {
        self.choices
            .iter()
            .any(|choice| choice.name.as_deref().is_none_or(|known| known == name))
    }

    /// Begins a row and takes everything that is chosen out of a snapshot.
    pub fn record(&mut self, now: Timestamp, snapshot: &Snapshot) {
        self.advance(now);
        self.scrape(snapshot);
    }

    /// Begins an empty row.
    ///
    /// When the clock was set back, rows of what is now the future go: a window never mixes two clocks.
    pub fn advance(&mut self, now: Timestamp) {
        while self.times.back().is_some_and(|at| *at >= now) {
            self.times.pop_back();
            let newest = self.end();
            self.kept.cut(newest);
        }
        self.times.push_back(now);
        let start = now.saturating_before(self.span);
        while self
            .times
            .front()
            .is_some_and(|at| *at <= start && *at < now)
            || self.times.len() > self.limits.rows.max(1)
            || (self.times.len() > 1 && self.kept.values() > self.limits.values)
        {
            self.times.pop_front();
            self.first += 1;
            self.kept.trim(self.first);
        }
        let gone = self.kept.remove_ended(self.first);
        if !gone.is_empty() {
            for choice in &mut self.choices {
                choice.members.retain(|member| !gone.contains(member));
            }
        }
        self.scraped.sweep(self.end());
    }

    /// Puts a sample into the newest row; says whether the series is kept.
    ///
    /// Nothing happens before the first row, or where no choice names the series, or beyond the limit of series.
    pub fn put(&mut self, labels: &SeriesLabels, value: f64) -> bool {
        let value = if value.is_nan() { f64::NAN } else { value };
        self.write(labels, value)
    }

    /// Says in the newest row that a series has ended.
    pub fn end_series(&mut self, labels: &SeriesLabels) {
        if self.kept.find(labels).is_some() {
            self.write(labels, f64::from_bits(STALE));
        }
    }

    fn write(&mut self, labels: &SeriesLabels, value: f64) -> bool {
        let Some(row) = self.newest() else {
            return false;
        };
        let slot = self.slot(labels);
        if let Some(slot) = slot {
            self.kept.write(slot, row, value);
        }
        slot.is_some()
    }

    /// The place of a series that is, or is to be, kept.
    fn slot(&mut self, labels: &SeriesLabels) -> Option<usize> {
        if let Some(slot) = self.kept.find(labels) {
            return Some(slot);
        }
        if !self.choices.iter().any(|choice| choice.takes(labels)) {
            return None;
        }
        if self.kept.len() >= self.limits.series {
            self.refused += 1;
            return None;
        }
        let slot = self
            .kept
            .insert(labels.clone(), self.end().saturating_sub(1));
        for choice in &mut self.choices {
            if choice.takes(labels) {
                choice.members.push(slot);
            }
        }
        Some(slot)
    }

    /// Returns the series of a choice, in the order in which they appeared.
    pub fn selected(&self, selection: Selection) -> impl ExactSizeIterator<Item = KeptSeries<'_>> {
        let members = self
            .choices
            .get(selection.0)
            .map_or(&[][..], |choice| &choice.members);
        members.iter().map(|slot| KeptSeries {
            series: self.kept.at(*slot),
            history: self,
        })
    }

    /// Returns the rows after `from` up to `to`: without the first moment, with the last one.
    #[must_use]
    pub fn rows(&self, from: Timestamp, to: Timestamp) -> Rows {
        let after = |moment: Timestamp| {
            let position = self.times.partition_point(|at| *at <= moment);
            self.first + u64::try_from(position).unwrap_or(0)
        };
        let end = after(to);
        Rows {
            start: after(from).min(end),
            end,
        }
    }

    /// Returns the moment of the oldest row.
    #[must_use]
    pub fn oldest(&self) -> Option<Timestamp> {
        self.times.front().copied()
    }

    /// Returns how many rows there are.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.times.len()
    }

    /// Returns how many series are kept.
    #[must_use]
    pub fn series_count(&self) -> usize {
        self.kept.len()
    }

    /// Returns how many values are kept, eight bytes each.
    #[must_use]
    pub fn value_count(&self) -> usize {
        self.kept.values()
    }

    /// Returns how often a series was not kept because there were too many, each time anew while it is there.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// The number of the row after the newest.
    fn end(&self) -> u64 {
        self.first + u64::try_from(self.times.len()).unwrap_or(0)
    }

    fn newest(&self) -> Option<u64> {
        self.end().checked_sub(1).filter(|_| !self.times.is_empty())
    }
}

impl fmt::Debug for SeriesHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeriesHistory")
            .field("span", &self.span)
            .field("limits", &self.limits)
            .field("rows", &self.times.len())
            .field("series", &self.kept.len())
            .finish_non_exhaustive()
    }
}

// === impl Choice ===

impl Choice {
    fn takes(&self, labels: &SeriesLabels) -> bool {
        self.name
            .as_deref()
            .is_none_or(|name| name == labels.name())
            && (self.filter)(labels)
    }
}

// === impl KeptSeries ===

impl<'a> KeptSeries<'a> {
    /// Returns the labels.
    #[must_use]
    pub const fn labels(&self) -> &'a SeriesLabels {
        &self.series.labels
    }

    /// Returns the labels without the name; made once for each series.
    #[must_use]
    pub const fn labels_without_name(&self) -> &'a SeriesLabels {
        &self.series.without_name
    }

    /// Returns the samples in some rows, oldest first, marks of an end ([`is_stale`]) among them.
    pub fn within(&self, rows: Rows) -> impl DoubleEndedIterator<Item = (Timestamp, f64)> + 'a {
        let history = self.history;
        let series = self.series;
        let start = rows.start.max(series.first()).max(history.first);
        let end = rows.end.min(series.end()).max(start);
        (start..end).filter_map(move |row| {
            let value = series.value(row)?;
            let at = usize::try_from(row - history.first).ok()?;
            (value.to_bits() != MISSING).then(|| (history.times[at], value))
        })
    }
}

#[cfg(test)]
mod tests;
