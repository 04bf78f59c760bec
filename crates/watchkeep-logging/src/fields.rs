//! The fields of an event or a span, rendered once for both kinds of lines.

use std::ops::Range;

use crate::escape;
use crate::redact::{REDACTED, Redaction};
use crate::stats::Losses;

mod keys;
mod place;
mod recorder;
mod span;

pub(crate) use self::keys::{Key, Keys};
use self::place::Place;
pub(crate) use self::recorder::Recorder;
pub(crate) use self::span::{SpanFields, SpanSlot};

/// A longer value is cut, visibly.
pub(crate) const MAX_VALUE_BYTES: usize = 64 * 1024;
/// Fields that would make a line longer than this are left out, and the line says so.
pub(crate) const MAX_FIELD_BYTES: usize = 1024 * 1024;

/// What is rendered of a field, and how.
#[derive(Clone, Debug, Default)]
pub(crate) struct Style {
    /// Tells the styles of layers apart.
    pub(crate) id: u32,
    /// Whether some sink wants text, or ECS.
    pub(crate) text: bool,
    pub(crate) json: bool,
    /// Whether numbers go under `numeric_labels`, as numbers.
    pub(crate) numeric_labels: bool,
    pub(crate) redaction: Redaction,
}

/// A value as text, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    /// A number that JSON can say, and a `long` or a `double` of the index can hold.
    Number(&'a str),
    /// No character that needs an escape anywhere.
    Plain(&'a str),
    Text(&'a str),
}

/// The parts of lines that fields become, each contiguous so that all of it is copied at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Region {
    /// ` key=value`, as it stands in a text line.
    Text,
    /// `,"key":value` at the root of an ECS line.
    Roots,
    /// The same under `labels`.
    Labels,
    /// The same under `numeric_labels`.
    Numbers,
}

const REGIONS: usize = 4;

/// Fields with distinct keys; where one comes twice, the last counts.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    regions: [Vec<u8>; REGIONS],
    entries: Vec<Entry>,
    /// A bit for each key: two sets of fields whose bits are distinct have no key in common.
    mask: u64,
    truncated: bool,
}

/// Where a field stands in the regions.
#[derive(Clone, Copy, Debug)]
struct Entry {
    key: &'static str,
    /// Which bit of the mask is that of the key.
    bit: u8,
    place: Place,
    text: Part,
    /// In the region of the place.
    json: Part,
    /// Where the value begins in that.
    value: u32,
}

/// A part of a region.
#[derive(Clone, Copy, Debug)]
struct Part {
    start: u32,
    end: u32,
}

// === impl Style ===

impl Style {
    /// Everything, with nothing left out.
    pub(crate) fn all() -> Self {
        Self {
            id: u32::MAX,
            text: true,
            json: true,
            ..Self::default()
        }
    }
}

// === impl Value ===

impl<'a> Value<'a> {
    pub(crate) fn as_str(self) -> &'a str {
        match self {
            Self::Number(text) | Self::Plain(text) | Self::Text(text) => text,
        }
    }
}

// === impl Fields ===

impl Fields {
    pub(crate) fn clear(&mut self) {
        for region in &mut self.regions {
            region.clear();
            region.shrink_to(MAX_VALUE_BYTES);
        }
        self.entries.clear();
        self.mask = 0;
        self.truncated = false;
    }

    pub(crate) fn of_losses(losses: Losses) -> Self {
        Self::of_counts(&[("dropped", losses.dropped), ("failed", losses.failed)])
    }

