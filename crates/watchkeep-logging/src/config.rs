//! What to log and where to: the builder, its defaults, and the start.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::{ConfigError, Error, Filter, Layer, LogGuard};

mod env;
mod open;

/// A single line must fit, however small the queue.
const MIN_QUEUE_BYTES: usize = 4096;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What goes to standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Console {
    /// Pretty when standard output is a terminal, else text.
    #[default]
    Auto,
    /// ECS JSON lines, as containers want them.
    Json,
    /// Nothing.
    Off,
    /// The local time of day and, on a terminal without `NO_COLOR`, colors.
    Pretty,
    /// The same lines as in the text file.
    Text,
}

/// How a program logs.
///
/// | setting | default | variable |
/// |---|---|---|
/// | filter | `info` | `LOG_LEVEL`, else `RUST_LOG`; `DEBUG=true` lowers the default to `debug` |
/// | console | [`Console::Auto`] | `LOG_CONSOLE`; `DEBUG=true` makes the default pretty |
/// | folder of the files | `logs` | `LOG_DIR`; empty: no files |
/// | JSON file | only in the environment `production` | `LOG_JSON` |
/// | size at which a file is rotated | 10 MiB | `LOG_MAX_BYTES` |
/// | rotated files kept per sink | 10 | `LOG_BACKUPS` |
/// | age at which rotated files go | 30 days | `LOG_RETENTION_DAYS` |
/// | environment | `development` | `ENVIRONMENT` |
/// | queue of each sink | 8 MiB | – |
///
/// The files of a service named `api` are `api.log` (everything), `api_errors.log` (level `error` only) and `api_json.log`
/// (one ECS object a line). Each is rotated as [`RollingFile`](crate::RollingFile) says, and when it is a day old.
#[derive(Clone, Debug)]
#[must_use]
pub struct LogConfig {
    service: String,
    version: Option<String>,
    environment: String,
    node_name: Option<String>,
    filter: Filter,
    console: Console,
    color: bool,
    dir: Option<PathBuf>,
    json: Option<bool>,
    max_bytes: u64,
    backups: usize,
    retention: Duration,
    queue_bytes: usize,
    warnings: Vec<String>,
}

// === impl LogConfig ===

impl LogConfig {
    /// Returns the defaults; nothing is read from the environment.
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            version: None,
            environment: "development".to_owned(),
            node_name: None,
            filter: Filter::default(),
            console: Console::Auto,
            color: true,
            dir: Some(PathBuf::from("logs")),
            json: None,
            max_bytes: 10 * 1024 * 1024,
            backups: 10,
            retention: 30 * DAY,
            queue_bytes: 8 * 1024 * 1024,
            warnings: Vec::new(),
        }
    }

    /// Reads the variables of the table above from the environment of the process.
    ///
    /// # Errors
    ///
    /// All values that cannot be used, together. `LOG_RETENTION_DAYS` and `RUST_LOG` are never among them: for them the default
    /// and a [warning](Self::warnings) must do.
    pub fn from_env(service: impl Into<String>) -> Result<Self, ConfigError> {
        env::read(Self::new(service), &|name| std::env::var_os(name))
    }

    /// Reads the same variables from `lookup`, which returns `None` for one that is not set.
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env).
    pub fn from_lookup(
        service: impl Into<String>,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        env::read(Self::new(service), &|name| lookup(name).map(OsString::from))
    }

    /// Sets the version that JSON lines carry (default none).
    pub fn with_version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Sets the environment that JSON lines carry; `production` also turns the JSON file on, unless that is decided otherwise.
    pub fn with_environment(mut self, environment: impl Into<String>) -> Self {
        self.environment = environment.into();
        self
    }

    /// Sets the name of the instance that JSON lines carry (default none).
    pub fn with_node_name(mut self, name: impl Into<String>) -> Self {
        self.node_name = Some(name.into());
        self
    }

    /// Sets what is logged at the start; [`LogHandle::set_filter`](crate::LogHandle::set_filter) changes it later.
    pub fn with_filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Sets what goes to standard output.
    pub fn with_console(mut self, console: Console) -> Self {
        self.console = console;
        self
    }

    /// Sets the folder of the log files, which is made when it is missing; `None`: no files.
    pub fn with_dir(mut self, dir: Option<PathBuf>) -> Self {
        self.dir = dir;
        self
    }

    /// Turns the JSON file on or off.
    pub fn with_json(mut self, on: bool) -> Self {
        self.json = Some(on);
        self
    }

    /// Sets the size that a file does not pass, unless by a single line.
    pub fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets how many rotated files each sink keeps.
    pub fn with_backups(mut self, count: usize) -> Self {
        self.backups = count;
        self
    }

    /// Sets the age, by the time in its name, at which a rotated file is deleted.
    pub fn with_retention(mut self, age: Duration) -> Self {
        self.retention = age;
        self
    }

    /// Sets how many bytes may wait for each sink, at least 4 KiB.
    ///
    /// When they are used up, lines are dropped and counted; the last tenth is kept for `WARN` and `ERROR`.
    pub fn with_queue_bytes(mut self, bytes: usize) -> Self {
        self.queue_bytes = bytes;
        self
    }

    /// Returns what is odd and could be helped, so that the program can log it once logging works.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Opens the sinks and returns a layer for a registry of the caller's own.
    ///
    /// # Errors
    ///
    /// A value is out of its range, a file cannot be opened, or a thread not started.
    pub fn build(self) -> Result<(Layer, LogGuard), Error> {
        let shared = Arc::new(self.open(Clock::system())?);
        let guard = LogGuard::new(Arc::clone(&shared), self.warnings);
        Ok((Layer::new(shared), guard))
    }

    /// Opens the sinks and installs them for the whole process, for `tracing` and for the `log` crate.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build), and when the process has a global subscriber already.
    pub fn init(self) -> Result<LogGuard, Error> {
        crate::init::install(self)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let mut problems = Vec::new();
        let name = &self.service;
        if name.is_empty()
            || name.starts_with('.')
            || name.contains(|c: char| c.is_control() || matches!(c, '/' | '\\' | ':'))
        {
            problems.push(format!(
                "service: `{}` cannot begin a file name",
                crate::escape::shown(name)
            ));
        }
        if self.max_bytes == 0 {
            problems.push("LOG_MAX_BYTES: `0` would leave no room for a line".to_owned());
        }
        if self.retention.is_zero() {
            problems.push("retention: zero would delete every rotated file".to_owned());
        }
        if self.queue_bytes < MIN_QUEUE_BYTES {
            problems.push(format!(
                "queue: {} bytes are less than {MIN_QUEUE_BYTES}",
                self.queue_bytes
            ));
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(ConfigError::new(problems))
        }
    }
}

#[cfg(test)]
mod tests;
