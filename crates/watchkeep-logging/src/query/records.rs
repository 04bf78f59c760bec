//! The records of all files, one after the other.

use std::fs::File;
use std::io;
use std::iter::FusedIterator;
use std::path::PathBuf;
use std::vec;

use super::files::{Content, FileId, Files, Opened, Source};
use super::lines::{Backward, Forward, Limits, Line};
use super::wanted::{Verdict, Wanted};
use super::{Order, QueryError, Record};

/// What a query did not read, up to now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// Files beside the active one whose names begin like those of rotated files and that were not read:
    /// packed ones (`.gz`), links, folders, files with other names, and those that cannot be opened.
    pub files: u64,
    /// Lines that are no records: no UTF-8, no JSON object, no time or level that can be used, too long, empty.
    ///
    /// A line that the query refuses by its first bytes is not looked at any further, and not counted here whatever follows.
    pub lines: u64,
    /// Last lines without an end, which somebody is about to write, or never finished.
    pub torn: u64,
}

/// The records that a [`Query`](super::Query) asks for, in its order.
///
/// They come as they stand in the files, one after the other, and are not sorted by their times:
/// lines of several threads may be a little out of order there, and so they are here.
///
/// After an error the rest of that file is left out, and the next call goes on with the next file.
#[derive(Debug)]
pub struct Records {
    wanted: Wanted,
    order: Order,
    limits: Limits,
    waiting: vec::IntoIter<Source>,
    active: Option<FileId>,
    reading: Option<Reading>,
    skipped: Skipped,
    bytes_total: u64,
    bytes_done: u64,
}

/// The file whose turn it is.
#[derive(Debug)]
struct Reading {
    path: PathBuf,
    bytes: u64,
    lines: Lines,
}

#[derive(Debug)]
enum Lines {
    Backward(Backward<File>),
    Forward(Forward<File>),
}

// === impl Records ===

impl Records {
    pub(super) fn new(wanted: Wanted, order: Order, limits: Limits, files: Files) -> Self {
        let mut sources = files.oldest_first;
        let all = sources.len();
        // Backwards, a compressed file cannot be read.
        sources.retain(|source| !source.is_packed);
        let packed = (all - sources.len()) as u64;
        match order {
            Order::NewestFirst => sources.reverse(),
            Order::OldestFirst => {}
        }
        Self {
            wanted,
            order,
            limits,
            bytes_total: sources
                .iter()
                .fold(0, |sum, source| sum.saturating_add(source.bytes)),
            waiting: sources.into_iter(),
            active: files.active,
            reading: None,
            skipped: Skipped {
                files: files.foreign + packed,
                ..Skipped::default()
            },
            bytes_done: 0,
        }
    }

    /// Returns what was not read; complete when there are no more records.
    pub fn skipped(&self) -> Skipped {
        self.skipped
    }

    /// Returns how many bytes there are to read, also those of lines that are not asked for.
    ///
    /// It follows what becomes of the files before their turn: one that is deleted goes out of it.
    pub fn bytes_total(&self) -> u64 {
        self.bytes_total
    }

    /// Returns how many bytes have been read: `bytes_total` when there are no more records.
    pub fn bytes_read(&self) -> u64 {
        let reading = self.reading.as_ref();
        let bytes = reading.map_or(0, |reading| reading.lines.bytes_read());
        self.bytes_done.saturating_add(bytes)
    }

    fn start(&mut self, source: Source) {
        let (path, listed) = (source.path.clone(), source.bytes);
        self.bytes_total = self.bytes_total.saturating_sub(listed);
        match source.open(self.active) {
            Opened::File(Content {
                file,
                bytes,
                is_packed: false,
            }) => {
                self.bytes_total = self.bytes_total.saturating_add(bytes);
                let lines = Lines::new(file, bytes, self.order, self.limits);
                self.reading = Some(Reading { path, bytes, lines });
            }
            Opened::Gone | Opened::Known => {}
            Opened::File(_) | Opened::Unreadable => self.skipped.files += 1,
        }
    }
}

impl Iterator for Records {
    type Item = Result<Record, QueryError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(reading) = &mut self.reading else {
                let source = self.waiting.next()?;
                self.start(source);
                continue;
            };
            let failed = match reading.next(&self.wanted, &mut self.skipped) {
                Ok(Some(record)) => return Some(Ok(record)),
                Ok(None) => None,
                Err(error) => Some(QueryError::new(&reading.path, error)),
            };
            self.bytes_done = self.bytes_done.saturating_add(reading.bytes);
            self.reading = None;
            if let Some(error) = failed {
                return Some(Err(error));
            }
        }
    }
}

impl FusedIterator for Records {}

// === impl Reading ===

impl Reading {
    /// Returns the next record that is wanted, and counts what is none.
    fn next(&mut self, wanted: &Wanted, skipped: &mut Skipped) -> io::Result<Option<Record>> {
        while let Some(line) = self.lines.next()? {
            match line {
                Line::Torn => skipped.torn += 1,
                Line::TooLong => skipped.lines += 1,
                Line::Whole(line) => match wanted.judge(line) {
                    Verdict::NoRecord => skipped.lines += 1,
                    Verdict::Refused => {}
                    Verdict::Wanted(record) => return Ok(Some(*record)),
                },
            }
        }
        Ok(None)
    }
}

// === impl Lines ===

impl Lines {
    fn new(file: File, end: u64, order: Order, limits: Limits) -> Self {
        match order {
            Order::NewestFirst => Self::Backward(Backward::new(file, end, limits)),
            Order::OldestFirst => Self::Forward(Forward::new(file, end, limits)),
        }
    }

    fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        match self {
            Self::Backward(lines) => lines.next(),
            Self::Forward(lines) => lines.next(),
        }
    }

    fn bytes_read(&self) -> u64 {
        match self {
            Self::Backward(lines) => lines.bytes_read(),
            Self::Forward(lines) => lines.bytes_read(),
        }
    }
}
