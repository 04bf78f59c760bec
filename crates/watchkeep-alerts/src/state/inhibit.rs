//! Inhibition: which firing alerts hold others back, found by the labels that both must share.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::config::InhibitRule;
use crate::fingerprint::Fingerprint;
use crate::state::packed::Packed;
use crate::texts::Texts;

/// The rules, each with its firing sources by the values of the rule's `equal` labels.
///
/// A question costs one look-up a rule, however many sources fire.
#[derive(Debug)]
pub(super) struct Inhibitor {
    rules: Vec<Rule>,
    strict: bool,
}

/// The places of the rules in which an alert plays a part; they follow from its labels.
#[derive(Clone, Debug, Default)]
pub(super) struct Roles {
    sources: Vec<usize>,
    targets: Vec<usize>,
}

#[derive(Debug)]
struct Rule {
    rule: InhibitRule,
    firing: BTreeMap<Vec<String>, Sources>,
}

/// The firing sources of a rule that share the values of its `equal` labels.
#[derive(Debug, Default)]
struct Sources {
    /// Those that are no targets of the rule.
    plain: BTreeSet<Fingerprint>,
    /// Those that are targets too: they hold back only what is no source.
    both: BTreeSet<Fingerprint>,
    /// The only one that Alertmanager 0.34 remembers (D9), with its end.
    remembered: Option<(Fingerprint, Duration)>,
}

impl Inhibitor {
    pub(super) fn new(rules: &[InhibitRule], strict: bool) -> Self {
        let rules = rules.iter().map(|rule| Rule {
            rule: rule.clone(),
            firing: BTreeMap::new(),
        });
        Self {
            rules: rules.collect(),
            strict,
        }
    }

    /// Returns the parts that an alert with these labels plays; a rule without any matcher is no rule.
    pub(super) fn roles(&self, labels: &impl Texts) -> Roles {
        let mut roles = Roles::default();
        for (place, Rule { rule, .. }) in self.rules.iter().enumerate() {
            if rule.source.take(labels) {
                roles.sources.push(place);
            }
            if rule.target.take(labels) {
                roles.targets.push(place);
            }
        }
        roles
    }

    /// Takes note that an alert fires, until this time of the monotonic clock.
    pub(super) fn fires(
        &mut self,
        fingerprint: Fingerprint,
        alert: &Packed,
        roles: &Roles,
        until: Duration,
    ) {
        for &place in &roles.sources {
            let Rule { rule, firing } = &mut self.rules[place];
            let sources = firing.entry(values(alert, &rule.equal)).or_default();
            if roles.targets.contains(&place) {
                sources.both.insert(fingerprint);
            } else {
                sources.plain.insert(fingerprint);
            }
            sources.remembered = match sources.remembered {
                Some((known, end)) if known != fingerprint && end > until => Some((known, end)),
                _ => Some((fingerprint, until)),
            };
        }
    }

    /// Takes note that an alert is over.
    pub(super) fn is_over(&mut self, fingerprint: Fingerprint, alert: &Packed, roles: &Roles) {
        for &place in &roles.sources {
            let Rule { rule, firing } = &mut self.rules[place];
            let values = values(alert, &rule.equal);
            let Some(sources) = firing.get_mut(&values) else {
                continue;
            };
            sources.plain.remove(&fingerprint);
            sources.both.remove(&fingerprint);
            if sources.remembered.map(|(known, _)| known) == Some(fingerprint) {
                sources.remembered = None;
            }
            if sources.plain.is_empty() && sources.both.is_empty() {
                firing.remove(&values);
            }
        }
    }

    /// Returns an alert that holds this one back, the first by rule and fingerprint.
    pub(super) fn inhibits(&self, alert: &Packed, roles: &Roles) -> Option<Fingerprint> {
        roles.targets.iter().find_map(|place| {
            let Rule { rule, firing } = &self.rules[*place];
            let sources = firing.get(&values(alert, &rule.equal))?;
            let two_sided = roles.sources.contains(place);
            if self.strict {
                let (known, _) = sources.remembered?;
                return (!two_sided || sources.plain.contains(&known)).then_some(known);
            }
            let both = sources.both.first().filter(|_| !two_sided);
            sources.plain.first().or(both).copied()
        })
    }
}

fn values(alert: &Packed, names: &[String]) -> Vec<String> {
    let value = |name: &String| alert.label(name).to_owned();
    names.iter().map(value).collect()
}

#[cfg(test)]
mod tests;
