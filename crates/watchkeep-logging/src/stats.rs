//! What became of the lines: the numbers of each sink, and of a flush.

use std::borrow::Cow;
use std::ops::AddAssign;

use tracing::Level;

pub(crate) const LEVELS: usize = 5;

/// The numbers of one sink since the start.
///
/// Every line handed to the sink counts as accepted and ends in exactly one of the others, for each level:
/// `accepted = written + dropped + failed`, and what waits in the queue.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SinkStats {
    /// The sink: `console`, `file`, `errors`, `json`, or the name that the program gave.
    pub name: Cow<'static, str>,
    /// Bytes handed to the operating system.
    pub bytes_written: u64,
    /// Failed attempts to write, rotate, compress or delete; each write is tried again, so this says nothing about lost lines.
    pub io_errors: u64,
    /// How often the file was rotated.
    pub rotations: u64,
    /// Bytes that wait to be written.
    pub queue_bytes: usize,
    /// The most bytes that have ever waited.
    pub queue_high_water_bytes: usize,
    /// The last attempt to write has failed, and nothing was written since.
    pub is_failing: bool,
    /// The last input or output error, also when the sink has recovered since.
    pub last_error: Option<String>,
    pub(crate) lines: [LineCounts; LEVELS],
}

/// How many lines came to one end or another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LineCounts {
    /// Lines handed to the sink, also those that it then had no room for.
    pub accepted: u64,
    /// Lines handed to the operating system, whole.
    pub written: u64,
    /// Lines refused or removed because the queue was full, or refused because it was closed.
    pub dropped: u64,
    /// Lines lost because the output was gone, or failed until the end.
    pub failed: u64,
}

/// What a flush achieved.
#[derive(Clone, Debug)]
#[must_use]
pub struct FlushReport {
    pub(crate) pending: u64,
    pub(crate) lost: u64,
}

/// Lines that a sink has lost and has not told of yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Losses {
    /// Lines for which the queue had no room.
    pub dropped: u64,
    /// Lines that could not be written.
    pub failed: u64,
}

/// Returns the place of a level among the counts, the least severe first.
pub(crate) fn severity(level: Level) -> u8 {
    match level {
        Level::TRACE => 0,
        Level::DEBUG => 1,
        Level::INFO => 2,
        Level::WARN => 3,
        Level::ERROR => 4,
    }
}

// === impl SinkStats ===

impl SinkStats {
    /// Returns what became of the lines of one level.
    pub fn lines(&self, level: Level) -> LineCounts {
        self.lines[usize::from(severity(level))]
    }

    /// Returns what became of all lines.
    pub fn total(&self) -> LineCounts {
        let mut total = LineCounts::default();
        for lines in self.lines {
            total += lines;
        }
        total
    }
}

// === impl LineCounts ===

impl LineCounts {
    /// Returns how many lines will never be in the output.
    pub fn lost(&self) -> u64 {
        self.dropped + self.failed
    }
}

impl AddAssign for LineCounts {
    fn add_assign(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.written += other.written;
        self.dropped += other.dropped;
        self.failed += other.failed;
    }
}

// === impl FlushReport ===

impl FlushReport {
    /// Returns whether every line accepted before the call has been handed to the operating system, or is known to be lost.
    pub fn is_complete(&self) -> bool {
        self.pending == 0
    }

    /// Returns how many lines, summed over the sinks that were not done when the time was over, still waited then.
    pub fn pending(&self) -> u64 {
        self.pending
    }

    /// Returns how many lines were dropped or failed since the start, summed over the sinks.
    pub fn lost(&self) -> u64 {
        self.lost
    }
}
