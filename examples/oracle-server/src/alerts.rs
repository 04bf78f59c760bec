//! Which alerts ORACLE raises by rule, and which channel each level goes to.

use std::collections::BTreeSet;
use std::time::Duration;

use watchkeep::Builder;
use watchkeep::alerts::Level;
use watchkeep::alerts::journal::Sqlite;
use watchkeep::alerts::notifiers::Log;
use watchkeep::health::Registry;
use watchkeep::metrics::Selector;
use watchkeep::rules::{Error, Rule};

use crate::components::DATABASE;
use crate::config::{Channels, Config, NAMES, Routing};

/// How far the rules look back.
const WINDOW: Duration = Duration::from_secs(300);

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

/// The rules that ORACLE brings along.
pub(crate) fn rules(
    database_error: impl Fn() -> Option<String> + Send + Sync + 'static,
) -> Result<Vec<Rule>, Error> {
    let errors = Selector::new("oracle_errors_total");
    let messages = Selector::new("oracle_messages_total");
    let response_time = Selector::new("oracle_response_time_seconds");
    Ok(vec![
        Rule::error_ratio("HighErrorRate", errors, messages)
            .over(WINDOW)
            .above(0.05)
            .with_level(Level::Warning)
            .with_value_detail("error_rate")
            .with_summary("High error rate detected: {{ $value | humanizePercentage }}")?,
        Rule::average("SlowResponses", response_time, 1_000.0)
            .over(WINDOW)
            .above(2_000.0)
            .with_level(Level::Warning)
            .with_value_detail("average_response_time_ms")
            .with_summary("Slow response times: {{ printf \"%.0f\" $value }}ms average")?,
        Rule::component_down("DatabaseDown", DATABASE)
            .with_level(Level::Critical)
            .with_detail_from("error", database_error)
            .with_summary("Database connection failed")?,
    ])
}

/// Asks a registry for the error behind the database, once there is a registry.
pub(crate) fn database_error(registry: &std::sync::OnceLock<Registry>) -> Option<String> {
    registry.get()?.message(DATABASE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_mean_what_the_guide_says() {
        let rules = rules(|| None).expect("the built-in rules are valid");
        let promql: Vec<String> = rules.iter().map(Rule::promql).collect();
        assert_eq!(
            promql,
            [
                "sum(increase(oracle_errors_total[5m])) / sum(increase(oracle_messages_total[5m])) > 0.05",
                "sum(increase(oracle_response_time_seconds_sum[5m])) / sum(increase(oracle_response_time_seconds_count[5m])) * 1000 > 2000",
                "watchkeep_health_status{component=\"database\",status=\"unhealthy\"} > 0",
            ]
        );
        assert!(rules.iter().all(|rule| rule.hold().is_zero()));
    }
}
