//! The rows in which the state machine is stored; times are wall-clock milliseconds.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::alert::{Labels, level_of};
use crate::clock::Now;
use crate::fingerprint::Fingerprint;
use crate::journal::{Change, Row, Table};
use crate::matcher::{MatchOp, Matcher, Matchers};
use crate::state::effect::Lane;
use crate::state::groups::{Group, Groups, Member};
use crate::state::log::{Entry, Mark, Pending};
use crate::state::moment::Moment;
use crate::state::packed::{Packed, Pairs};
use crate::state::silence::Silence;
use crate::state::stored::{Said, Stored};
use crate::timestamp::Timestamp;
use crate::view::AlertKind;

/// A row that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("row `{key}` of {table:?} cannot be read")]
pub(crate) struct RowError {
    table: Table,
    key: String,
    source: serde_json::Error,
}

#[derive(Debug, Deserialize)]
pub(super) struct AlertRow {
    labels: Labels,
    annotations: Labels,
    #[serde(default)]
    generator_url: String,
    kind: AlertKind,
    starts_at: i64,
    updated_at: i64,
    ends_at: Option<i64>,
    timeout: bool,
    pub(super) occurrences: u64,
    pub(super) alias: Option<Fingerprint>,
    pub(super) firing: bool,
    pub(super) groups: Vec<MemberRow>,
}

/// The same row as it is written.
#[derive(Debug, Serialize)]
pub(super) struct AlertRowOf<'a> {
    labels: Pairs<'a>,
    annotations: Pairs<'a>,
    #[serde(skip_serializing_if = "str::is_empty")]
    generator_url: &'a str,
    kind: AlertKind,
    starts_at: i64,
    updated_at: i64,
    ends_at: Option<i64>,
    timeout: bool,
    occurrences: u64,
    alias: Option<Fingerprint>,
    firing: bool,
    groups: Vec<MemberRowOf<'a>>,
}

/// A group that has an alert, by the key of its row.
#[derive(Debug, Deserialize)]
pub(super) struct MemberRow {
    pub(super) group: String,
    seen: bool,
    #[serde(default)]
    anew: bool,
    gone: bool,
}

