//! What is known of the names of fields, found out once for each: names are static, so their address tells them apart.

use super::place::{Place, Root};
use super::{Style, Value};
use crate::escape;

/// Most threads meet fewer names; where two share a slot, the later one takes it.
const SLOTS: usize = 128;

/// The names that a thread has met.
#[derive(Debug, Default)]
pub(super) struct Keys {
    slots: Vec<Option<Box<Slot>>>,
}

#[derive(Debug)]
struct Slot {
    address: usize,
    length: usize,
    style: u32,
    key: Key,
}

/// A name, and how it stands in lines.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) is_secret: bool,
    /// The same for two names of which a line has room for only one.
    pub(super) bit: u64,
    root: Option<Root>,
    /// ` name=`, and behind that `,"name":` as under `labels`.
    pieces: Box<[u8]>,
    text: usize,
}

// === impl Keys ===

impl Keys {
    pub(super) fn get(&mut self, style: &Style, name: &'static str) -> &Key {
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, || None);
        }
        let (address, length) = (name.as_ptr().addr(), name.len());
        let mixed = (address as u64)
            .wrapping_add((length as u64) << 32)
            .wrapping_add(u64::from(style.id) << 48)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let index = (mixed >> 40) as usize % SLOTS;
        let slot = &mut self.slots[index];
        let is_known = slot.as_ref().is_some_and(|slot| {
            slot.address == address && slot.length == length && slot.style == style.id
        });
        if !is_known {
            *slot = None;
        }
        let slot = slot.get_or_insert_with(|| {
            Box::new(Slot {
                address,
                length,
                style: style.id,
                key: Key::new(style, name),
            })
        });
        &slot.key
    }
}

// === impl Key ===

impl Key {
    fn new(style: &Style, name: &'static str) -> Self {
        let name = name.strip_prefix("r#").unwrap_or(name);
        let mut pieces = b" ".to_vec();
        escape::key(&mut pieces, name);
        pieces.push(b'=');
        let text = pieces.len();
        pieces.extend_from_slice(b",\"");
        label(&mut pieces, name);
        pieces.extend_from_slice(b"\":");
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

    /// Returns a comma, the key and a colon.
    pub(super) fn json(&self, place: Place) -> &[u8] {
        match place {
            Place::Label | Place::Number => &self.pieces[self.text..],
            Place::Root(root) => root.piece(),
        }
    }
}

/// One of 64 bits; in a line the characters that differ between two names of one label are the same.
fn bit(name: &str) -> u64 {
    let hash = label_chars(name).fold(0_u32, |hash, c| {
        hash.wrapping_mul(31).wrapping_add(u32::from(c))
    });
    1 << (hash.wrapping_mul(0x9e37_79b1) >> 26)
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
