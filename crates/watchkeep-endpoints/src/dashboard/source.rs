//! What a service adds to the page: tiles, and sections of its own.

use super::trend::Reading;

/// A service's own part of the page.
///
/// ```
/// use watchkeep_endpoints::{Section, Source, Tile};
///
/// struct Mail;
///
/// impl Source for Mail {
///     fn tiles(&self) -> Vec<Tile> {
///         vec![Tile::new("Letters", "1,204").with_counter(1_204.0, "letters")]
///     }
///
///     fn sections(&self) -> Vec<Section> {
///         vec![Section::new("Queues", ["Queue", "Waiting"]).with_row(["outgoing", "3"])]
///     }
/// }
/// ```
pub trait Source: Send + Sync + 'static {
    /// Returns the tiles, at most 24 of which are shown.
    ///
    /// A sparkline belongs to the tile of the same title as before.
    fn tiles(&self) -> Vec<Tile> {
        Vec::new()
    }

    /// Returns the sections, at most 8 of which are shown.
    fn sections(&self) -> Vec<Section> {
        Vec::new()
    }
}

/// A source that is a function.
pub(super) struct OnlyTiles<F>(pub(super) F);

impl<F: Fn() -> Vec<Tile> + Send + Sync + 'static> Source for OnlyTiles<F> {
    fn tiles(&self) -> Vec<Tile> {
        (self.0)()
    }
}

/// One number on the page.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Tile {
    /// What the number is.
    pub title: String,
    /// The number as people read it; `–` where there is none.
    pub value: String,
    /// A second number beside it, in smaller print; empty when there is none.
    pub note: String,
    /// A word of health (`healthy`, `degraded`, `unknown`, `unhealthy`) that gives the tile its sign and color; empty for a plain number.
    pub tone: String,
    pub(super) reading: Option<Reading>,
    pub(super) unit: String,
}

impl Tile {
    /// A plain number.
    #[must_use]
    pub fn new(title: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            value: value.into(),
            note: String::new(),
            tone: String::new(),
            reading: None,
            unit: String::new(),
        }
    }

    /// Adds a second number in smaller print, `p95 240 ms` say.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// Gives the tile the sign and color of a word of health.
    #[must_use]
    pub fn with_tone(mut self, tone: impl Into<String>) -> Self {
        self.tone = tone.into();
        self
    }

    /// Draws this value over the last minutes; one that is not finite is a gap.
    #[must_use]
    pub fn with_gauge(self, value: f64, unit: impl Into<String>) -> Self {
        self.with_reading(Reading::Gauge(value), unit.into())
    }

    /// Draws how much this total grows in a second, over the last minutes; where it went down it began anew, and there is a gap.
    ///
    /// `unit` is what is counted: `messages`, say.
    #[must_use]
    pub fn with_counter(self, total: f64, unit: impl Into<String>) -> Self {
        self.with_reading(Reading::Counter(total), format!("{} a second", unit.into()))
    }

    /// Draws the growth of one total divided by that of another, over the last minutes: a mean of seconds ÷ requests, say.
    ///
    /// While `whole` stands still there is nothing to divide, and there is a gap.
    #[must_use]
    pub fn with_ratio(self, part: f64, whole: f64, unit: impl Into<String>) -> Self {
        self.with_reading(Reading::Ratio { part, whole }, unit.into())
    }

    fn with_reading(mut self, reading: Reading, unit: String) -> Self {
        self.reading = Some(reading);
        self.unit = unit;
        self
    }
}

/// A table of the service's own.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Section {
    /// Its title.
    pub title: String,
    /// What its columns are, at most 8 of which are shown.
    pub columns: Vec<String>,
    /// Its rows, at most 100 of which are shown; a missing cell is empty.
    pub rows: Vec<Vec<String>>,
}

impl Section {
    /// A table without rows.
    #[must_use]
    pub fn new<C: Into<String>>(
        title: impl Into<String>,
        columns: impl IntoIterator<Item = C>,
    ) -> Self {
        Self {
            title: title.into(),
            columns: columns.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    #[must_use]
    pub fn with_row<C: Into<String>>(mut self, cells: impl IntoIterator<Item = C>) -> Self {
        self.rows.push(cells.into_iter().map(Into::into).collect());
        self
    }
}
