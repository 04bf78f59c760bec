//! A notice on its way to one receiver.

use std::fmt::Write as _;

use crate::alert::{Alert, Labels};
use crate::clock;
use crate::fingerprint::Fingerprint;
use crate::level::Level;
use crate::view::{AlertKind, AlertView, Status};

/// A notice on its way to one receiver: its alerts, and whether any still fires.
#[derive(Clone, Debug)]
pub struct Notification {
    id: String,
    receiver: String,
    group_labels: Labels,
    alerts: Vec<AlertView>,
}

impl Notification {
    pub(crate) fn new(id: String, receiver: String, alert: AlertView) -> Self {
        Self {
            id,
            receiver,
            group_labels: alert.labels.clone(),
            alerts: vec![alert],
        }
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

    /// Returns the alerts; there is at least one.
    pub fn alerts(&self) -> &[AlertView] {
        &self.alerts
    }

    /// Returns the labels by which these alerts were grouped.
    pub const fn group_labels(&self) -> &Labels {
        &self.group_labels
    }

    /// Returns the key of the group, in Alertmanager's form: the same for all notices about the same thing.
    pub fn group_key(&self) -> String {
        let mut key = String::from("{}:{");
        for (at, (name, value)) in self.group_labels.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(key, "{comma}{name}={value:?}").expect("writing to a string does not fail");
        }
        key.push('}');
        key
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

fn common<'a>(mut maps: impl Iterator<Item = &'a Labels>) -> Labels {
    let mut common = maps.next().cloned().unwrap_or_default();
    for map in maps {
        common.retain(|name, value| map.get(name) == Some(value));
    }
    common
}
