//! A notice on its way to one receiver.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::alert::{Alert, Labels};
use crate::clock;
use crate::fingerprint::Fingerprint;
use crate::level::Level;
use crate::matcher::quote::write_quoted;
use crate::timestamp::Timestamp;
use crate::view::{AlertKind, AlertView, Status};

/// A notice on its way to one receiver: its alerts, and whether any still fires.
///
/// Serializes into the form in which the outbox keeps it until it is delivered.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Notification {
    id: String,
    receiver: String,
    group_key: String,
    group_labels: Labels,
    alerts: Vec<AlertView>,
    #[serde(default)]
    truncated: usize,
    /// Whether something that the receiver was told still fires, although this notice does not say it.
    #[serde(default)]
    is_open: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    late_since: Option<Timestamp>,
}

/// The group that a notice is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct GroupName {
    pub(crate) key: String,
    pub(crate) labels: Labels,
}

impl Notification {
    pub(crate) fn new(id: String, receiver: String, alert: AlertView) -> Self {
        let name = GroupName {
            key: format!("{{}}:{}", braced(&alert.labels)),
            labels: alert.labels.clone(),
        };
        Self::of_group(id, receiver, name, vec![alert], 0)
    }

    /// Makes a notice about a group; `truncated` alerts more are in the group, but not in the notice.
    pub(crate) fn of_group(
        id: String,
        receiver: String,
        group: GroupName,
        alerts: Vec<AlertView>,
        truncated: usize,
    ) -> Self {
        Self {
            id,
            receiver,
            group_key: group.key,
            group_labels: group.labels,
            alerts,
            truncated,
            is_open: false,
            late_since: None,
        }
    }

    /// Says that something which the receiver was told still fires, and is muted only.
    pub(crate) const fn keep_open(mut self) -> Self {
        self.is_open = true;
        self
    }

    /// Takes over alerts of an older notice that nobody was told, as many as there is room for; the rest is counted.
    pub(crate) fn join_late(
        &mut self,
        mut missing: Vec<AlertView>,
        truncated: usize,
        since: Timestamp,
        most: usize,
    ) {
        let room = most.saturating_sub(self.alerts.len());
        self.truncated = self.truncated.max(truncated) + missing.len().saturating_sub(room);
        missing.truncate(room);
        self.alerts.append(&mut missing);
        self.late_since = Some(since);
    }

    /// Makes it a notice of another delivery, to another receiver.
    pub(crate) fn readdress(&mut self, id: String, receiver: String) {
        self.id = id;
        self.receiver = receiver;
    }

    /// Makes the notice that [`Alerting::test`](crate::Alerting::test) sends, also for the tests of a [`Notifier`](crate::Notifier).
    pub fn test(receiver: impl Into<String>, service: &str) -> Self {
        let mut alert = Alert::new(
            "TestNotification",
            Level::Info,
            "This is a test notice: nothing is wrong",
        );
        alert.adopt(service);
        let now = clock::wall();
        let id = format!("test_{:016x}", fastrand::u64(..));
        let view = AlertView {
            fingerprint: Fingerprint::of(alert.labels()),
            labels: alert.labels().clone(),
            annotations: alert.annotations().clone(),
            state: Status::Firing,
            kind: AlertKind::Event,
            level: alert.level(),
            starts_at: now,
            ends_at: None,
            updated_at: now,
            generator_url: String::new(),
            occurrences: 1,
            deliveries: Vec::new(),
        };
        Self::new(id, receiver.into(), view)
    }

    /// Returns the id of this delivery: the same over all its tries, and never used again.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the name of the receiver.
    pub fn receiver(&self) -> &str {
        &self.receiver
    }

    /// Returns whether any of the alerts still fires.
    pub fn status(&self) -> Status {
        if self
            .alerts
            .iter()
            .any(|alert| alert.state == Status::Firing)
        {
            Status::Firing
        } else {
            Status::Resolved
        }
    }

    /// Says whether nothing that the receiver was told of this group fires any more: an incident can be closed.
    ///
    /// A notice of ends alone does not say so while another alert of the group is only silenced or inhibited.
    pub fn closes(&self) -> bool {
        !self.is_open && self.status() == Status::Resolved
    }

    /// Returns the alerts; there is at least one.
    pub fn alerts(&self) -> &[AlertView] {
        &self.alerts
    }

    #[cfg(all(test, feature = "alertmanager"))]
    pub(crate) fn alerts_mut(&mut self) -> &mut [AlertView] {
        &mut self.alerts
    }

    /// Returns the labels by which these alerts were grouped.
    pub const fn group_labels(&self) -> &Labels {
        &self.group_labels
    }

    /// Returns how many alerts of the group were left out, because one notice takes only so many.
    pub const fn truncated(&self) -> usize {
        self.truncated
    }

    /// Returns since when the receiver could not be told, when this notice stands also for older ones: what is said here is late.
    pub const fn late_since(&self) -> Option<Timestamp> {
        self.late_since
    }

    /// Returns the key of the group, in Alertmanager's form: the same for all notices about the same thing.
    pub fn group_key(&self) -> String {
        self.group_key.clone()
    }

    /// Returns the labels that all alerts share.
    pub fn common_labels(&self) -> Labels {
        common(self.alerts.iter().map(|alert| &alert.labels))
    }

    /// Returns the annotations that all alerts share.
    pub fn common_annotations(&self) -> Labels {
        common(self.alerts.iter().map(|alert| &alert.annotations))
    }
}

/// Prints labels as Alertmanager does: `{a="b", c="d"}`, with values in quotes as in Go.
pub(crate) fn braced(labels: &Labels) -> String {
    let mut text = String::from("{");
    for (at, (name, value)) in labels.iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        write!(text, "{comma}{name}=").expect("writing to a string does not fail");
        write_quoted(&mut text, value).expect("writing to a string does not fail");
    }
    text.push('}');
    text
}

fn common<'a>(mut maps: impl Iterator<Item = &'a Labels>) -> Labels {
    let mut common = maps.next().cloned().unwrap_or_default();
    for map in maps {
        common.retain(|name, value| map.get(name) == Some(value));
    }
    common
}
