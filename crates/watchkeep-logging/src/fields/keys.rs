//! What is known of the names of fields, found out once for each place in the program.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use tracing::Metadata;

use super::place::{Place, Root};
use super::{Style, Value};
use crate::escape;

/// More places than a thread logs from as a rule; beyond them all is found out anew.
const MAX_PLACES: usize = 512;

/// The names that a thread has met, by place and style.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    places: HashMap<(usize, u32), Box<[Key]>, BuildHasherDefault<AddressHasher>>,
}

/// Addresses of statics are as good as random, but for their last bits.
#[derive(Debug, Default)]
struct AddressHasher(u64);

/// A name, and how it stands in lines.
#[derive(Debug)]
pub(crate) struct Key {
    pub(super) name: &'static str,
    pub(super) is_secret: bool,
    /// The same for two names of which a line has room for only one.
    pub(super) bit: u8,
    root: Option<Root>,
    /// ` name=`, and behind that `,"name":"` as under `labels`.
    pieces: Box<[u8]>,
    text: usize,
}

// === impl Keys ===

impl Keys {
    /// Returns what is known of the fields of an event or a span, by their index.
    pub(crate) fn of(&mut self, style: &Style, metadata: &'static Metadata<'static>) -> &[Key] {
        let place = (std::ptr::from_ref(metadata).addr(), style.id);
        if self.places.len() >= MAX_PLACES && !self.places.contains_key(&place) {
            self.places.clear();
        }
        self.places.entry(place).or_insert_with(|| {
            let fields = metadata.fields().iter();
            fields.map(|field| Key::new(style, field.name())).collect()
        })
    }
}

// === impl AddressHasher ===

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        // The high bits of the product depend on all of the value, and the table takes the high and the low ones.
        let mixed = (self.0 ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }
}

// === impl Key ===

impl Key {
    pub(crate) fn new(style: &Style, name: &'static str) -> Self {
        let name = match name.strip_prefix("r#").unwrap_or(name) {
            // The index takes no document with a key without a name.
            blank if blank.trim().is_empty() => "_",
            name => name,
        };
        let mut pieces = b" ".to_vec();
        escape::key(&mut pieces, name);
        pieces.push(b'=');
        let text = pieces.len();
        pieces.extend_from_slice(b",\"");
        label(&mut pieces, name);
        pieces.extend_from_slice(b"\":\"");
        let root = Root::of(name);
        Self {
            name,
            is_secret: style.redaction.covers(name),
            bit: bit(root.map_or(name, Root::name)),
            root,
            pieces: pieces.into_boxed_slice(),
            text,
        }
    }

    pub(super) fn place(&self, value: Value<'_>, numeric_labels: bool) -> Place {
        Place::of(self.root, value, numeric_labels)
    }

    /// Returns a space, the name and an equals sign.
    pub(super) fn text(&self) -> &[u8] {
        &self.pieces[..self.text]
    }

    /// Returns a comma, the key, a colon, and the first quote of a string.
    pub(super) fn json(&self, place: Place) -> &[u8] {
        let piece = match place {
            Place::Label | Place::Number => &self.pieces[self.text..],
            Place::Root(root) => root.piece(),
        };
        &piece[..piece.len() - usize::from(place.is_number())]
    }
}

/// The number of one of 64 bits; in a line the characters that differ between two names of one label are the same.
fn bit(name: &str) -> u8 {
    let hash = label_chars(name).fold(0_u32, |hash, c| {
        hash.wrapping_mul(31).wrapping_add(u32::from(c))
    });
    u8::try_from(hash.wrapping_mul(0x9e37_79b1) >> 26).unwrap_or(0)
}

/// The index understands a dot as a level of nesting, and stars and backslashes not at all.
fn label_chars(name: &str) -> impl Iterator<Item = char> {
    name.chars().map(|c| match c {
        '.' | '*' | '\\' => '_',
        c => c,
    })
}

fn label(out: &mut Vec<u8>, name: &str) {
    let label: String = label_chars(name).collect();
    escape::json(out, &label, escape::class(&label));
}

pub(super) fn is_same_label(one: &str, other: &str) -> bool {
    one.len() == other.len() && label_chars(one).eq(label_chars(other))
}

#[cfg(test)]
mod tests {
    use tracing::callsite::Identifier;
    use tracing::field::FieldSet;
    use tracing::metadata::Kind;
    use tracing::{Level, subscriber::Interest};

    use super::*;

    struct Callsite;

    static CALLSITE: Callsite = Callsite;

    impl tracing::Callsite for Callsite {
        fn set_interest(&self, _: Interest) {}

        fn metadata(&self) -> &Metadata<'_> {
            unreachable!("nobody asks")
        }
    }

    #[test]
    fn thread_that_logs_from_many_places_keeps_a_bounded_number() {
        let mut keys = Keys::default();
        let style = Style::all();
        for _ in 0..3 * MAX_PLACES {
            let fields = FieldSet::new(&["user"], Identifier(&CALLSITE));
            let (level, kind) = (Level::INFO, Kind::EVENT);
            let metadata = Metadata::new("", "t", level, None, None, None, fields, kind);
            let metadata = Box::leak(Box::new(metadata));
            assert_eq!(keys.of(&style, metadata)[0].name, "user");
            assert_eq!(keys.of(&style, metadata).len(), 1);
            assert!(keys.places.len() <= MAX_PLACES);
        }
    }
}
