//! The pure engine: time and numbers in, what fires and what ends out.

mod alerts;
mod builder;
mod saved;
mod schedule;
#[cfg(test)]
mod tests;
mod watched;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use watchkeep_alerts::{Alert, Level};
use watchkeep_metrics::{SeriesHistory, SeriesLabels, Snapshot, Timestamp};

pub use builder::EngineBuilder;
pub use saved::SavedState;

use crate::error::Error;
use crate::evaluate::{Budget, EvaluationError, Query, Samples, Semantics, Watched};
use crate::group::Group;
use schedule::Schedule;
use watched::WatchedRule;

/// What an evaluation found out about one rule.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Transition {
    /// The rule fires; said again at each evaluation while it does, with the newest value.
    Fire(Alert),
    /// The rule fired and no longer does.
    Resolve(Alert),
}

/// Where an annotation comes from that only the process knows.
pub(crate) type Source = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// Evaluates groups of rules over a history of its own.
///
/// The history keeps exactly the series that the rules name, for exactly as long as their longest window; both are bounded.
/// A rule that looks further back than the longest history (an hour by default) is not run; [`notices`](Self::notices) says so.
///
/// A rule that fails to evaluate, or goes over its [`Budget`], keeps its alerts as they are, and raises `RuleEvaluationFailed` with
/// the labels `group` and `rule` until it works again.
pub struct Engine {
    groups: Vec<WatchedGroup>,
    history: SeriesHistory,
    settings: Settings,
    notices: Vec<String>,
    sources: BTreeMap<String, Vec<(String, Source)>>,
    /// Alerts of rules that are no more: they end at the next evaluation.
    orphans: Vec<Alert>,
    interval: Duration,
}

/// What does not change when rules are loaded again.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) semantics: Semantics,
    pub(crate) budget: Budget,
    pub(crate) span: Duration,
    pub(crate) limits: watchkeep_metrics::HistoryLimits,
    pub(crate) interval: Option<Duration>,
    pub(crate) failure_level: Option<Level>,
    pub(crate) clock: Arc<dyn Fn() -> Duration + Send + Sync>,
}

struct WatchedGroup {
    name: String,
    limit: usize,
    schedule: Schedule,
    rules: Vec<WatchedRule>,
}

/// How a rule fares.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RuleStatus<'a> {
    /// The name of its group.
    pub group: &'a str,
    /// Its name.
    pub rule: &'a str,
    /// Why its last evaluation failed, if it did.
    pub failure: Option<&'a EvaluationError>,
    /// How many of its alerts are pending.
    pub pending: usize,
    /// How many of its alerts fire.
    pub firing: usize,
    /// How long its last evaluation took.
    pub took: Duration,
}

impl Engine {
    /// Takes groups of rules, with the default bounds.
    ///
    /// # Errors
    /// When two groups have the same name.
    pub fn new(groups: Vec<Group>) -> Result<Self, Error> {
        Self::builder().build(groups)
    }

    /// Begins with other bounds.
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    /// Returns how often [`evaluate`](Self::evaluate) has to be called: so that every group gets its interval, and the shortest window four samples.
    #[must_use]
    pub const fn interval(&self) -> Duration {
        self.interval
    }

    /// Returns what whoever loaded the rules should know, a line each: rules that only a Prometheus can run, series that only it has.
    #[must_use]
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// Returns how many rules run here.
    #[must_use]
    pub fn rule_count(&self) -> usize {
        self.groups.iter().map(|group| group.rules.len()).sum()
    }

    /// Returns how each rule fares, in their order.
    pub fn statuses(&self) -> impl Iterator<Item = RuleStatus<'_>> {
        self.groups.iter().flat_map(|group| {
            let rules = group.rules.iter();
            rules.map(|rule| rule.status(&group.name))
        })
    }

    /// Returns the history, to be looked at.
    #[must_use]
    pub const fn history(&self) -> &SeriesHistory {
        &self.history
    }

    /// Adds an annotation that only the process knows to the alerts of a rule: the error behind a component, say.
    ///
    /// `source` is asked at each evaluation that fires; it must not block. It stays over [`reload`](Self::reload).
    pub fn annotate(
        &mut self,
        rule: impl Into<String>,
        annotation: impl Into<String>,
        source: impl Fn() -> Option<String> + Send + Sync + 'static,
    ) {
        let sources = self.sources.entry(rule.into()).or_default();
        sources.push((annotation.into(), Arc::new(source)));
    }

    /// Takes one sample, evaluates every group whose time has come, and answers with what fires and what ended.
    pub fn evaluate(&mut self, now: Timestamp, snapshot: &Snapshot) -> Vec<Transition> {
        self.history.record(now, snapshot);
        self.evaluate_groups(now, false)
    }

    /// Takes one sample, and evaluates nothing: what is counted from then on counts for the rules.
    pub fn observe(&mut self, now: Timestamp, snapshot: &Snapshot) {
        self.history.record(now, snapshot);
    }

    /// The history, for whoever puts samples in one by one.
    pub(crate) const fn history_mut(&mut self) -> &mut SeriesHistory {
        &mut self.history
    }

    /// Evaluates an expression that was built into it.
    pub(crate) fn ask(&self, query: &Query, now: Timestamp) -> Result<Samples, EvaluationError> {
        let settings = &self.settings;
        let clock = &*settings.clock;
        query.evaluate(
            &self.history,
            now,
            settings.semantics,
            settings.budget,
            clock,
        )
    }

    /// The alerts of this name that fire: labels and annotations.
    pub(crate) fn firing(&self, name: &str) -> Vec<(SeriesLabels, BTreeMap<String, String>)> {
        let rules = self.groups.iter().flat_map(|group| &group.rules);
        let rules = rules.filter(|rule| rule.name() == name);
        rules
            .flat_map(|rule| rule.alerts().firing())
            .map(|(labels, active)| (labels.clone(), active.annotations.clone()))
            .collect()
    }

    pub(crate) fn evaluate_groups(&mut self, now: Timestamp, all: bool) -> Vec<Transition> {
        let mut transitions: Vec<Transition> =
            self.orphans.drain(..).map(Transition::Resolve).collect();
        for group in &mut self.groups {
            if !group.schedule.is_due(now, self.interval) && !all {
                continue;
            }
            group.schedule.evaluated(now);
            let began = (self.settings.clock)();
            for rule in &mut group.rules {
                let used = (self.settings.clock)().saturating_sub(began);
                let surroundings = watched::Surroundings {
                    now,
                    settings: &self.settings,
                    group: &group.name,
                    limit: group.limit,
                    left: group.schedule.interval().saturating_sub(used),
                    sources: self.sources.get(rule.name()).map_or(&[][..], Vec::as_slice),
                };
                rule.step(&mut self.history, &surroundings, &mut transitions);
            }
        }
        transitions
    }

    /// Takes other groups, and keeps the alerts of rules that have the same group, name and labels as before.
    ///
    /// The history begins anew, so such alerts are held until it covers their windows again. What no rule speaks of any more ends at
    /// the next evaluation.
    ///
    /// # Errors
    /// When the groups cannot be taken; then everything stays as it was.
    pub fn reload(&mut self, groups: Vec<Group>) -> Result<(), Error> {
        let state = self.state();
        let mut engine = EngineBuilder::from(self.settings.clone()).build(groups)?;
        engine.sources = std::mem::take(&mut self.sources);
        engine.orphans = std::mem::take(&mut self.orphans);
        engine.restore(state);
        *self = engine;
        Ok(())
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("rules", &self.rule_count())
            .field("interval", &self.interval)
            .field("history", &self.history)
            .finish_non_exhaustive()
    }
}
