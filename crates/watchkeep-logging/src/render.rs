//! Turns an event into lines: text, ECS JSON, and a pretty form for terminals.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tracing::Level;

use crate::escape;
use crate::fields::{Fields, Region};
use crate::stats::{LEVELS, Losses, severity};

mod stamp;

pub(crate) use self::stamp::Stamps;

/// How a sink wants its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    Json,
    Pretty { color: bool },
    Text,
}

/// The values that are the same in every line of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: Option<&'a str>,
    pub(crate) environment: &'a str,
    pub(crate) node_name: Option<&'a str>,
}

/// One event, its values gathered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) time: Timestamp,
    pub(crate) level: Level,
    pub(crate) target: &'a str,
    pub(crate) message: &'a str,
    pub(crate) fields: &'a Fields,
    /// Where in the program it was logged, when that is wanted and known.
    pub(crate) origin: Option<(&'a str, u32)>,
}

/// What a process needs to know to write lines.
#[derive(Clone, Debug)]
pub(crate) struct Renderer {
    /// What stands between the time stamp and the message of a JSON line, for each level.
    json_levels: [Vec<u8>; LEVELS],
    /// What stands between the message and the target.
    json_head: Vec<u8>,
    /// What follows the target.
    json_tail: Vec<u8>,
    zone: TimeZone,
}

/// What a thread keeps between two lines.
#[derive(Debug, Default)]
pub(crate) struct ThreadParts {
    pub(crate) stamps: Stamps,
    /// The name of the thread as part of a JSON line.
    name: Option<Vec<u8>>,
}

// === impl Line ===

impl<'a> Line<'a> {
    /// A line of this crate's own.
    pub(crate) fn own(level: Level, time: Timestamp, message: &'a str, fields: &'a Fields) -> Self {
        Self {
            time,
            level,
            target: env!("CARGO_CRATE_NAME"),
            message,
            fields,
            origin: None,
        }
    }

    /// The news of lost lines, in the sink that has lost them.
    pub(crate) fn of_losses(level: Level, time: Timestamp, fields: &'a Fields) -> Self {
        Self::own(level, time, "log lines were lost", fields)
    }
}

// === impl Renderer ===

impl Renderer {
    pub(crate) fn new(service: Service<'_>) -> Self {
        let mut head = b"\",\"ecs.version\":\"8.17.0".to_vec();
        let entries = [
            ("service.name", Some(service.name)),
            ("service.version", service.version),
            ("service.environment", Some(service.environment)),
            ("service.node.name", service.node_name),
            ("event.dataset", Some(service.name)),
            ("log.logger", Some("")),
        ];
        for (key, value) in entries {
            if let Some(value) = value {
                escape::formatted(&mut head, format_args!("\",\"{key}\":\""));
                escape::json(&mut head, value, escape::class(value));
            }
        }
        let mut tail = Vec::new();
        escape::formatted(
            &mut tail,
            format_args!("\",\"process.pid\":{}", std::process::id()),
        );
        let mut levels = [const { Vec::new() }; LEVELS];
        for level in [
            Level::TRACE,
            Level::DEBUG,
            Level::INFO,
            Level::WARN,
            Level::ERROR,
        ] {
            escape::formatted(
                &mut levels[usize::from(severity(level))],
                format_args!("\",\"log.level\":\"{level}\",\"message\":\""),
            );
        }
        Self {
            json_levels: levels,
            json_head: head,
            json_tail: tail,
            zone: TimeZone::system(),
        }
    }

    /// Appends one line, with its end.
    pub(crate) fn render(
        &self,
        form: Form,
        line: Line<'_>,
        thread: &mut ThreadParts,
        out: &mut Vec<u8>,
    ) {
        match form {
            Form::Json => self.json(line, thread, out),
            Form::Pretty { color } => self.pretty(line, color, &mut thread.stamps, out),
            Form::Text => text(line, &mut thread.stamps, out),
        }
        out.push(b'\n');
    }

