//! What operators see: alerts and why nobody is told of them, groups, silences, dead letters, decisions.

use serde::Serialize;

use crate::alert::Labels;
use crate::driver::{Entry, Packed};
use crate::fingerprint::Fingerprint;
use crate::level::Level;
use crate::matcher::Matchers;
use crate::notification::Notification;
use crate::outbox::DeadLetter;
use crate::state::{AlertDetail, GroupDetail, Silence, SilenceDraft, SilenceState};
use crate::timestamp::Timestamp;
use crate::view::AlertView;

/// An alert that fires, and why nobody is told of it, if so.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertReport {
    /// The alert, with its deliveries.
    #[serde(flatten)]
    pub alert: AlertView,
    /// Why nobody is told of it: empty when nothing holds it back.
    pub suppressed: Vec<&'static str>,
    /// The ids of the silences that match it.
    pub silenced_by: Vec<String>,
    /// The alert that inhibits it.
    pub inhibited_by: Option<Fingerprint>,
    /// The time intervals that mute it, or outside of which it is.
    pub muted_by: Vec<String>,
    /// The receivers of its groups.
    pub receivers: Vec<String>,
}

/// A group of alerts, which are told together.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupView {
    /// Its key, in Alertmanager's form.
    pub key: String,
    /// Who is told.
    pub receiver: String,
    /// The labels that its alerts share.
    pub labels: Labels,
    /// When it is looked at next.
    pub next_flush: Timestamp,
    /// Its alerts.
    pub alerts: Vec<Fingerprint>,
}

/// A silence as it is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "a silence does nothing until it is handed to the engine"]
pub struct SilenceRequest {
    id: Option<String>,
    matchers: Matchers,
    starts_at: Option<Timestamp>,
    ends_at: Timestamp,
    created_by: String,
    comment: String,
}

/// A silence.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SilenceView {
    /// Its id, a UUID.
    pub id: String,
    /// Which alerts it silences.
    pub matchers: Matchers,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// Why.
    pub comment: String,
    /// `pending`, `active` or `expired`, as Alertmanager names it.
    pub state: &'static str,
}

/// A notice that was given up.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterView {
    /// The id of the delivery.
    pub id: String,
    /// Who was not told.
    pub receiver: String,
    /// The highest level of its alerts.
    pub level: Level,
    /// When the notice was made.
    pub created_at: Timestamp,
    /// When it was given up.
    pub given_up_at: Timestamp,
    /// How often it was tried.
    pub tries: u32,
    /// Why it was given up.
    pub reason: String,
    /// The notice itself.
    pub notification: Notification,
}

/// How a test notice went.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TestDelivery {
    /// The kind of the channel.
    pub channel: &'static str,
    /// Why it was not delivered, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What somebody was told, or why not: a notice that is handed out or delivered, or that is not as it was asked.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecisionView {
    /// When it was decided.
    pub at: Timestamp,
    /// Who was told, or was not; empty when nobody would have been.
    pub receiver: String,
    /// The key of the group.
    pub group_key: String,
    /// The alert, when it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
    /// The labels of the alerts that it is about, where they are not those of the notice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<Labels>,
    /// The id of the delivery, when there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// The reason in one word: `told`, `retrying`, `delivered`, or as in `watchkeep_alerts_suppressed_total`.
    pub reason: String,
    /// The reason in full.
    pub words: String,
}

// === impl SilenceRequest ===

impl SilenceRequest {
    /// Asks for a silence from now until then.
    pub const fn until(matchers: Matchers, ends_at: Timestamp) -> Self {
        Self {
            id: None,
            matchers,
            starts_at: None,
            ends_at,
            created_by: String::new(),
            comment: String::new(),
        }
    }

    /// Begins it at this time; for a new one, a time that is past is now.
    pub const fn from(mut self, starts_at: Timestamp) -> Self {
        self.starts_at = Some(starts_at);
        self
    }

    /// Changes the silence with this id; when that cannot be, it is ended and a new one is made.
    ///
    /// It can when its matchers stay the same and, once it is active, its start (to the second).
    pub fn replacing(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Says who asks for it.
    pub fn by(mut self, author: impl Into<String>) -> Self {
        self.created_by = author.into();
        self
    }

    /// Says why.
    pub fn because(mut self, comment: impl Into<String>) -> Self {
        self.comment = comment.into();
        self
    }

    pub(crate) fn draft(self, now: Timestamp) -> SilenceDraft {
        SilenceDraft {
            id: self.id,
            matchers: self.matchers,
            starts_at: self.starts_at.unwrap_or(now),
            ends_at: self.ends_at,
            created_by: self.created_by,
            comment: self.comment,
        }
    }
}

// === impl AlertReport ===

impl From<AlertDetail> for AlertReport {
    fn from(detail: AlertDetail) -> Self {
        let reasons = [
            ("silenced", !detail.silenced_by.is_empty()),
            ("inhibited", detail.inhibited_by.is_some()),
            ("muted", !detail.muted_by.is_empty()),
        ];
        let holding = reasons.into_iter().filter(|(_, holds)| *holds);
        Self {
            alert: detail.alert,
            suppressed: holding.map(|(reason, _)| reason).collect(),
            silenced_by: detail.silenced_by,
            inhibited_by: detail.inhibited_by,
            muted_by: detail.muted_by,
            receivers: detail.receivers,
        }
    }
}

// === impl GroupView ===

impl From<GroupDetail> for GroupView {
    fn from(detail: GroupDetail) -> Self {
        Self {
            key: detail.key,
            receiver: detail.receiver,
            labels: detail.labels,
            next_flush: detail.next_flush,
            alerts: detail.alerts,
        }
    }
}

// === impl SilenceView ===

impl SilenceView {
    pub(crate) fn new(silence: &Silence, now: Timestamp) -> Self {
        Self {
            id: silence.id.clone(),
            matchers: silence.matchers.clone(),
            starts_at: silence.starts_at,
            ends_at: silence.ends_at,
            updated_at: silence.updated_at,
            created_by: silence.created_by.clone(),
            comment: silence.comment.clone(),
            state: match silence.state(now) {
                SilenceState::Active => "active",
                SilenceState::Expired => "expired",
                SilenceState::Pending => "pending",
            },
        }
    }
}

// === impl DeadLetterView ===

impl From<&DeadLetter> for DeadLetterView {
    fn from(letter: &DeadLetter) -> Self {
        Self {
            id: letter.id().to_owned(),
            receiver: letter.lane().receiver.clone(),
            level: letter.level(),
            created_at: letter.created_at(),
            given_up_at: letter.at,
            tries: letter.attempts(),
            reason: letter.dead.to_string(),
            notification: letter.notification().clone(),
        }
    }
}

// === impl DecisionView ===

impl From<&Entry> for DecisionView {
    fn from(entry: &Entry) -> Self {
        let entry = entry.clone();
        Self {
            at: entry.at,
            receiver: entry.receiver,
            group_key: entry.group_key,
            fingerprint: entry.fingerprint,
            alerts: entry.alerts.iter().map(Packed::labels).collect(),
            notice: entry.notice,
            reason: entry.reason,
            words: entry.words,
        }
    }
}
