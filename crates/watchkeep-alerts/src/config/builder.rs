//! A configuration in the making: what a file and a program say comes together here, and is checked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use super::error::{ConfigError, ConfigWarning, Located, shown};
use super::receiver::ReceiverConfig;
use super::{Config, Extensions, InhibitRule, RESOLVE_TIMEOUT};
use crate::interval::TimeInterval;
use crate::matcher::{MatchOp, Matchers};
use crate::route::{RouteBuilder, RouteTree};

/// The longest name of a receiver or a time interval, in bytes.
const NAME_BYTES: usize = 128;
/// The most receivers.
const RECEIVERS: usize = 10_000;
/// The most inhibition rules.
const RULES: usize = 10_000;
/// The most regular expressions.
const EXPRESSIONS: usize = 2_000;

/// Makes a [`Config`] in Rust, with the same checks as a file.
///
/// ```
/// use std::time::Duration;
/// use watchkeep_alerts::Labels;
/// use watchkeep_alerts::config::{Config, InhibitRule, ReceiverConfig};
/// use watchkeep_alerts::interval::TimeInterval;
/// use watchkeep_alerts::matcher::Matchers;
/// use watchkeep_alerts::route::RouteBuilder;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = Config::builder()
///     .receiver(ReceiverConfig::new("log"))
///     .receiver(ReceiverConfig::new("chat"))
///     .route(
///         RouteBuilder::to("log").group_by(["alertname"]).child(
///             RouteBuilder::to("chat")
///                 .matchers(Matchers::parse("severity=~error|critical")?)
///                 .group_wait(Duration::from_secs(10))
///                 .mute_during("weekends"),
///         ),
///     )
///     .interval("weekends", [
///         TimeInterval::new().with_weekdays("saturday")?,
///         TimeInterval::new().with_weekdays("sunday")?,
///     ])
///     .inhibit(InhibitRule::new(
///         Matchers::parse("severity=critical")?,
///         Matchers::parse("severity=error")?,
///     ).with_equal(["service"]))
///     .build()?;
/// let labels = Labels::from([("severity".to_owned(), "error".to_owned())]);
/// assert_eq!(config.routes().receivers(&labels), ["chat"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
#[must_use = "a builder does nothing until it is built"]
pub struct ConfigBuilder {
    pub(super) route: Option<RouteBuilder>,
    pub(super) receivers: Vec<ReceiverConfig>,
    pub(super) inhibit_rules: Vec<InhibitRule>,
    pub(super) intervals: Vec<(Located<String>, Vec<TimeInterval>)>,
    pub(super) resolve_timeout: Option<Duration>,
    pub(super) extensions: Extensions,
    pub(super) warnings: Vec<ConfigWarning>,
}

impl ConfigBuilder {
    /// Sets the root of the routing tree.
    pub fn route(mut self, root: RouteBuilder) -> Self {
        self.route = Some(root);
        self
    }

    /// Adds a receiver.
    pub fn receiver(mut self, receiver: ReceiverConfig) -> Self {
        self.receivers.push(receiver);
        self
    }

    /// Adds an inhibition rule.
    pub fn inhibit(mut self, rule: InhibitRule) -> Self {
        self.inhibit_rules.push(rule);
        self
    }

    /// Adds a time interval: a time is in it when it is in any of these.
    pub fn interval(
        mut self,
        name: impl Into<String>,
        intervals: impl IntoIterator<Item = TimeInterval>,
    ) -> Self {
        let name = Located::from(name.into());
        self.intervals.push((name, intervals.into_iter().collect()));
        self
    }

    /// Sets how long an alert that says no end lasts after it was last heard of. Default: 5 minutes, as in Alertmanager.
    pub fn resolve_timeout(mut self, timeout: Duration) -> Self {
        self.resolve_timeout = Some(timeout);
        self
    }

    /// Checks it all.
    ///
    /// # Errors
    /// When there is no route, a route of the tree is not valid, a name is used twice, is empty or has more than 128 bytes, or something is used that is not defined; or when there is more of something than the bounds in the [module's documentation](super) allow.
    pub fn build(self) -> Result<Config, ConfigError> {
        let receivers = receiver_names(&self.receivers)?;
        let mut intervals = BTreeMap::new();
        for (name, parts) in self.intervals {
            check_name("a time interval", &name)?;
            if intervals.contains_key(&name.value) {
                let reason = format!("two time intervals are named `{}`", shown(&name.value));
                return Err(ConfigError::new(name.at, reason));
            }
            intervals.insert(name.value, parts);
        }
        let Some(root) = self.route else {
            return Err(ConfigError::new(None, "there is no route"));
        };
        let mut warnings = self.warnings;
        let routes = RouteTree::build(root, &receivers, &intervals, &mut warnings)?;
        let config = Config {
            routes,
            receivers: self.receivers,
            inhibit_rules: self.inhibit_rules,
            intervals,
            resolve_timeout: self.resolve_timeout.unwrap_or(RESOLVE_TIMEOUT),
            extensions: self.extensions,
            warnings,
        };
        check_bounds(&config)?;
        Ok(config)
    }
}

impl fmt::Debug for ConfigBuilder {
    /// Shows no values of extensions: one may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigBuilder")
            .field("route", &self.route)
            .field("receivers", &self.receivers)
            .field("inhibit_rules", &self.inhibit_rules)
            .field("extensions", &self.extensions.keys())
            .finish_non_exhaustive()
    }
}

fn receiver_names(receivers: &[ReceiverConfig]) -> Result<BTreeSet<String>, ConfigError> {
    let mut names = BTreeSet::new();
    for receiver in receivers {
        let name = Located {
            value: receiver.name.clone(),
            at: receiver.at,
        };
        check_name("a receiver", &name)?;
        if !names.insert(name.value) {
            let reason = format!("two receivers are named `{}`", shown(&receiver.name));
            return Err(ConfigError::new(receiver.at, reason));
        }
    }
    Ok(names)
}

fn check_name(what: &str, name: &Located<String>) -> Result<(), ConfigError> {
    match name.value.len() {
        1..=NAME_BYTES => Ok(()),
        0 => Err(ConfigError::new(name.at, format!("{what} has no name"))),
        _ => {
            let reason = format!("the name of {what} has more than {NAME_BYTES} bytes");
            Err(ConfigError::new(name.at, reason))
        }
    }
}

fn check_bounds(config: &Config) -> Result<(), ConfigError> {
    let is_regex = |op: MatchOp| matches!(op, MatchOp::NotRegex | MatchOp::Regex);
    let count = |matchers: &Matchers| matchers.iter().filter(|m| is_regex(m.op())).count();
    let rules = config
        .inhibit_rules
        .iter()
        .map(|rule| count(&rule.source) + count(&rule.target));
    let routes = config
        .routes
        .iter()
        .map(|(_, route)| count(route.matchers()));
    let expressions: usize = rules.chain(routes).sum();
    for (count, most, what) in [
        (config.receivers.len(), RECEIVERS, "receivers"),
        (config.inhibit_rules.len(), RULES, "inhibition rules"),
        (expressions, EXPRESSIONS, "regular expressions"),
    ] {
        if count > most {
            return Err(ConfigError::new(
                None,
                format!("there are more than {most} {what}"),
            ));
        }
    }
    Ok(())
}
