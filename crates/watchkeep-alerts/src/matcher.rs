//! Matchers: conditions on the labels of an alert, as Alertmanager writes and reads them.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use crate::alert::Labels;
use crate::texts::Texts;

mod classic;
mod error;
mod go_regex;
pub(crate) mod quote;
mod set;
mod utf8;

pub use error::MatcherError;
pub use set::Matchers;

/// The longest name of a label in a matcher, in bytes.
const NAME_BYTES: usize = 1_024;
/// The longest value of a matcher, in bytes.
const VALUE_BYTES: usize = 4_096;
/// The most matchers in one set, and so in one route.
pub(crate) const MOST: usize = 256;
/// The longest text of matchers, in bytes.
const TEXT_BYTES: usize = 64 * 1_024;
/// The most memory that a compiled expression may take, in bytes.
const REGEX_BYTES: usize = 1 << 20;

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
///
/// It is printed in Alertmanager's canonical form, which reads back to an equal matcher.
///
/// ```
/// use watchkeep_alerts::matcher::{MatchOp, Matcher};
///
/// let matcher = Matcher::parse("severity =~ error|critical")?;
/// assert_eq!(matcher.to_string(), r#"severity=~"error|critical""#);
/// assert_eq!(matcher, Matcher::new("severity", MatchOp::Regex, "error|critical")?);
/// # Ok::<(), watchkeep_alerts::matcher::MatcherError>(())
/// ```
#[derive(Clone)]
pub struct Matcher {
    name: String,
    op: MatchOp,
    value: String,
    regex: Option<Arc<Regex>>,
}

/// How the texts of matchers are read.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Grammar {
    /// As Alertmanager read them up to 0.26: names of ASCII letters, values that need no quotes.
    Classic,
    /// By both grammars, as Alertmanager does by default since 0.27: what only one reads is taken from it, and where they disagree the classic one is right.
    #[default]
    Fallback,
    /// As Alertmanager reads them since 0.27: any name and value, in quotes when it has a space or an operator in it.
    Utf8,
}

/// A matcher as it was read, before its expression is compiled.
#[derive(Debug, Eq, PartialEq)]
struct Piece {
    name: String,
    op: MatchOp,
    value: String,
}

impl Matcher {
    /// Makes a matcher; a regular expression is in Go's dialect, and must match the whole value.
    ///
    /// # Errors
    /// When the name is empty, the name or value is longer than 1 KiB or 4 KiB, or the value is no regular expression though the operator wants one.
    pub fn new(
        name: impl Into<String>,
        op: MatchOp,
        value: impl Into<String>,
    ) -> Result<Self, MatcherError> {
        Self::from_piece(Piece {
            name: name.into(),
            op,
            value: value.into(),
        })
    }

    /// Reads one matcher, such as `severity="page"`, by both grammars ([`Grammar::Fallback`]).
    ///
    /// # Errors
    /// When the text is not exactly one matcher, or the matcher is not valid.
    pub fn parse(text: &str) -> Result<Self, MatcherError> {
        Self::parse_in(Grammar::Fallback, text)
    }

    /// Reads one matcher by a grammar.
    ///
    /// # Errors
    /// As for [`parse`](Self::parse).
    pub fn parse_in(grammar: Grammar, text: &str) -> Result<Self, MatcherError> {
        check_text(text)?;
        if grammar != Grammar::Classic && (text.starts_with('{') || text.ends_with('}')) {
            return Err(MatcherError::new(
                "braces stand around several matchers only",
            ));
        }
        Self::from_piece(read(grammar, text, classic::piece, utf8::piece)?)
    }

    fn from_piece(piece: Piece) -> Result<Self, MatcherError> {
        let Piece { name, op, value } = piece;
        if name.is_empty() {
            return Err(MatcherError::new("a label name is empty"));
        }
        if name.len() > NAME_BYTES || value.len() > VALUE_BYTES {
            return Err(MatcherError::new(format!(
                "a label name is longer than {NAME_BYTES} bytes, or a value longer than {VALUE_BYTES}"
            )));
        }
        let regex = match op {
            MatchOp::Equal | MatchOp::NotEqual => None,
            MatchOp::Regex | MatchOp::NotRegex => Some(Arc::new(compile(&value)?)),
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
        self.takes(labels)
    }

    pub(crate) fn takes(&self, labels: &impl Texts) -> bool {
        self.holds_for(labels.value_of(&self.name))
    }

    /// Says whether it holds for a label with this value.
    pub fn holds_for(&self, value: &str) -> bool {
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

fn check_text(text: &str) -> Result<(), MatcherError> {
    match text.len() > TEXT_BYTES {
        true => Err(MatcherError::new(format!(
            "the text is longer than {TEXT_BYTES} bytes"
        ))),
        false => Ok(()),
    }
}

/// Reads a text by a grammar, given the two ways to read it.
fn read<T: PartialEq>(
    grammar: Grammar,
    text: &str,
    classic: fn(&str) -> Result<T, MatcherError>,
    utf8: fn(&str) -> Result<T, MatcherError>,
) -> Result<T, MatcherError> {
    match grammar {
        Grammar::Classic => classic(text),
        Grammar::Utf8 => utf8(text),
        Grammar::Fallback => classic(text).or_else(|_| utf8(text)),
    }
}

fn compile(expression: &str) -> Result<Regex, MatcherError> {
    // Alertmanager puts the two around the text and not around its meaning, so that `a)|(?:b` is allowed.
    let anchored = format!("^(?:{expression})$");
    let bad =
        |reason: &str| MatcherError::new(format!("the regular expression is not valid: {reason}"));
    let translated = go_regex::translate(&anchored).map_err(|reason| bad(&reason))?;
    RegexBuilder::new(&translated)
        .size_limit(REGEX_BYTES)
        .dfa_size_limit(REGEX_BYTES)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => bad("it takes more than 1 MiB"),
            _ => bad("a class has no such name"),
        })
}

// === impl Matcher ===

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Matcher({self})")
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.contains(utf8::is_reserved) {
            quote::write_quoted(f, &self.name)?;
            write!(f, "{}", self.op)?;
            return quote::write_quoted(f, &self.value);
        }
        write!(f, "{}{}", self.name, self.op)?;
        quote::write_lightly_quoted(f, &self.value)
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

#[cfg(test)]
mod tests;
