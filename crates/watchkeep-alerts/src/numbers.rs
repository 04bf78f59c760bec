//! The engine's own metrics, through the `metrics` facade.

use metrics::{counter, describe_counter, describe_gauge, gauge};

use crate::level::Level;

const ACTIVE: &str = "watchkeep_alerts_active";
const NOTIFICATIONS: &str = "watchkeep_alerts_notifications_total";
const REFUSED: &str = "watchkeep_alerts_refused_total";
const TRIGGERED: &str = "watchkeep_alerts_triggered_total";

/// How a notice ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome {
    Delivered,
    Dropped,
    Failed,
}

impl Outcome {
    const ALL: [Self; 3] = [Self::Delivered, Self::Dropped, Self::Failed];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Dropped => "dropped",
            Self::Failed => "failed",
        }
    }
}

/// Describes every family, and starts every value that is known at 0.
pub(crate) fn register(receivers: &[String]) {
    describe_gauge!(ACTIVE, "Alerts that are active now.");
    describe_counter!(NOTIFICATIONS, "Notices to receivers, by how they ended.");
    describe_counter!(
        REFUSED,
        "Alerts that were refused because too many were active."
    );
    describe_counter!(
        TRIGGERED,
        "Alerts that were raised, each occurrence counted."
    );
    for level in Level::ALL {
        gauge!(ACTIVE, "severity" => level.severity()).increment(0.0);
        counter!(REFUSED, "severity" => level.severity()).increment(0);
        counter!(TRIGGERED, "severity" => level.severity()).increment(0);
    }
    for receiver in receivers {
        for outcome in Outcome::ALL {
            counter!(NOTIFICATIONS, "receiver" => receiver.clone(), "outcome" => outcome.as_str())
                .increment(0);
        }
    }
}

pub(crate) fn began(level: Level) {
    gauge!(ACTIVE, "severity" => level.severity()).increment(1.0);
}

pub(crate) fn ended(level: Level) {
    gauge!(ACTIVE, "severity" => level.severity()).decrement(1.0);
}

pub(crate) fn triggered(level: Level) {
    counter!(TRIGGERED, "severity" => level.severity()).increment(1);
}

pub(crate) fn refused(level: Level) {
    counter!(REFUSED, "severity" => level.severity()).increment(1);
}

pub(crate) fn notified(receiver: &str, outcome: Outcome, count: u64) {
    counter!(NOTIFICATIONS, "receiver" => receiver.to_owned(), "outcome" => outcome.as_str())
        .increment(count);
}
