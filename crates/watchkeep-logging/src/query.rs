//! Reads the ECS JSON log files again: the records of the active file and of the rotated ones beside it.
//!
//! ```
//! use tracing_subscriber::layer::SubscriberExt;
//! use watchkeep_logging::query::Query;
//! use watchkeep_logging::{Console, LogConfig};
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! let (layer, guard) = LogConfig::new("api")
//!     .with_console(Console::Off)
//!     .with_dir(Some(folder.to_owned()))
//!     .with_json(true)
//!     .build()?;
//! let subscriber = tracing_subscriber::registry().with(layer);
//! tracing::subscriber::with_default(subscriber, || {
//!     tracing::info!("listening");
//!     tracing::error!(user_id = 7, error.code = "AI_ERROR", "no answer");
//! });
//! assert!(guard.flush(std::time::Duration::from_secs(5)).is_complete());
//!
//! let query = Query::new(folder.join("api_json.log")).with_level(tracing::Level::WARN);
//! for record in query.records()? {
//!     let record = record?;
//!     assert_eq!(record.message(), "no answer");
//!     assert_eq!(record.get("labels.user_id").as_deref(), Some("7"));
//! }
//! assert_eq!(query.count_by("error.code")?.by["AI_ERROR"], 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is read
//!
//! - The active file, as long as it is when [`Query::records`] is called, and the files that rotations have put beside it.
//!   Files of other names, links, folders and packed files (`.gz`) are left alone, and counted in [`Skipped::files`].
//! - It may be written and rotated meanwhile: no line is read twice or torn apart.
//!   A file that is deleted before its turn is passed over.
//! - A file is never loaded whole: what is kept in memory is twice a block of 64 KiB and the longest line, and one record.
//!   A line of more than 4 MiB ([`MAX_LINE_BYTES`]) is passed over; the [`Layer`](crate::Layer) writes none.
//! - Lines that are no records are passed over, and counted in [`Skipped::lines`].
#![expect(
    clippy::disallowed_types,
    reason = "the time of a record, and the bounds of a query, are values that are passed; no clock is read"
)]

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use tracing::Level;

mod counts;
mod elasticsearch;
mod errors;
mod files;
mod lines;
mod pick;
mod record;
mod records;
mod wanted;

pub use self::counts::Counts;
pub use self::elasticsearch::{Elasticsearch, ElasticsearchError};
pub use self::errors::{
    ErrorQuery, ErrorReport, ErrorTail, Progress, Scanned, SinceError, Tailed, json_logs,
    parse_since,
};
use self::files::{Active, Files};
use self::lines::Limits;
pub use self::record::{Record, text_of};
pub use self::records::{Records, Skipped};
use self::wanted::Wanted;

/// The longest line that is read, without its end: 4 MiB, more than twice what the longest line of ours can be.
pub const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// Which records of a log file are asked for: all of them, the newest first, unless it is said otherwise.
#[derive(Clone, Debug)]
#[must_use]
pub struct Query {
    path: PathBuf,
    wanted: Wanted,
    order: Order,
    max_values: usize,
    limits: Limits,
}

/// Which record comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a file has two ends")]
pub enum Order {
    /// As in a list of what happened last: the files are read from their ends.
    #[default]
    NewestFirst,
    /// As it was written.
    OldestFirst,
}

/// A log file or its folder that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{}`", path.display())]
pub struct QueryError {
    path: PathBuf,
    source: io::Error,
}

// === impl Query ===

impl Query {
    /// Asks for the records of the active file at `path` and of its rotated files, as in `logs/api_json.log`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            wanted: Wanted::default(),
            order: Order::default(),
            max_values: 1000,
            limits: Limits::DEFAULT,
        }
    }

    /// Leaves out what is older than `since`; a record of just that time is in (default: no bound).
    ///
    /// A rotated file whose name tells a time before it is not even opened.
    /// That is right as long as the clock of the writer was not set back: a file is named when its last line has been written.
    pub fn with_since(mut self, since: SystemTime) -> Self {
        self.wanted.since = Some(since);
        self
    }

    /// Leaves out what is of the time `until` or newer (default: no bound).
    pub fn with_until(mut self, until: SystemTime) -> Self {
        self.wanted.until = Some(until);
        self
    }

    /// Leaves out what is less severe than `level` (default: nothing).
    pub fn with_level(mut self, level: Level) -> Self {
        self.wanted.level = Some(level);
        self
    }

    /// Leaves out what has another `error.code`, or none (default: nothing).
    pub fn with_error_code(mut self, code: impl Into<String>) -> Self {
        self.wanted.error_code = Some(code.into());
        self
    }

    /// Sets which record comes first (default [`Order::NewestFirst`]).
    pub fn with_order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Sets how many distinct values [`count_by`](Self::count_by) tells apart (default 1000), so that a key that is different
    /// in every record does not fill the memory.
    pub fn with_max_values(mut self, count: usize) -> Self {
        self.max_values = count;
        self
    }

    /// Opens the active file and looks for the rotated ones; the records are read while the iterator is.
    ///
    /// A missing active file is as good as an empty one.
    ///
    /// # Errors
    ///
    /// The folder cannot be read, or the active file cannot be opened or is no file.
    /// A rotated file that cannot be opened is counted in [`Skipped::files`] instead.
    pub fn records(&self) -> Result<Records, QueryError> {
        // In this order: a rotation in between is seen, as the file has its new name then.
        self.records_beside(Active::open(&self.path)?)
    }

    fn records_beside(&self, active: Option<Active>) -> Result<Records, QueryError> {
        let files = Files::list(&self.path, active, self.wanted.since)?;
        let wanted = self.wanted.clone();
        Ok(Records::new(wanted, self.order, self.limits, files))
    }

    /// Counts the records by the value of a key (see [`Record::get`]): `error.code`, `log.level`, `labels.user_id`.
    ///
    /// The values that are met first are told apart, as many as [`with_max_values`](Self::with_max_values) says.
    ///
    /// # Errors
    ///
    /// Those of [`records`](Self::records), and a file that cannot be read to its end.
    pub fn count_by(&self, key: &str) -> Result<Counts, QueryError> {
        let mut records = self.records()?;
        let mut counts = Counts::default();
        for record in records.by_ref() {
            counts.add(record?.get(key), self.max_values);
        }
        counts.skipped = records.skipped();
        Ok(counts)
    }
}

// === impl QueryError ===

impl QueryError {
    fn new(path: &Path, source: io::Error) -> Self {
        Self {
            path: path.to_owned(),
            source,
        }
    }

    /// Returns the file or the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns what the operating system says of it, in words.
    fn reason(&self) -> String {
        format!("cannot be read: {}", self.source)
    }

    /// Returns what the operating system says of it.
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}

/// Returns `None` for a time that the system's own cannot say, of which there are more on some systems than on others.
fn system_time(time: Timestamp) -> Option<SystemTime> {
    let since_epoch = time.as_duration();
    if since_epoch.is_negative() {
        SystemTime::UNIX_EPOCH.checked_sub(since_epoch.unsigned_abs())
    } else {
        SystemTime::UNIX_EPOCH.checked_add(since_epoch.unsigned_abs())
    }
}

#[cfg(test)]
mod tests;
