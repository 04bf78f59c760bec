//! The states of alerts over a restart.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use watchkeep_alerts::Alert;
use watchkeep_metrics::{SeriesLabels, Timestamp};

use super::alerts::{Active, Phase};
use super::{Engine, watched};
use crate::error::{Error, Kind};
use crate::expression::Expression;
use crate::rule::{Alerting, Purpose, Rule};

/// The states of all alerts at one moment, to be written down and restored after a restart.
///
/// It is JSON; one that cannot be read is an error, and never a half of it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SavedState {
    alerts: Vec<SavedAlert>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
struct SavedAlert {
    group: String,
    rule: String,
    phase: Phase,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
    active_at: i64,
    keep_firing_since: Option<i64>,
}

impl SavedState {
    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    /// When it is something else.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| Kind::State(error).into())
    }

    /// Writes it down.
    ///
    /// # Errors
    /// Never in practice: there is nothing in it that JSON cannot say.
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(|error| Kind::State(error).into())
    }
}

impl Engine {
    /// Returns the states of all alerts that are not gone.
    #[must_use]
    pub fn state(&self) -> SavedState {
        let mut alerts = Vec::new();
        for group in &self.groups {
            for rule in &group.rules {
                for (labels, active) in rule.alerts().iter() {
                    let labels = labels
                        .iter()
                        .map(|(name, value)| (name.to_owned(), value.to_owned()));
                    alerts.push(SavedAlert {
                        group: group.name.clone(),
                        rule: rule.name().to_owned(),
                        phase: active.phase,
                        labels: labels.collect(),
                        annotations: active.annotations.clone(),
                        active_at: active.active_at.as_millis(),
                        keep_firing_since: active.keep_firing_since.map(Timestamp::as_millis),
                    });
                }
            }
        }
        SavedState { alerts }
    }

    /// Takes the states from before a restart, for the rules that are still there.
    ///
    /// Such an alert is held, as it was, until its rule is true of it again, or until the history reaches back as far as the rule
    /// looks (five minutes at the least for a rule that reads the newest values): a restart resolves nothing falsely.
    /// Alerts that fired and whose rule is gone end at the next evaluation.
    pub fn restore(&mut self, state: SavedState) {
        for saved in state.alerts {
            let labels = SeriesLabels::new(saved.labels.iter().map(|(n, v)| (&**n, &**v)));
            let active = Active {
                phase: saved.phase,
                active_at: Timestamp::from_millis(saved.active_at),
                keep_firing_since: saved.keep_firing_since.map(Timestamp::from_millis),
                value: f64::NAN,
                annotations: saved.annotations,
                is_held: true,
            };
            let groups = self.groups.iter_mut();
            let mut rules = groups
                .filter(|group| group.name == saved.group)
                .flat_map(|group| &mut group.rules);
            let rule = rules.find(|rule| {
                rule.name() == saved.rule
                    && rule.rule().is_alerting()
                    && may_have(rule.rule(), &labels)
            });
            match rule {
                Some(rule) => rule.alerts_mut().put(labels, active),
                None if active.phase == Phase::Firing => {
                    self.orphans.extend(orphan(&saved.rule, &labels, &active));
                }
                None => {}
            }
        }
    }
}

/// Whether labels can be those of a rule's alert: what it says plainly is so.
fn may_have(rule: &Rule, labels: &SeriesLabels) -> bool {
    labels.get("alertname") == rule.name()
        && rule
            .labels
            .iter()
            .all(|(name, template)| !template.is_plain() || labels.get(name) == template.source())
}

/// The alert of a rule that is no more.
fn orphan(name: &str, labels: &SeriesLabels, active: &Active) -> Option<Alert> {
    let purpose = Purpose::Alert(Alerting::default());
    let expression: Expression = "vector(0)".parse().ok()?;
    let rule = Rule::new(name.to_owned(), purpose, expression, Vec::new()).ok()?;
    Some(watched::alert(&rule, labels, active, &[]))
}
