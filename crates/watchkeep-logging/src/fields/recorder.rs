//! Takes the values that the program hands over, whatever their formatting does.

use std::any::Any;
use std::error::Error;
use std::fmt::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use tracing::field::{Field, Visit};

use super::{Fields, Key, MAX_VALUE_BYTES, Style, Value};
use crate::escape;

/// An error tells at most so many of its causes.
const MAX_CAUSES: usize = 10;
const TRUNCATED: &str = "…[truncated]";

/// Visits the values of an event or a span.
pub(crate) struct Recorder<'a> {
    pub(crate) style: &'a Style,
    /// What is known of the fields, by their index.
    pub(crate) keys: &'a [Key],
    pub(crate) fields: &'a mut Fields,
    /// Where the value of `message` goes; a span has none, there it is a field like any other.
    pub(crate) message: Option<&'a mut String>,
    /// Where values are formatted.
    pub(crate) raw: &'a mut String,
    /// Whether the event came over the `log` crate, and brings `log.*` fields of its own.
    pub(crate) from_log: bool,
}

/// Takes what fits, and forgets the rest.
struct Bounded<'a> {
    out: &'a mut String,
    full: bool,
}

/// An error and its causes.
struct Chain<'a>(&'a (dyn Error + 'static));

// === impl Recorder ===

impl<'a> Recorder<'a> {
    /// Formats a value of the program, which may panic, fail, or hardly end.
    fn format(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if let Some(message) = self.message_of(field) {
            format_into(message, value);
            return;
        }
        let Some(key) = self.key(field) else { return };
        // A secret is not even formatted.
        self.raw.clear();
        if !key.is_secret {
            format_into(self.raw, value);
        }
        self.fields.push(self.style, key, Value::Text(self.raw));
    }

    fn push(&mut self, field: &Field, value: Value<'_>) {
        if let Some(message) = self.message_of(field) {
            message.clear();
            message.push_str(value.as_str());
        } else if let Some(key) = self.key(field) {
            self.fields.push(self.style, key, value);
        }
    }

    /// Returns where the message goes, if this is it; as a rule it is the first field.
    fn message_of(&mut self, field: &Field) -> Option<&mut String> {
        let message = self.message.as_deref_mut()?;
        (field.name() == "message").then_some(message)
    }

    fn key(&self, field: &Field) -> Option<&'a Key> {
        let is_hidden = self.from_log && field.name().starts_with("log.");
        self.keys.get(field.index()).filter(|_| !is_hidden)
    }
}

impl Visit for Recorder<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.format(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if value.len() <= MAX_VALUE_BYTES {
            self.push(field, Value::Text(value));
        } else {
            self.format(field, &format_args!("{value}"));
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, Value::Number(itoa::Buffer::new().format(value)));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let mut buffer = itoa::Buffer::new();
        let text = buffer.format(value);
        // The index holds no more than a signed number.
        let value = if i64::try_from(value).is_ok() {
            Value::Number(text)
        } else {
            Value::Plain(text)
        };
        self.push(field, value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.push(field, Value::Plain(itoa::Buffer::new().format(value)));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.push(field, Value::Plain(itoa::Buffer::new().format(value)));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.push(
                field,
                Value::Number(zmij::Buffer::new().format_finite(value)),
            );
        } else if value.is_nan() {
            self.push(field, Value::Plain("NaN"));
        } else if value > 0.0 {
            self.push(field, Value::Plain("inf"));
        } else {
            self.push(field, Value::Plain("-inf"));
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, Value::Plain(if value { "true" } else { "false" }));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.format(field, &format_args!("{}", Chain(value)));
    }
}

/// Replaces what is in `text` by a value, or by a word on why there is none.
fn format_into(text: &mut String, value: &dyn fmt::Debug) {
    text.clear();
    let mut out = Bounded {
        out: text,
        full: false,
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| write!(out, "{value:?}")));
    let note = match outcome {
        Ok(Ok(())) if out.full => TRUNCATED,
        Ok(Ok(())) => return,
        Ok(Err(_)) => "[formatting failed]",
        Err(payload) => {
            forget(payload);
            "[formatting panicked]"
        }
    };
    text.push_str(note);
}

/// Drops what a panic carried, which may panic once more; what that carries is not looked at.
fn forget(payload: Box<dyn Any + Send>) {
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        let _: &mut (dyn Any + Send) = Box::leak(another);
    }
}

// === impl Bounded ===

impl fmt::Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if !self.full {
            let room = MAX_VALUE_BYTES.saturating_sub(self.out.len());
            let end = if text.len() <= room {
                text.len()
            } else {
                escape::boundary(text, room)
            };
            self.out.push_str(&text[..end]);
            self.full = end < text.len();
        }
        Ok(())
    }
}

// === impl Chain ===

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut causes = MAX_CAUSES;
        let mut source = self.0.source();
        while let Some(cause) = source.filter(|_| causes > 0) {
            write!(f, ": {cause}")?;
            source = cause.source();
            causes -= 1;
        }
        Ok(())
    }
}
