//! The states of a rule's alerts: pending, firing, or gone. Prometheus' own rules for them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use watchkeep_metrics::{SeriesLabels, Timestamp};

use crate::evaluate::{EvaluationError, Samples};
use crate::rule::{Alerting, Rule};
use crate::template::Subject;

/// The most alerts of one rule where its group has no lower limit.
const MOST_ALERTS: usize = 10_000;

/// Whether an alert is told already.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Phase {
    Firing,
    Pending,
}

/// One alert that is not gone.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Active {
    pub(super) phase: Phase,
    pub(super) active_at: Timestamp,
    pub(super) keep_firing_since: Option<Timestamp>,
    pub(super) value: f64,
    pub(super) annotations: BTreeMap<String, String>,
    /// It is from before a restart, and has not been seen since.
    pub(super) is_held: bool,
}

/// The alerts of one rule by their labels, `alertname` among them.
#[derive(Clone, Debug, Default)]
pub(super) struct Alerts {
    active: BTreeMap<SeriesLabels, Active>,
}

/// What one evaluation of a rule is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) now: Timestamp,
    /// The most alerts; zero for none of the group's own.
    pub(super) limit: usize,
    /// Whether the history reaches back as far as the rule looks.
    pub(super) is_covered: bool,
}

impl Alerts {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&SeriesLabels, &Active)> {
        self.active.iter()
    }

    pub(super) fn firing(&self) -> impl Iterator<Item = (&SeriesLabels, &Active)> {
        self.iter()
            .filter(|(_, active)| active.phase == Phase::Firing)
    }

    pub(super) fn count(&self, phase: Phase) -> usize {
        let active = self.active.values();
        active.filter(|active| active.phase == phase).count()
    }

    pub(super) fn put(&mut self, labels: SeriesLabels, active: Active) {
        self.active.insert(labels, active);
    }

    /// Takes the result of an evaluation; returns the alerts that fired and no longer do.
    ///
    /// # Errors
    /// When two results are the same alert: then nothing changes. When there are too many: then all are dropped, as Prometheus does.
    pub(super) fn step(
        &mut self,
        rule: &Rule,
        alerting: &Alerting,
        samples: Samples,
        moment: Moment,
    ) -> Result<Vec<(SeriesLabels, Active)>, EvaluationError> {
        let seen = self.take(rule, alerting, samples, moment.now)?;
        let mut ended = Vec::new();
        let held = |active: &Active| active.is_held && !moment.is_covered;
        self.active.retain(|labels, active| {
            if seen.contains(labels) {
                active.keep_firing_since = None;
                active.is_held = false;
                return true;
            }
            if held(active) || active.stays(alerting.keep_firing, moment.now) {
                return true;
            }
            if active.phase == Phase::Firing {
                ended.push((labels.clone(), active.clone()));
            }
            false
        });
        for (labels, active) in &mut self.active {
            let lasted = moment.now.saturating_sub(active.active_at) >= alerting.hold;
            if active.phase == Phase::Pending && lasted && seen.contains(labels) {
                active.phase = Phase::Firing;
            }
        }
        let most = if moment.limit == 0 {
            MOST_ALERTS
        } else {
            moment.limit
        };
        if self.active.len() > most {
            let found = self.active.len();
            self.active.clear();
            return Err(EvaluationError::Limit { found, limit: most });
        }
        Ok(ended)
    }

    /// Puts the results among the alerts, new ones as pending; returns which they are.
    fn take(
        &mut self,
        rule: &Rule,
        alerting: &Alerting,
        samples: Samples,
        now: Timestamp,
    ) -> Result<BTreeSet<SeriesLabels>, EvaluationError> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::with_capacity(samples.len());
        for sample in samples {
            let subject = Subject {
                labels: &sample.labels,
                value: sample.value,
            };
            let mut labels = sample.labels.without_name();
            for (name, template) in &rule.labels {
                labels = labels.with(name, &template.render(subject));
            }
            labels = labels.with("alertname", &rule.name);
            if !seen.insert(labels.clone()) {
                return Err(EvaluationError::Duplicate(labels));
            }
            let annotations = alerting.annotations.iter();
            let annotations =
                annotations.map(|(name, template)| (name.clone(), template.render(subject)));
            let annotations: BTreeMap<String, String> = annotations.collect();
            found.push((labels, sample.value, annotations));
        }
        for (labels, value, annotations) in found {
            let active = self.active.entry(labels).or_insert_with(|| Active {
                phase: Phase::Pending,
                active_at: now,
                keep_firing_since: None,
                value,
                annotations: BTreeMap::new(),
                is_held: false,
            });
            active.value = value;
            active.annotations = annotations;
        }
        Ok(seen)
    }
}

impl Active {
    /// Whether it fires on although it is no longer true.
    fn stays(&mut self, keep_firing: Duration, now: Timestamp) -> bool {
        if self.phase == Phase::Pending || keep_firing.is_zero() {
            return false;
        }
        let since = *self.keep_firing_since.get_or_insert(now);
        now.saturating_sub(since) < keep_firing
    }
}
