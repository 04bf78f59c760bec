//! A rule: an expression, and the alert it raises or the series it records.

mod build;
mod slo;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use watchkeep_alerts::Level;

pub use build::{Absent, RuleBuilder};
pub use slo::BurnWindow;

use crate::error::{Error, Kind};
use crate::expression::{Expression, is_label};
use crate::template::Template;

/// The most labels, and the most annotations, of a rule.
const MOST_TEXTS: usize = 32;

/// One rule of a [`Group`](crate::Group).
///
/// An alerting rule raises an alert for each series of its result; a recording rule keeps its result as new series.
/// It is made by a builder ([`error_ratio`](Self::error_ratio) and its siblings), or read from a [`RuleFile`](crate::RuleFile).
#[derive(Clone, PartialEq)]
pub struct Rule {
    pub(crate) name: String,
    pub(crate) purpose: Purpose,
    pub(crate) expression: Expression,
    /// What the file or the builder said; printed again as it was.
    pub(crate) labels: BTreeMap<String, Template>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Purpose {
    Alert(Alerting),
    Record,
}

/// What only alerting rules have.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Alerting {
    pub(crate) hold: Duration,
    pub(crate) keep_firing: Duration,
    pub(crate) annotations: BTreeMap<String, Template>,
}

impl Rule {
    /// Makes a recording rule: its result becomes series of this name.
    ///
    /// # Errors
    /// When the name is no metric's name.
    pub fn recording(name: impl Into<String>, expression: Expression) -> Result<Self, Error> {
        Self::new(name.into(), Purpose::Record, expression, Vec::new())
    }

    /// Checks the parts of a rule; labels and annotations are templates in Go's form.
    pub(crate) fn new(
        name: String,
        purpose: Purpose,
        expression: Expression,
        labels: Vec<(String, Template)>,
    ) -> Result<Self, Error> {
        let rule = Self {
            name,
            purpose,
            expression,
            labels: labels.into_iter().collect(),
        };
        rule.check().map_err(|what| Kind::Rule {
            rule: rule.name.clone(),
            what,
        })?;
        Ok(rule)
    }

    fn check(&self) -> Result<(), String> {
        match &self.purpose {
            // An alert's name is the value of a label; this one is printed in templates, routes and file names too.
            Purpose::Alert(_)
                if self.name.is_empty() || self.name.chars().any(char::is_control) =>
            {
                return Err("the name is empty, or has a control character".to_owned());
            }
            Purpose::Alert(alerting) => {
                if alerting.annotations.len() > MOST_TEXTS {
                    return Err(format!("more than {MOST_TEXTS} annotations"));
                }
                check_names(alerting.annotations.keys())?;
                self.check_severity()?;
            }
            Purpose::Record if !is_label(&self.name.replace(':', "_")) => {
                return Err("the name is not letters, digits, `_` and `:`".to_owned());
            }
            Purpose::Record => {}
        }
        if self.labels.len() > MOST_TEXTS {
            return Err(format!("more than {MOST_TEXTS} labels"));
        }
        if self.labels.contains_key("__name__") {
            return Err("the label `__name__` cannot be set".to_owned());
        }
        check_names(self.labels.keys())
    }

    fn check_severity(&self) -> Result<(), String> {
        let Some(severity) = self.labels.get("severity") else {
            return Ok(());
        };
        if severity.is_plain() && severity.source().parse::<Level>().is_ok() {
            return Ok(());
        }
        let severity = severity.source();
        Err(format!(
            "the label `severity` is `{severity}`, not info, warning, error or critical"
        ))
    }

    /// Returns the rule's name: the `alertname` of what it raises, or the name of what it records.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the expression, which prints the PromQL that it means.
    #[must_use]
    pub const fn expression(&self) -> &Expression {
        &self.expression
    }

    /// Tells whether the rule raises alerts.
    #[must_use]
    pub const fn is_alerting(&self) -> bool {
        matches!(self.purpose, Purpose::Alert(_))
    }

    /// Returns the level of what it raises: that of its label `severity`, else WARNING.
    #[must_use]
    pub fn level(&self) -> Level {
        let severity = self.labels.get("severity");
        severity
            .and_then(|severity| severity.source().parse().ok())
            .unwrap_or(Level::Warning)
    }

    /// Returns the template of an annotation of an alerting rule.
    #[must_use]
    pub fn annotation(&self, name: &str) -> Option<&str> {
        match &self.purpose {
            Purpose::Alert(alerting) => Some(alerting.annotations.get(name)?.source()),
            Purpose::Record => None,
        }
    }

    /// Returns for how long the rule has to be true before it fires (`for`); zero for a recording rule.
    #[must_use]
    pub const fn hold(&self) -> Duration {
        match &self.purpose {
            Purpose::Alert(alerting) => alerting.hold,
            Purpose::Record => Duration::ZERO,
        }
    }

    /// Returns for how long it fires on when it is no longer true (`keep_firing_for`); zero for a recording rule.
    #[must_use]
    pub const fn keep_firing(&self) -> Duration {
        match &self.purpose {
            Purpose::Alert(alerting) => alerting.keep_firing,
            Purpose::Record => Duration::ZERO,
        }
    }
}

fn check_names<'a>(names: impl IntoIterator<Item = &'a String>) -> Result<(), String> {
    match names.into_iter().find(|name| !is_label(name)) {
        Some(name) => Err(format!(
            "the label or annotation name `{}` is not letters, digits and `_`",
            name.escape_debug()
        )),
        None => Ok(()),
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("name", &self.name)
            .field("promql", &self.expression.to_string())
            .finish_non_exhaustive()
    }
}
