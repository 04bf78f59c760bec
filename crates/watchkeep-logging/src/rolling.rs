//! A file that is rotated by size and by age, and never between the two ends of a line.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing_subscriber::fmt::MakeWriter;

use crate::sink::Output;

mod active;
mod backups;
mod builder;
#[cfg(feature = "gzip")]
mod compress;
mod disk;
mod file;
mod lock;
mod suffix;

#[cfg(feature = "query")]
pub(crate) use self::backups::PART;
pub use self::builder::{Compression, RollingFileBuilder};
use self::file::File;
#[cfg(feature = "query")]
pub(crate) use self::suffix::Suffix;

/// An [`io::Write`] and a [`MakeWriter`] that appends to a file and rotates it.
///
/// The active file keeps its name. A rotated one is renamed, once: it gets the time of its rotation behind its name, and a
/// number that tells files of one millisecond apart, as in `app.log.20260822T101530.123Z-0001`. Sorted by name they are in
/// time order, also when the clock went back.
///
/// - It is rotated before a line would take it past [`max_bytes`](RollingFileBuilder::with_max_bytes), and when it is older than
///   [`max_age`](RollingFileBuilder::with_max_age). A line that is longer alone is written alone.
/// - Only files whose whole name has the form above are ever deleted: the oldest when there are more than
///   [`backups`](RollingFileBuilder::with_backups), those whose name is older than
///   [`retention`](RollingFileBuilder::with_retention), and those beyond [`total_bytes`](RollingFileBuilder::with_total_bytes).
/// - When the active file is renamed, deleted, cut or replaced by somebody else, writing goes on in a new one (on Unix).
/// - An unfinished last line, as a crash or a full disk leaves it, is cut off before the next one is written.
/// - A second writer on the same path is refused, by a lock on the file `.app.log.lock` beside it.
///
/// A line is whatever ends in `\n`; one that comes in several calls stays in one file, even past the limit.
///
/// Each call of `write` goes to the operating system at once. [`QueueConfig::start`](crate::QueueConfig::start) puts a queue
/// before it; it also works as the writer of `tracing_subscriber::fmt` and of `tracing_appender::non_blocking`.
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
    path: PathBuf,
    state: Mutex<State>,
}

/// The one writer that a [`RollingFile`] lends out at a time; all that it writes stands together.
#[derive(Debug)]
pub struct RollingFileWriter<'a>(MutexGuard<'a, State>);

#[derive(Debug)]
struct State {
    file: File,
    /// The last `write` failed, and its caller will not go on where it stopped.
    failed: bool,
}

// === impl RollingFile ===

impl RollingFile {
    /// Returns the settings for a file at `path`, with their defaults.
    pub fn builder(path: impl Into<PathBuf>) -> RollingFileBuilder {
        RollingFileBuilder::new(path.into())
    }

    fn new(path: PathBuf, file: File) -> Self {
        let failed = false;
        Self {
            path,
            state: Mutex::new(State { file, failed }),
        }
    }

    /// Returns the path of the active file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns how often this value has rotated the file.
    pub fn rotations(&self) -> u64 {
        self.lock().file.rotations
    }

    /// Closes the file; the next write opens it anew, as after a rename by `logrotate`.
    pub fn reopen(&self) {
        self.lock().file.close();
    }

    /// Rotates now, whatever the size; an empty file stays.
    ///
    /// # Errors
    ///
    /// The file cannot be renamed, or no new one opened. Writing goes on in the old file then, or as soon as one can be opened.
    pub fn rotate(&self) -> io::Result<()> {
        self.lock().file.rotate()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&mut self) -> &mut File {
        let state = self.state.get_mut();
        &mut state.unwrap_or_else(PoisonError::into_inner).file
    }
}

impl Write for RollingFile {
    /// Writes whole lines as far as the active file has room for them, after a rotation where it is due.
    ///
    /// After an error the beginning of a line that was not finished is gone: write the line again, or let it go.
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let state = self.state.get_mut();
        state.unwrap_or_else(PoisonError::into_inner).write(lines)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for RollingFile {
    type Writer = RollingFileWriter<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        RollingFileWriter(self.lock())
    }
}

impl Output for RollingFile {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.file().write(lines)
    }

    fn can_continue(&mut self) -> bool {
        self.file().can_continue()
    }

    fn give_up_line(&mut self) {
        self.file().close();
    }

    fn reopen(&mut self) {
        self.file().close();
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.file().rotate()
    }

    fn tend(&mut self) {
        self.file().tend();
    }

    fn rotations(&mut self) -> u64 {
        self.file().rotations
    }

    fn take_problem(&mut self) -> Option<io::Error> {
        self.file().take_problem()
    }
}

// === impl RollingFileWriter ===

impl Write for RollingFileWriter<'_> {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.0.write(lines)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// === impl State ===

impl State {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if self.failed {
            self.file.drop_unfinished()?;
        }
        let outcome = self.file.write(lines);
        self.failed = outcome.is_err();
        outcome
    }
}

#[cfg(test)]
mod tests;
