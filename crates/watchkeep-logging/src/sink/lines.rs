//! A buffer of whole lines that knows their levels, and never takes more memory than it may.

use memchr::{memchr_iter, memrchr};
use tracing::Level;

use crate::stats::{LEVELS, severity};

/// So much is kept while nothing is to be written.
const KEPT_BYTES: usize = 8 * 1024;
const KEPT_RUNS: usize = 64;
/// This share of the memory is for the levels.
const RUNS_SHARE: usize = 8;

/// How many lines of each level, the least severe first.
pub(crate) type PerLevel = [u64; LEVELS];

/// Whole lines, one after the other, as they will be written.
#[derive(Debug)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    /// Neighbors of one level are kept together; a level changes rarely.
    runs: Vec<Run>,
    /// How many bytes each level has, so that nobody looks for what is not there.
    weights: [usize; LEVELS],
    /// The memory for bytes and runs.
    limit: usize,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    severity: u8,
    lines: u32,
    bytes: u32,
}

// === impl Lines ===

impl Lines {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            runs: Vec::new(),
            weights: [0; LEVELS],
            limit,
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns how many lines there are, in all.
    pub(super) fn count(&self) -> u64 {
        self.runs.iter().map(|run| u64::from(run.lines)).sum()
    }

    fn max_bytes(&self) -> usize {
        self.limit - self.limit / RUNS_SHARE
    }

    fn max_runs(&self) -> usize {
        self.limit / RUNS_SHARE / size_of::<Run>()
    }

    /// Returns whether so many bytes could ever be taken.
    pub(super) fn could_hold(&self, bytes: usize) -> bool {
        bytes <= self.max_bytes()
    }

    /// Returns whether so many bytes fit once all lines below a level are gone.
    pub(super) fn can_make_room(&self, below: Level, bytes: usize) -> bool {
        let lower: usize = self.weights[..usize::from(severity(below))].iter().sum();
        self.bytes.len() - lower + bytes <= self.max_bytes()
    }

    /// Adds `count` whole lines of a level; `false` when there is no room for them.
    pub(super) fn push(&mut self, lines: &[u8], count: u32, level: Level) -> bool {
        let length = self.bytes.len() + lines.len();
        if length > self.max_bytes() {
            return false;
        }
        let bytes = u32::try_from(lines.len()).unwrap_or(u32::MAX);
        let severity = severity(level);
        match self.runs.last_mut() {
            Some(run) if run.severity == severity => {
                run.lines += count;
                run.bytes += bytes;
            }
            Some(_) | None => {
                if self.runs.len() >= self.max_runs() {
                    return false;
                }
                reserve(
                    &mut self.runs,
                    1,
                    KEPT_RUNS,
                    self.limit / RUNS_SHARE / size_of::<Run>(),
                );
                self.runs.push(Run {
                    severity,
                    lines: count,
                    bytes,
                });
            }
        }
        let max = self.max_bytes();
        reserve(&mut self.bytes, lines.len(), KEPT_BYTES, max);
        self.bytes.extend_from_slice(lines);
        self.weights[usize::from(severity)] += lines.len();
        true
    }

    /// Removes the newest lines below a level until `wanted` bytes are free, and returns how many of each level went.
    pub(super) fn evict(&mut self, below: Level, wanted: usize) -> PerLevel {
        let below = severity(below);
        let mut evicted = PerLevel::default();
        if self.weights[..usize::from(below)]
            .iter()
            .all(|weight| *weight == 0)
        {
            return evicted;
        }
        let (mut freed, mut first, mut at) = (0, self.runs.len(), self.bytes.len());
        // From the end, as far back as it takes.
        while first > 0 && freed < wanted {
            first -= 1;
            let run = self.runs[first];
            at -= run.bytes as usize;
            if run.severity < below {
                freed += run.bytes as usize;
            }
        }
        // Forward again, closing the gaps; each byte is moved at most once.
        let (mut to, mut run_to, mut excess) = (at, first, freed.saturating_sub(wanted));
        for index in first..self.runs.len() {
            let mut run = self.runs[index];
            let end = at + run.bytes as usize;
            if run.severity < below {
                // Of the oldest run that is touched, what need not go stays.
                let kept = line_end_before(&self.bytes[at..end], std::mem::take(&mut excess));
                let stays = newlines(&self.bytes[at..at + kept]);
                evicted[usize::from(run.severity)] += u64::from(run.lines - stays);
                run.lines = stays;
                self.weights[usize::from(run.severity)] -= run.bytes as usize - kept;
                run.bytes = u32::try_from(kept).unwrap_or(u32::MAX);
            }
            self.bytes.copy_within(at..at + run.bytes as usize, to);
            to += run.bytes as usize;
            at = end;
            if run.lines > 0 {
                self.runs[run_to] = run;
                run_to += 1;
            }
        }
        self.bytes.truncate(to);
        self.runs.truncate(run_to);
        evicted
    }

    /// Counts the lines in `bytes`, which come after those that were counted before, as no longer here.
    pub(super) fn settle(&mut self, progress: &mut Progress, bytes: usize) -> PerLevel {
        let mut lines = PerLevel::default();
        let mut left = bytes;
        while left > 0 && progress.run < self.runs.len() {
            let run = &mut self.runs[progress.run];
            let part = left.min(run.bytes as usize);
            let count = if part == run.bytes as usize {
                progress.run += 1;
                run.lines
            } else {
                newlines(&self.bytes[progress.bytes..progress.bytes + part])
            };
            run.lines -= count;
            run.bytes -= u32::try_from(part).unwrap_or(u32::MAX);
            lines[usize::from(run.severity)] += u64::from(count);
            progress.bytes += part;
            left -= part;
        }
        lines
    }

    /// Returns how many lines of each level there are.
    pub(super) fn levels(&self) -> PerLevel {
        let mut lines = PerLevel::default();
        for run in &self.runs {
            lines[usize::from(run.severity)] += u64::from(run.lines);
        }
        lines
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.runs.clear();
        self.weights = [0; LEVELS];
    }

    /// Gives memory back that only a burst needs.
    pub(super) fn shrink(&mut self) {
        self.bytes.shrink_to(KEPT_BYTES);
        self.runs.shrink_to(KEPT_RUNS);
    }
}

/// How far the lines of a batch are settled.
#[derive(Debug, Default)]
pub(super) struct Progress {
    run: usize,
    bytes: usize,
}

/// Makes room in few steps, and never for more than `max`.
fn reserve<T>(items: &mut Vec<T>, more: usize, first: usize, max: usize) {
    let needed = items.len() + more;
    if needed > items.capacity() {
        let roomy = (items.capacity() * 4)
            .max(first)
            .clamp(needed, max.max(needed));
        items.reserve_exact(roomy - items.len());
    }
}

/// Returns the length of the whole lines among the first `most` bytes.
fn line_end_before(bytes: &[u8], most: usize) -> usize {
    memrchr(b'\n', &bytes[..most]).map_or(0, |end| end + 1)
}

pub(crate) fn newlines(bytes: &[u8]) -> u32 {
    let count = memchr_iter(b'\n', bytes).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
