//! A bounded queue before a rolling file, for whoever renders lines otherwise.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use memchr::{memchr, memrchr};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use crate::clock::{Clock, Deadline};
use crate::error::{ConfigError, Error};
use crate::render::notice_text;
use crate::sink::{Notice, Queue, newlines};
use crate::stats::Losses;
use crate::{FlushReport, RollingFile, SinkStats};

/// The bound of a queue when nothing else is said.
pub(crate) const DEFAULT_BYTES: usize = 8 * 1024 * 1024;
/// A line must fit, however small the queue.
const MIN_BYTES: usize = 16 * 1024;
/// More is a slip of the finger.
const MAX_BYTES: usize = 1024 * 1024 * 1024;
/// A longer line without an end is ended.
const MAX_LINE_BYTES: usize = 1024 * 1024;
/// Many lines that come at once go in by parts of about this size.
const PART_BYTES: usize = 4096;
/// How long the end of a program waits for its last lines.
pub(crate) const FLUSH_AT_END: Duration = Duration::from_secs(5);
/// How long it waits for the files to be closed after that.
pub(crate) const CLOSE_AT_END: Duration = Duration::from_secs(1);

/// What becomes of a line when the queue of its sink is full, because more is logged than can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnFull {
    /// The thread that logs waits for room, at most so long, and then the line is dropped.
    ///
    /// For programs that would rather be slow than lose a line, as batch jobs are; a service would stand still with its disk.
    Block {
        /// The most that one line may wait.
        at_most: Duration,
    },
    /// A line less severe than the level is dropped. For any other the newest lines that are less severe than the level are
    /// dropped, as far as there are any.
    DropBelow(Level),
    /// The line is dropped, whatever its level.
    DropNewest,
}

/// Settings of a queue before a [`RollingFile`]: for `tracing_subscriber::fmt`, or for lines of your own.
///
/// ```
/// use std::time::Duration;
/// use watchkeep_logging::{QueueConfig, RollingFile};
///
/// # let folder = tempfile::tempdir()?;
/// let file = RollingFile::builder(folder.path().join("app.log")).open()?;
/// let (writer, guard) = QueueConfig::new("app").start(file)?;
/// let subscriber = tracing_subscriber::fmt().with_writer(writer).finish();
/// tracing::subscriber::with_default(subscriber, || tracing::info!("off this thread"));
/// assert!(guard.flush(Duration::from_secs(5)).is_complete());
/// assert_eq!(guard.stats().total().written, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct QueueConfig {
    name: Cow<'static, str>,
    bytes: usize,
    on_full: OnFull,
    notice: Option<Notice>,
}

/// Puts whole lines into a queue, from any thread, without waiting for a disk.
///
/// As a [`MakeWriter`] it knows the level of each event; as an [`io::Write`] all lines have the level that
/// [`with_level`](Self::with_level) sets. What is written without a line end at its end is kept until the line end comes, or
/// until the writer is dropped, so that no line is torn; that costs an allocation, a whole line does not.
#[derive(Debug)]
pub struct QueueWriter {
    queue: Arc<Queue>,
    level: Level,
    begun: Vec<u8>,
}

/// Flushes and counts a queue; dropped, it waits until all lines are written, at most five seconds, and closes the file.
#[derive(Debug)]
#[must_use = "dropped at once, it closes the queue"]
pub struct QueueGuard {
    queue: Arc<Queue>,
}

// === impl OnFull ===

impl Default for OnFull {
    /// Neither a warning nor an error is dropped while there is something less severe to drop.
    fn default() -> Self {
        Self::DropBelow(Level::WARN)
    }
}

// === impl QueueConfig ===

