//! One rule at work: its query, its alerts, and the series that it leaves in the history.

use std::collections::BTreeSet;
use std::time::Duration;

use watchkeep_alerts::{Alert, Level};
use watchkeep_metrics::{SeriesHistory, SeriesLabels, Timestamp};

use super::alerts::{Active, Alerts, Moment, Phase};
use super::{Budget, EvaluationError, RuleStatus, Settings, Source, Transition, Watched};
use crate::evaluate::{Query, Samples};
use crate::rule::{Alerting, Purpose, Rule};

/// The alert that a rule could not be evaluated.
const FAILED: &str = "RuleEvaluationFailed";

pub(super) struct WatchedRule {
    rule: Rule,
    query: Query,
    alerts: Alerts,
    /// The series that it left in the history the last time.
    written: BTreeSet<SeriesLabels>,
    failure: Option<EvaluationError>,
    took: Duration,
}

/// What a rule does not know of itself.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) now: Timestamp,
    pub(super) settings: &'a Settings,
    pub(super) group: &'a str,
    pub(super) limit: usize,
    /// The time that the group has left within its interval.
    pub(super) left: Duration,
    pub(super) sources: &'a [(String, Source)],
}

impl WatchedRule {
    pub(super) fn new(rule: Rule, history: &mut SeriesHistory, watched: &mut Watched) -> Self {
        Self {
            query: Query::bind(rule.expression.clone(), history, watched),
            rule,
            alerts: Alerts::default(),
            written: BTreeSet::new(),
            failure: None,
            took: Duration::ZERO,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.rule.name
    }

    pub(super) const fn rule(&self) -> &Rule {
        &self.rule
    }

    pub(super) const fn alerts(&self) -> &Alerts {
        &self.alerts
    }

    pub(super) const fn alerts_mut(&mut self) -> &mut Alerts {
        &mut self.alerts
    }

    pub(super) fn status<'a>(&'a self, group: &'a str) -> RuleStatus<'a> {
        RuleStatus {
            group,
            rule: &self.rule.name,
            failure: self.failure.as_ref(),
            pending: self.alerts.count(Phase::Pending),
            firing: self.alerts.count(Phase::Firing),
            took: self.took,
        }
    }

    /// Evaluates once, and says what fires and what ended.
    pub(super) fn step(
        &mut self,
        history: &mut SeriesHistory,
        surroundings: &Surroundings<'_>,
        transitions: &mut Vec<Transition>,
    ) {
        let clock = &*surroundings.settings.clock;
        let began = clock();
        let budget = surroundings.settings.budget;
        let budget = Budget {
            time: budget.time.min(surroundings.left),
            ..budget
        };
        let semantics = surroundings.settings.semantics;
        let outcome = self
            .query
            .evaluate(history, surroundings.now, semantics, budget, clock)
            .and_then(|samples| match self.rule.purpose.clone() {
                Purpose::Alert(alerting) => {
                    self.take_alerts(&alerting, samples, history, surroundings, transitions)
                }
                Purpose::Record => self.keep_series(samples, history, surroundings.limit),
            });
        self.took = clock().saturating_sub(began);
        self.tell_of_failure(outcome.err(), surroundings, transitions);
        // Those of a failed evaluation stay as they were, and are told again.
        let fired = self.fired(surroundings.sources);
        transitions.extend(fired.into_iter().map(Transition::Fire));
    }

    fn take_alerts(
        &mut self,
        alerting: &Alerting,
        samples: Samples,
        history: &mut SeriesHistory,
        surroundings: &Surroundings<'_>,
        transitions: &mut Vec<Transition>,
    ) -> Result<(), EvaluationError> {
        let now = surroundings.now;
        let covered = history
            .oldest()
            .is_some_and(|oldest| now.saturating_sub(oldest) >= self.query.expression().span());
        let moment = Moment {
            now,
            limit: surroundings.limit,
            is_covered: covered,
        };
        let fired = self.fired(surroundings.sources);
        let ended = self.alerts.step(&self.rule, alerting, samples, moment);
        let ended = match ended {
            Ok(ended) => ended,
            Err(error) => {
                if matches!(error, EvaluationError::Limit { .. }) {
                    transitions.extend(fired.into_iter().map(Transition::Resolve));
                }
                return Err(error);
            }
        };
        for (labels, active) in &ended {
            let alert = alert(&self.rule, labels, active, surroundings.sources);
            transitions.push(Transition::Resolve(alert));
        }
        let states = self.alerts.iter().map(|(labels, active)| {
            let state = match active.phase {
                Phase::Firing => "firing",
                Phase::Pending => "pending",
            };
            let series = labels.with("alertstate", state);
            (series.with("__name__", "ALERTS"), 1.0)
        });
        let states: Vec<(SeriesLabels, f64)> = states.collect();
        self.write(history, states);
        Ok(())
    }

    fn keep_series(
        &mut self,
        samples: Samples,
        history: &mut SeriesHistory,
        limit: usize,
    ) -> Result<(), EvaluationError> {
        if limit > 0 && samples.len() > limit {
            let found = samples.len();
            return Err(EvaluationError::Limit { found, limit });
        }
        let mut recorded = Vec::with_capacity(samples.len());
        let mut seen = BTreeSet::new();
        for sample in samples {
            let mut labels = sample.labels.with("__name__", &self.rule.name);
            for (name, text) in &self.rule.labels {
                labels = labels.with(name, text.source());
            }
            if !seen.insert(labels.clone()) {
                return Err(EvaluationError::Duplicate(labels));
            }
            recorded.push((labels, sample.value));
        }
        self.write(history, recorded);
        Ok(())
    }

    /// Leaves series in the history, and ends those that are no longer among them.
    fn write(&mut self, history: &mut SeriesHistory, series: Vec<(SeriesLabels, f64)>) {
        let before = std::mem::take(&mut self.written);
        for (labels, value) in series {
            if history.put(&labels, value) {
                self.written.insert(labels);
            }
        }
        for ended in before.difference(&self.written) {
            history.end_series(ended);
        }
    }

    /// The alerts that fire, as they were raised last.
    fn fired(&self, sources: &[(String, Source)]) -> Vec<Alert> {
        let firing = self.alerts.firing();
        firing
            .map(|(labels, active)| alert(&self.rule, labels, active, sources))
            .collect()
    }

    fn tell_of_failure(
        &mut self,
        failure: Option<EvaluationError>,
        surroundings: &Surroundings<'_>,
        transitions: &mut Vec<Transition>,
    ) {
        let had_failed = self.failure.is_some();
        self.failure = failure;
        let Some(level) = surroundings.settings.failure_level else {
            return;
        };
        let meta = |message: String| {
            Alert::new(FAILED, level, message)
                .with_label("group", surroundings.group)
                .with_label("rule", &self.rule.name)
        };
        match &self.failure {
            Some(failure) => {
                let message = format!("Rule {} cannot be evaluated: {failure}", self.rule.name);
                transitions.push(Transition::Fire(meta(message)));
            }
            None if had_failed => {
                let message = format!("Rule {} can be evaluated again", self.rule.name);
                transitions.push(Transition::Resolve(meta(message)));
            }
            None => {}
        }
    }
}

/// An alert as the alert engine knows it: `severity` is its level, `summary` its message.
pub(super) fn alert(
    rule: &Rule,
    labels: &SeriesLabels,
    active: &Active,
    sources: &[(String, Source)],
) -> Alert {
    let level = labels.get("severity").parse::<Level>();
    let summary = active.annotations.get("summary");
    let mut alert = Alert::new(
        &rule.name,
        level.unwrap_or_else(|_| rule.level()),
        summary.map_or_else(|| rule.name.clone(), Clone::clone),
    );
    for (name, value) in labels.iter() {
        if name != "alertname" && name != "severity" {
            alert = alert.with_label(name, value);
        }
    }
    for (name, text) in &active.annotations {
        if name != "summary" {
            alert = alert.with_detail(name, text);
        }
    }
    for (name, source) in sources {
        if let Some(text) = source() {
            alert = alert.with_detail(name, text);
        }
    }
    alert
}