    /// The fields of a line of this crate's own.
    pub(crate) fn of_counts(counts: &[(&'static str, u64)]) -> Self {
        let style = Style::all();
        let mut fields = Self::default();
        for (key, count) in counts {
            let mut buffer = itoa::Buffer::new();
            let key = Key::new(&style, key);
            fields.push(&style, &key, Value::Number(buffer.format(*count)));
        }
        fields
    }

    pub(crate) fn region(&self, region: Region) -> &[u8] {
        &self.regions[region as usize]
    }

    fn bytes(&self) -> usize {
        self.regions.iter().map(Vec::len).sum()
    }

    /// Adds a field, or replaces the one of the same key.
    pub(crate) fn push(&mut self, style: &Style, key: &Key, value: Value<'_>) {
        if self.bytes() > MAX_FIELD_BYTES {
            self.truncated = true;
        } else {
            self.insert(style, key, value);
        }
    }

    /// Adds a field, unless there is one of the same key.
    #[cfg(feature = "opentelemetry")]
    pub(crate) fn push_new(&mut self, style: &Style, key: &Key, value: Value<'_>) {
        let place = key.place(value, style.numeric_labels);
        if !self.contains(key.name, place, key.bit) {
            self.push(style, key, value);
        }
    }

    fn insert(&mut self, style: &Style, key: &Key, value: Value<'_>) {
        let value = if key.is_secret {
            Value::Plain(REDACTED)
        } else {
            value
        };
        let place = key.place(value, style.numeric_labels);
        if self.mask >> key.bit & 1 != 0 {
            self.remove(key.name, place);
        }
        self.mask |= 1 << key.bit;
        let class = match value {
            Value::Number(_) | Value::Plain(_) => escape::PLAIN,
            Value::Text(text) => escape::class(text),
        };
        let text = &mut self.regions[Region::Text as usize];
        let text_start = text.len();
        if style.text {
            text.extend_from_slice(key.text());
            escape::value(text, value.as_str(), class);
        }
        let text_end = text.len();
        let json = &mut self.regions[place.region() as usize];
        let json_start = json.len();
        let mut value_start = json_start;
        if style.json {
            json.extend_from_slice(key.json(place));
            value_start = json.len();
            if place.is_number() {
                json.extend_from_slice(value.as_str().as_bytes());
            } else {
                escape::json(json, value.as_str(), class);
                json.push(b'"');
                value_start -= 1;
            }
        }
        self.entries.push(Entry {
            key: key.name,
            bit: key.bit,
            place,
            text: Part::new(text_start, text_end),
            json: Part::new(json_start, json.len()),
            value: offset(value_start - json_start),
        });
    }

    /// Removes the fields for which a line with this one has no room.
    #[cold]
    fn remove(&mut self, key: &str, place: Place) {
        while let Some(index) = self.entries.iter().position(|old| old.is(key, place)) {
            let old = self.entries.remove(index);
            for (region, cut) in [(Region::Text, old.text), (old.place.region(), old.json)] {
                self.regions[region as usize].drain(cut.range());
                let length = cut.end - cut.start;
                for entry in &mut self.entries[index..] {
                    entry.move_back(region, length);
                }
            }
        }
    }

    fn contains(&self, key: &str, place: Place, bit: u8) -> bool {
        self.mask >> bit & 1 != 0 && self.entries.iter().any(|own| own.is(key, place))
    }

    fn has(&self, entry: &Entry) -> bool {
        self.contains(entry.key, entry.place, entry.bit)
    }

    /// Adds those fields of a span whose keys are not here yet.
    ///
    /// Nothing can be added afterwards but by this: what is copied at once is not known one by one. Where something was left
    /// out, a word on that is still to come.
    pub(crate) fn append(&mut self, span: &SpanFields) {
        if self.mask & span.mask() == 0
            && self.bytes() + span.bytes() <= MAX_FIELD_BYTES
            && !span.is_truncated()
        {
            for (region, own) in self.regions.iter_mut().enumerate() {
                own.extend_from_slice(span.region(region));
            }
            self.mask |= span.mask();
        } else {
            self.inherit(span);
        }
    }

    /// Adds those fields of a span whose keys are not here yet, one by one.
    pub(crate) fn inherit(&mut self, span: &SpanFields) {
        for entry in span.entries() {
            if !self.has(entry) {
                self.copy(span, entry);
            }
        }
        self.truncated |= span.is_truncated();
    }

    /// Adds a field of a span that is not here yet.
    fn copy(&mut self, from: &SpanFields, entry: &Entry) {
        if self.bytes() > MAX_FIELD_BYTES {
            self.truncated = true;
            return;
        }
        let region = entry.place.region();
        let text = from.slice(Region::Text, entry.text);
        self.adopt(entry, text, from.slice(region, entry.json));
    }

    /// Adds a field of another set that is not here yet.
    fn take(&mut self, from: &Self, entry: &Entry) {
        let region = entry.place.region();
        let text = from.slice(Region::Text, entry.text);
        self.adopt(entry, text, from.slice(region, entry.json));
    }

    fn adopt(&mut self, entry: &Entry, text: &[u8], json: &[u8]) {
        let text = append(&mut self.regions[Region::Text as usize], text);
        let json = append(&mut self.regions[entry.place.region() as usize], json);
        self.mask |= 1 << entry.bit;
        self.entries.push(Entry {
            text,
            json,
            ..*entry
        });
    }

    fn slice(&self, region: Region, part: Part) -> &[u8] {
        &self.regions[region as usize][part.range()]
    }

    /// Becomes what a span has recorded so far, with `newer` in the place of what has the same key, and the others behind.
    pub(crate) fn merge(&mut self, older: Option<&SpanFields>, newer: &Self) {
        self.clear();
        for entry in older.into_iter().flat_map(SpanFields::own_entries) {
            let replaced = newer
                .entries
                .iter()
                .find(|new| new.is(entry.key, entry.place));
            match (replaced, older) {
                (Some(new), _) if self.has(new) => {}
                (Some(new), _) => self.take(newer, new),
                (None, Some(older)) => self.copy(older, entry),
                (None, None) => {}
            }
        }
        for entry in &newer.entries {
            if !self.has(entry) {
                self.take(newer, entry);
            }
        }
        self.truncated |= newer.truncated | older.is_some_and(SpanFields::is_truncated);
    }

    /// Notes in the line itself that fields were left out of it.
    pub(crate) fn finish(&mut self, style: &Style) {
        if self.truncated {
            self.insert(style, &Key::new(style, "truncated"), Value::Plain("true"));
        }
    }

    /// Returns each key and its value as it stands in an ECS line, as far as they are rendered for that.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.entries.iter().map(|entry| {
            let piece = self.slice(entry.place.region(), entry.json);
            (
                entry.key,
                piece.get(entry.value as usize..).unwrap_or_default(),
            )
        })
    }
}

fn append(region: &mut Vec<u8>, bytes: &[u8]) -> Part {
    let start = region.len();
    region.extend_from_slice(bytes);
    Part::new(start, region.len())
}

/// No region grows much beyond a mebibyte.
fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

// === impl Entry ===

impl Entry {
    /// Two fields are the same when a line has room for only one of them.
    fn is(&self, key: &str, place: Place) -> bool {
        self.key == key
            || match (self.place, place) {
                (Place::Root(own), Place::Root(other)) => own == other,
                (Place::Label | Place::Number, Place::Label | Place::Number) => {
                    keys::is_same_label(self.key, key)
                }
                (Place::Label | Place::Number | Place::Root(_), _) => false,
            }
    }

    fn move_back(&mut self, region: Region, length: u32) {
        if region == Region::Text {
            self.text.move_back(length);
        }
        if region == self.place.region() {
            self.json.move_back(length);
        }
    }
}

// === impl Part ===

impl Part {
    fn new(start: usize, end: usize) -> Self {
        Self {
            start: offset(start),
            end: offset(end),
        }
    }

    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    fn move_back(&mut self, length: u32) {
        self.start -= length;
        self.end -= length;
    }
}

#[cfg(test)]
mod tests;
