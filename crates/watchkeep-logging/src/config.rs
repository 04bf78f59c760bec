//! What to log and where to: the builder, its defaults, and the start.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tracing::Level;

use crate::clock::Clock;
use crate::limit::Rate;
use crate::queue::{self, DEFAULT_BYTES};
use crate::redact::Redaction;
use crate::{Compression, ConfigError, Error, Filter, Layer, LogGuard, OnFull};

mod env;
mod open;
#[cfg(feature = "appender")]
mod writers;

#[cfg(feature = "appender")]
pub use self::writers::LineFormat;
#[cfg(feature = "appender")]
use self::writers::WriterSink;

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

/// What is done for the last lines, beside the guard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) panic_hook: bool,
    #[cfg(feature = "exit")]
    pub(crate) flush_at_exit: bool,
}

/// How a program logs.
///
/// | setting | default | variable |
/// |---|---|---|
/// | filter | `info` | `LOG_LEVEL`, else `RUST_LOG`; `DEBUG=true` lowers the default to `debug` |
/// | console | [`Console::Auto`] | `LOG_CONSOLE`; `DEBUG=true` makes the default pretty |
/// | colors of the pretty console | yes | `NO_COLOR`, when it is not empty: none |
/// | folder of the files | `logs` | `LOG_DIR`; empty: no files |
/// | JSON file | only in the environment `production` | `LOG_JSON` |
/// | size at which a file is rotated | 10 MiB | `LOG_MAX_BYTES` |
/// | rotated files kept per sink | 10 | `LOG_BACKUPS` |
/// | age at which rotated files go | 30 days | `LOG_RETENTION_DAYS` |
/// | environment | `development` | `ENVIRONMENT` |
/// | size of a sink's files together | no limit beside their number | – |
/// | compression of rotated text files | none | – |
/// | text file, errors file | both, when there is a folder | – |
/// | file and line number in JSON lines | no | – |
/// | numbers as numbers, under `numeric_labels` | no | – |
/// | fields whose values are left out | passwords, secrets, tokens, keys, cookies | – |
/// | rate limit for each place that logs | none | – |
/// | recent records kept in memory | 200 of level `warn` or `error` | – |
/// | queue of each sink | 8 MiB | – |
/// | what a full queue drops | what is less severe than `warn` first | – |
/// | panics are logged | yes, by [`init`](Self::init) | – |
/// | `process::exit` waits for the last lines | no | – |
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
    text: bool,
    errors: bool,
    origin: bool,
    numeric_labels: bool,
    redaction: Redaction,
    rate_limit: Option<Rate>,
    recent: usize,
    recent_level: Level,
    global_filter: bool,
    max_bytes: u64,
    backups: usize,
    retention: Duration,
    total_bytes: Option<u64>,
    compression: Compression,
    queue_bytes: usize,
    on_full: OnFull,
    ends: Ends,
    #[cfg(feature = "appender")]
    writers: Vec<WriterSink>,
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
            text: true,
            errors: true,
            origin: false,
            numeric_labels: false,
            redaction: Redaction::default(),
            rate_limit: None,
            recent: 200,
            recent_level: Level::WARN,
            global_filter: false,
            max_bytes: 10 * 1024 * 1024,
            backups: 10,
            retention: 30 * DAY,
            total_bytes: None,
            compression: Compression::None,
            queue_bytes: DEFAULT_BYTES,
            on_full: OnFull::default(),
            ends: Ends {
                panic_hook: true,
                #[cfg(feature = "exit")]
                flush_at_exit: false,
            },
            #[cfg(feature = "appender")]
            writers: Vec::new(),
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

    /// Sets what is logged at the start; [`LogHandle::set_level`](crate::LogHandle::set_level) changes it later.
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

    /// Turns the text file with everything on or off (default on).
    pub fn with_text(mut self, on: bool) -> Self {
        self.text = on;
        self
    }

    /// Turns the text file with the errors alone on or off (default on).
    pub fn with_errors(mut self, on: bool) -> Self {
        self.errors = on;
        self
    }

    /// Sets whether JSON lines tell the file and the line number that they come from, as `log.origin` (default no: the target
    /// says nearly as much, and every line is longer by it).
    pub fn with_origin(mut self, on: bool) -> Self {
        self.origin = on;
        self
    }

    /// Sets whether numbers stand in JSON lines as numbers, under `numeric_labels` (default no: everything that ECS does not
    /// know is a string under `labels`, which every index takes).
    ///
    /// `numeric_labels` is a convention of Elastic APM, so that one can sum and compare. What a `long` or a `double` cannot hold
    /// stays a string.
    pub fn with_numeric_labels(mut self, on: bool) -> Self {
        self.numeric_labels = on;
        self
    }

    /// Adds a name of fields whose values no line may show; they read `[redacted]`.
    ///
    /// A field is meant when its last words are that name, in whatever spelling: `card_number` also covers `user.cardNumber`.
    /// Always covered are `password`, `passwd`, `passphrase`, `secret`, `token`, `authorization`, `cookie` and `api_key`. A
    /// message, and what a value tells of itself, is the program's own affair.
    pub fn with_redacted(mut self, name: &str) -> Self {
        self.redaction.add(name);
        self
    }

    /// Lets each place in the program log only `burst` events in the time `per` (default: no limit).
    ///
    /// What is held back is counted: a line `events of one place were suppressed` with the number, at the level of the place,
    /// comes with the first event after the time is over, and at a flush. 4,096 places are told apart; one beyond them is not
    /// held back.
    pub fn with_rate_limit(mut self, burst: u32, per: Duration) -> Self {
        self.rate_limit = Some(Rate { burst, per });
        self
    }

    /// Sets how many of the last WARN and ERROR records are kept in memory for
    /// [`LogHandle::recent`](crate::LogHandle::recent) (default 200, together at most 1 MiB); 0: none.
    pub fn with_recent(mut self, records: usize) -> Self {
        self.recent = records;
        self
    }

    pub(crate) fn with_recent_level(mut self, level: Level) -> Self {
        self.recent_level = level;
        self
    }

    /// Sets whether the layer of [`build`](Self::build) refuses for all layers of its registry what its own filter refuses
    /// (default no).
    ///
    /// Then such an event costs next to nothing, as after [`init`](Self::init), but no other layer sees it; and the maximum
    /// of the `log` crate follows the filter.
    pub fn with_global_filter(mut self, on: bool) -> Self {
        self.global_filter = on;
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

    /// Sets how many bytes the files of one sink may have together, at least [`with_max_bytes`](Self::with_max_bytes).
    pub fn with_total_bytes(mut self, bytes: Option<u64>) -> Self {
        self.total_bytes = bytes;
        self
    }

    /// Sets what becomes of rotated text files; JSON files stay as they are, because Filebeat reads them.
    pub fn with_compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Sets how many bytes may wait for each sink, from 16 KiB to 1 GiB; a queue never takes more memory than that.
    pub fn with_queue_bytes(mut self, bytes: usize) -> Self {
        self.queue_bytes = bytes;
        self
    }

    /// Sets what becomes of a line when a queue is full; the sink itself tells of lost lines once it works again.
    pub fn with_on_full(mut self, on_full: OnFull) -> Self {
        self.on_full = on_full;
        self
    }

    /// Sets whether [`init`](Self::init) makes panics ERROR lines with message, location and backtrace.
    ///
    /// The hook that was there before runs afterwards. The lines are flushed, for at most a second, because the panic may end
    /// the process; while one thread waits for that no other one does.
    pub fn with_panic_hook(mut self, on: bool) -> Self {
        self.ends.panic_hook = on;
        self
    }

    /// Sets whether `std::process::exit` waits for the last lines, at most two seconds, after [`init`](Self::init).
    #[cfg(feature = "exit")]
    pub fn with_flush_at_exit(mut self, on: bool) -> Self {
        self.ends.flush_at_exit = on;
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

    pub(crate) fn ends(&self) -> Ends {
        self.ends
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
        if let Some(total) = self.total_bytes.filter(|total| *total < self.max_bytes) {
            problems.push(format!(
                "{total} bytes in all are less than the {} of one file",
                self.max_bytes
            ));
        }
        if self
            .rate_limit
            .is_some_and(|rate| rate.burst == 0 || rate.per.is_zero())
        {
            problems.push(
                "rate limit: nothing, or without time, would hold back every event or none"
                    .to_owned(),
            );
        }
        problems.extend(queue::check_bytes(self.queue_bytes).err());
        if problems.is_empty() {
            Ok(())
        } else {
            Err(ConfigError::new(problems))
        }
    }
}

#[cfg(test)]
mod tests;
