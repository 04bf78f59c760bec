//! Writes a configuration as Alertmanager's file, and says what it cannot hold.

use std::fmt;

use super::secret::SecretError;
use super::{Config, InhibitRule, duration};
use crate::matcher::Matchers;
use crate::text::printable;

mod interval;
mod names;
mod receiver;
mod route;
mod yaml;

use yaml::Value;

/// A configuration as a file for Alertmanager 0.25 and later, and what that file cannot say.
///
/// It is printed with what is lost as comments before the file, so that the text as a whole is a valid file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Export {
    yaml: String,
    lost: Vec<Lost>,
}

/// Something that the engine does and Alertmanager cannot be told to do; printed on one line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Lost {
    place: String,
    reason: String,
}

/// What becomes of the secrets that are in the configuration itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Secrets {
    /// Place-holders take their places, as when Alertmanager shows its configuration.
    Masked,
    /// They are written out, also those that are in files of which Alertmanager cannot be told.
    Revealed,
}

/// What is written so far beside the file itself.
struct Writer {
    secrets: Secrets,
    lost: Vec<Lost>,
    /// Why a secret could not be written out.
    failed: Option<SecretError>,
}

impl Config {
    /// Writes the configuration as a file that Alertmanager takes, from 0.25 on, with nothing secret in it.
    ///
    /// Secrets become `<secret>`, as when Alertmanager shows its own; where it takes none, the place-holder is the address `https://secret.invalid/`.
    /// Those in files stay there, and their paths are named.
    ///
    /// What the file cannot say is in [`Export::lost`]; nothing there makes Alertmanager tell fewer people of an alert than the engine does.
    pub fn to_alertmanager(&self) -> Export {
        Writer::new(Secrets::Masked).export(self)
    }

    /// Writes the configuration as [`to_alertmanager`](Self::to_alertmanager) does, secrets included: for a file that only Alertmanager reads.
    ///
    /// # Errors
    /// When the file of a secret cannot be read of which Alertmanager 0.25 cannot be told.
    pub fn to_alertmanager_with_secrets(&self) -> Result<Export, SecretError> {
        let mut writer = Writer::new(Secrets::Revealed);
        let export = writer.export(self);
        writer.failed.map_or(Ok(export), Err)
    }
}

impl Writer {
    const fn new(secrets: Secrets) -> Self {
        Self {
            secrets,
            lost: Vec::new(),
            failed: None,
        }
    }

    fn export(&mut self, config: &Config) -> Export {
        for name in config.extensions.keys() {
            self.lose("the file", format!("`{name}` is an extension"));
        }
        let timeout = Value::text(duration::print(config.resolve_timeout));
        let global = Value::Map(vec![("resolve_timeout", timeout)]);
        let route = self.routes(&config.routes);
        let receivers = config.receivers.iter().map(|it| self.receiver(it));
        let receivers = Value::List(receivers.collect());
        let rules = config.inhibit_rules.iter().enumerate();
        let rules = rules.filter_map(|(at, rule)| self.inhibit_rule(at, rule));
        let rules = Value::List(rules.collect());
        let intervals = config.intervals.iter();
        let intervals = intervals.map(|(name, parts)| self.interval(name, parts));
        let intervals = Value::List(intervals.collect());
        let file = Value::Map(vec![
            ("global", global),
            ("route", route),
            ("receivers", receivers),
            ("inhibit_rules", rules),
            ("time_intervals", intervals),
        ]);
        Export {
            yaml: file.to_string(),
            lost: std::mem::take(&mut self.lost),
        }
    }

    fn lose(&mut self, place: impl Into<String>, reason: impl Into<String>) {
        self.lost.push(Lost::new(place, reason));
    }

    /// Writes a rule; one that Alertmanager cannot read is left out, so that it holds back nothing.
    fn inhibit_rule(&mut self, at: usize, rule: &InhibitRule) -> Option<Value> {
        let bad = rule.source.iter().chain(rule.target.iter());
        let bad = bad.filter_map(names::matcher_problem).next();
        let label = rule.equal.iter().find(|label| !names::is_label(label));
        let label = label.map(|label| names::label_problem(label));
        if let Some(problem) = bad.or(label) {
            let place = format!("inhibition rule {}", at + 1);
            self.lose(place, format!("{problem}: the rule is left out"));
            return None;
        }
        let mut fields = Vec::new();
        for (name, matchers) in [
            ("source_matchers", &rule.source),
            ("target_matchers", &rule.target),
        ] {
            if !matchers.is_empty() {
                fields.push((name, list_of(matchers)));
            }
        }
        if !rule.equal.is_empty() {
            let labels = rule.equal.iter().map(Value::text);
            fields.push(("equal", Value::List(labels.collect())));
        }
        Some(Value::Map(fields))
    }
}

/// Returns matchers as a list of texts.
fn list_of(matchers: &Matchers) -> Value {
    Value::List(
        matchers
            .iter()
            .map(|it| Value::text(it.to_string()))
            .collect(),
    )
}

// === impl Export ===

impl Export {
    /// Returns the file.
    pub fn yaml(&self) -> &str {
        &self.yaml
    }

    /// Returns what the file cannot say.
    pub fn lost(&self) -> &[Lost] {
        &self.lost
    }

    /// Adds what an engine does beside its configuration.
    pub(crate) fn with_lost(mut self, lost: impl IntoIterator<Item = Lost>) -> Self {
        self.lost.extend(lost);
        self
    }
}

impl fmt::Display for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for lost in &self.lost {
            writeln!(f, "# lost: {lost}")?;
        }
        f.write_str(&self.yaml)
    }
}

// === impl Lost ===

impl Lost {
    pub(crate) fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            reason: reason.into(),
        }
    }

    /// Returns where in the configuration it is, such as ``receiver `chat` ``.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Returns what is lost, and what the file says instead.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (place, reason) = (printable(&self.place), printable(&self.reason));
        write!(f, "{place}: {reason}")
    }
}

#[cfg(test)]
mod tests;
