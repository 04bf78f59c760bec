//! Reads a file line by line, forwards or backwards, block by block.

use std::fmt;
use std::io::{self, ErrorKind, Read};

mod backward;
mod forward;

pub(super) use self::backward::Backward;
pub(super) use self::forward::Forward;

/// How much is read at once, and how long a line may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) block_bytes: usize,
    /// Without the end of the line.
    pub(super) line_bytes: usize,
}

/// What stands between two ends of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// It has no end, because its writer is not done or was killed.
    Torn,
    /// It is longer than the limit and was not kept.
    TooLong,
    /// Without its end.
    Whole(&'a [u8]),
}

/// The bytes from `from` to `to` are read and not yet given out.
#[derive(Default)]
struct Window {
    bytes: Vec<u8>,
    from: usize,
    to: usize,
}

// === impl Limits ===

impl Limits {
    pub(super) const DEFAULT: Self = Self {
        block_bytes: 64 * 1024,
        line_bytes: super::MAX_LINE_BYTES,
    };

    /// Returns how much of `left` is read next.
    fn block(self, left: u64) -> usize {
        usize::try_from(left).map_or(self.block_bytes, |left| left.min(self.block_bytes))
    }
}

// === impl Window ===

impl Window {
    fn len(&self) -> usize {
        self.to - self.from
    }

    /// Moves what is there to the front, and makes room for `more` behind it.
    fn make_room_behind(&mut self, more: usize) {
        if self.from > 0 {
            self.bytes.copy_within(self.from..self.to, 0);
            (self.from, self.to) = (0, self.len());
        }
        if self.bytes.len() < self.to + more {
            self.grow(self.to + more);
        }
    }

    /// Moves what is there to the end, and makes room for `more` before it.
    fn make_room_before(&mut self, more: usize) {
        if self.from >= more {
            return;
        }
        let len = self.len();
        if self.bytes.len() < len + more {
            self.grow(len + more);
        }
        let size = self.bytes.len();
        self.bytes.copy_within(self.from..self.to, size - len);
        (self.from, self.to) = (size - len, size);
    }

    /// Takes twice what is needed, so that a long line is not moved for every block of it.
    fn grow(&mut self, needed: usize) {
        let missing = 2 * needed - self.bytes.len();
        self.bytes.reserve_exact(missing);
        self.bytes.resize(2 * needed, 0);
    }
}

impl fmt::Debug for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

/// Reads until `out` is full or the source ends, and returns how much that was.
fn read_full(source: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < out.len() {
        match source.read(&mut out[done..]) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

#[cfg(test)]
mod tests;
