//! The log lines of alerts: one when it begins, one when it ends.

use std::fmt::Write as _;

use crate::level::Level;
use crate::text::value;
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

pub(crate) fn began(alert: &AlertView) {
    let (name, summary, details) = words(alert);
    at_level!(
        alert.level,
        alertname = name,
        severity = alert.level.severity(),
        summary,
        details,
        fingerprint = %alert.fingerprint,
        "alert firing"
    );
}

pub(crate) fn ended(alert: &AlertView) {
    let (name, summary, details) = words(alert);
    at_level!(
        alert.level,
        alertname = name,
        severity = alert.level.severity(),
        summary,
        details,
        fingerprint = %alert.fingerprint,
        occurrences = alert.occurrences,
        "alert resolved"
    );
}

/// Returns the name, the message and the details, as they came: who writes lines escapes what would break them.
fn words(alert: &AlertView) -> (&str, &str, String) {
    let mut details = String::new();
    for (name, value) in &alert.annotations {
        if name != "summary" {
            let space = if details.is_empty() { "" } else { " " };
            write!(details, "{space}{name}={value}").expect("writing to a string does not fail");
        }
    }
    (
        value(&alert.labels, "alertname"),
        value(&alert.annotations, "summary"),
        details,
    )
}
