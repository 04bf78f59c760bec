//! The last errors of all files: lines until they are shown, so that they take little memory.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::time::SystemTime;

use serde_json::{Map, Value};

use super::document::{KEPT, LARGEST, LONGEST_TEXT};
use crate::escape::boundary;
use crate::query::pick::pick;

/// A line of the last ones, and its time.
type Timed = (SystemTime, Vec<u8>);

/// The last lines of a file, in as many pieces of memory.
pub(super) struct Last {
    lines: VecDeque<Timed>,
    wanted: usize,
}

/// The last lines of the files that were read, the newest first.
pub(super) struct Newest {
    lines: Vec<Timed>,
    wanted: usize,
}

// === impl Last ===

impl Last {
    pub(super) const fn new(wanted: usize) -> Self {
        Self {
            lines: VecDeque::new(),
            wanted,
        }
    }

    pub(super) fn push(&mut self, time: SystemTime, line: &[u8]) {
        if self.wanted == 0 {
            return;
        }
        let mut bytes = if self.lines.len() < self.wanted {
            Vec::new()
        } else {
            self.lines
                .pop_front()
                .map_or_else(Vec::new, |(_, bytes)| bytes)
        };
        bytes.clear();
        if line.len() > LARGEST {
            bytes.extend_from_slice(&cut(line));
        } else {
            bytes.extend_from_slice(line);
        }
        self.lines.push_back((time, bytes));
    }
}

// === impl Newest ===

impl Newest {
    pub(super) const fn new(wanted: usize) -> Self {
        Self {
            lines: Vec::new(),
            wanted,
        }
    }

    /// Takes the last lines of a file, which is older than those of the same sink before it; returns how many there were.
    pub(super) fn add(&mut self, last: Last) -> usize {
        let count = last.lines.len();
        self.lines.extend(last.lines.into_iter().rev());
        // Of several sinks the newest come first; within a sink they stand as they were written.
        self.lines.sort_by_key(|(time, _)| Reverse(*time));
        self.lines.truncate(self.wanted);
        count
    }

    pub(super) fn documents(self) -> Vec<Map<String, Value>> {
        let lines = self.lines.iter();
        lines
            .filter_map(|(_, line)| serde_json::from_slice(line).ok())
            .collect()
    }
}

/// Returns a large line with its main keys only; nothing for one that is no JSON.
fn cut(line: &[u8]) -> Vec<u8> {
    let Some(found) = pick(line, KEPT) else {
        return Vec::new();
    };
    let kept = KEPT.iter().zip(found).filter_map(|(key, text)| {
        let mut text = text?;
        text.truncate(boundary(&text, LONGEST_TEXT));
        Some(((*key).to_owned(), Value::String(text)))
    });
    let mut document: Map<String, Value> = kept.collect();
    document.insert("truncated".to_owned(), Value::Bool(true));
    serde_json::to_vec(&document).unwrap_or_default()
}
