//! Which events are logged: one level, and exceptions for some targets.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};

use crate::escape;

/// More items than anybody writes by hand; a bound, because a filter may come over the network.
const MAX_ITEMS: usize = 100;

/// A level, and levels of their own for some targets.
///
/// The text form is a level, or a comma list of `level` and `target=level`; where one is said twice, the last counts.
/// A level is `trace`, `debug`, `info`, `warn`, `error` or `off`, in any case. Numbers, empty items and everything else
/// are refused. Without a bare level the others stay at `info`.
///
/// A target stands for itself and all below it (`hyper` for `hyper::proto`, not for `hyper_util`); the longest match counts.
/// Spans of level `info` and above are kept whatever the filter says, so that an error carries the ids of its request also
/// at level `error`.
///
/// ```
/// let filter: watchkeep_logging::Filter = "INFO,hyper=warn".parse()?;
/// assert_eq!(filter.to_string(), "info,hyper=warn");
/// assert!("inof".parse::<watchkeep_logging::Filter>().is_err());
/// # Ok::<(), watchkeep_logging::FilterError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    default: LevelFilter,
    targets: BTreeMap<String, LevelFilter>,
}

/// Why a text is not a [`Filter`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FilterError(String);

// === impl Filter ===

impl Filter {
    /// Returns the least and the most verbose level that any target has.
    pub(crate) fn range(&self) -> (LevelFilter, LevelFilter) {
        let start = (self.default, self.default);
        self.targets.values().fold(start, |(min, max), level| {
            (min.min(*level), max.max(*level))
        })
    }

    fn level_of(&self, target: &str) -> LevelFilter {
        self.targets
            .iter()
            .filter(|(prefix, _)| covers(prefix, target))
            .max_by_key(|(prefix, _)| prefix.len())
            .map_or(self.default, |(_, level)| *level)
    }

    pub(crate) fn allows(&self, metadata: &Metadata<'_>) -> bool {
        self.level_of(metadata.target()) >= *metadata.level()
    }
}

impl Default for Filter {
    fn default() -> Self {
        Self::from(Level::INFO)
    }
}

impl From<Level> for Filter {
    fn from(level: Level) -> Self {
        Self {
            default: level.into(),
            targets: BTreeMap::new(),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.default)?;
        for (target, level) in &self.targets {
            write!(f, ",{target}={level}")?;
        }
        Ok(())
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let mut filter = Self::default();
        if text.split(',').count() > MAX_ITEMS {
            return Err(FilterError(format!("more than {MAX_ITEMS} items")));
        }
        for item in text.split(',').map(str::trim) {
            match item.split_once('=') {
                None if item.is_empty() => {
                    return Err(FilterError(format!(
                        "`{}` has an empty item",
                        escape::shown(text)
                    )));
                }
                None => filter.default = level(item)?,
                Some((target, name)) => {
                    let target = target.trim();
                    if !is_target(target) {
                        return Err(FilterError(format!(
                            "`{}` is not a target",
                            escape::shown(target)
                        )));
                    }
                    filter
                        .targets
                        .insert(target.to_owned(), level(name.trim())?);
                }
            }
        }
        Ok(filter)
    }
}

fn covers(prefix: &str, target: &str) -> bool {
    target
        .strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::") || rest.starts_with('.'))
}

fn is_target(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '-' | '.' | '/'))
}

/// Names only: the parser of `tracing` would also take numbers and the empty text.
fn level(name: &str) -> Result<LevelFilter, FilterError> {
    match name.to_ascii_lowercase().as_str() {
        "trace" => Ok(LevelFilter::TRACE),
        "debug" => Ok(LevelFilter::DEBUG),
        "info" => Ok(LevelFilter::INFO),
        "warn" => Ok(LevelFilter::WARN),
        "error" => Ok(LevelFilter::ERROR),
        "off" => Ok(LevelFilter::OFF),
        _ => Err(FilterError(format!(
            "`{}` is not a level; levels are trace, debug, info, warn, error and off",
            escape::shown(name)
        ))),
    }
}

#[cfg(test)]
mod tests;
