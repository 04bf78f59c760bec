//! Where alerts go, and what only the process knows about an alert.

use std::collections::BTreeSet;

use watchkeep::Builder;
use watchkeep::alerts::journal::Sqlite;
use watchkeep::alerts::notifiers::Log;
use watchkeep::health::Registry;

use crate::components::DATABASE;
use crate::config::{Channels, Config, NAMES, Routing};

/// Routes alerts as the file says, through the journal; a channel that is not configured falls back to the log.
pub(crate) fn route(
    builder: Builder,
    routing: &Routing,
    channels: Channels,
    journal: Sqlite,
) -> Builder {
    let mut builder = builder.with_notifier("log", Log::new());
    for (receiver, _) in NAMES {
        if !channels.has(receiver) {
            builder = builder.with_notifier(receiver, Log::new());
        }
    }
    for (receiver, notifier) in channels.into_inner() {
        builder = builder.with_notifier(receiver, notifier);
    }
    let config = routing.config.clone();
    builder.with_alerts(|alerts| alerts.config(config).journal(journal))
}

/// The receivers that routes lead to, and that the environment does not configure, each with the name that would.
pub(crate) fn fallbacks(config: &Config) -> Vec<(&'static str, &'static str)> {
    let routes = config.routing.config.routes();
    let used: BTreeSet<&str> = routes.iter().map(|(_, route)| route.receiver()).collect();
    let missing =
        |(receiver, _): &(&str, &str)| used.contains(receiver) && !config.channels.has(receiver);
    NAMES.into_iter().filter(missing).collect()
}

/// The routes in words.
pub(crate) fn summary(config: &Config) -> String {
    let mut text = config.routing.source();
    for (receiver, name) in fallbacks(config) {
        text.push_str(&format!("; {receiver} goes to the log (no {name})"));
    }
    text
}

/// Asks a registry for the error behind the database, once there is a registry.
pub(crate) fn database_error(registry: &std::sync::OnceLock<Registry>) -> Option<String> {
    registry.get()?.message(DATABASE)
}