/// The same as it is written.
#[derive(Debug, Serialize)]
struct MemberRowOf<'a> {
    group: &'a str,
    seen: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    anew: bool,
    gone: bool,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct GroupRow {
    pub(super) route: String,
    pub(super) receiver: String,
    pub(super) key: String,
    pub(super) labels: Labels,
    pub(super) next: i64,
    pub(super) flushed: bool,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct EntryRow {
    pub(super) group: String,
    pub(super) lane: Lane,
    delivered: Option<MarkRow>,
    pending: Vec<PendingRow>,
    pub(super) expires: Option<i64>,
}

#[derive(Debug, Deserialize, Serialize)]
struct PendingRow {
    id: String,
    mark: MarkRow,
}

#[derive(Debug, Deserialize, Serialize)]
struct MarkRow {
    firing: Vec<Fingerprint>,
    resolved: Vec<Fingerprint>,
    muted: Vec<Fingerprint>,
    at: i64,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct SilenceRow {
    id: String,
    matchers: Vec<(String, String, String)>,
    starts_at: i64,
    ends_at: i64,
    updated_at: i64,
    created_by: String,
    comment: String,
}

/// Reads a row's JSON.
pub(super) fn read<T: DeserializeOwned>(row: &Row) -> Result<T, RowError> {
    serde_json::from_str(&row.value).map_err(|source| RowError {
        table: row.table,
        key: row.key.clone(),
        source,
    })
}

pub(super) fn write(table: Table, key: String, value: &impl Serialize) -> Change {
    write_long(table, key, value, 0)
}

/// Writes a row that will have about so many bytes.
pub(super) fn write_long(
    table: Table,
    key: String,
    value: &impl Serialize,
    bytes: usize,
) -> Change {
    let mut text = Vec::with_capacity(bytes);
    let written = serde_json::to_writer(&mut text, value);
    written.expect("a row has text keys and finite numbers only");
    let text = String::from_utf8(text).expect("JSON is a text");
    Change {
        table,
        key,
        value: Some(text),
    }
}

pub(super) fn delete(table: Table, key: String) -> Change {
    Change {
        table,
        key,
        value: None,
    }
}

/// Returns the key of an alert's row: a number, so that keys sort by age.
pub(super) fn alert_key(row: u64) -> String {
    format!("{row:016x}")
}

/// Reads the number of an alert's row from its key.
pub(super) fn alert_number(row: &Row) -> Result<u64, RowError> {
    u64::from_str_radix(&row.key, 16).map_err(|error| RowError {
        table: row.table,
        key: row.key.clone(),
        source: serde::de::Error::custom(error),
    })
}

/// Returns the key of the row of what a lane was told; the lengths keep apart what names may make look the same.
pub(super) fn entry_key(group: &str, lane: &Lane) -> String {
    let Lane {
        receiver,
        integration,
    } = lane;
    format!("{integration}/{}:{receiver}/{group}", receiver.len())
}

// === impl AlertRowOf ===

impl<'a> AlertRowOf<'a> {
    pub(super) fn new(fingerprint: Fingerprint, stored: &'a Stored, groups: &'a Groups) -> Self {
        let said = &stored.said;
        let member = |id: &u64| {
            let group = groups.get(*id)?;
            let member = group.members.get(&fingerprint)?;
            Some(MemberRowOf {
                group: &group.row_key,
                seen: member.seen,
                anew: member.anew,
                gone: member.gone,
            })
        };
        Self {
            labels: said.alert.labels(),
            annotations: said.alert.annotations(),
            generator_url: said.alert.generator_url(),
            kind: said.kind,
            starts_at: said.starts_at.as_millis(),
            updated_at: said.updated_at.as_millis(),
            ends_at: said.ends.map(|end| end.wall.as_millis()),
            timeout: said.timeout,
            occurrences: stored.occurrences,
            alias: stored.alias,
            firing: stored.firing,
            groups: stored.groups.iter().filter_map(member).collect(),
        }
    }
}

// === impl AlertRow ===

impl AlertRow {
    pub(super) fn said(&self, now: Now) -> Said {
        let at = |millis| Moment::at(now, Timestamp::from_millis(millis));
        Said {
            alert: Packed::from_texts(&self.labels, &self.annotations, level_of(&self.labels))
                .with_source(&self.generator_url),
            kind: self.kind,
            starts_at: Timestamp::from_millis(self.starts_at),
            updated_at: Timestamp::from_millis(self.updated_at),
            ends: self.ends_at.map(at),
            timeout: self.timeout,
        }
    }
}

// === impl MemberRow ===

impl MemberRow {
    pub(super) const fn member(&self) -> Member {
        Member {
            seen: self.seen,
            anew: self.anew,
            gone: self.gone,
            why: None,
        }
    }
}

// === impl GroupRow ===

impl GroupRow {
    pub(super) fn of(group: &Group) -> Self {
        Self {
            route: group.route_key.to_string(),
            receiver: group.receiver.to_string(),
            key: group.key.to_string(),
            labels: group.labels.clone(),
            next: group.next.wall.as_millis(),
            flushed: group.flushed,
        }
    }
}

// === impl EntryRow ===

impl EntryRow {
    pub(super) fn of(group: &str, lane: &Lane, entry: &Entry, expires: Option<Moment>) -> Self {
        let pending = |pending: &Pending| PendingRow {
            id: pending.id.clone(),
            mark: MarkRow::of(&pending.mark),
        };
        Self {
            group: group.to_owned(),
            lane: lane.clone(),
            delivered: entry.delivered.as_ref().map(MarkRow::of),
            pending: entry.pending.iter().map(pending).collect(),
            expires: expires.map(|at| at.wall.as_millis()),
        }
    }

    pub(super) fn entry(&self, now: Now) -> Entry {
        let pending = |row: &PendingRow| Pending {
            id: row.id.clone(),
            mark: row.mark.mark(now),
        };
        Entry {
            delivered: self.delivered.as_ref().map(|row| row.mark(now)),
            pending: self.pending.iter().map(pending).collect(),
        }
    }
}

// === impl MarkRow ===

impl MarkRow {
    fn of(mark: &Mark) -> Self {
        Self {
            firing: mark.firing.clone(),
            resolved: mark.resolved.clone(),
            muted: mark.muted.clone(),
            at: mark.at.wall.as_millis(),
        }
    }

    /// Returns the mark; one from the future (the clock was set back) counts as of now.
    fn mark(&self, now: Now) -> Mark {
        Mark {
            firing: self.firing.clone(),
            resolved: self.resolved.clone(),
            muted: self.muted.clone(),
            at: Moment::at(now, Timestamp::from_millis(self.at)).min(Moment::of(now)),
        }
    }
}

// === impl SilenceRow ===

impl SilenceRow {
    pub(super) fn of(silence: &Silence) -> Self {
        let matcher = |matcher: &Matcher| {
            let op = matcher.op().to_string();
            (matcher.name().to_owned(), op, matcher.value().to_owned())
        };
        Self {
            id: silence.id.clone(),
            matchers: silence.matchers.iter().map(matcher).collect(),
            starts_at: silence.starts_at.as_millis(),
            ends_at: silence.ends_at.as_millis(),
            updated_at: silence.updated_at.as_millis(),
            created_by: silence.created_by.clone(),
            comment: silence.comment.clone(),
        }
    }

    pub(super) fn silence(self, row: &Row) -> Result<Silence, RowError> {
        let broken = |reason: String| RowError {
            table: row.table,
            key: row.key.clone(),
            source: serde::de::Error::custom(reason),
        };
        let matcher = |(name, op, value): (String, String, String)| {
            let op = match op.as_str() {
                "=" => MatchOp::Equal,
                "!=" => MatchOp::NotEqual,
                "=~" => MatchOp::Regex,
                "!~" => MatchOp::NotRegex,
                other => return Err(broken(format!("`{other}` is no operator"))),
            };
            Matcher::new(name, op, value).map_err(|error| broken(error.to_string()))
        };
        let matchers: Result<Vec<_>, _> = self.matchers.into_iter().map(matcher).collect();
        Ok(Silence {
            id: self.id,
            matchers: Matchers::as_given(matchers?),
            starts_at: Timestamp::from_millis(self.starts_at),
            ends_at: Timestamp::from_millis(self.ends_at),
            updated_at: Timestamp::from_millis(self.updated_at),
            created_by: self.created_by,
            comment: self.comment,
        })
    }
}