    fn json(&self, line: Line<'_>, thread: &mut ThreadParts, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"@timestamp\":\"");
        out.extend_from_slice(thread.stamps.utc(line.time));
        out.extend_from_slice(&self.json_levels[usize::from(severity(line.level))]);
        escape::json(out, line.message, escape::class(line.message));
        out.extend_from_slice(&self.json_head);
        escape::json(out, line.target, escape::class(line.target));
        out.extend_from_slice(&self.json_tail);
        out.extend_from_slice(thread.name());
        if let Some((file, number)) = line.origin {
            out.extend_from_slice(b",\"log.origin\":{\"file\":{\"name\":\"");
            escape::json(out, file, escape::class(file));
            escape::formatted(out, format_args!("\",\"line\":{number}}}}}"));
        }
        out.extend_from_slice(line.fields.region(Region::Roots));
        object(out, b",\"labels\":{", line.fields.region(Region::Labels));
        object(
            out,
            b",\"numeric_labels\":{",
            line.fields.region(Region::Numbers),
        );
        out.push(b'}');
    }

    /// The time of day where the reader is, and colors; still one line, still escaped.
    fn pretty(&self, line: Line<'_>, color: bool, stamps: &mut Stamps, out: &mut Vec<u8>) {
        let (level_color, dim, reset) = match (color, line.level) {
            (false, _) => ("", "", ""),
            (true, Level::ERROR) => ("\x1b[31m", "\x1b[2m", "\x1b[0m"),
            (true, Level::WARN) => ("\x1b[33m", "\x1b[2m", "\x1b[0m"),
            (true, Level::INFO) => ("\x1b[32m", "\x1b[2m", "\x1b[0m"),
            (true, Level::DEBUG) => ("\x1b[34m", "\x1b[2m", "\x1b[0m"),
            (true, Level::TRACE) => ("\x1b[35m", "\x1b[2m", "\x1b[0m"),
        };
        out.extend_from_slice(dim.as_bytes());
        out.extend_from_slice(stamps.local(line.time, &self.zone));
        escape::formatted(
            out,
            format_args!(
                "{reset} {level_color}{:>5}{reset} {dim}",
                line.level.as_str()
            ),
        );
        escape::text(out, line.target, escape::class(line.target));
        out.extend_from_slice(reset.as_bytes());
        out.push(b' ');
        escape::text(out, line.message, escape::class(line.message));
        out.extend_from_slice(dim.as_bytes());
        out.extend_from_slice(line.fields.region(Region::Text));
        out.extend_from_slice(reset.as_bytes());
    }
}

/// Appends members, which all begin with a comma, as an object.
fn object(out: &mut Vec<u8>, opening: &[u8], members: &[u8]) {
    if let Some((_, members)) = members.split_first() {
        out.extend_from_slice(opening);
        out.extend_from_slice(members);
        out.push(b'}');
    }
}

/// Returns the line that tells of lost lines where nothing is known of the form of the others.
pub(crate) fn notice_text(losses: Losses, now: Timestamp) -> Vec<u8> {
    let mut out = Vec::new();
    let fields = Fields::of_losses(losses);
    let line = Line::of_losses(Level::WARN, now, &fields);
    text(line, &mut Stamps::default(), &mut out);
    out.push(b'\n');
    out
}

fn text(line: Line<'_>, stamps: &mut Stamps, out: &mut Vec<u8>) {
    out.extend_from_slice(stamps.utc(line.time));
    let level: &[u8] = match line.level {
        Level::ERROR => b" ERROR ",
        Level::WARN => b"  WARN ",
        Level::INFO => b"  INFO ",
        Level::DEBUG => b" DEBUG ",
        Level::TRACE => b" TRACE ",
    };
    out.extend_from_slice(level);
    escape::text(out, line.target, escape::class(line.target));
    if !line.message.is_empty() {
        out.push(b' ');
        escape::text(out, line.message, escape::class(line.message));
    }
    out.extend_from_slice(line.fields.region(Region::Text));
}

// === impl ThreadParts ===

impl ThreadParts {
    fn name(&mut self) -> &[u8] {
        self.name.get_or_insert_with(|| {
            let mut out = Vec::new();
            if let Some(name) = std::thread::current().name() {
                out.extend_from_slice(b",\"process.thread.name\":\"");
                escape::json(&mut out, name, escape::class(name));
                out.push(b'"');
            }
            out
        })
    }
}

#[cfg(test)]
mod tests;
