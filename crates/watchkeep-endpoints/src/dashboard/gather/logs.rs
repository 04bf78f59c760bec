//! Recent warnings and errors, counted by their codes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tracing::Level;
use watchkeep_logging::{LogHandle, RecentRecord};

use super::super::snapshot::{CodeCount, LogsView, RecordRow, Snapshot};
use super::super::words;

/// The newest ones; the codes count all that the log remembers.
const MOST_RECORDS: usize = 50;

const MOST_CODES: usize = 20;

/// The field that says what kind of error it is, as in ECS.
const CODE: &str = "error.code";

pub(super) fn add(snapshot: &mut Snapshot, logs: Option<&LogHandle>, now: Timestamp) {
    let Some(logs) = logs else { return };
    let state = logs.filter_state();
    let records = logs.recent();
    let filter_words = state.remaining.map_or_else(String::new, |left| {
        format!("for {} more, then {} again", words::span(left), state.base)
    });
    let codes = codes(&records);
    let rows = rows(&records, now);
    snapshot.logs = LogsView {
        is_known: true,
        filter: words::cut(&state.current.to_string()),
        filter_words: words::cut(&filter_words),
        has_codes: !codes.is_empty(),
        codes,
        has_records: !rows.is_empty(),
        records: rows,
    };
}

/// Counts records by code, the most frequent first.
fn codes(records: &[RecentRecord]) -> Vec<CodeCount> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    // The line of a request repeats the code of its error, as a warning.
    for record in records.iter().filter(|it| it.level == Level::ERROR) {
        if let Some(code) = record.field(CODE) {
            *counts.entry(code).or_default() += 1;
        }
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let most = counts.into_iter().take(MOST_CODES);
    most.map(|(code, count)| CodeCount {
        key: code.to_owned(),
        code: words::cut(code),
        count,
    })
    .collect()
}

fn rows(records: &[RecentRecord], now: Timestamp) -> Vec<RecordRow> {
    let mut rows: Vec<RecordRow> = Vec::new();
    for record in records.iter().rev().take(MOST_RECORDS) {
        let mut row = row(record, now);
        // Two records of one microsecond and place are two rows.
        let same = rows
            .iter()
            .filter(|it| it.key.starts_with(&row.key))
            .count();
        if same > 0 {
            row.key = format!("{} {same}", row.key);
        }
        rows.push(row);
    }
    rows
}

fn row(record: &RecentRecord, now: Timestamp) -> RecordRow {
    let fields = record.fields.iter();
    let fields: Vec<String> = fields
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    RecordRow {
        key: format!("{:.6}", record.time),
        at: format!("{:.6}", record.time),
        at_words: words::clock(record.time, now),
        level: record.level.as_str(),
        tone: if record.level == Level::ERROR {
            "unhealthy"
        } else {
            "degraded"
        },
        target: words::cut(&record.target),
        message: words::cut(&record.message),
        fields: words::cut(&fields.join("  ")),
    }
}
