//! What somebody was told, or why not: the last decisions, kept in the journal.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Now;
use crate::driver::packed::Packed;
use crate::fingerprint::Fingerprint;
use crate::journal::{Change, Row, Table};
use crate::outbox::{Note, Progress, Step};
use crate::state::Decision;
use crate::timestamp::Timestamp;

/// The most decisions that are kept.
const ENTRIES: usize = 10_000;
/// How long one is kept at most: 120 hours, as what receivers were told.
const RETENTION: Duration = Duration::from_secs(120 * 3_600);

/// The most bytes of their rows.
const BYTES: usize = 16 << 20;

/// A decision: who was told of what, or was not, as it was asked, and why.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Entry {
    pub(crate) at: Timestamp,
    pub(crate) receiver: String,
    pub(crate) group_key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fingerprint: Option<Fingerprint>,
    /// The labels of the alerts that it is about, as far as they are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) alerts: Vec<Packed>,
    /// The notice, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) notice: Option<String>,
    /// The place of the channel among those of the receiver.
    #[serde(default)]
    pub(crate) integration: usize,
    /// How often the notice was tried.
    #[serde(default)]
    pub(crate) tries: u32,
    /// One word.
    pub(crate) reason: String,
    /// The reason in full.
    pub(crate) words: String,
}

/// The last decisions, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    entries: VecDeque<Kept>,
    serial: u64,
    bytes: usize,
}

/// A decision, with its number and the bytes of its row.
#[derive(Debug, Eq, PartialEq)]
struct Kept {
    serial: u64,
    bytes: usize,
    entry: Entry,
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
            trail.push(entry, row.value.len());
        }
        Ok(trail)
    }

    pub(super) fn add(&mut self, entry: Entry, now: Now, changes: &mut Vec<Change>) {
        self.serial += 1;
        let row = serde_json::to_string(&entry).expect("texts and a time are JSON");
        self.push(entry, row.len());
        changes.push(Change {
            table: Table::Audit,
            key: key(self.serial),
            value: Some(row),
        });
        while self.is_too_much(now.wall)
            && let Some(oldest) = self.entries.pop_front()
        {
            self.bytes -= oldest.bytes;
            changes.push(Change {
                table: Table::Audit,
                key: key(oldest.serial),
                value: None,
            });
        }
    }

    /// Returns the decisions that are not too old, the newest first.
    pub(crate) fn iter(&self, now: Timestamp) -> impl Iterator<Item = &Entry> {
        let entries = self.entries.iter().rev().map(|kept| &kept.entry);
        entries.take_while(move |entry| now.since(entry.at) < RETENTION)
    }

    fn push(&mut self, entry: Entry, bytes: usize) {
        self.bytes += bytes;
        self.entries.push_back(Kept {
            serial: self.serial,
            bytes,
            entry,
        });
    }

    fn is_too_much(&self, now: Timestamp) -> bool {
        let is_old = |kept: &Kept| now.since(kept.entry.at) >= RETENTION;
        self.entries.len() > ENTRIES
            || self.bytes > BYTES && self.entries.len() > 1
            || self.entries.front().is_some_and(is_old)
    }
}

// === impl Entry ===

impl Entry {
    pub(super) fn of(decision: Decision) -> Self {
        Self {
            reason: decision.why.word().to_owned(),
            words: decision.why.to_string(),
            at: decision.at,
            receiver: decision.receiver,
            group_key: decision.group_key,
            fingerprint: decision.fingerprint,
            alerts: decision.alerts.iter().map(Packed::of).collect(),
            notice: decision.notice,
            integration: decision.integration,
            tries: 0,
        }
    }

    /// Makes an entry of what was delivered, and of the first try that failed; how later ones went is shown while they go on.
    pub(super) fn of_progress(now: Now, progress: &Progress) -> Option<Self> {
        let (reason, words) = match (progress.step, progress.attempts) {
            (Step::Delivered, 0 | 1) => ("delivered", "delivered at the first try".to_owned()),
            (Step::Delivered, tries) => ("delivered", format!("delivered after {tries} tries")),
            (Step::Retrying, 1) => {
                let error = progress.error.as_deref().unwrap_or("no reason was given");
                ("retrying", format!("the first try failed: {error}"))
            }
            (Step::Accepted | Step::Dead | Step::Retrying, _) => return None,
        };
        Some(Self {
            at: now.wall,
            receiver: progress.lane.receiver.clone(),
            group_key: progress.notification.group_key(),
            fingerprint: None,
            alerts: Vec::new(),
            notice: Some(progress.notification.id().to_owned()),
            integration: progress.lane.integration,
            tries: progress.attempts,
            reason: reason.to_owned(),
            words,
        })
    }

    pub(super) fn of_note(note: &Note) -> Self {
        Self {
            at: note.at,
            receiver: note.lane.receiver.clone(),
            group_key: note.group_key.clone(),
            fingerprint: None,
            alerts: Vec::new(),
            notice: Some(note.id.clone()),
            integration: note.lane.integration,
            tries: 0,
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
            alerts: Vec::new(),
            notice: None,
            integration: 0,
            tries: 0,
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
    fn decisions_are_bounded_in_bytes_and_the_newest_is_kept_whatever_its_size() {
        let mut trail = Trail::default();
        let mut changes = Vec::new();
        let mut large = entry(now(0));
        large.words = "x".repeat(BYTES / 10);
        for _ in 0..20 {
            trail.add(large.clone(), now(0), &mut changes);
            assert!(trail.bytes <= BYTES);
        }
        assert_eq!(trail.entries.len(), 9);
        large.words = "x".repeat(BYTES);
        trail.add(large, now(0), &mut changes);
        assert_eq!(trail.entries.len(), 1);
        let kept = changes.iter().filter(|it| it.value.is_some()).count();
        let deleted = changes.iter().filter(|it| it.value.is_none()).count();
        assert_eq!(kept - deleted, 1);
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
        assert_eq!(restored.bytes, trail.bytes);
        assert_eq!(restored.iter(now(12).wall).count(), 12);
        assert_eq!(
            restored.iter(now(125).wall).count(),
            6,
            "the old ones are not shown"
        );
        restored.add(entry(now(12)), now(12), &mut changes);
        assert_eq!(changes[0].key, key(13));
        assert_eq!(restored.iter(now(12).wall).next(), Some(&entry(now(12))));
    }
}
