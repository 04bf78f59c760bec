//! Matchers: conditions on the labels of an alert, as Alertmanager writes and reads them.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use regex::Regex;

use crate::alert::Labels;

/// How a matcher compares the value of its label.
#[expect(
    clippy::exhaustive_enums,
    reason = "the grammar has these four operators"
)]
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum MatchOp {
    /// `=`: the value is this text.
    Equal,
    /// `!=`: the value is not this text.
    NotEqual,
    /// `=~`: the whole value matches this expression.
    Regex,
    /// `!~`: the whole value does not match this expression.
    NotRegex,
}

/// One condition on one label; a label that an alert has not counts as the empty text.
#[derive(Clone)]
pub struct Matcher {
    name: String,
    op: MatchOp,
    value: String,
    regex: Option<Arc<Regex>>,
}

/// Matchers that must all hold, in the order of (name, value, operator).
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Matchers(Vec<Matcher>);

/// Why a text is no matcher.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{reason}")]
pub struct MatcherError {
    reason: String,
}

impl Matcher {
    /// Makes a matcher.
    ///
    /// # Errors
    /// When the name is empty, or the value is no regular expression though the operator wants one.
    pub fn new(
        name: impl Into<String>,
        op: MatchOp,
        value: impl Into<String>,
    ) -> Result<Self, MatcherError> {
        let (name, value) = (name.into(), value.into());
        let regex = match op {
            MatchOp::Equal | MatchOp::NotEqual => None,
            MatchOp::Regex | MatchOp::NotRegex => {
                let regex =
                    Regex::new(&format!("^(?:{value})$")).map_err(|error| MatcherError {
                        reason: error.to_string(),
                    })?;
                Some(Arc::new(regex))
            }
        };
        Ok(Self {
            name,
            op,
            value,
            regex,
        })
    }

    /// Returns the name of the label.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the operator.
    pub const fn op(&self) -> MatchOp {
        self.op
    }

    /// Returns the text or expression that the label is compared with.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Says whether it holds for these labels.
    pub fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.name).map_or("", String::as_str);
        let found = |regex: &Option<Arc<Regex>>| regex.as_ref().is_some_and(|r| r.is_match(value));
        match self.op {
            MatchOp::Equal => value == self.value,
            MatchOp::NotEqual => value != self.value,
            MatchOp::Regex => found(&self.regex),
            MatchOp::NotRegex => !found(&self.regex),
        }
    }

    fn key(&self) -> (&str, &str, MatchOp) {
        (&self.name, &self.value, self.op)
    }
}

impl Matchers {
    /// Makes a set of matchers; the order in which they come does not matter.
    pub fn new(matchers: impl IntoIterator<Item = Matcher>) -> Self {
        let mut matchers: Vec<_> = matchers.into_iter().collect();
        matchers.sort();
        Self(matchers)
    }

    /// Says whether all of them hold for these labels; without any, they hold for all.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|matcher| matcher.matches(labels))
    }

    /// Returns the matchers, in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Matcher> {
        self.0.iter()
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

// === impl Matcher ===

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Matcher({self})")
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{:?}", self.name, self.op, self.value)
    }
}

impl fmt::Display for MatchOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
        })
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Matcher {}

impl std::hash::Hash for Matcher {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl Ord for Matcher {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Matcher {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

// === impl Matchers ===

impl fmt::Display for Matchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, matcher) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{matcher}")?;
        }
        f.write_str("}")
    }
}

impl FromIterator<Matcher> for Matchers {
    fn from_iter<I: IntoIterator<Item = Matcher>>(matchers: I) -> Self {
        Self::new(matchers)
    }
}

impl<'a> IntoIterator for &'a Matchers {
    type Item = &'a Matcher;
    type IntoIter = std::slice::Iter<'a, Matcher>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
