//! The report of the JSON files: the newest file first, each read once from its beginning.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use memchr::memmem::Finder;
use serde_json::{Map, Value};
use tracing::Level;

use super::document::{LARGEST, bounded};
use super::root::{Unclear, root_text};
use super::scan::{Scan, scan};
use super::{ErrorQuery, ErrorReport};
use crate::query::files::{Active, FileId, Files, Opened, Source};
use crate::query::record::Head;
use crate::query::{MAX_LINE_BYTES, QueryError, Record};

/// What every error of ours has in its line. In a value it would have escapes, so it stands nowhere else.
const NEEDLE: &str = "\"log.level\":\"ERROR\"";

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
    /// Only lines as our layer writes them are found: `"log.level":"ERROR"` without a blank. A [`Query`](crate::query::Query) reads others too.
    /// Everything that may be missing is a reason in `partial`: a compressed file that ends too soon, a last line without an end,
    /// a file that cannot be read, lines that are no records.
    ///
    /// # Errors
    ///
    /// A folder cannot be read, or an active file cannot be opened or is no file.
    pub fn of_files(
        &self,
        paths: &[PathBuf],
        progress: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Scanned, QueryError> {
        let mut reading = Reading::new(self, progress);
        let mut all = Vec::new();
        for path in paths {
            let active = Active::open(path)?;
            let files = Files::list(path, active, Some(self.since))?;
            let sources = without_twins(files.oldest_first);
            let bytes = sources.iter().map(|source| source.bytes);
            reading.progress.bytes_total += bytes.sum::<u64>();
            all.push((files.active, sources));
        }
        for (active, sources) in all {
            reading.files(sources, active);
        }
        Ok(reading.done())
    }
}

/// Leaves out a compressed file that is not done yet: as long as its source is there, that counts.
fn without_twins(oldest_first: Vec<Source>) -> Vec<Source> {
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

fn packed_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    name.into()
}

/// A report that is being made.
struct Reading<'a, P> {
    query: &'a ErrorQuery,
    report: ErrorReport,
    recent: Vec<(SystemTime, Map<String, Value>)>,
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
            recent: Vec::new(),
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
            let (path, is_packed) = (source.path.clone(), source.is_packed);
            let opened = match source.open(active) {
                Opened::File(file, bytes) => (file, bytes),
                Opened::Gone => continue,
                Opened::Unreadable => {
                    self.miss(&path, "cannot be opened");
                    continue;
                }
            };
            let last = self.file(&path, opened, is_packed, wanted);
            wanted -= last.len();
            self.recent.extend(last);
        }
    }

    /// Reads one file, and returns the last of its errors, newest first.
    fn file(
        &mut self,
        path: &Path,
        (file, bytes): (File, u64),
        is_packed: bool,
        wanted: usize,
    ) -> Vec<(SystemTime, Map<String, Value>)> {
        let before = self.progress.bytes_read;
        let mut last = Last::new(wanted);
        let scanned = match unpacked(file, bytes, is_packed) {
            Some(mut source) => self.lines(&mut source, &mut last),
            None => Err(io::Error::other(
                "is compressed, and this build has no feature `gzip`",
            )),
        };
        self.files += 1;
        if !self.is_stopped {
            self.progress.bytes_read = before.saturating_add(bytes);
        }
        match scanned {
            Ok(scan) => {
                self.too_long += scan.too_long;
                if scan.torn {
                    self.miss(path, "has a last line without an end");
                }
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.miss(path, "ends in the middle of its compressed data");
            }
            Err(error) => self.miss(path, &error.to_string()),
        }
        last.documents()
    }

    fn lines(&mut self, source: &mut Box<dyn Read>, last: &mut Last) -> io::Result<Scan> {
        let finder = Finder::new(NEEDLE);
        let (query, report) = (self.query, &mut self.report);
        let (no_records, is_stopped) = (&mut self.no_records, &mut self.is_stopped);
        let (progress, told) = (&mut self.progress, &mut self.told);
        let most = progress.bytes_total;
        scan(
            source,
            &finder,
            MAX_LINE_BYTES,
            |line| match query.count_line(report, line) {
                Ok(Some(time)) => last.push(time, line),
                Ok(None) => {}
                Err(Unclear) => *no_records += 1,
            },
            |count| {
                // Unpacked, a file is larger than it is on disk.
                progress.bytes_read = (progress.bytes_read + count as u64).min(most);
                let flow = told(*progress);
                *is_stopped |= flow.is_break();
                flow
            },
        )
    }

    fn miss(&mut self, path: &Path, why: &str) {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy();
        if self.missed < MOST_REASONS {
            let name = crate::escape::shown(&name);
            self.report.partial.push(format!("`{name}` {why}"));
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
            let left = self.progress.bytes_total - self.progress.bytes_read;
            partial.push(format!("stopped with {left} bytes unread, the oldest ones"));
        }
        if self.no_records + self.too_long > 0 {
            let lines = self.no_records + self.too_long;
            partial.push(format!("{lines} lines are no records, or too long"));
        }
        // Of several sinks the newest come first; within a sink they stand as they were written.
        self.recent
            .sort_by_key(|(time, _)| std::cmp::Reverse(*time));
        self.recent.truncate(self.query.recent);
        self.report.recent = self
            .recent
            .into_iter()
            .map(|(_, document)| document)
            .collect();
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
        let is_nested = self.by.starts_with("labels.") || self.by.starts_with("numeric_labels.");
        if !is_nested
            && let Some(head) = Head::of(line)
            && let Some(time) = head.time()
            && let Ok(value) = root_text(line, &self.by)
        {
            if time < self.since || head.level != Level::ERROR {
                return Ok(None);
            }
            report.count(value, self.max_values);
            return Ok(Some(time));
        }
        let record = Record::parse(line).ok_or(Unclear)?;
        if record.time() < self.since || record.level() != Level::ERROR {
            return Ok(None);
        }
        report.count(record.get(&self.by).as_deref(), self.max_values);
        Ok(Some(record.time()))
    }
}