impl QueueConfig {
    /// Returns the defaults for a queue of this name: 8 MiB, [`OnFull::default`].
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            bytes: DEFAULT_BYTES,
            on_full: OnFull::default(),
            notice: None,
        }
    }

    /// Sets how many bytes may wait, from 16 KiB to 1 GiB; the queue never takes more memory than that.
    ///
    /// Half of it is for lines that are just being written, and a sixteenth of it knows the levels of lines.
    pub fn with_bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Sets what becomes of a line when the queue is full.
    pub fn with_on_full(mut self, on_full: OnFull) -> Self {
        self.on_full = on_full;
        self
    }

    /// Sets the line that tells, in the file itself, of lines that were lost (default a text line as from this crate).
    pub fn with_loss_notice(mut self, notice: impl Fn(Losses) -> String + Send + 'static) -> Self {
        self.notice = Some(Box::new(move |losses| {
            let mut line = notice(losses).into_bytes();
            end_line(&mut line);
            (line, Level::WARN)
        }));
        self
    }

    /// Starts the thread that writes into `file`.
    ///
    /// # Errors
    ///
    /// The bound is out of its range, or the thread cannot be started.
    pub fn start(self, file: RollingFile) -> Result<(QueueWriter, QueueGuard), Error> {
        check_bytes(self.bytes).map_err(|problem| ConfigError::new(vec![problem]))?;
        let queue = Arc::new(Queue::new(self.name, self.bytes, self.on_full));
        let clock = Clock::system();
        let notice = self.notice.unwrap_or_else(|| {
            Box::new(move |losses| (notice_text(losses, clock.now()), Level::WARN))
        });
        Queue::spawn(&queue, Box::new(file), self.bytes, notice)?;
        let writer = QueueWriter::new(Arc::clone(&queue), Level::INFO);
        Ok((writer, QueueGuard { queue }))
    }
}

impl std::fmt::Debug for QueueConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QueueConfig")
            .field("name", &self.name)
            .field("bytes", &self.bytes)
            .field("on_full", &self.on_full)
            .finish_non_exhaustive()
    }
}

pub(crate) fn check_bytes(bytes: usize) -> Result<(), String> {
    if (MIN_BYTES..=MAX_BYTES).contains(&bytes) {
        Ok(())
    } else {
        Err(format!(
            "queue: {bytes} bytes are not between {MIN_BYTES} and {MAX_BYTES}"
        ))
    }
}

// === impl QueueWriter ===

impl QueueWriter {
    fn new(queue: Arc<Queue>, level: Level) -> Self {
        Self {
            queue,
            level,
            begun: Vec::new(),
        }
    }

    /// Sets the level that the lines written through this value count as (default `INFO`).
    #[must_use]
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Takes whole lines, in parts that any queue has room for.
    fn push(&self, mut lines: &[u8]) {
        // Nearly always it is one line.
        if memchr(b'\n', lines).is_some_and(|end| end + 1 == lines.len()) {
            self.queue.push(lines, 1, self.level);
            return;
        }
        while !lines.is_empty() {
            let most = lines.len().min(PART_BYTES);
            let end = memrchr(b'\n', &lines[..most]).or_else(|| memchr(b'\n', lines));
            let (part, rest) = lines.split_at(end.map_or(lines.len(), |end| end + 1));
            self.queue.push(part, newlines(part), self.level);
            lines = rest;
        }
    }

    fn push_begun(&mut self) {
        let lines = std::mem::take(&mut self.begun);
        self.push(&lines);
    }
}

impl Clone for QueueWriter {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.queue), self.level)
    }
}

impl Write for QueueWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let whole = memrchr(b'\n', bytes).map_or(0, |end| end + 1);
        let (lines, rest) = bytes.split_at(whole);
        if self.begun.is_empty() {
            self.push(lines);
        } else if !lines.is_empty() {
            self.begun.extend_from_slice(lines);
            self.push_begun();
        }
        self.begun.extend_from_slice(rest);
        if self.begun.len() > MAX_LINE_BYTES {
            self.begun.push(b'\n');
            self.push_begun();
        }
        Ok(bytes.len())
    }

    /// Does nothing: [`QueueGuard::flush`] waits for the disk, a writer never does.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for QueueWriter {
    fn drop(&mut self) {
        if !self.begun.is_empty() {
            end_line(&mut self.begun);
            self.push_begun();
        }
    }
}

impl<'a> MakeWriter<'a> for QueueWriter {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Self {
        self.clone().with_level(*metadata.level())
    }
}

fn end_line(line: &mut Vec<u8>) {
    if line.last() != Some(&b'\n') {
        line.push(b'\n');
    }
}

// === impl QueueGuard ===

impl QueueGuard {
    /// Waits until every line accepted so far is written, at most for `timeout`.
    pub fn flush(&self, timeout: Duration) -> FlushReport {
        let goal = self.queue.begin_flush();
        let pending = self.queue.end_flush(goal, Deadline::after(timeout));
        let lost = self.stats().total().lost();
        FlushReport { pending, lost }
    }

    /// Returns the numbers of the queue and of the file behind it.
    pub fn stats(&self) -> SinkStats {
        self.queue.stats()
    }
}

impl Drop for QueueGuard {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = self.flush(FLUSH_AT_END);
        self.queue.close();
        self.queue.wait_for_end(Deadline::after(CLOSE_AT_END));
    }
}
