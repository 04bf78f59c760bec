//! The configuration: receivers, routes, inhibition and time intervals, from Alertmanager's YAML or from Rust.
//!
//! ```
//! use watchkeep_alerts::Labels;
//! use watchkeep_alerts::config::Config;
//!
//! let config = Config::from_yaml(r#"
//! route:
//!   receiver: log
//!   group_by: [alertname, service]
//!   routes:
//!     - matchers: [severity = critical]
//!       receiver: pager
//!       group_wait: 10s
//!     - matchers: ['severity =~ "warning|error"']
//!       receiver: chat
//!       mute_time_intervals: [nights]
//! receivers:
//!   - name: log          # bound by its name to a notifier of the program
//!   - name: chat
//!   - name: pager
//!     pagerduty_configs:
//!       - routing_key_file: /etc/keys/pagerduty
//! time_intervals:
//!   - name: nights
//!     time_intervals:
//!       - times: [{start_time: "22:00", end_time: "24:00"}, {start_time: "00:00", end_time: "06:00"}]
//!         location: Europe/Berlin
//! inhibit_rules:
//!   - source_matchers: [severity = critical]
//!     target_matchers: ['severity =~ "warning|error"']
//!     equal: [alertname, service]
//! "#)?;
//! let labels = Labels::from([("severity".to_owned(), "error".to_owned())]);
//! assert_eq!(config.routes().receivers(&labels), ["chat"]);
//!
//! let error = Config::from_yaml("route:\n  receiver: log\n  reciever: chat\n").unwrap_err();
//! assert_eq!(error.to_string(), "line 3, column 3: a route has no field `reciever`");
//! # Ok::<(), watchkeep_alerts::config::ConfigError>(())
//! ```
//!
//! # What is read
//!
//! The schema is Alertmanager's, up to 0.34: what is not a part of it is refused, with the line and column, and so is what this engine has not got ([`ConfigError::is_unsupported`]): other channels, templates, `http_config`.
//! Fields whose name begins with `x-` are extensions; those that are not listed here are kept and left alone.
//!
//! | extension | where | what it does |
//! |---|---|---|
//! | `x-name` | a route | its name, unique in the file: its groups keep their identity when its matchers are edited |
//! | `x-event-ends` | a receiver or a channel, which counts before its receiver | whether it is told the end of events: `true` or `false`; without it PagerDuty and Alertmanager are, others not |
//! | `x-signing-secret`, `x-signing-secret-file` | a webhook | the secret of its Standard Webhooks signatures |
//!
//! A few things differ from Alertmanager on purpose, and are refused: a second document, a null in a list, a name of a receiver over 128 bytes, a month that is none, and the place-holder `<secret>`.
//!
//! # Bounds
//!
//! A file may have 1 MiB, 100,000 nodes when its aliases are written out, and 64 levels; a tree 10,000 routes and 32 levels; a route 256 matchers; a file 2,000 regular expressions, of 1 MiB each when compiled.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::interval::TimeInterval;
use crate::matcher::{Grammar, Matchers};
use crate::route::RouteTree;

mod builder;
mod duration;
mod error;
mod export;
mod file;
mod receiver;
mod script;
mod secret;
mod settings;

pub use builder::ConfigBuilder;
pub use error::{ConfigError, ConfigWarning};
pub(crate) use error::{Located, Position, shown};
pub use export::{Export, Lost};
pub use receiver::{IntegrationConfig, ReceiverConfig, Settings};
pub(crate) use script::read as read_script;
pub use secret::{Secret, SecretError};
pub use settings::{
    DiscordSettings, EmailSettings, PagerDutySettings, SlackSettings, TeamsSettings,
    TelegramSettings, WebhookSettings,
};

/// Values of fields whose name begins with `x-`.
pub type Extensions = BTreeMap<String, serde_json::Value>;

/// How long an alert that says no end lasts after it was last heard of, as in Alertmanager.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(300);

/// A valid configuration.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) routes: RouteTree,
    pub(crate) receivers: Vec<ReceiverConfig>,
    pub(crate) inhibit_rules: Vec<InhibitRule>,
    pub(crate) intervals: BTreeMap<String, Vec<TimeInterval>>,
    pub(crate) resolve_timeout: Duration,
    pub(crate) extensions: Extensions,
    warnings: Vec<ConfigWarning>,
}

/// While a source alert fires, its target alerts are not notified.
///
/// Source and target must have the same values of the labels in `equal`; a label that is not there is empty.
/// An alert that is both inhibits nothing that is both too, so that none inhibits itself: a rule without any matchers inhibits nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InhibitRule {
    pub(crate) source: Matchers,
    pub(crate) target: Matchers,
    pub(crate) equal: Vec<String>,
}

impl Config {
    /// Reads Alertmanager's YAML, matchers by both grammars ([`Grammar::Fallback`]).
    ///
    /// # Errors
    /// When the text is not YAML, or not a valid configuration: with the line, the column and the reason.
    pub fn from_yaml(yaml: &str) -> Result<Self, ConfigError> {
        Self::from_yaml_in(Grammar::Fallback, yaml)
    }

    /// Reads Alertmanager's YAML, matchers by one grammar.
    ///
    /// # Errors
    /// As for [`from_yaml`](Self::from_yaml).
    pub fn from_yaml_in(grammar: Grammar, yaml: &str) -> Result<Self, ConfigError> {
        file::read(grammar, yaml)?.build()
    }

    /// Starts a configuration in Rust.
    pub fn builder() -> ConfigBuilder {
        ConfigBuilder::default()
    }

    /// Returns the routing tree.
    pub const fn routes(&self) -> &RouteTree {
        &self.routes
    }

    /// Returns the receivers, in the order of the file.
    pub fn receivers(&self) -> &[ReceiverConfig] {
        &self.receivers
    }

    /// Returns the inhibition rules, in the order of the file.
    pub fn inhibit_rules(&self) -> &[InhibitRule] {
        &self.inhibit_rules
    }

    /// Returns the time intervals by their names; a time is in one when it is in any of its parts.
    pub const fn intervals(&self) -> &BTreeMap<String, Vec<TimeInterval>> {
        &self.intervals
    }

    /// Returns how long an alert that says no end lasts after it was last heard of. Default: 5 minutes, as in Alertmanager.
    pub const fn resolve_timeout(&self) -> Duration {
        self.resolve_timeout
    }

    /// Returns the extensions of the file's top level.
    pub const fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// Returns what is valid and yet worth a look: deprecated fields, timers that do not fit.
    pub fn warnings(&self) -> &[ConfigWarning] {
        &self.warnings
    }
}

// === impl InhibitRule ===

impl InhibitRule {
    /// Makes a rule that compares no labels: any source inhibits every target.
    pub fn new(source: Matchers, target: Matchers) -> Self {
        Self {
            source,
            target,
            equal: Vec::new(),
        }
    }

    /// Sets the labels that source and target must have in common.
    #[must_use]
    pub fn with_equal<N: Into<String>>(mut self, labels: impl IntoIterator<Item = N>) -> Self {
        self.equal = labels.into_iter().map(Into::into).collect();
        self
    }

    /// Returns what makes an alert a source.
    pub const fn source(&self) -> &Matchers {
        &self.source
    }

    /// Returns what makes an alert a target.
    pub const fn target(&self) -> &Matchers {
        &self.target
    }

    /// Returns the labels that both must have in common.
    pub fn equal(&self) -> &[String] {
        &self.equal
    }
}

#[cfg(test)]
mod tests;
