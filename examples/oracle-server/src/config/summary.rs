//! What a start would do, in words and with the names that change it.

use std::time::Duration;

use watchkeep::logging::one_line;

use super::{Config, Database};

/// The names that logging reads.
const LOG_NAMES: [&str; 8] = [
    "LOG_LEVEL",
    "LOG_CONSOLE",
    "LOG_DIR",
    "LOG_JSON",
    "LOG_MAX_BYTES",
    "LOG_BACKUPS",
    "LOG_RETENTION_DAYS",
    "DEBUG",
];

/// What is set of them.
pub(super) fn log_settings(
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Vec<(&'static str, Option<String>)> {
    LOG_NAMES.map(|name| (name, lookup(name))).to_vec()
}

impl Config {
    /// Says what a start would do, a line each, without a secret: the names that decide it, and what they decide.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut lines = vec![
            ("ORACLE_ADDR", format!("listens on {}", self.address)),
            ("OPS_ADDR", self.operators_listener_in_words()),
            ("ENVIRONMENT", self.environment.clone()),
            ("DATA_DIR", self.data_dir.display().to_string()),
            ("DATABASE_URL", self.database_in_words()),
            ("REDIS_URL", self.cache_in_words().to_owned()),
            ("AI_ENGINE_URL", self.engine_in_words()),
            ("AI_TIMEOUT_SECONDS", words(self.ai_timeout)),
            (
                "ORACLE_PRICE_PER_1K_TOKENS",
                format!("{} USD", self.price_per_1k_tokens),
            ),
            ("RULES_CONFIG", self.rules.in_words()),
            (
                "MONITOR_INTERVAL_SECONDS",
                self.monitor_interval.map_or_else(
                    || "as the rules say (60 s), 10 s for checks".to_owned(),
                    words,
                ),
            ),
            ("ALERTS_CONFIG", crate::alerts::summary(self)),
            ("ELASTICSEARCH_URL", self.errors_in_words()),
            ("OPS_TOKEN", self.operators_in_words().to_owned()),
            ("ORACLE_DRAIN_DELAY_SECONDS", words(self.drain_delay)),
            ("ORACLE_DRAIN_SECONDS", words(self.drain)),
            (
                "TZ",
                self.zone
                    .clone()
                    .unwrap_or_else(|| "the system's".to_owned()),
            ),
        ];
        lines.extend(self.log_settings.iter().map(|(name, value)| {
            let value = match value.as_deref() {
                None => "the default",
                Some("") => "empty",
                Some(value) => value,
            };
            (*name, value.to_owned())
        }));
        lines.extend(
            self.logging
                .warnings()
                .iter()
                .map(|warning| ("warning", warning.clone())),
        );
        let lines = lines
            .iter()
            .map(|(name, value)| format!("{name:<26} {}\n", one_line(value)));
        lines.collect()
    }

    fn database_in_words(&self) -> String {
        match &self.database {
            Database::Postgres(options) => {
                let options = options.expose();
                format!(
                    "PostgreSQL at {}:{}",
                    options.get_host(),
                    options.get_port()
                )
            }
            Database::Sqlite => "SQLite, embedded".to_owned(),
        }
    }

    const fn cache_in_words(&self) -> &'static str {
        match self.redis {
            Some(_) => "cache in Redis",
            None => "cache embedded",
        }
    }

    fn engine_in_words(&self) -> String {
        let host = self.engine.as_ref().map(|url| url.expose().host_str());
        host.map_or_else(
            || "AI engine embedded".to_owned(),
            |host| format!("AI engine at {}", host.unwrap_or("?")),
        )
    }

    fn errors_in_words(&self) -> String {
        match &self.elasticsearch {
            Some(server) => format!("errors are looked for at {}", server.shown()),
            None => "errors are looked for in the log files".to_owned(),
        }
    }

    fn operators_listener_in_words(&self) -> String {
        match self.operators {
            Some(address) => format!("operators' pages and metrics on {address}"),
            None => "no listener of the operators' own".to_owned(),
        }
    }

    fn operators_in_words(&self) -> &'static str {
        let address = self.operators.unwrap_or(self.address);
        match (&self.ops_token, address.ip().is_loopback()) {
            (Some(_), _) => "operators by token",
            (None, true) => "operators from this machine, without a token",
            (None, false) => {
                "operators' pages closed: no token, and the listener is not on loopback"
            }
        }
    }
}

fn words(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
