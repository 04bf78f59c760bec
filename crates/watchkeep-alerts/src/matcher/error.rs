//! Why a text is no matcher.

use std::borrow::Cow;
use std::fmt;

/// Why a text is no matcher.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MatcherError {
    reason: Cow<'static, str>,
    at: Option<usize>,
}

impl MatcherError {
    pub(super) fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason: reason.into(),
            at: None,
        }
    }

    pub(super) fn at(reason: &str, at: usize) -> Self {
        Self {
            reason: reason.to_owned().into(),
            at: Some(at),
        }
    }

    /// Returns where in the text it is wrong, in bytes, when that is known.
    pub const fn offset(&self) -> Option<usize> {
        self.at
    }
}

impl fmt::Display for MatcherError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "{} (at byte {at})", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

impl std::error::Error for MatcherError {}
