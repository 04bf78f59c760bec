//! An alert as the program raises it: a name, a level, a message and details.

use std::collections::BTreeMap;
use std::fmt;

use crate::error::{Error, Kind};
use crate::fingerprint::Fingerprint;
use crate::level::Level;
use crate::text;
use crate::texts::Texts;

/// Names and values, in the order of the names.
pub type Labels = BTreeMap<String, String>;

/// The most labels, and the most annotations, of one alert.
const MOST: usize = 32;
/// The longest name of a label or an annotation, in bytes.
const NAME_BYTES: usize = 128;
/// The longest value of a label, in bytes.
const LABEL_BYTES: usize = 512;
/// The longest message or detail, in bytes.
const ANNOTATION_BYTES: usize = 2_048;
/// All annotations of an alert together, in bytes.
const TEXT_BYTES: usize = 8_192;

/// An alert: what it is (labels) and what is said about it (annotations).
///
/// The labels are its identity: `alertname`, `severity`, `service` (the engine adds its own when there is none) and those of [`with_label`](Self::with_label).
/// The message is the annotation `summary`, and each detail is an annotation; they take no part in the identity.
///
/// An alert is bounded: 32 labels with values of 512 bytes, 32 annotations with values of 2,048 bytes and 8 KiB in all.
/// Longer values are cut and marked with `…`; details over the bound are left out and counted in the annotation `omitted`.
///
/// ```
/// use watchkeep_alerts::{Alert, Level};
///
/// let alert = Alert::new("AiTimeout", Level::Error, "AI processing timeout")
///     .with_detail("user_id", 7)
///     .with_detail("duration", "10.0 s");
/// assert_eq!(alert.labels()["severity"], "error");
/// assert_eq!(alert.annotations()["summary"], "AI processing timeout");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "an alert does nothing until it is handed to the engine"]
pub struct Alert {
    level: Level,
    labels: Labels,
    annotations: Labels,
    omitted: usize,
    problem: Option<&'static str>,
}

impl Alert {
    /// Makes an alert; equal names and levels (and labels) are the same alert, whatever their messages.
    pub fn new(alertname: impl Into<String>, level: Level, message: impl Into<String>) -> Self {
        let alert = Self {
            level,
            labels: Labels::new(),
            annotations: Labels::new(),
            omitted: 0,
            problem: None,
        };
        alert
            .set_label("severity".to_owned(), level.severity().to_owned())
            .set_label("alertname".to_owned(), alertname.into())
            .set_annotation("summary".to_owned(), message.into())
    }

    /// Adds a label, which makes it another alert; an empty value removes it.
    ///
    /// The label `alertname` renames the alert, and `severity` sets its level.
    /// A name must be letters, digits and `_`, and not begin with a digit: the engine refuses an alert with another one.
    pub fn with_label(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.set_label(name.into(), value.into())
    }

    /// Adds a detail: an annotation, which takes no part in the identity.
    pub fn with_detail(self, name: impl Into<String>, value: impl fmt::Display) -> Self {
        self.set_annotation(name.into(), value.to_string())
    }

    /// Returns the level.
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Returns the name: the label `alertname`.
    pub fn name(&self) -> &str {
        self.labels.value_of("alertname")
    }

    /// Returns the message: the annotation `summary`.
    pub fn message(&self) -> &str {
        self.annotations.value_of("summary")
    }

    /// Returns the labels; `service` is among them only when it was added here.
    pub const fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Returns the annotations: `summary` and the details.
    pub const fn annotations(&self) -> &Labels {
        &self.annotations
    }

    /// Returns the identity of these labels.
    ///
    /// The engine adds the label `service` when there is none, so an alert that it shows has another fingerprint; [`Alerting::resolve`](crate::Alerting::resolve) takes both.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.labels)
    }

    fn set_label(mut self, name: String, value: String) -> Self {
        if !is_label_name(&name) {
            self.problem =
                Some("a label name is not letters, digits and `_`, or begins with a digit");
            return self;
        }
        if value.is_empty() {
            self.labels.remove(&name);
            return self;
        }
        if name == "severity" {
            match value.parse() {
                Ok(level) => self.level = level,
                Err(_) => {
                    self.problem =
                        Some("the label `severity` is not info, warning, error or critical");
                }
            }
            self.labels.insert(name, self.level.severity().to_owned());
            return self;
        }
        if self.labels.len() >= MOST && !self.labels.contains_key(&name) {
            self.problem = Some("more than 32 labels");
            return self;
        }
        self.labels.insert(name, text::bounded(value, LABEL_BYTES));
        self
    }

    fn set_annotation(mut self, name: String, value: String) -> Self {
        let name = text::bounded(name, NAME_BYTES);
        self.annotations.remove(&name);
        let used: usize = self
            .annotations
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        let room = TEXT_BYTES
            .saturating_sub(used + name.len())
            .min(ANNOTATION_BYTES);
        if name.is_empty() || value.is_empty() {
            return self;
        }
        // The last place is kept for the count of what was left out.
        let full = self.annotations.len() >= MOST - 1 && !self.annotations.contains_key("omitted")
            || self.annotations.len() >= MOST;
        if full || room < 16 {
            self.omitted += 1;
            self.annotations
                .insert("omitted".to_owned(), format!("{} details", self.omitted));
            return self;
        }
        self.annotations.insert(name, text::bounded(value, room));
        self
    }

    /// Makes an alert of what is known to be valid: its own parts.
    pub(crate) fn from_parts(labels: Labels, annotations: Labels) -> Self {
        Self {
            level: level_of(&labels),
            labels,
            annotations,
            omitted: 0,
            problem: None,
        }
    }

    /// Adds the label `service` when there is none, and says whether it did.
    pub(crate) fn adopt(&mut self, service: &str) -> bool {
        if self.labels.contains_key("service") {
            return false;
        }
        self.labels.insert("service".to_owned(), service.to_owned());
        true
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        if self.name().is_empty() {
            return Err(Kind::InvalidAlert("it has no name").into());
        }
        if !self.labels.contains_key("severity") {
            return Err(Kind::InvalidAlert("it has no severity").into());
        }
        match self.problem {
            Some(problem) => Err(Kind::InvalidAlert(problem).into()),
            None => Ok(()),
        }
    }
}

/// Returns the level of an alert with these labels.
///
/// Without a label `severity` that names a level it is a warning: somebody should look, in time.
pub(crate) fn level_of(labels: &impl Texts) -> Level {
    let severity = labels.value_of("severity").parse();
    severity.unwrap_or(Level::Warning)
}

/// Says whether a name of a label or annotation is as Prometheus wants it: letters, digits and `_`, not beginning with a digit; and not longer than 128 bytes.
pub fn is_label_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    name.bytes().next().is_some_and(is_letter)
        && name.len() <= NAME_BYTES
        && name
            .bytes()
            .all(|byte| is_letter(byte) || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
