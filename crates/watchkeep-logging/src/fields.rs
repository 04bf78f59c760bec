//! The fields of an event or a span, rendered once for both kinds of lines.

use std::ops::Range;

use crate::escape;
use crate::stats::Losses;

mod recorder;

pub(crate) use self::recorder::Recorder;

/// A longer value is cut, visibly.
pub(crate) const MAX_VALUE_BYTES: usize = 64 * 1024;
/// Fields that would make a line longer than this are left out, and the line says so.
pub(crate) const MAX_FIELD_BYTES: usize = 1024 * 1024;

/// The keys that may stand at the root of an ECS line, beside those of every line; in the order in which they are written.
pub(crate) const ROOT_KEYS: [&str; 11] = [
    "trace.id",
    "span.id",
    "http.request.id",
    "http.request.method",
    STATUS_CODE,
    DURATION,
    "url.path",
    "error.code",
    ERROR_MESSAGE,
    "error.type",
    "error.stack_trace",
];
const STATUS_CODE: &str = "http.response.status_code";
const DURATION: &str = "event.duration";
const ERROR_MESSAGE: &str = "error.message";

/// Where a field goes in an ECS line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Under `labels`, as a string.
    Label,
    /// At the root, under this key, as a number.
    Number(&'static str),
    /// At the root, under this key, as a string.
    Root(&'static str),
}

/// Fields with distinct keys; where one comes twice, the last counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    truncated: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    key: &'static str,
    place: Place,
    /// ` key=value`, as it stands in a text line.
    text: Range<usize>,
    /// The value as the content of a JSON string.
    json: Range<usize>,
}

// === impl Fields ===

impl Fields {
    pub(crate) fn of_losses(losses: Losses) -> Self {
        let mut fields = Self::default();
        fields.push("dropped", &losses.dropped.to_string());
        fields.push("failed", &losses.failed.to_string());
        fields
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(MAX_VALUE_BYTES);
        self.entries.clear();
        self.truncated = false;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a field, or replaces the one of the same key.
    pub(crate) fn push(&mut self, key: &'static str, value: &str) {
        if self.bytes.len() > MAX_FIELD_BYTES {
            self.truncated = true;
        } else {
            self.insert(key, value);
        }
    }

    fn insert(&mut self, key: &'static str, value: &str) {
        let key = key.strip_prefix("r#").unwrap_or(key);
        let place = Place::of(key, value);
        self.entries.retain(|old| !old.is(key, place));
        let start = self.bytes.len();
        self.bytes.push(b' ');
        escape::key(&mut self.bytes, key);
        self.bytes.push(b'=');
        escape::value(&mut self.bytes, value);
        let middle = self.bytes.len();
        escape::json(&mut self.bytes, value);
        self.entries.push(Entry {
            key,
            place,
            text: start..middle,
            json: middle..self.bytes.len(),
        });
    }

    /// Adds those fields of `other` whose keys are not here yet.
    pub(crate) fn inherit(&mut self, other: &Self) {
        for entry in &other.entries {
            if !self
                .entries
                .iter()
                .any(|own| own.is(entry.key, entry.place))
            {
                self.copy(other, entry);
            }
        }
        self.truncated |= other.truncated;
    }

    /// Replaces fields by those of `newer` with the same key and adds the others.
    pub(crate) fn update(&mut self, newer: &Self) {
        // Built anew, so that a span that records the same field for ever does not grow.
        let mut merged = Self::default();
        for entry in &self.entries {
            match newer.entries.iter().find(|e| e.is(entry.key, entry.place)) {
                Some(new) => merged.copy(newer, new),
                None => merged.copy(self, entry),
            }
        }
        merged.inherit(newer);
        merged.truncated |= self.truncated;
        *self = merged;
    }

    fn copy(&mut self, from: &Self, entry: &Entry) {
        if self.bytes.len() > MAX_FIELD_BYTES {
            self.truncated = true;
            return;
        }
        let start = self.bytes.len();
        self.bytes
            .extend_from_slice(&from.bytes[entry.text.start..entry.json.end]);
        let middle = start + entry.text.len();
        self.entries.push(Entry {
            text: start..middle,
            json: middle..self.bytes.len(),
            ..entry.clone()
        });
    }

    /// Notes in the line itself that fields were left out of it.
    pub(crate) fn finish(&mut self) {
        if self.truncated {
            self.insert("truncated", "true");
        }
    }

    /// Appends every pair as ` key=value`.
    pub(crate) fn write_text(&self, out: &mut Vec<u8>) {
        for entry in &self.entries {
            out.extend_from_slice(&self.bytes[entry.text.clone()]);
        }
    }

    /// Appends the root keys and then the labels, each with a comma before it.
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) {
        for key in ROOT_KEYS {
            for entry in &self.entries {
                let value = &self.bytes[entry.json.clone()];
                let quote: &[u8] = match entry.place {
                    Place::Root(root) if root == key => b"\"",
                    Place::Number(root) if root == key => b"",
                    Place::Label | Place::Number(_) | Place::Root(_) => continue,
                };
                for part in [b",\"", key.as_bytes(), b"\":", quote, value, quote] {
                    out.extend_from_slice(part);
                }
            }
        }
        let mut opening: &[u8] = b",\"labels\":{\"";
        for entry in self.entries.iter().filter(|e| e.place == Place::Label) {
            out.extend_from_slice(opening);
            label_key(out, entry.key);
            out.extend_from_slice(b"\":\"");
            out.extend_from_slice(&self.bytes[entry.json.clone()]);
            out.push(b'"');
            opening = b",\"";
        }
        if opening.len() == 2 {
            out.push(b'}');
        }
    }
}

/// The index understands a dot as a level of nesting, and stars and backslashes not at all.
fn label_chars(key: &str) -> impl Iterator<Item = char> {
    key.chars().map(|c| match c {
        '.' | '*' | '\\' => '_',
        c => c,
    })
}

fn label_key(out: &mut Vec<u8>, key: &str) {
    for c in label_chars(key) {
        escape::json(out, c.encode_utf8(&mut [0; 4]));
    }
}

// === impl Entry ===

impl Entry {
    /// Two fields are the same when a line has room for only one of them.
    fn is(&self, key: &str, place: Place) -> bool {
        match (self.place, place) {
            (Place::Label, Place::Label) => label_chars(self.key).eq(label_chars(key)),
            (own, other) => own == other,
        }
    }
}

// === impl Place ===

impl Place {
    fn of(key: &str, value: &str) -> Self {
        let key = if matches!(key, "err" | "error") {
            ERROR_MESSAGE
        } else {
            key
        };
        match ROOT_KEYS.into_iter().find(|root| *root == key) {
            Some(root @ (STATUS_CODE | DURATION)) if is_number(value) => Self::Number(root),
            // A text where the index expects a number would cost the whole line.
            None | Some(STATUS_CODE | DURATION) => Self::Label,
            Some(root) => Self::Root(root),
        }
    }
}

/// A whole number that JSON can say and a signed 64-bit field can hold.
fn is_number(text: &str) -> bool {
    (1..=18).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'))
}

#[cfg(test)]
mod tests;
