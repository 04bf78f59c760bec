//! Several matchers, which must all hold.

use std::fmt;

use super::{Grammar, MOST, Matcher, MatcherError, check_text, classic, read, utf8};
use crate::alert::Labels;
use crate::texts::Texts;

/// Matchers that must all hold, in the order of (name, value, operator), but for those of a silence.
///
/// ```
/// use watchkeep_alerts::Labels;
/// use watchkeep_alerts::matcher::Matchers;
///
/// let matchers = Matchers::parse(r#"{service="api", severity!="info"}"#)?;
/// let labels = Labels::from([("service".to_owned(), "api".to_owned())]);
/// assert!(matchers.matches(&labels), "a label that is not there is not `info`");
/// # Ok::<(), watchkeep_alerts::matcher::MatcherError>(())
/// ```
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Matchers(Vec<Matcher>);

impl Matchers {
    /// Makes a set of matchers; the order in which they come does not matter.
    pub fn new(matchers: impl IntoIterator<Item = Matcher>) -> Self {
        let mut matchers: Vec<_> = matchers.into_iter().collect();
        matchers.sort();
        Self(matchers)
    }

    /// Makes a set of matchers that keeps their order, in which a silence is shown; another order is another set.
    pub fn as_given(matchers: impl IntoIterator<Item = Matcher>) -> Self {
        Self(matchers.into_iter().collect())
    }

    /// Reads matchers with commas between them, in braces or without, by both grammars ([`Grammar::Fallback`]).
    ///
    /// An empty text and `{}` are no matchers at all, which hold for every alert.
    ///
    /// # Errors
    /// When the text is not a list of matchers, one of them is not valid, or they are more than 256.
    pub fn parse(text: &str) -> Result<Self, MatcherError> {
        Self::parse_in(Grammar::Fallback, text)
    }

    /// Reads matchers by a grammar.
    ///
    /// # Errors
    /// As for [`parse`](Self::parse).
    pub fn parse_in(grammar: Grammar, text: &str) -> Result<Self, MatcherError> {
        check_text(text)?;
        let pieces = read(grammar, text, classic::pieces, utf8::pieces)?;
        if pieces.len() > MOST {
            return Err(MatcherError::new(format!(
                "there are more than {MOST} matchers"
            )));
        }
        pieces.into_iter().map(Matcher::from_piece).collect()
    }

    /// Says whether all of them hold for these labels; without any, they hold for all.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.take(labels)
    }

    pub(crate) fn take(&self, labels: &impl Texts) -> bool {
        self.0.iter().all(|matcher| matcher.takes(labels))
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

impl IntoIterator for Matchers {
    type Item = Matcher;
    type IntoIter = std::vec::IntoIter<Matcher>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
