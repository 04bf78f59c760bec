//! Where a field goes in an ECS line.

use super::{Region, Value};

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

/// A key of ECS, which decides the type of its value: its index in [`ROOTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Root(u8);

struct RootKey {
    name: &'static str,
    /// The name as it stands in the line, after a comma, with the first quote of a string.
    piece: &'static str,
    is_number: bool,
}

macro_rules! roots {
    ($($name:literal $is_number:literal,)*) => {
        [$(RootKey {
            name: $name,
            piece: concat!(",\"", $name, "\":\""),
            is_number: $is_number,
        }),*]
    };
}

/// The keys that may stand at the root of an ECS line, beside those of every line.
///
/// The list is closed: a key that the index does not know as this type could cost the whole line.
static ROOTS: [RootKey; 12] = roots![
    "error.code" false,
    "error.message" false,
    "error.stack_trace" false,
    "error.type" false,
    "event.duration" true,
    "http.request.id" false,
    "http.request.method" false,
    "http.response.status_code" true,
    "span.id" false,
    "trace.id" false,
    "transaction.id" false,
    "url.path" false,
];

// === impl Root ===

impl Root {
    /// Returns what a field of this name is in ECS.
    pub(super) fn of(name: &str) -> Option<Self> {
        let name = match name {
            "err" | "error" => "error.message",
            name => name,
        };
        let index = ROOTS.iter().position(|root| root.name == name)?;
        u8::try_from(index).ok().map(Self)
    }

    fn key(self) -> &'static RootKey {
        &ROOTS[usize::from(self.0)]
    }

    pub(super) fn name(self) -> &'static str {
        self.key().name
    }

    /// Returns a comma, the key, a colon and a quote.
    pub(super) fn piece(self) -> &'static [u8] {
        self.key().piece.as_bytes()
    }
}

// === impl Place ===

impl Place {
    pub(super) fn of(root: Option<Root>, value: Value<'_>, numeric_labels: bool) -> Self {
        let label = match value {
            Value::Number(_) if numeric_labels => Self::Number,
            Value::Number(_) | Value::Plain(_) | Value::Text(_) => Self::Label,
        };
        match root {
            // A text where the index expects a number would cost the whole line.
            Some(root) if root.key().is_number && !is_count(value.as_str()) => label,
            Some(root) => Self::Root(root),
            None => label,
        }
    }

    pub(super) fn is_number(self) -> bool {
        match self {
            Self::Label => false,
            Self::Number => true,
            Self::Root(root) => root.key().is_number,
        }
    }

    pub(super) fn region(self) -> Region {
        match self {
            Self::Label => Region::Labels,
            Self::Number => Region::Numbers,
            Self::Root(_) => Region::Roots,
        }
    }
}

/// A whole number that JSON can say and a signed 64-bit field can hold.
fn is_count(text: &str) -> bool {
    (1..=18).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'))
}
