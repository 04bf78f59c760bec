//! What can go wrong before the first line is written.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why logging could not be set up.
///
/// Nothing of this happens after the start: from then on trouble is counted in [`SinkStats`](crate::SinkStats).
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Kind);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Kind {
    #[error("a global tracing subscriber has already been set")]
    AlreadySet,
    #[error(transparent)]
    Config(ConfigError),
    #[error("cannot open log file `{}`", path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error("cannot start the writer thread of log sink `{sink}`")]
    Spawn { sink: String, source: io::Error },
}

/// Every problem found in one configuration, not only the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<String>,
}

/// Why a level could not be changed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct LevelError(#[from] LevelKind);

#[derive(Debug, thiserror::Error)]
enum LevelKind {
    #[error("no log sink is named `{name}`; there are: {known}")]
    Sink { name: String, known: String },
    #[error("cannot start the thread that puts the old log level in force again")]
    Thread(#[source] io::Error),
}

// === impl Error ===

impl Error {
    /// Returns whether a global subscriber was there before, ours or another's.
    pub fn is_already_set(&self) -> bool {
        matches!(self.0, Kind::AlreadySet)
    }

    /// Returns whether a value of the configuration is wrong.
    pub fn is_config(&self) -> bool {
        matches!(self.0, Kind::Config(_))
    }

    /// Returns whether another writer, here or in another process, has one of the files open.
    pub fn is_in_use(&self) -> bool {
        matches!(&self.0, Kind::Open { source, .. } if source.kind() == io::ErrorKind::ResourceBusy)
    }

    /// Returns whether the machine refused a file or a thread.
    pub fn is_io(&self) -> bool {
        matches!(self.0, Kind::Open { .. } | Kind::Spawn { .. })
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self(Kind::Config(error))
    }
}

// === impl ConfigError ===

impl ConfigError {
    pub(crate) fn new(problems: Vec<String>) -> Self {
        Self { problems }
    }

    /// Returns one text for each problem, beginning with the name of the setting: ``LOG_LEVEL: `inof` is not a level; …``.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "invalid log configuration: {}",
            self.problems.join("; and ")
        )
    }
}

impl std::error::Error for ConfigError {}

// === impl LevelError ===

impl LevelError {
    pub(crate) fn of_sink(name: &str, known: &[&str]) -> Self {
        Self(LevelKind::Sink {
            name: crate::escape::shown(name),
            known: known.join(", "),
        })
    }

    pub(crate) fn of_thread(error: io::Error) -> Self {
        Self(LevelKind::Thread(error))
    }
}
