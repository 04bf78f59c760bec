//! A notice on its way: what it says, how often it was tried, and its row.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Now;
use crate::journal::{Change, Row, Table};
use crate::level::Level;
use crate::notification::Notification;
use crate::outbox::Settings;
use crate::state::{Job, JobKind, Lane};
use crate::timestamp::Timestamp;
use crate::view::{AlertKind, AlertView, Status};

/// The longest wait that is taken over from an earlier process.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// A row that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("row `{key}` of {table:?} cannot be read")]
pub(crate) struct RowError {
    pub(super) table: Table,
    pub(super) key: String,
    pub(super) source: serde_json::Error,
}

/// A notice on its way.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(super) job: Head,
    pub(super) notification: Arc<Notification>,
    /// The place among others of its level.
    pub(super) sequence: u64,
    /// How often this very notice was tried.
    pub(super) attempts: u32,
    /// How often it, or what it superseded, failed in a row.
    pub(super) failures: u32,
    pub(super) last_error: Option<String>,
    /// Not to be tried before.
    pub(super) not_before: Duration,
    /// To be given up when a try fails after this.
    pub(super) deadline: Duration,
    /// Whether a try broke off in a way that it may have arrived.
    pub(super) perhaps_told: bool,
    /// Where it stands in for another receiver: that notice's id.
    pub(super) fallback_of: Option<String>,
    /// Whether it was a dead letter.
    pub(super) replayed: bool,
    /// Whether it says only what a dead letter says, and was not tried itself.
    pub(super) echo: bool,
    /// What a digest stands for.
    pub(super) members: Vec<Member>,
}

/// What is said of a job beside its notice.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Head {
    pub(super) id: String,
    pub(super) lane: Lane,
    pub(super) group_key: String,
    pub(super) kind: JobKind,
    pub(super) level: Level,
    pub(super) untold: bool,
    pub(super) created_at: Timestamp,
}

/// A notice that a digest stands for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Member {
    pub(super) id: String,
    pub(super) group_key: String,
}

/// The row of a notice.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct ItemRow {
    job: Head,
    notification: Notification,
    pub(super) sequence: u64,
    attempts: u32,
    failures: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_at: Option<Timestamp>,
    perhaps_told: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fallback_of: Option<String>,
    replayed: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    members: Vec<Member>,
}

// === impl Item ===

impl Item {
    pub(super) fn new(now: Now, job: Job, sequence: u64, budget: Duration) -> Self {
        Self {
            job: Head {
                id: job.id,
                lane: job.lane,
                group_key: job.group_key,
                kind: job.kind,
                level: job.level,
                untold: job.untold,
                created_at: job.created_at,
            },
            notification: Arc::new(job.notification),
            sequence,
            attempts: 0,
            failures: 0,
            last_error: None,
            not_before: now.elapsed,
            deadline: now.elapsed.saturating_add(budget),
            perhaps_told: false,
            fallback_of: None,
            replayed: false,
            echo: false,
            members: Vec::new(),
        }
    }

    /// Returns where it waits: one notice a group, and each replayed one for itself.
    pub(super) fn slot(&self) -> String {
        if self.replayed || !self.members.is_empty() {
            format!("\0{}", self.job.id)
        } else {
            self.job.group_key.clone()
        }
    }

    /// Takes over what an older notice of the same group had to say, and did not get told.
    ///
    /// This notice was never tried, so its bytes may still change.
    pub(super) fn absorb(&mut self, now: Now, older: &Self, settings: &Settings) {
        self.sequence = self.sequence.min(older.sequence);
        self.failures = older.failures;
        self.not_before = self.not_before.max(older.not_before);
        self.perhaps_told |= older.perhaps_told;
        self.job.level = self.job.level.max(older.job.level);
        self.deadline = self.deadline.max(older.deadline);
        let over = self.job.kind == JobKind::Resolve;
        let notification = Arc::make_mut(&mut self.notification);
        let old = older.notification.alerts().iter();
        let missing: Vec<_> = old
            .filter(|alert| !has(notification, alert))
            .map(|alert| late(alert, now.wall, over, settings.event_ends_after))
            .collect();
        let since = older.notification.late_since();
        let since = since.unwrap_or(older.job.created_at);
        notification.join_late(
            missing,
            older.notification.truncated(),
            since,
            settings.alerts_per_notice,
        );
    }

    pub(super) fn row(&self, now: Now) -> ItemRow {
        ItemRow {
            job: self.job.clone(),
            notification: (*self.notification).clone(),
            sequence: self.sequence,
            attempts: self.attempts,
            failures: self.failures,
            last_error: self.last_error.clone(),
            retry_at: (self.not_before > now.elapsed).then(|| now.wall_at(self.not_before)),
            perhaps_told: self.perhaps_told,
            fallback_of: self.fallback_of.clone(),
            replayed: self.replayed,
            members: self.members.clone(),
        }
    }

    pub(super) fn write(&self, now: Now) -> Change {
        Change {
            table: Table::Deliveries,
            key: self.job.id.clone(),
            value: Some(json(&self.row(now))),
        }
    }
}

impl ItemRow {
    pub(super) fn item(self, now: Now, budget: impl Fn(Level) -> Duration) -> Item {
        let spent = now.wall.since(self.job.created_at);
        let left = budget(self.job.level).saturating_sub(spent);
        let wait = self
            .retry_at
            .map_or(Duration::ZERO, |at| at.since(now.wall));
        Item {
            deadline: now.elapsed.saturating_add(left),
            not_before: now.elapsed.saturating_add(wait.min(LONGEST_WAIT)),
            job: self.job,
            notification: Arc::new(self.notification),
            sequence: self.sequence,
            attempts: self.attempts,
            failures: self.failures,
            last_error: self.last_error,
            perhaps_told: self.perhaps_told,
            fallback_of: self.fallback_of,
            replayed: self.replayed,
            echo: false,
            members: self.members,
        }
    }
}

fn has(notification: &Notification, alert: &AlertView) -> bool {
    let alerts = notification.alerts();
    alerts
        .iter()
        .any(|other| other.fingerprint == alert.fingerprint)
}

/// Returns an alert as it is told late, since no newer notice speaks of it: an event whose time has passed is over, and so is all in a notice that everything is.
fn late(alert: &AlertView, now: Timestamp, over: bool, event_ends_after: Duration) -> AlertView {
    let mut alert = alert.clone();
    let lease = match alert.kind {
        AlertKind::Event => Some(alert.updated_at.after(event_ends_after)),
        AlertKind::State => None,
    };
    let end = alert.ends_at.or(lease);
    let ended = end.is_some_and(|end| end <= now);
    if alert.state == Status::Firing && (ended || over) {
        alert.state = Status::Resolved;
        alert.ends_at = Some(end.map_or(now, |end| end.min(now)));
    }
    alert
}

pub(super) fn read<T: serde::de::DeserializeOwned>(row: &Row) -> Result<T, RowError> {
    serde_json::from_str(&row.value).map_err(|source| RowError {
        table: row.table,
        key: row.key.clone(),
        source,
    })
}

pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("maps with text keys and plain values are JSON")
}
