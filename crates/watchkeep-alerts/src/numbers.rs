//! The engine's own metrics, through the `metrics` facade.

use metrics::{counter, describe_counter, describe_gauge, gauge};

use crate::level::Level;
use crate::view::AlertView;

const ACTIVE: &str = "watchkeep_alerts_active";
const COMMITS: &str = "watchkeep_alerts_journal_commits_total";
const DEAD_LETTERS: &str = "watchkeep_alerts_dead_letters";
const JOURNAL_UP: &str = "watchkeep_alerts_journal_up";
const NOTIFICATIONS: &str = "watchkeep_alerts_notifications_total";
const QUEUE: &str = "watchkeep_alerts_queue";
const REFUSED: &str = "watchkeep_alerts_refused_total";
const RETRIES: &str = "watchkeep_alerts_retries_total";
const SUPPRESSED: &str = "watchkeep_alerts_suppressed_total";
const TRIGGERED: &str = "watchkeep_alerts_triggered_total";

/// Every reason for which a notice is not delivered as it was asked.
const REASONS: [&str; 13] = [
    "dead_letter",
    "dead_letter_forgotten",
    "digested",
    "ended_untold",
    "inactive",
    "inhibited",
    "muted",
    "never_fired",
    "over_before_told",
    "perhaps_delivered",
    "receiver_gone",
    "silenced",
    "superseded",
];

/// How a notice ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome {
    Delivered,
    Failed,
}

impl Outcome {
    const ALL: [Self; 2] = [Self::Delivered, Self::Failed];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// Describes every family, and starts every value that is known at 0.
pub(crate) fn register<'a>(lanes: impl Iterator<Item = (&'a str, &'static str)>) {
    describe();
    for level in Level::ALL {
        gauge!(ACTIVE, "severity" => level.severity()).increment(0.0);
        counter!(REFUSED, "severity" => level.severity()).increment(0);
        counter!(TRIGGERED, "severity" => level.severity()).increment(0);
    }
    for outcome in ["failed", "written"] {
        counter!(COMMITS, "outcome" => outcome).increment(0);
    }
    for reason in REASONS {
        counter!(SUPPRESSED, "reason" => reason).increment(0);
    }
    gauge!(DEAD_LETTERS).increment(0.0);
    for (receiver, kind) in lanes {
        let receiver = receiver.to_owned();
        for outcome in Outcome::ALL {
            counter!(NOTIFICATIONS, "receiver" => receiver.clone(), "integration" => kind, "outcome" => outcome.as_str())
                .increment(0);
        }
        counter!(RETRIES, "receiver" => receiver.clone(), "integration" => kind).increment(0);
        gauge!(QUEUE, "receiver" => receiver, "integration" => kind).increment(0.0);
    }
}

fn describe() {
    describe_gauge!(ACTIVE, "Alerts that are active now.");
    describe_counter!(
        COMMITS,
        "Commits to the alert journal, by how they ended; many alerts may share one."
    );
    describe_gauge!(DEAD_LETTERS, "Notices that were given up and are kept.");
    describe_gauge!(
        JOURNAL_UP,
        "Whether the alert journal can be written: 1, or 0 while a crash would lose alerts."
    );
    describe_counter!(NOTIFICATIONS, "Notices to receivers, by how they ended.");
    describe_gauge!(QUEUE, "Notices that wait or are being tried.");
    describe_counter!(REFUSED, "Alerts that were refused.");
    describe_counter!(
        RETRIES,
        "Tries of notices that failed and will be repeated."
    );
    describe_counter!(
        SUPPRESSED,
        "What was not told as it was asked, by the reason."
    );
    describe_counter!(
        TRIGGERED,
        "Alerts that were raised, each occurrence counted."
    );
}

/// Counts the alerts that an earlier process left.
pub(crate) fn restored(alerts: &[AlertView]) {
    for alert in alerts {
        began(alert.level);
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

pub(crate) fn notified(receiver: &str, kind: &'static str, outcome: Outcome) {
    counter!(NOTIFICATIONS, "receiver" => receiver.to_owned(), "integration" => kind, "outcome" => outcome.as_str())
        .increment(1);
}

pub(crate) fn retried(receiver: &str, kind: &'static str) {
    counter!(RETRIES, "receiver" => receiver.to_owned(), "integration" => kind).increment(1);
}

#[expect(
    clippy::cast_precision_loss,
    reason = "bounds far below what a double holds exactly"
)]
pub(crate) fn queued(receiver: &str, kind: &'static str, notices: usize) {
    gauge!(QUEUE, "receiver" => receiver.to_owned(), "integration" => kind).set(notices as f64);
}

#[expect(
    clippy::cast_precision_loss,
    reason = "bounds far below what a double holds exactly"
)]
pub(crate) fn dead_letters(letters: usize) {
    gauge!(DEAD_LETTERS).set(letters as f64);
}

pub(crate) fn committed(written: bool) {
    let outcome = if written { "written" } else { "failed" };
    counter!(COMMITS, "outcome" => outcome).increment(1);
}

pub(crate) fn journal_works(works: bool) {
    gauge!(JOURNAL_UP).set(f64::from(u8::from(works)));
}

pub(crate) fn suppressed(reason: &'static str) {
    counter!(SUPPRESSED, "reason" => reason).increment(1);
}
