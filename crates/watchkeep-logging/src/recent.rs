//! The last records worth a look, kept in memory for whoever asks.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use tracing::Level;

use crate::escape;
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
    records: VecDeque<Kept>,
    bytes: usize,
}

/// A record in two pieces of memory, which the next one takes over when this one goes.
#[derive(Debug)]
struct Kept {
    time: Timestamp,
    level: Level,
    /// Target, message and values, one behind the other.
    text: String,
    target: usize,
    message: usize,
    /// The keys, and where their values end.
    fields: Vec<(&'static str, usize)>,
}

// === impl RecentRecord ===

impl RecentRecord {
    /// Returns the value of a field.
    pub fn field(&self, key: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(name, _)| *name == key);
        found.map(|(_, value)| value.as_str())
    }
}

// === impl Kept ===

impl Kept {
    fn new() -> Self {
        Self {
            time: Timestamp::UNIX_EPOCH,
            level: Level::TRACE,
            text: String::new(),
            target: 0,
            message: 0,
            fields: Vec::new(),
        }
    }

    fn set(&mut self, line: &Line<'_>) {
        self.time = line.time;
        self.level = line.level;
        self.text.clear();
        self.text.push_str(line.target);
        self.target = self.text.len();
        self.text.push_str(line.message);
        self.message = self.text.len();
        self.fields.clear();
        for (key, value) in line.fields.pairs() {
            escape::unjson(&mut self.text, value);
            self.fields.push((key, self.text.len()));
        }
    }

    fn bytes(&self) -> usize {
        let field = size_of::<(&str, usize)>();
        size_of::<Self>() + self.text.capacity() + self.fields.capacity() * field
    }

    fn record(&self) -> RecentRecord {
        let part = |start: usize, end: usize| self.text.get(start..end).unwrap_or_default();
        let mut start = self.message;
        let fields = self.fields.iter().map(|(key, end)| {
            let value = part(start, *end);
            start = *end;
            (*key, value.to_owned())
        });
        RecentRecord {
            time: self.time,
            level: self.level,
            target: part(0, self.target).to_owned(),
            message: part(self.target, self.message).to_owned(),
            fields: fields.collect(),
        }
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

    /// Keeps a record, for which the oldest ones go.
    ///
    /// One that is larger than all of the ring is not kept.
    pub(crate) fn push(&self, line: &Line<'_>) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = if ring.records.len() >= self.max_records {
            ring.pop().unwrap_or_else(Kept::new)
        } else {
            Kept::new()
        };
        kept.set(line);
        let bytes = kept.bytes();
        if bytes > self.max_bytes {
            return;
        }
        while ring.bytes + bytes > self.max_bytes && ring.pop().is_some() {}
        ring.bytes += bytes;
        ring.records.push_back(kept);
    }

    /// Returns what is there, newest last.
    pub(crate) fn records(&self) -> Vec<RecentRecord> {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        ring.records.iter().map(Kept::record).collect()
    }
}

// === impl Ring ===

impl Ring {
    fn pop(&mut self) -> Option<Kept> {
        let oldest = self.records.pop_front()?;
        self.bytes -= oldest.bytes();
        Some(oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::{Fields, Key, Style, Value};

    fn push(recent: &Recent, message: &str, pairs: &[(&'static str, &str)]) {
        let mut fields = Fields::default();
        let style = Style::all();
        for (key, value) in pairs {
            fields.push(&style, &Key::new(&style, key), Value::Text(value));
        }
        let now = Timestamp::UNIX_EPOCH;
        recent.push(&Line::own(Level::WARN, now, message, &fields));
    }

    #[test]
    fn memory_of_an_older_record_shows_nothing_of_it() {
        let recent = Recent::new(rank(Level::WARN), 1, 10_000);
        push(&recent, "the first one", &[("a", "old"), ("b", "older")]);
        push(&recent, "next", &[("c", "new")]);
        let records = recent.records();
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].target, "watchkeep_logging");
        assert_eq!(records[0].message, "next");
        assert_eq!(records[0].fields, [("c", "new".to_owned())]);
    }

    #[test]
    fn record_larger_than_the_ring_is_not_kept() {
        let recent = Recent::new(rank(Level::WARN), 10, 2_000);
        push(&recent, "small", &[]);
        push(&recent, &"x".repeat(3_000), &[]);
        assert_eq!(recent.records()[0].message, "small");
        assert_eq!(recent.records().len(), 1);
    }
}
