//! The report of the JSON files: the newest file first, each read once from its beginning.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use memchr::memmem::Finder;
use tracing::Level;

use super::last::{Last, Newest};
use super::root::{Unclear, text};
use super::scan::{Scan, scan};
use super::{ErrorQuery, ErrorReport};
use crate::query::files::{Active, Content, FileId, Files, Opened, Source, packed_path};
use crate::query::pick::pick;
use crate::query::record::{Head, parse_level, parse_time};
use crate::query::{MAX_LINE_BYTES, QueryError};

/// What every error has in its line, however its keys are laid out; a line of another level has it seldom.
pub(super) const NEEDLE: &str = "\"ERROR\"";

/// How many files are named that were not read whole; the others are counted.
const MOST_REASONS: usize = 20;

/// How far a report is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// How much has been read, of compressed files as they are on disk.
    pub bytes_read: u64,
    /// How much there is to read.
    pub bytes_total: u64,
}

/// A report with what it took.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Scanned {
    /// The report.
    pub report: ErrorReport,
    /// How many files were read, and bytes.
    pub files: u64,
    /// How far it came.
    pub progress: Progress,
}

impl ErrorQuery {
    /// Reports the errors in these active JSON files and in their rotated ones, compressed ones too with the feature `gzip`.
    ///
    /// `progress` is called with each block of 256 KiB, and can stop the reading; `partial` says so then, and what was newest has been read.
    /// In memory there is a block, the longest line, and the last errors.
    ///
    /// Only lines that write the level as `"ERROR"` are found, as our layer does. A [`Query`](crate::query::Query) reads others too.
    /// Everything that may be missing is a reason in `partial`: a compressed file that ends too soon, a last line without an end,
    /// a file that cannot be read, was deleted or became shorter meanwhile, files of foreign names beside ours, lines that are no records.
    ///
    /// # Errors
    ///
    /// A folder cannot be read, or no active file can be opened, and no rotated file is there.
    pub fn of_files(
        &self,
        paths: &[PathBuf],
        progress: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Scanned, QueryError> {
        let mut reading = Reading::new(self, progress);
        let (mut all, mut failed) = (Vec::new(), None);
        for path in paths {
            let active = Active::open(path).unwrap_or_else(|error| {
                reading.miss(path, &error.reason());
                failed.get_or_insert(error);
                None
            });
            let files = Files::list(path, active, Some(self.since))?;
            reading.foreign(path, files.foreign);
            let sources = without_twins(files.oldest_first);
            let bytes = sources.iter().map(|source| source.bytes);
            reading.progress.bytes_total += bytes.sum::<u64>();
            all.push((files.active, sources));
        }
        if let Some(error) = failed
            && all.iter().all(|(_, sources)| sources.is_empty())
        {
            return Err(error);
        }
        for (active, sources) in all {
            reading.files(sources, active);
        }
        Ok(reading.done())
    }
}

/// Leaves out a compressed file that is not done yet: as long as its source is there, that counts.
pub(super) fn without_twins(oldest_first: Vec<Source>) -> Vec<Source> {
    let mut sources: Vec<Source> = Vec::with_capacity(oldest_first.len());
    for source in oldest_first {
        let is_twin = source.is_packed
            && sources
                .last()
                .is_some_and(|before| source.path == packed_path(&before.path));
        if !is_twin {
            sources.push(source);
        }
    }
    sources
}

/// A report that is being made.
struct Reading<'a, P> {
    query: &'a ErrorQuery,
    report: ErrorReport,
    newest: Newest,
    no_records: u64,
    too_long: u64,
    files: u64,
    missed: usize,
    progress: Progress,
    told: P,
    is_stopped: bool,
}

impl<'a, P: FnMut(Progress) -> ControlFlow<()>> Reading<'a, P> {
    fn new(query: &'a ErrorQuery, told: P) -> Self {
        Self {
            query,
            report: query.report("files"),
            newest: Newest::new(query.recent),
            no_records: 0,
            too_long: 0,
            files: 0,
            missed: 0,
            progress: Progress::default(),
            told,
            is_stopped: false,
        }
    }

    /// Reads the files of one sink, newest first.
    fn files(&mut self, sources: Vec<Source>, active: Option<FileId>) {
        let mut wanted = self.query.recent;
        for source in sources.into_iter().rev() {
            if self.is_stopped {
                return;
            }
            let (path, listed, was_packed) = (source.path.clone(), source.bytes, source.is_packed);
            match source.open(active) {
                Opened::File(content) => {
                    let is_same = content.is_packed == was_packed;
                    let expected = if is_same { listed } else { 0 };
                    let last = self.file(&path, content, expected, wanted);
                    wanted -= self.newest.add(last);
                }
                Opened::Known => {}
                Opened::Gone => self.miss(&path, "was deleted before its turn"),
                Opened::Unreadable => self.miss(&path, "cannot be opened"),
            }
        }
    }

