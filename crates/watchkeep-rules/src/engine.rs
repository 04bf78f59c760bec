//! The pure engine: time and numbers in, what fires and what ends out.

use std::collections::HashSet;
use std::time::Duration;

use watchkeep_alerts::Alert;
use watchkeep_metrics::{History, Snapshot, Timestamp};

use crate::error::{Error, Kind};
use crate::rule::Rule;

/// The most samples that the history keeps: an hour at one a second.
const MOST_SAMPLES: usize = 3_600;

/// What an evaluation found out about one rule.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Transition {
    /// The rule fires; said again at each evaluation while it does, with the newest value.
    Fire(Alert),
    /// The rule fired and no longer does.
    Resolve(Alert),
}

/// Evaluates rules over a short history of its own.
///
/// Memory is bounded: the series that the rules name, at most an hour of them, at most 3,600 samples.
#[derive(Debug)]
pub struct Engine {
    watched: Vec<Watched>,
    history: History,
}

#[derive(Debug)]
struct Watched {
    rule: Rule,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Fires; the alert is kept as it was last raised.
    Firing(Box<Alert>),
    Inactive,
    /// True since then, but not yet for as long as the rule wants.
    Pending(Timestamp),
}

impl Engine {
    /// Takes the rules to evaluate.
    ///
    /// # Errors
    /// When two rules have the same name, a name is no alert name, a threshold is not finite, or a window is longer than an hour.
    pub fn new(rules: Vec<Rule>) -> Result<Self, Error> {
        let mut names = HashSet::new();
        let mut span = Duration::from_secs(60);
        for rule in &rules {
            rule.validate()?;
            if !names.insert(rule.name().to_owned()) {
                return Err(Kind::Duplicate(rule.name().to_owned()).into());
            }
            rule.expression()
                .selectors(&mut |_, window| span = span.max(window.unwrap_or_default()));
        }
        let mut history = History::new(span, MOST_SAMPLES);
        for rule in &rules {
            rule.expression()
                .selectors(&mut |selector, _| history.watch(selector.clone()));
        }
        let watched = rules
            .into_iter()
            .map(|rule| Watched {
                rule,
                state: State::Inactive,
            })
            .collect();
        Ok(Self { watched, history })
    }

    /// Returns the rules, in their order.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.watched.iter().map(|watched| &watched.rule)
    }

    /// Takes one sample and evaluates every rule at `now`.
    ///
    /// A rule without enough data is not true: it does not fire, and what fired ends.
    pub fn evaluate(&mut self, now: Timestamp, snapshot: &Snapshot) -> Vec<Transition> {
        self.history.record(now, snapshot);
        let history = &self.history;
        self.watched
            .iter_mut()
            .filter_map(|watched| watched.step(history, now))
            .collect()
    }
}

impl Watched {
    fn step(&mut self, history: &History, now: Timestamp) -> Option<Transition> {
        let value = self.rule.expression().evaluate(history, now);
        let Some(value) = self.rule.holds(value) else {
            return match std::mem::replace(&mut self.state, State::Inactive) {
                State::Firing(alert) => Some(Transition::Resolve(*alert)),
                State::Inactive | State::Pending(_) => None,
            };
        };
        let since = match self.state {
            State::Firing(_) => None,
            State::Inactive => Some(now),
            State::Pending(since) => Some(since),
        };
        if let Some(since) = since
            && now.saturating_sub(since) < self.rule.hold()
        {
            self.state = State::Pending(since);
            return None;
        }
        let alert = self.rule.alert(value);
        self.state = State::Firing(Box::new(alert.clone()));
        Some(Transition::Fire(alert))
    }
}

#[cfg(test)]
mod tests;
