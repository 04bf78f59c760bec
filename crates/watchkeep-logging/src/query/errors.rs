//! The error report: how many errors since when, by code, and the last of them; from files, from the ring, or from Elasticsearch.
#![expect(
    clippy::disallowed_types,
    reason = "the bound of a report is a value that is passed; no clock is read"
)]

use std::collections::BTreeMap;
use std::time::SystemTime;

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::counts::LONGEST_VALUE;

mod document;
mod files;
mod folder;
mod last;
mod ring;
mod root;
mod scan;
mod since;
mod tail;

pub(super) use self::document::bounded;
pub use self::files::{Progress, Scanned};
pub use self::folder::json_logs;
pub use self::since::{SinceError, parse_since};
pub use self::tail::{ErrorTail, Tailed};

/// The key that errors are counted by, unless another one is asked for.
const ERROR_CODE: &str = "error.code";

/// Which errors are asked for: those of level ERROR since a time.
#[derive(Clone, Debug)]
#[must_use]
pub struct ErrorQuery {
    pub(super) since: SystemTime,
    /// The same time, as it is written.
    pub(super) from: Timestamp,
    pub(super) by: String,
    pub(super) recent: usize,
    pub(super) max_values: usize,
}

/// How many errors there were, by code, and the last of them.
///
/// Its JSON form is that of `/logs/errors`:
/// `{"total":…,"by_code":{…},"without_code":…,"other_codes":…,"recent":[…],"source":"files","partial":[…]}`;
/// the keys end in the last part of the key that is counted by.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ErrorReport {
    /// The key that is counted by.
    pub by: String,
    /// All errors: the sum of `counts`, `without` and `other`.
    pub total: u64,
    /// How many have which value of the key, at most 1000 values.
    pub counts: BTreeMap<String, u64>,
    /// Those in which the key does not stand.
    pub without: u64,
    /// Those whose value came after there were as many as are kept, or is longer than 1024 bytes.
    pub other: u64,
    /// The last ones as ECS documents, newest first; one beyond 16 KiB is cut, and has `truncated`.
    pub recent: Vec<Map<String, Value>>,
    /// Where they were looked for: `files`, `ring` or `elasticsearch`.
    pub source: &'static str,
    /// Why something may be missing, a reason each; empty when nothing is.
    pub partial: Vec<String>,
}

// === impl ErrorQuery ===

impl ErrorQuery {
    /// Asks for all errors since a time, counted by `error.code`, with the last 20.
    pub fn new(since: Timestamp) -> Self {
        Self {
            // What this system cannot say is before all records.
            since: super::system_time(since).unwrap_or(SystemTime::UNIX_EPOCH),
            from: since,
            by: ERROR_CODE.to_owned(),
            recent: 20,
            max_values: 1000,
        }
    }

    /// Counts by another key, `labels.user_id` say (default `error.code`).
    pub fn with_by(mut self, key: impl Into<String>) -> Self {
        self.by = key.into();
        self
    }

    /// Sets how many of the last errors come whole (default 20).
    pub fn with_recent(mut self, count: usize) -> Self {
        self.recent = count;
        self
    }

    fn report(&self, source: &'static str) -> ErrorReport {
        ErrorReport {
            by: self.by.clone(),
            source,
            ..ErrorReport::default()
        }
    }
}

// === impl ErrorReport ===

impl ErrorReport {
    /// Returns the report as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Maps with text for keys, numbers and values: nothing of it can be refused.
        serde_json::to_string(self).unwrap_or_default()
    }

    fn count(&mut self, value: Option<&str>, max_values: usize) {
        self.total += 1;
        let Some(value) = value else {
            self.without += 1;
            return;
        };
        if let Some(count) = self.counts.get_mut(value) {
            *count += 1;
        } else if self.counts.len() < max_values && value.len() <= LONGEST_VALUE {
            self.counts.insert(value.to_owned(), 1);
        } else {
            self.other += 1;
        }
    }
}

impl Serialize for ErrorReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let last = self.by.rsplit('.').next().unwrap_or(&self.by);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("total", &self.total)?;
        map.serialize_entry(&format!("by_{last}"), &self.counts)?;
        map.serialize_entry(&format!("without_{last}"), &self.without)?;
        map.serialize_entry(&format!("other_{last}s"), &self.other)?;
        map.serialize_entry("recent", &self.recent)?;
        map.serialize_entry("source", self.source)?;
        map.serialize_entry("partial", &self.partial)?;
        map.end()
    }
}

#[cfg(test)]
mod tests;