    /// Reads one file, of which so many bytes at least were there, and returns the last of its errors.
    fn file(&mut self, path: &Path, content: Content, listed: u64, wanted: usize) -> Last {
        let before = self.progress.bytes_read;
        let (bytes, is_packed) = (content.bytes, content.is_packed);
        let read = Cell::new(0);
        let mut last = Last::new(wanted);
        let scanned = match unpacked(content, &read) {
            Some(mut source) => self.lines(&mut source, &read, &mut last),
            None => Err(io::Error::other(
                "is compressed, and this build has no feature `gzip`",
            )),
        };
        self.files += 1;
        if self.is_stopped {
            return last;
        }
        self.progress.bytes_read = before.saturating_add(bytes);
        match scanned {
            Ok(scan) => {
                self.too_long += scan.too_long;
                if !is_packed && read.get() < bytes.max(listed) {
                    self.miss(path, "became shorter while it was read");
                } else if scan.torn {
                    self.miss(path, "has a last line without an end");
                }
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.miss(path, "ends in the middle of its compressed data");
            }
            Err(error) => self.miss(path, &error.to_string()),
        }
        last
    }

    fn lines(
        &mut self,
        source: &mut Box<dyn Read + '_>,
        bytes: &Cell<u64>,
        last: &mut Last,
    ) -> io::Result<Scan> {
        let finder = Finder::new(NEEDLE);
        let (query, report) = (self.query, &mut self.report);
        let (no_records, is_stopped) = (&mut self.no_records, &mut self.is_stopped);
        let (progress, told) = (&mut self.progress, &mut self.told);
        let before = progress.bytes_read;
        scan(
            source,
            &finder,
            MAX_LINE_BYTES,
            |line| match query.count_line(report, line) {
                Ok(Some(time)) => last.push(time, line),
                Ok(None) => {}
                Err(Unclear) => *no_records += 1,
            },
            |_| {
                progress.bytes_read = before.saturating_add(bytes.get());
                let flow = told(*progress);
                *is_stopped |= flow.is_break();
                flow
            },
        )
    }

    /// Says of files beside this one that they were not read.
    fn foreign(&mut self, path: &Path, count: u64) {
        match count {
            0 => {}
            1 => self.miss(
                path,
                "has a file of a foreign name beside it, which was not read",
            ),
            _ => self.miss(
                path,
                &format!("has {count} files of foreign names beside it, which were not read"),
            ),
        }
    }

    fn miss(&mut self, path: &Path, why: &str) {
        if self.missed < MOST_REASONS {
            self.report.partial.push(named(path, why));
        }
        self.missed += 1;
    }

    fn done(mut self) -> Scanned {
        let partial = &mut self.report.partial;
        if self.missed > MOST_REASONS {
            partial.push(format!(
                "{} more files like these",
                self.missed - MOST_REASONS
            ));
        }
        if self.is_stopped {
            let Progress {
                bytes_read,
                bytes_total,
            } = self.progress;
            let left = bytes_total.saturating_sub(bytes_read);
            partial.push(format!("stopped with {left} bytes unread, the oldest ones"));
        }
        if self.no_records + self.too_long > 0 {
            let lines = self.no_records + self.too_long;
            partial.push(format!("{lines} lines are no records, or too long"));
        }
        self.report.recent = self.newest.documents();
        Scanned {
            report: self.report,
            files: self.files,
            progress: self.progress,
        }
    }
}

impl ErrorQuery {
    /// Counts a line that has the needle; returns its time when it is asked for.
    fn count_line(
        &self,
        report: &mut ErrorReport,
        line: &[u8],
    ) -> Result<Option<SystemTime>, Unclear> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(head) = Head::of(line)
            && let Some(time) = head.time()
            && let Ok(value) = text(line, &self.by)
        {
            return Ok(self.count(report, time, head.level, value));
        }
        let found = pick(line, ["@timestamp", "log.level", &self.by]);
        let [time, level, value] = found.ok_or(Unclear)?;
        let time = time.as_deref().and_then(parse_time).ok_or(Unclear)?;
        let level = level.as_deref().map(str::as_bytes).and_then(parse_level);
        Ok(self.count(report, time, level.ok_or(Unclear)?, value.as_deref()))
    }

    fn count(
        &self,
        report: &mut ErrorReport,
        time: SystemTime,
        level: Level,
        value: Option<&str>,
    ) -> Option<SystemTime> {
        let is_wanted = time >= self.since && level == Level::ERROR;
        is_wanted.then(|| {
            report.count(value, self.max_values);
            time
        })
    }
}

/// What is said of a file, by its name, which may be anybody's.
pub(super) fn named(path: &Path, why: &str) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    format!("`{}` {why}", crate::escape::shown(&name.to_string_lossy()))
}

/// Counts what is read of a file, of compressed ones as they are on disk.
struct Counted<'a> {
    file: io::Take<File>,
    bytes: &'a Cell<u64>,
}

impl Read for Counted<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(out)?;
        self.bytes.set(self.bytes.get() + count as u64);
        Ok(count)
    }
}

/// Returns `None` for a compressed file that cannot be read by this build.
pub(super) fn unpacked(content: Content, bytes: &Cell<u64>) -> Option<Box<dyn Read + '_>> {
    // What is written after the report began does not belong to it.
    let file = Counted {
        file: content.file.take(content.bytes),
        bytes,
    };
    if !content.is_packed {
        return Some(Box::new(file));
    }
    #[cfg(feature = "gzip")]
    return Some(Box::new(flate2::read::MultiGzDecoder::new(file)));
    #[cfg(not(feature = "gzip"))]
    None
}