/// The last lines of a file, in as many pieces of memory.
struct Last {
    lines: VecDeque<(SystemTime, Vec<u8>)>,
    wanted: usize,
}

impl Last {
    fn new(wanted: usize) -> Self {
        Self {
            lines: VecDeque::new(),
            wanted,
        }
    }

    fn push(&mut self, time: SystemTime, line: &[u8]) {
        if self.wanted == 0 {
            return;
        }
        let mut bytes = if self.lines.len() < self.wanted {
            Vec::new()
        } else {
            self.lines
                .pop_front()
                .map_or_else(Vec::new, |(_, bytes)| bytes)
        };
        bytes.clear();
        if line.len() > LARGEST {
            bytes.extend_from_slice(&cut(line));
        } else {
            bytes.extend_from_slice(line);
        }
        self.lines.push_back((time, bytes));
    }

    fn documents(self) -> Vec<(SystemTime, Map<String, Value>)> {
        let newest_first = self.lines.into_iter().rev();
        newest_first
            .filter_map(|(time, line)| {
                let document = serde_json::from_slice(&line).ok()?;
                Some((time, document))
            })
            .collect()
    }
}

/// Returns a large line with its main keys only; nothing for one that is no JSON.
fn cut(line: &[u8]) -> Vec<u8> {
    let document = serde_json::from_slice(line).unwrap_or_default();
    serde_json::to_vec(&bounded(document, line.len())).unwrap_or_default()
}

/// Returns `None` for a compressed file that cannot be read by this build.
fn unpacked(file: File, bytes: u64, is_packed: bool) -> Option<Box<dyn Read>> {
    // What is written after the report began does not belong to it.
    let file = file.take(bytes);
    if !is_packed {
        return Some(Box::new(file));
    }
    #[cfg(feature = "gzip")]
    return Some(Box::new(flate2::read::MultiGzDecoder::new(file)));
    #[cfg(not(feature = "gzip"))]
    None
}
