//! Where a field goes in an ECS line.

use super::{Region, Value};
use crate::escape;

/// Where a field goes, and as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Under `labels`, as a string.
    Label,
    /// Under `numeric_labels`, as a number.
    Number,
    /// At the root, under this key.
    Root(Root),
}

/// A key of ECS, which decides the type of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Root {
    name: &'static str,
    /// The name as it stands in the line, after a comma.
    piece: &'static str,
    is_number: bool,
}

/// The keys that may stand at the root of an ECS line, beside those of every line.
///
/// The list is closed: a key that the index does not know as this type could cost the whole line.
fn root(key: &str) -> Option<Root> {
    macro_rules! root {
        ($name:literal, $is_number:literal) => {
            Root {
                name: $name,
                piece: concat!(",\"", $name, "\":"),
                is_number: $is_number,
            }
        };
    }
    Some(match key {
        "err" | "error" | "error.message" => root!("error.message", false),
        "error.code" => root!("error.code", false),
        "error.stack_trace" => root!("error.stack_trace", false),
        "error.type" => root!("error.type", false),
        "event.duration" => root!("event.duration", true),
        "http.request.id" => root!("http.request.id", false),
        "http.request.method" => root!("http.request.method", false),
        "http.response.status_code" => root!("http.response.status_code", true),
        "span.id" => root!("span.id", false),
        "trace.id" => root!("trace.id", false),
        "transaction.id" => root!("transaction.id", false),
        "url.path" => root!("url.path", false),
        _ => return None,
    })
}

// === impl Place ===

impl Place {
    pub(super) fn of(key: &str, value: Value<'_>, numeric_labels: bool) -> Self {
        let label = match value {
            Value::Number(_) if numeric_labels => Self::Number,
            Value::Number(_) | Value::Plain(_) | Value::Text(_) => Self::Label,
        };
        match root(key) {
            // A text where the index expects a number would cost the whole line.
            Some(root) if root.is_number && !is_count(value.as_str()) => label,
            Some(root) => Self::Root(root),
            None => label,
        }
    }

    pub(super) fn is_number(self) -> bool {
        match self {
            Self::Label => false,
            Self::Number => true,
            Self::Root(root) => root.is_number,
        }
    }

    pub(super) fn region(self) -> Region {
        match self {
            Self::Label => Region::Labels,
            Self::Number => Region::Numbers,
            Self::Root(_) => Region::Roots,
        }
    }

    /// Returns the bit of a key, the same for two keys of which a line has room for only one.
    pub(super) fn bit(self, key: &str) -> u64 {
        let bytes = match self {
            Self::Label | Self::Number => key.as_bytes(),
            Self::Root(root) => root.name.as_bytes(),
        };
        // In a line the characters that differ are the same.
        let at = |index: usize| match bytes.get(index).copied().unwrap_or(0) {
            b'.' | b'*' | b'\\' => u32::from(b'_'),
            byte => u32::from(byte),
        };
        let length = bytes.len();
        let mixed = at(0)
            .wrapping_mul(31)
            .wrapping_add(at(length / 2).wrapping_mul(17))
            .wrapping_add(at(length.saturating_sub(1)).wrapping_mul(7))
            .wrapping_add(u32::try_from(length).unwrap_or(0));
        1 << (mixed % 64)
    }

    /// Appends a comma, the key and a colon, and returns where the value begins.
    pub(super) fn write_key(self, out: &mut Vec<u8>, key: &str) -> usize {
        match self {
            Self::Label | Self::Number => {
                out.extend_from_slice(b",\"");
                label_key(out, key);
                out.extend_from_slice(b"\":");
            }
            Self::Root(root) => out.extend_from_slice(root.piece.as_bytes()),
        }
        out.len()
    }
}

/// A whole number that JSON can say and a signed 64-bit field can hold.
fn is_count(text: &str) -> bool {
    (1..=18).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'))
}

/// The index understands a dot as a level of nesting, and stars and backslashes not at all.
fn label_chars(key: &str) -> impl Iterator<Item = char> {
    key.chars().map(|c| match c {
        '.' | '*' | '\\' => '_',
        c => c,
    })
}

pub(super) fn is_same_label(one: &str, other: &str) -> bool {
    one.len() == other.len() && label_chars(one).eq(label_chars(other))
}

pub(super) fn label_key(out: &mut Vec<u8>, key: &str) {
    if escape::is_word(key) {
        out.extend_from_slice(key.as_bytes());
        return;
    }
    let label: String = label_chars(key).collect();
    escape::json(out, &label, escape::class(&label));
}
