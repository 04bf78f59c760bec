//! A file that is rotated by size and by age, and never between the two ends of a line.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::sink::Output;

mod active;
mod backups;
mod builder;

use self::active::{Active, first_line};
use self::backups::Backups;
pub use self::builder::RollingFileBuilder;

/// How often the age of the rotated files is looked at while nothing is rotated.
const PRUNE_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// After a rotation that failed the file grows on for so long.
const ROTATE_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(1);

/// An [`io::Write`] that appends to a file and rotates it.
///
/// The active file keeps its name. A rotated one gets the time of its rotation behind it, and a number that tells files of
/// one millisecond apart: `app.log.20260822T101530.123Z-0001`. Sorted by name they are in time order.
///
/// - It is rotated before a line would take it past [`max_bytes`](RollingFileBuilder::with_max_bytes), and when it is older than
///   [`max_age`](RollingFileBuilder::with_max_age). A line that is longer alone is written alone.
/// - Only files whose whole name has the form above are ever deleted: the oldest when there are more than
///   [`backups`](RollingFileBuilder::with_backups), and those whose name is older than [`retention`](RollingFileBuilder::with_retention).
/// - When the active file is renamed, deleted or replaced by somebody else, writing goes on in a new one (on Unix).
/// - An unfinished last line, as a crash leaves it, is cut off when the file is opened.
///
/// A line is whatever ends in `\n`; one that comes in several calls stays in one file, even past the limit.
///
/// ```
/// use std::io::Write;
/// # let folder = tempfile::tempdir()?;
/// let mut file = watchkeep_logging::RollingFile::builder(folder.path().join("app.log"))
///     .with_max_bytes(1_000_000)
///     .with_backups(5)
///     .open()?;
/// writeln!(file, "one line")?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct RollingFile {
    settings: RollingFileBuilder,
    backups: Backups,
    active: Option<Active>,
    rotations: u64,
    pruned: Timestamp,
    rotation_failed: Option<Timestamp>,
    problem: Option<io::Error>,
}

// === impl RollingFile ===

impl RollingFile {
    /// Returns the settings for a file at `path`, with their defaults.
    pub fn builder(path: impl Into<PathBuf>) -> RollingFileBuilder {
        RollingFileBuilder::new(path.into())
    }

    /// Returns the path of the active file.
    pub fn path(&self) -> &Path {
        &self.settings.path
    }

    /// Returns how often this value has rotated the file.
    pub fn rotations(&self) -> u64 {
        self.rotations
    }

    /// Closes the file; the next write opens it anew, as after a rename by `logrotate`.
    pub fn reopen(&mut self) {
        self.active = None;
    }

    /// Rotates now, whatever the size; an empty file stays.
    ///
    /// # Errors
    ///
    /// The file cannot be renamed, or no new one opened. Writing goes on in the old file then, or as soon as one can be opened.
    pub fn rotate(&mut self) -> io::Result<()> {
        let now = self.settings.clock.now();
        self.checked_active(now)?;
        self.rotate_at(now)
    }

    fn rotate_at(&mut self, now: Timestamp) -> io::Result<()> {
        if self
            .active
            .as_ref()
            .is_none_or(|a| a.size == 0 || !a.regular)
        {
            return Ok(());
        }
        self.backups.take(&self.settings.path, now)?;
        self.active = None;
        self.rotations += 1;
        self.prune(now);
        self.open_active(now).map(drop)
    }

    /// Rotates if that is possible; if not, the lines matter more than the limit.
    fn try_rotate(&mut self, now: Timestamp) -> io::Result<()> {
        if self
            .rotation_failed
            .is_some_and(|at| is_within(at, ROTATE_AGAIN_AFTER, now))
        {
            return Ok(());
        }
        match self.rotate_at(now) {
            Err(error) if self.active.is_some() => {
                self.problem = Some(error);
                self.rotation_failed = Some(now);
                Ok(())
            }
            outcome => outcome,
        }
    }

    fn prune(&mut self, now: Timestamp) {
        self.pruned = now;
        let kept = self.settings.backups;
        if let Err(error) = self.backups.prune(kept, self.settings.retention, now) {
            self.problem = Some(error);
        }
    }

    fn is_due(&self, now: Timestamp) -> bool {
        let age = SignedDuration::try_from(self.settings.max_age).unwrap_or(SignedDuration::MAX);
        self.active
            .as_ref()
            .is_some_and(|a| !a.mid_line && a.size > 0 && now.duration_since(a.born) >= age)
    }

    /// Returns the active file, opened anew when the path leads elsewhere by now.
    fn checked_active(&mut self, now: Timestamp) -> io::Result<&mut Active> {
        if let Some(active) = &mut self.active
            && !active.mid_line
        {
            match fs::metadata(&self.settings.path) {
                Ok(there) if active.is_at(&there) => active.size = there.len(),
                Ok(_) | Err(_) => self.active = None,
            }
        }
        self.open_active(now)
    }

    fn open_active(&mut self, now: Timestamp) -> io::Result<&mut Active> {
        let active = match self.active.take() {
            Some(active) => active,
            None => Active::open(&self.settings.path, now)?,
        };
        Ok(self.active.insert(active))
    }
}

impl Write for RollingFile {
    /// Writes whole lines as far as the active file has room for them, after a rotation where it is due.
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if lines.is_empty() {
            return Ok(0);
        }
        let now = self.settings.clock.now();
        self.checked_active(now)?;
        if self.is_due(now) {
            self.try_rotate(now)?;
        }
        let max = self.settings.max_bytes;
        let first = first_line(lines) as u64;
        if self.active.as_ref().is_some_and(|a| {
            !a.mid_line && a.regular && a.size > 0 && a.size.saturating_add(first) > max
        }) {
            self.try_rotate(now)?;
        }
        self.open_active(now)?.write(lines, max, now)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for RollingFile {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        Write::write(self, lines)
    }

    fn take_back(&mut self) -> bool {
        // Opening it again cuts the unfinished line off, unless it is a pipe.
        self.active.take().is_none_or(|active| active.regular)
    }

    fn reopen(&mut self) {
        Self::reopen(self);
    }

    fn tend(&mut self) {
        let now = self.settings.clock.now();
        if self.is_due(now) {
            let mut outcome = self.checked_active(now).map(drop);
            // It may be another file by now, and a young one.
            if outcome.is_ok() && self.is_due(now) {
                outcome = self.try_rotate(now);
            }
            if let Err(error) = outcome {
                self.problem = Some(error);
            }
        }
        if !is_within(self.pruned, PRUNE_EVERY, now) {
            self.prune(now);
        }
    }

    fn rotations(&self) -> u64 {
        self.rotations
    }

    fn take_problem(&mut self) -> Option<io::Error> {
        self.problem.take()
    }
}

/// Returns whether `now` is less than `wait` after `start`; a clock that went back is not.
fn is_within(start: Timestamp, wait: SignedDuration, now: Timestamp) -> bool {
    let passed = now.duration_since(start);
    !passed.is_negative() && passed < wait
}

#[cfg(test)]
mod tests;
