//! Exemplars: for each bucket of a histogram the trace of one observation.

use std::fmt;
use std::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
    fence,
};

use crate::Timestamp;

/// The id of a trace, written as 32 lowercase hexadecimal digits.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TraceId(u128);

/// Where exemplars come from; both functions are called while an observation is recorded, so they must be quick.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    pub(crate) current: fn() -> Option<TraceId>,
    pub(crate) now: fn() -> Timestamp,
}

/// One observation, and the trace that it was made in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Exemplar {
    pub(crate) trace: TraceId,
    pub(crate) value: f64,
    pub(crate) at: Timestamp,
}

/// The exemplars of a histogram, one for each bucket.
#[derive(Debug)]
pub(crate) struct Slots {
    source: Source,
    slots: Box<[Slot]>,
}

/// An exemplar behind a sequence lock: writers never wait, they give up; readers see whole ones or none.
#[derive(Debug, Default)]
struct Slot {
    /// Odd while somebody writes, 0 before anybody has.
    sequence: AtomicU64,
    /// There is one that nobody has read, so no observation needs to offer another.
    unread: AtomicBool,
    trace: [AtomicU64; 2],
    value: AtomicU64,
    at: AtomicU64,
}

// === impl TraceId ===

impl TraceId {
    /// Returns the id of these bits, `None` when all are zero, which is no trace id.
    #[must_use]
    pub const fn new(bits: u128) -> Option<Self> {
        match bits {
            0 => None,
            bits => Some(Self(bits)),
        }
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

// === impl Slots ===

impl Slots {
    pub(crate) fn new(source: Source, buckets: usize) -> Self {
        Self {
            source,
            slots: (0..buckets).map(|_| Slot::default()).collect(),
        }
    }

    /// Keeps the observation when the last one of its bucket was read and there is a trace.
    #[cold]
    #[inline(never)]
    pub(crate) fn offer(&self, bucket: usize, value: f64) {
        let slot = &self.slots[bucket];
        if slot.unread.load(Relaxed) {
            return;
        }
        if let Some(trace) = (self.source.current)() {
            slot.write(Exemplar {
                trace,
                value,
                at: (self.source.now)(),
            });
        }
    }

    pub(crate) fn take(&self, bucket: usize) -> Option<Exemplar> {
        let slot = &self.slots[bucket];
        slot.unread.store(false, Relaxed);
        slot.read()
    }
}

// === impl Slot ===

impl Slot {
    /// Gives up when another thread is writing: one exemplar is as good as another.
    fn write(&self, exemplar: Exemplar) {
        let sequence = self.sequence.load(Relaxed);
        let begun = sequence | 1;
        let is_free = sequence != begun;
        if !is_free
            || self
                .sequence
                .compare_exchange(sequence, begun, Acquire, Relaxed)
                .is_err()
        {
            return;
        }
        // A reader that sees one of these stores also sees the odd number.
        fence(Release);
        let [high, low] = halves(exemplar.trace.0);
        self.trace[0].store(high, Relaxed);
        self.trace[1].store(low, Relaxed);
        self.value.store(exemplar.value.to_bits(), Relaxed);
        let at = exemplar.at.as_millis().cast_unsigned();
        self.at.store(at, Relaxed);
        self.sequence.store(begun.wrapping_add(1), Release);
        self.unread.store(true, Relaxed);
    }

    fn read(&self) -> Option<Exemplar> {
        let before = self.sequence.load(Acquire);
        let [high, low] = [0, 1].map(|half| self.trace[half].load(Relaxed));
        let value = f64::from_bits(self.value.load(Relaxed));
        let at = Timestamp::from_millis(self.at.load(Relaxed).cast_signed());
        fence(Acquire);
        let after = self.sequence.load(Relaxed);
        let is_whole = before == after && before.is_multiple_of(2);
        let trace = TraceId::new(u128::from(high) << 64 | u128::from(low))?;
        is_whole.then_some(Exemplar { trace, value, at })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "each half of 128 bits is 64 bits"
)]
const fn halves(bits: u128) -> [u64; 2] {
    [(bits >> 64) as u64, bits as u64]
}

#[cfg(test)]
mod tests;
