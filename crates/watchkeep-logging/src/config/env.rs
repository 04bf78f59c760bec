//! Reads the configuration from variables, and finds every problem at once.

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use super::{Console, DAY, LogConfig};
use crate::escape::shown;
use crate::{ConfigError, Filter};

/// A century: more is a slip of the finger.
const MAX_RETENTION_DAYS: u32 = 36_500;

struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<OsString>,
    problems: Vec<String>,
}

pub(super) fn read(
    mut config: LogConfig,
    lookup: &dyn Fn(&str) -> Option<OsString>,
) -> Result<LogConfig, ConfigError> {
    let mut reader = Reader {
        lookup,
        problems: Vec::new(),
    };
    let debug = reader.parsed("DEBUG", boolean).unwrap_or(false);
    if debug {
        config.filter = Filter::from(tracing::Level::DEBUG);
        config.console = Console::Pretty;
    }
    match reader.parsed("LOG_LEVEL", filter) {
        Some(filter) => config.filter = filter,
        None if reader.is_set("LOG_LEVEL") => {}
        None => rust_log(&reader, &mut config),
    }
    if let Some(console) = reader.parsed("LOG_CONSOLE", console) {
        config.console = console;
    }
    config.color = !reader.is_set("NO_COLOR");
    if let Some(dir) = (reader.lookup)("LOG_DIR") {
        config.dir = (!dir.is_empty()).then(|| PathBuf::from(dir));
    }
    if let Some(environment) = reader.text("ENVIRONMENT").filter(|text| !text.is_empty()) {
        config.environment = environment;
    }
    if let Some(json) = reader.parsed("LOG_JSON", boolean) {
        config.json = Some(json);
    }
    if let Some(bytes) = reader.parsed("LOG_MAX_BYTES", |text| match number(text) {
        Ok(0) => Err("`0` would leave no room for a line".to_owned()),
        outcome => outcome,
    }) {
        config.max_bytes = bytes;
    }
    if let Some(count) = reader.parsed("LOG_BACKUPS", number) {
        config.backups = count;
    }
    retention(&reader, &mut config);
    if reader.problems.is_empty() {
        Ok(config)
    } else {
        Err(ConfigError::new(reader.problems))
    }
}

/// `RUST_LOG` may be meant for somebody else, with a grammar that is not ours.
fn rust_log(reader: &Reader<'_>, config: &mut LogConfig) {
    let Some(text) = (reader.lookup)("RUST_LOG").filter(|text| !text.is_empty()) else {
        return;
    };
    match Filter::from_str(&text.to_string_lossy()) {
        Ok(filter) => config.filter = filter,
        Err(error) => config
            .warnings
            .push(format!("RUST_LOG: {error}; using `{}`", config.filter)),
    }
}

/// Garbage must never mean that everything is deleted, nor that the program does not start.
fn retention(reader: &Reader<'_>, config: &mut LogConfig) {
    let Some(text) = (reader.lookup)("LOG_RETENTION_DAYS") else {
        return;
    };
    let text = text.to_string_lossy();
    match text.trim().parse::<u32>() {
        Ok(days @ 1..=MAX_RETENTION_DAYS) => config.retention = DAY * days,
        Ok(_) | Err(_) => config.warnings.push(format!(
            "LOG_RETENTION_DAYS: `{}` is not a number of days from 1 to {MAX_RETENTION_DAYS}; using {}",
            shown(&text),
            config.retention.as_secs() / DAY.as_secs()
        )),
    }
}

// === impl Reader ===

impl Reader<'_> {
    fn is_set(&self, name: &str) -> bool {
        (self.lookup)(name).is_some_and(|value| !value.is_empty())
    }

    fn text(&mut self, name: &str) -> Option<String> {
        match (self.lookup)(name)?.into_string() {
            Ok(text) => Some(text),
            Err(raw) => {
                let raw = raw.to_string_lossy();
                let raw = shown(&raw);
                self.problems.push(format!("{name}: `{raw}` is not UTF-8"));
                None
            }
        }
    }

    /// Returns the value of a variable that is set, or notes why it is none.
    fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(name)?;
        match parse(text.trim()) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.problems.push(format!("{name}: {problem}"));
                None
            }
        }
    }
}

fn filter(text: &str) -> Result<Filter, String> {
    Filter::from_str(text).map_err(|error| error.to_string())
}

fn boolean(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(format!("`{}` is neither `true` nor `false`", shown(text))),
    }
}

fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("`{}` is not a whole number, or too large", shown(text)))
}

fn console(text: &str) -> Result<Console, String> {
    match text.to_ascii_lowercase().as_str() {
        "auto" => Ok(Console::Auto),
        "json" => Ok(Console::Json),
        "off" => Ok(Console::Off),
        "pretty" => Ok(Console::Pretty),
        "text" => Ok(Console::Text),
        _ => Err(format!(
            "`{}` is none of `pretty`, `text`, `json` and `off`",
            shown(text)
        )),
    }
}
