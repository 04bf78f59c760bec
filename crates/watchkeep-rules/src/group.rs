//! Rules that are evaluated one after the other, at one moment.

use std::time::Duration;

use crate::error::{Error, Kind};
use crate::rule::Rule;

/// How often a group is evaluated when nothing else is said: a minute, as Prometheus does.
pub(crate) const DEFAULT_INTERVAL: Duration = Duration::from_secs(60);

/// The shortest interval of a group.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);

/// The most rules of a group.
const MOST_RULES: usize = 10_000;

/// A group of rules, in the order in which they are evaluated: a later one sees what an earlier one recorded or raised.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub(crate) name: String,
    pub(crate) interval: Option<Duration>,
    pub(crate) limit: usize,
    pub(crate) rules: Vec<Rule>,
}

impl Group {
    /// Makes a group.
    ///
    /// # Errors
    /// When the name is empty, or there are over 10,000 rules.
    pub fn new(name: impl Into<String>, rules: Vec<Rule>) -> Result<Self, Error> {
        let group = Self {
            name: name.into(),
            interval: None,
            limit: 0,
            rules,
        };
        let what = match () {
            () if group.name.is_empty() => "it has no name".to_owned(),
            () if group.rules.len() > MOST_RULES => format!("more than {MOST_RULES} rules"),
            () => return Ok(group),
        };
        Err(Kind::Group {
            group: group.name,
            what,
        }
        .into())
    }

    /// Sets how often the group is evaluated, ten milliseconds at the least. Default: every minute.
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval.max(SHORTEST_INTERVAL));
        self
    }

    /// Sets how many alerts, or series, one rule may have; with more all of them are dropped, and the rule has failed. Default: 0, which is no limit of the group's own.
    #[must_use]
    pub const fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns how often the group is evaluated.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.interval.unwrap_or(DEFAULT_INTERVAL)
    }

    /// Returns the rules.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}
