//! The fields of a span together with those of the spans around it, as an event copies them.

use std::sync::atomic::{AtomicU32, Ordering};

use smallvec::SmallVec;

use super::{Entry, Fields, Part, REGIONS, Region, offset};

/// Counts recordings; spans that belong together share one, so that an event sees with one look whether what it copies is old.
static EPOCHS: [AtomicU32; 64] = [const { AtomicU32::new(0) }; 64];

/// With so many a span needs no memory beside that of its text.
const INLINE: usize = 6;

/// What a layer keeps in a span, which may belong to several layers of this type.
#[derive(Debug)]
pub(crate) struct SpanSlot {
    first: (u32, SpanFields),
    others: Vec<(u32, SpanFields)>,
}

/// Rendered fields: the span's own first, then those of its ancestors.
#[derive(Debug)]
pub(crate) struct SpanFields {
    /// All regions, one behind the other.
    bytes: Box<[u8]>,
    ends: [u32; REGIONS],
    entries: SmallVec<[Entry; INLINE]>,
    own: usize,
    mask: u64,
    truncated: bool,
    /// Which of the epochs counts for this tree of spans, and what it was when this was rendered.
    tree: u8,
    epoch: u32,
    /// Counts the recordings in this very span.
    revision: u32,
}

// === impl SpanSlot ===

impl SpanSlot {
    pub(crate) fn new(layer: u32, fields: SpanFields) -> Self {
        Self {
            first: (layer, fields),
            others: Vec::new(),
        }
    }

    pub(crate) fn get(&self, layer: u32) -> Option<&SpanFields> {
        if self.first.0 == layer {
            return Some(&self.first.1);
        }
        let other = self.others.iter().find(|(other, _)| *other == layer);
        other.map(|(_, fields)| fields)
    }

    pub(crate) fn set(&mut self, layer: u32, fields: SpanFields) {
        if self.first.0 == layer {
            self.first.1 = fields;
            return;
        }
        match self.others.iter_mut().find(|(other, _)| *other == layer) {
            Some((_, old)) => *old = fields,
            None => self.others.push((layer, fields)),
        }
    }
}

// === impl SpanFields ===

impl SpanFields {
    /// Keeps what stands in `fields`, of which the first `own` are the span's own.
    ///
    /// `epoch` was read before the fields of the ancestors were.
    pub(crate) fn new(fields: &Fields, own: usize, tree: u8, epoch: u32, revision: u32) -> Self {
        let mut bytes = Vec::with_capacity(fields.bytes());
        let mut ends = [0; REGIONS];
        for (end, region) in ends.iter_mut().zip(&fields.regions) {
            bytes.extend_from_slice(region);
            *end = offset(bytes.len());
        }
        Self {
            bytes: bytes.into_boxed_slice(),
            ends,
            entries: SmallVec::from_slice(&fields.entries),
            own,
            mask: fields.mask,
            truncated: fields.truncated,
            tree,
            epoch,
            revision,
        }
    }

    /// Returns the tree of a span without ancestors.
    pub(crate) fn new_tree(span: u64) -> u8 {
        u8::try_from(span % EPOCHS.len() as u64).unwrap_or(0)
    }

    pub(crate) fn tree(&self) -> u8 {
        self.tree
    }

    pub(crate) fn revision(&self) -> u32 {
        self.revision
    }

    pub(crate) fn epoch_of(tree: u8) -> u32 {
        EPOCHS[usize::from(tree)].load(Ordering::Acquire)
    }

    /// Makes whatever was copied from a span of this tree old.
    pub(crate) fn advance(tree: u8) {
        EPOCHS[usize::from(tree)].fetch_add(1, Ordering::Release);
    }

    /// Returns whether nothing was recorded in this tree of spans since.
    pub(crate) fn is_fresh(&self) -> bool {
        self.epoch == Self::epoch_of(self.tree)
    }

    pub(super) fn region(&self, region: usize) -> &[u8] {
        let start = if region == Region::Text as usize {
            0
        } else {
            self.ends[region - 1]
        };
        &self.bytes[start as usize..self.ends[region] as usize]
    }

    pub(super) fn slice(&self, region: Region, part: Part) -> &[u8] {
        &self.region(region as usize)[part.range()]
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn own_entries(&self) -> &[Entry] {
        &self.entries[..self.own]
    }

    pub(super) fn mask(&self) -> u64 {
        self.mask
    }

    pub(super) fn is_truncated(&self) -> bool {
        self.truncated
    }
}

// === impl Fields ===

impl Fields {
    pub(crate) fn count(&self) -> usize {
        self.entries.len()
    }

    /// Adds what an ancestor itself has recorded, but not what it has from its own ancestors.
    pub(crate) fn inherit_own(&mut self, ancestor: &SpanFields) {
        for entry in ancestor.own_entries() {
            if !self.has(entry) {
                self.copy(ancestor, entry);
            }
        }
        self.truncated |= ancestor.truncated;
    }
}
