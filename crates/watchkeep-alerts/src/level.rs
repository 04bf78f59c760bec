//! The four levels of an alert.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How bad it is; ordered from [`Info`](Self::Info) to [`Critical`](Self::Critical).
#[expect(
    clippy::exhaustive_enums,
    reason = "routes and channels name every level; a fifth one is a breaking change"
)]
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// Worth knowing.
    Info = 0,
    /// Somebody should look, in time.
    Warning = 1,
    /// Something failed.
    Error = 2,
    /// Somebody must act now.
    Critical = 3,
}

impl Level {
    /// Every level, the mildest first.
    pub const ALL: [Self; 4] = [Self::Info, Self::Warning, Self::Error, Self::Critical];

    /// Returns the number of the level: 0 for info up to 3 for critical.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Returns the level as people read it: `INFO`, `WARNING`, `ERROR`, `CRITICAL`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Critical => "CRITICAL",
        }
    }

    /// Returns the value of the label `severity`: `info`, `warning`, `error`, `critical`.
    pub const fn severity(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Level {
    type Err = ParseLevelError;

    /// Reads a level in either case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|level| level.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| ParseLevelError(text.chars().take(40).collect()))
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// The text is not the name of a level.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` is not a level: info, warning, error or critical")]
pub struct ParseLevelError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_codes_and_order_belong_together() {
        for (code, level) in Level::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(level.code()), code);
            assert_eq!(level.as_str().parse(), Ok(level));
            assert_eq!(level.severity().parse(), Ok(level));
            assert_eq!(level.severity(), level.as_str().to_lowercase());
        }
        assert!(Level::Info < Level::Warning && Level::Error < Level::Critical);
        assert_eq!(
            "fatal".parse::<Level>().unwrap_err().to_string(),
            "`fatal` is not a level: info, warning, error or critical"
        );
    }
}
