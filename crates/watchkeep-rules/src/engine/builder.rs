//! How an engine is set up: bounds, and which rules can run.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use watchkeep_alerts::Level;
use watchkeep_metrics::{HistoryLimits, SeriesHistory};

use super::schedule::{self, Schedule};
use super::watched::WatchedRule;
use super::{Budget, Engine, Semantics, Settings, Watched, WatchedGroup};
use crate::clock;
use crate::duration::Shown;
use crate::error::Error;
use crate::evaluate::Query;
use crate::expression::Expression;
use crate::file::RuleFile;
use crate::group::Group;
use crate::rule::Rule;

/// Series that a Prometheus makes itself, while it scrapes and evaluates.
const ONLY_OF_PROMETHEUS: [&str; 6] = [
    "ALERTS_FOR_STATE",
    "scrape_duration_seconds",
    "scrape_samples_post_metric_relabeling",
    "scrape_samples_scraped",
    "scrape_series_added",
    "up",
];

/// Sets an [`Engine`] up.
#[derive(Clone)]
#[must_use]
pub struct EngineBuilder(Settings);

impl EngineBuilder {
    /// Sets how far back rules may look; a longer window runs on a Prometheus only. Default: an hour.
    pub fn with_span(mut self, span: Duration) -> Self {
        self.0.span = span;
        self
    }

    /// Sets the bounds of the history.
    pub fn with_history_limits(mut self, limits: HistoryLimits) -> Self {
        self.0.limits = limits;
        self
    }

    /// Sets what one evaluation of one rule may use.
    pub fn with_budget(mut self, budget: Budget) -> Self {
        self.0.budget = budget;
        self
    }

    /// Sets which Prometheus decides where they differ. Default: 3.
    pub fn with_semantics(mut self, semantics: Semantics) -> Self {
        self.0.semantics = semantics;
        self
    }

    /// Evaluates every group this often, whatever it says.
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.0.interval = Some(interval);
        self
    }

    /// Sets the level of the alert that a rule could not be evaluated, or lets there be none. Default: ERROR.
    pub fn with_failure_level(mut self, level: Option<Level>) -> Self {
        self.0.failure_level = level;
        self
    }

    /// Sets the clock that evaluations are timed by: the time since some fixed moment. Default: the system's monotonic one.
    pub fn with_clock(mut self, clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        self.0.clock = Arc::new(clock);
        self
    }

    /// Takes groups of rules.
    ///
    /// # Errors
    /// When two groups have the same name.
    pub fn build(self, groups: Vec<Group>) -> Result<Engine, Error> {
        Ok(self.build_with(groups, Vec::new())?.0)
    }

    /// Builds an engine whose history also keeps what further expressions read.
    pub(crate) fn build_with(
        self,
        groups: Vec<Group>,
        further: Vec<Expression>,
    ) -> Result<(Engine, Vec<Query>), Error> {
        let groups = RuleFile::new(groups)?.into_groups();
        let settings = self.0;
        let mut notices = Vec::new();
        let mut running: Vec<(Group, Vec<Rule>)> = Vec::new();
        for mut group in groups {
            if let Some(interval) = settings.interval {
                group = group.with_interval(interval);
            }
            let rules = std::mem::take(&mut group.rules);
            let rules = rules
                .into_iter()
                .filter(|rule| runs_here(rule, &settings, &mut notices));
            let rules = rules.collect();
            running.push((group, rules));
        }
        let all = || running.iter().flat_map(|(_, rules)| rules);
        // A sample exactly at the start of a window counts for some.
        let expressions = all().map(|rule| &rule.expression).chain(&further);
        let span = expressions
            .map(|expression| expression.span() + Duration::from_millis(1))
            .max();
        let interval = schedule::tick(
            running.iter().map(|(group, _)| group.interval()),
            all().map(|rule| rule.expression.window()),
        );
        let mut history = SeriesHistory::new(span.unwrap_or_default(), settings.limits);
        let mut watched = Watched::new();
        let groups = running.into_iter().map(|(group, rules)| WatchedGroup {
            schedule: Schedule::new(group.interval()),
            limit: group.limit,
            rules: rules
                .into_iter()
                .map(|rule| WatchedRule::new(rule, &mut history, &mut watched))
                .collect(),
            name: group.name,
        });
        let groups = groups.collect();
        let queries = further
            .into_iter()
            .map(|expression| Query::bind(expression, &mut history, &mut watched));
        let queries = queries.collect();
        let engine = Engine {
            groups,
            history,
            settings,
            notices,
            sources: BTreeMap::new(),
            orphans: Vec::new(),
            interval,
        };
        Ok((engine, queries))
    }
}

impl Default for EngineBuilder {
    fn default() -> Self {
        Self(Settings {
            semantics: Semantics::default(),
            budget: Budget::default(),
            span: Duration::from_secs(3_600),
            limits: HistoryLimits::default(),
            interval: None,
            failure_level: Some(Level::Error),
            clock: Arc::new(clock::monotonic),
        })
    }
}

impl From<Settings> for EngineBuilder {
    fn from(settings: Settings) -> Self {
        Self(settings)
    }
}

impl std::fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineBuilder")
            .field("semantics", &self.0.semantics)
            .field("budget", &self.0.budget)
            .field("span", &self.0.span)
            .finish_non_exhaustive()
    }
}

fn runs_here(rule: &Rule, settings: &Settings, notices: &mut Vec<String>) -> bool {
    let name = rule.name();
    let mut foreign = HashSet::new();
    rule.expression.0.leaves(&mut |selector, _| {
        if let Some(name) = &selector.name
            && ONLY_OF_PROMETHEUS.contains(&name.as_str())
            && foreign.insert(name.clone())
        {
            notices.push(format!(
                "rule `{}`: only a Prometheus makes the series `{name}`; in the process there is none",
                rule.name()
            ));
        }
    });
    let span = rule.expression.span();
    if span <= settings.span {
        return true;
    }
    notices.push(format!(
        "rule `{name}` looks back {}, over the {} of the history: it runs on a Prometheus only",
        Shown(span),
        Shown(settings.span)
    ));
    false
}
