//! Which channel each level of alerts goes to, and what only the process knows about an alert.

use watchkeep::Builder;
use watchkeep::alerts::Level;
use watchkeep::health::Registry;

use crate::components::DATABASE;
use crate::config::Config;

/// Routes each level to its channels; one that is not configured falls back to the log, where every alert goes anyway.
pub(crate) fn route(mut builder: Builder, config: &Config) -> Builder {
    if let Some(slack) = &config.slack {
        builder = builder
            .with_notifier("slack", slack.clone())
            .with_route(Level::Error, &["slack"]);
    }
    builder
}

/// The routes in words.
pub(crate) fn summary(config: &Config) -> String {
    let errors = if config.slack.is_some() {
        "ERROR to slack"
    } else {
        "ERROR to the log (no SLACK_WEBHOOK_URL)"
    };
    format!("{errors}, the other levels to the log")
}

/// Asks a registry for the error behind the database, once there is a registry.
pub(crate) fn database_error(registry: &std::sync::OnceLock<Registry>) -> Option<String> {
    registry.get()?.message(DATABASE)
}
