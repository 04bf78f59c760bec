//! Why a configuration is refused, and where.

use std::borrow::Cow;
use std::fmt;

/// A place in a file; both count from 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// A value, and where it stood, when it comes from a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    pub(crate) at: Option<Position>,
}

impl<T> From<T> for Located<T> {
    fn from(value: T) -> Self {
        Self { value, at: None }
    }
}

/// Why a configuration is refused: the first thing that is wrong with it.
///
/// No message carries a value that may be a secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConfigError {
    at: Option<Position>,
    reason: Cow<'static, str>,
    unsupported: bool,
}

impl ConfigError {
    pub(crate) fn new(at: Option<Position>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            at,
            reason: reason.into(),
            unsupported: false,
        }
    }

    pub(crate) fn unsupported(at: Position, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            unsupported: true,
            ..Self::new(Some(at), reason)
        }
    }

    /// Returns the line, from 1; a configuration that was built in Rust has none.
    pub fn line(&self) -> Option<usize> {
        self.at.map(|at| at.line)
    }

    /// Returns the column, in characters from 1; a configuration that was built in Rust has none.
    pub fn column(&self) -> Option<usize> {
        self.at.map(|at| at.column)
    }

    /// Returns what is wrong, without the place.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Says whether Alertmanager has what is refused here: another channel, a template.
    pub const fn is_unsupported(&self) -> bool {
        self.unsupported
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_at(f, self.at, &self.reason)
    }
}

impl std::error::Error for ConfigError {}

/// Something in a configuration that is valid and yet worth a look.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConfigWarning {
    at: Option<Position>,
    text: Cow<'static, str>,
}

impl ConfigWarning {
    pub(crate) fn new(at: Option<Position>, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            at,
            text: text.into(),
        }
    }

    /// Returns the line, from 1; a configuration that was built in Rust has none.
    pub fn line(&self) -> Option<usize> {
        self.at.map(|at| at.line)
    }
}

impl fmt::Display for ConfigWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_at(f, self.at, &self.text)
    }
}

fn write_at(f: &mut fmt::Formatter<'_>, at: Option<Position>, text: &str) -> fmt::Result {
    match at {
        Some(Position { line, column }) => write!(f, "line {line}, column {column}: {text}"),
        None => f.write_str(text),
    }
}

/// Returns a name as it may stand in a message: on one line, and not too long.
pub(crate) fn shown(name: &str) -> String {
    const MOST: usize = 64;
    let mut short: String = name
        .chars()
        .take(MOST)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if name.chars().nth(MOST).is_some() {
        short.push('…');
    }
    short
}
