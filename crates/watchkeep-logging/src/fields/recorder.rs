//! Takes the values that the program hands over, whatever their formatting does.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use tracing::field::{Field, Visit};

use super::{Fields, MAX_VALUE_BYTES};
use crate::escape;

/// An error tells at most so many of its causes.
const MAX_CAUSES: usize = 10;

/// Visits the values of an event or a span.
pub(crate) struct Recorder<'a> {
    pub(crate) fields: &'a mut Fields,
    /// Where the value of `message` goes; a span has none, there it is a field like any other.
    pub(crate) message: Option<&'a mut String>,
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

impl Recorder<'_> {
    /// Formats a value of the program, which may panic, fail, or hardly end.
    fn record(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        self.raw.clear();
        let mut out = Bounded {
            out: self.raw,
            full: false,
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| out.write_fmt(value)));
        let note = match outcome {
            Ok(Ok(())) if out.full => "…[truncated]",
            Ok(Ok(())) => "",
            Ok(Err(_)) => "[formatting failed]",
            Err(_) => "[formatting panicked]",
        };
        self.raw.push_str(note);

        let name = field.name();
        match &mut self.message {
            Some(message) if name == "message" => {
                message.clear();
                message.push_str(self.raw);
            }
            _ if self.from_log && name.starts_with("log.") => {}
            _ => self.fields.push(name, self.raw),
        }
    }
}

impl Visit for Recorder<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record(field, format_args!("{value}"));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.record(field, format_args!("{value}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.record(field, format_args!("{}", Chain(value)));
    }
}

// === impl Bounded ===

impl fmt::Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if !self.full {
            let room = MAX_VALUE_BYTES.saturating_sub(self.out.len());
            let end = escape::boundary(text, room);
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
