//! The log lines of alerts: one when it begins, one when it ends.

use std::fmt::Write as _;

use crate::level::Level;
use crate::state::Begun;
use crate::texts::Texts;
use crate::view::AlertView;

/// The target of every line of this crate, whatever module writes it.
pub(crate) const TARGET: &str = "watchkeep_alerts";

/// Writes an event of the alert's own level.
macro_rules! at_level {
    ($level:expr, $($rest:tt)*) => {
        match $level {
            Level::Critical | Level::Error => tracing::error!(target: TARGET, $($rest)*),
            Level::Warning => tracing::warn!(target: TARGET, $($rest)*),
            Level::Info => tracing::info!(target: TARGET, $($rest)*),
        }
    };
}

pub(crate) fn began(Begun { fingerprint, alert }: &Begun) {
    at_level!(
        alert.level(),
        alertname = alert.name(),
        severity = alert.level().severity(),
        summary = alert.annotations().value("summary"),
        details = details(alert.annotations()),
        fingerprint = %fingerprint,
        "alert firing"
    );
}

pub(crate) fn ended(alert: &AlertView) {
    at_level!(
        alert.level,
        alertname = alert.labels.value_of("alertname"),
        severity = alert.level.severity(),
        summary = alert.annotations.value_of("summary"),
        details = details(alert.annotations.each()),
        fingerprint = %alert.fingerprint,
        occurrences = alert.occurrences,
        "alert resolved"
    );
}

/// Returns the details as they came: who writes lines escapes what would break them.
fn details<'a>(annotations: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut details = String::new();
    for (name, value) in annotations.filter(|(name, _)| *name != "summary") {
        let space = if details.is_empty() { "" } else { " " };
        write!(details, "{space}{name}={value}").expect("writing to a string does not fail");
    }
    details
}
