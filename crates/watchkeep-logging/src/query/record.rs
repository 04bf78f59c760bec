//! One line of a file, and what it says.

use std::borrow::Cow;
use std::time::SystemTime;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::Level;

/// How a line of ours begins.
const BEFORE_TIME: &[u8] = b"{\"@timestamp\":\"";
const BEFORE_LEVEL: &[u8] = b"\",\"log.level\":\"";
/// A longer value is no time or level.
const LONGEST_VALUE: usize = 40;

/// One ECS record of a log file.
///
/// It has at least a time and a level; everything else may be missing in lines of others.
#[derive(Clone, Debug)]
pub struct Record {
    line: String,
    values: Map<String, Value>,
    time: SystemTime,
    level: Level,
}

/// The two values with which a line of ours begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'a> {
    time: &'a [u8],
    pub(super) level: Level,
}

// === impl Record ===

impl Record {
    /// Returns `None` for a line that is no record: no UTF-8, no JSON object, or without a time or a level that can be used.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?;
        let values: Map<String, Value> = serde_json::from_str(line).ok()?;
        let time = find(&values, "@timestamp")?.as_str()?;
        let level = find(&values, "log.level")?.as_str()?;
        Some(Self {
            time: parse_time(time)?,
            level: parse_level(level.as_bytes())?,
            line: line.to_owned(),
            values,
        })
    }

    /// Returns the time of the event, `@timestamp`.
    pub fn time(&self) -> SystemTime {
        self.time
    }

    /// Returns the level, `log.level`.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Returns the text of the event, empty if there is none.
    pub fn message(&self) -> Cow<'_, str> {
        self.get("message").unwrap_or_default()
    }

    /// Returns the target of the event, `log.logger`.
    pub fn logger(&self) -> Option<Cow<'_, str>> {
        self.get("log.logger")
    }

    /// Returns what `error.code` says.
    pub fn error_code(&self) -> Option<Cow<'_, str>> {
        self.get("error.code")
    }

    /// Returns which request it belongs to, `trace.id`.
    pub fn trace_id(&self) -> Option<Cow<'_, str>> {
        self.get("trace.id")
    }

    /// Returns the value of a key as text: `error.code`, `process.pid`, `labels.user_id`.
    ///
    /// A key with dots is looked for as it stands first, and then in the objects that its beginnings name, the longest first.
    /// Numbers and booleans come as JSON writes them; an object, an array and `null` are no value.
    pub fn get(&self, key: &str) -> Option<Cow<'_, str>> {
        text_of(&self.values, key)
    }

    /// Returns the line as it stands in the file, without its end.
    pub fn as_json(&self) -> &str {
        &self.line
    }
}

// === impl Head ===

impl<'a> Head<'a> {
    /// Returns the head of a line of ours, at the cost of a few comparisons; the rest of the line may still be anything.
    pub(super) fn of(line: &'a [u8]) -> Option<Self> {
        let (time, rest) = until_quote(line.strip_prefix(BEFORE_TIME)?)?;
        let (level, _) = until_quote(rest.strip_prefix(BEFORE_LEVEL)?)?;
        Some(Self {
            time,
            level: parse_level(level)?,
        })
    }

    pub(super) fn time(self) -> Option<SystemTime> {
        parse_time(std::str::from_utf8(self.time).ok()?)
    }
}

/// Splits before the next quote, which may not be far.
fn until_quote(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().take(LONGEST_VALUE).position(|b| *b == b'"')?;
    Some(text.split_at(end))
}

/// Returns the value of a key in a document, as [`Record::get`] does.
#[must_use]
pub fn text_of<'a>(document: &'a Map<String, Value>, key: &str) -> Option<Cow<'a, str>> {
    match find(document, key)? {
        Value::String(text) => Some(Cow::Borrowed(text)),
        value @ (Value::Bool(_) | Value::Number(_)) => Some(Cow::Owned(value.to_string())),
        Value::Array(_) | Value::Null | Value::Object(_) => None,
    }
}

fn find<'a>(values: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    if let Some(value) = values.get(key) {
        return Some(value);
    }
    // A path through the objects is tried only as far as they have it, so the size of the record is the bound.
    key.rmatch_indices('.').find_map(|(dot, _)| {
        let inner = values.get(&key[..dot])?.as_object()?;
        find(inner, &key[dot + 1..])
    })
}

pub(super) fn parse_time(text: &str) -> Option<SystemTime> {
    super::system_time(text.parse::<Timestamp>().ok()?)
}

/// The names of the levels in any case, as other ECS loggers write them too.
pub(super) fn parse_level(name: &[u8]) -> Option<Level> {
    let levels = [
        Level::ERROR,
        Level::WARN,
        Level::INFO,
        Level::DEBUG,
        Level::TRACE,
    ];
    levels
        .into_iter()
        .find(|level| name.eq_ignore_ascii_case(level.as_str().as_bytes()))
}
