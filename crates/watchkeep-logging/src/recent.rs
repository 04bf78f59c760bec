//! The last records worth a look, kept in memory for whoever asks.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use tracing::Level;

use crate::levels::{Rank, rank};
use crate::render::Line;

/// One record as it was logged, its values as text and unescaped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecentRecord {
    /// When it was logged.
    pub time: Timestamp,
    /// How severe it is.
    pub level: Level,
    /// Where it comes from, as a rule the path of a module.
    pub target: String,
    /// What it says.
    pub message: String,
    /// Its fields, and behind them those of the spans around it, nearest first; no key comes twice.
    pub fields: Vec<(&'static str, String)>,
}

/// A ring bounded in records and in bytes.
#[derive(Debug)]
pub(crate) struct Recent {
    level: Rank,
    max_records: usize,
    max_bytes: usize,
    ring: Mutex<Ring>,
}

#[derive(Debug, Default)]
struct Ring {
    records: VecDeque<RecentRecord>,
    bytes: usize,
}

// === impl RecentRecord ===

impl RecentRecord {
    /// Returns the value of a field.
    pub fn field(&self, key: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(name, _)| *name == key);
        found.map(|(_, value)| value.as_str())
    }

    fn new(line: &Line<'_>) -> Self {
        Self {
            time: line.time,
            level: line.level,
            target: line.target.to_owned(),
            message: line.message.to_owned(),
            fields: line.fields.pairs().collect(),
        }
    }

    fn bytes(&self) -> usize {
        let fields = self
            .fields
            .iter()
            .map(|(_, value)| size_of::<(&str, String)>() + value.len());
        size_of::<Self>() + self.target.len() + self.message.len() + fields.sum::<usize>()
    }
}

// === impl Recent ===

impl Recent {
    pub(crate) fn new(level: Rank, max_records: usize, max_bytes: usize) -> Self {
        Self {
            level: if max_records == 0 { 0 } else { level },
            max_records,
            max_bytes,
            ring: Mutex::default(),
        }
    }

    /// Returns the most verbose rank that is kept.
    pub(crate) fn rank(&self) -> Rank {
        self.level
    }

    pub(crate) fn wants(&self, level: Level) -> bool {
        rank(level) <= self.level
    }

    pub(crate) fn push(&self, line: &Line<'_>) {
        let record = RecentRecord::new(line);
        let bytes = record.bytes();
        // One that is larger than all of the ring would only empty it.
        if bytes > self.max_bytes {
            return;
        }
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        while ring.records.len() >= self.max_records || ring.bytes + bytes > self.max_bytes {
            let Some(oldest) = ring.records.pop_front() else {
                break;
            };
            ring.bytes -= oldest.bytes();
        }
        ring.bytes += bytes;
        ring.records.push_back(record);
    }

    /// Returns what is there, newest last.
    pub(crate) fn records(&self) -> Vec<RecentRecord> {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        ring.records.iter().cloned().collect()
    }
}
