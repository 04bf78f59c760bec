//! Why somebody was not told: the last decisions, kept in the journal.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Now;
use crate::fingerprint::Fingerprint;
use crate::journal::{Change, Row, Table};
use crate::outbox::Note;
use crate::state::Decision;
use crate::timestamp::Timestamp;

/// The most decisions that are kept.
const ENTRIES: usize = 10_000;
/// How long one is kept at most: 120 hours, as what receivers were told.
const RETENTION: Duration = Duration::from_secs(120 * 3_600);

/// A decision: who was not told of what, as it was asked, and why.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Entry {
    pub(crate) at: Timestamp,
    pub(crate) receiver: String,
    pub(crate) group_key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fingerprint: Option<Fingerprint>,
    /// The notice, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) notice: Option<String>,
    /// One word.
    pub(crate) reason: String,
    /// The reason in full.
    pub(crate) words: String,
}

/// The last decisions, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    entries: VecDeque<(u64, Entry)>,
    serial: u64,
}

/// A row that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("row `{key}` of the audit cannot be read")]
pub(super) struct RowError {
    key: String,
    source: serde_json::Error,
}

// === impl Trail ===

impl Trail {
    pub(super) fn restore(rows: &[Row]) -> Result<Self, RowError> {
        let mut rows: Vec<_> = rows
            .iter()
            .filter(|row| row.table == Table::Audit)
            .collect();
        rows.sort_by(|a, b| a.key.cmp(&b.key));
        let mut trail = Self::default();
        for row in rows {
            let entry = serde_json::from_str(&row.value).map_err(|source| RowError {
                key: row.key.clone(),
                source,
            })?;
            trail.serial = row.key.parse().unwrap_or(trail.serial + 1);
            trail.entries.push_back((trail.serial, entry));
        }
        Ok(trail)
    }

    pub(super) fn add(&mut self, entry: Entry, now: Now, changes: &mut Vec<Change>) {
        self.serial += 1;
        changes.push(Change {
            table: Table::Audit,
            key: key(self.serial),
            value: Some(serde_json::to_string(&entry).expect("texts and a time are JSON")),
        });
        self.entries.push_back((self.serial, entry));
        while let Some((serial, oldest)) = self.entries.front() {
            if self.entries.len() <= ENTRIES && now.wall.since(oldest.at) < RETENTION {
                return;
            }
            changes.push(Change {
                table: Table::Audit,
                key: key(*serial),
                value: None,
            });
            self.entries.pop_front();
        }
    }

    /// Returns the decisions, the newest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().rev().map(|(_, entry)| entry)
    }
}

// === impl Entry ===

impl Entry {
    pub(super) fn of(decision: &Decision) -> Self {
        Self {
            at: decision.at,
            receiver: decision.receiver.clone(),
            group_key: decision.group_key.clone(),
            fingerprint: decision.fingerprint,
            notice: None,
            reason: decision.why.word().to_owned(),
            words: decision.why.to_string(),
        }
    }

    pub(super) fn of_note(note: &Note) -> Self {
        Self {
            at: note.at,
            receiver: note.lane.receiver.clone(),
            group_key: note.group_key.clone(),
            fingerprint: None,
            notice: Some(note.id.clone()),
            reason: note.why.word().to_owned(),
            words: note.why.to_string(),
        }
    }
}

/// Numbers that sort as texts.
fn key(serial: u64) -> String {
    format!("{serial:020}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(hours: i64) -> Now {
        Now {
            elapsed: Duration::ZERO,
            wall: Timestamp::from_millis(hours * 3_600_000),
        }
    }

    fn entry(at: Now) -> Entry {
        Entry {
            at: at.wall,
            receiver: "chat".to_owned(),
            group_key: "g".to_owned(),
            fingerprint: None,
            notice: None,
            reason: "silenced".to_owned(),
            words: "silenced by 1".to_owned(),
        }
    }

    #[test]
    fn decisions_are_bounded_in_number_and_age_here_and_in_the_journal() {
        let mut trail = Trail::default();
        let mut changes = Vec::new();
        for _ in 0..ENTRIES + 3 {
            trail.add(entry(now(0)), now(0), &mut changes);
        }
        assert_eq!(trail.entries.len(), ENTRIES);
        let deleted = |changes: &[Change]| changes.iter().filter(|it| it.value.is_none()).count();
        assert_eq!(deleted(&changes), 3);
        trail.add(entry(now(119)), now(119), &mut changes);
        assert_eq!(trail.entries.len(), ENTRIES);
        trail.add(entry(now(120)), now(120), &mut changes);
        assert_eq!(trail.entries.len(), 2, "the old ones are gone");
        assert_eq!(deleted(&changes) + 2, ENTRIES + 5);
    }

    #[test]
    fn decisions_come_back_in_their_order_and_numbers_go_on() {
        let mut trail = Trail::default();
        let mut changes = Vec::new();
        for n in 0..12 {
            trail.add(entry(now(n)), now(n), &mut changes);
        }
        let row = |change: Change| Row {
            table: change.table,
            key: change.key,
            value: change.value.unwrap(),
        };
        let rows: Vec<_> = changes.drain(..).rev().map(row).collect();
        let mut restored = Trail::restore(&rows).unwrap();
        assert_eq!(restored.entries, trail.entries);
        restored.add(entry(now(12)), now(12), &mut changes);
        assert_eq!(changes[0].key, key(13));
        assert_eq!(restored.iter().next(), Some(&entry(now(12))));
    }
}
