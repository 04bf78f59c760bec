//! The files of one sink, as far as they were read.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::lines::Lines;
use crate::query::errors::files::{unpacked, without_twins};
use crate::query::files::{Active, Content, FileId, Files, Opened, Source, is_same, packed_path};
use crate::query::{MAX_LINE_BYTES, QueryError};

/// By so many of its first bytes a file is known again when it was compressed: they have the time of its first line.
const BEGINNING_BYTES: u64 = 512;

const TORN: &str = "has a last line without an end";

/// What a look comes across.
pub(super) enum Seen<'a> {
    Line(&'a [u8]),
    TooLong,
    /// A file of which something may be missing, and why.
    Missed(&'a Path, &'a str),
}

/// The active file and those that were rotated since.
#[derive(Debug)]
pub(super) struct Sink {
    path: PathBuf,
    /// The file that was the active one at the last look, whatever it is called now.
    current: Option<Current>,
    /// The compressed name of the last rotated file that has been read, or was there before.
    done: Option<PathBuf>,
    /// What is wrong, and was said.
    trouble: Option<String>,
}

/// A file that is or was the active one, and how far it was read.
#[derive(Debug)]
pub(super) struct Current {
    file: File,
    id: Option<FileId>,
    lines: Lines,
}

// === impl Sink ===

impl Sink {
    /// Everything of it is to be read.
    pub(super) const fn at_start(path: PathBuf) -> Self {
        Self {
            path,
            current: None,
            done: None,
            trouble: None,
        }
    }

    /// Nothing of what is there is to be read.
    pub(super) fn at_end(path: PathBuf) -> Self {
        let mut sink = Self::at_start(path);
        // In this order: what is rotated in between is in the list. What goes wrong is said by the first look.
        let mut current = sink.open().ok().flatten();
        if let Some(current) = &mut current {
            // At worst it begins at the beginning.
            let _ = current.file.seek(SeekFrom::End(0));
        }
        if let Ok(sources) = sink.rotated(current.as_mut()) {
            sink.done = sources.last().map(done_by);
        }
        sink.current = current;
        sink
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the active file, to be read from its beginning.
    pub(super) fn open(&self) -> Result<Option<Current>, QueryError> {
        Ok(Active::open(&self.path)?.map(Current::new))
    }

    /// Reads what is new: the file that was active to its end, what was rotated since, and the file that is active now.
    pub(super) fn look(&mut self, each: &mut dyn FnMut(Seen<'_>)) {
        match self.try_look(each) {
            Ok(()) => self.trouble = None,
            Err(why) if self.trouble.as_ref() == Some(&why) => {}
            Err(why) => {
                each(Seen::Missed(&self.path, &why));
                self.trouble = Some(why);
            }
        }
    }

    fn try_look(&mut self, each: &mut dyn FnMut(Seen<'_>)) -> Result<(), String> {
        // In this order: what is written between the two looks is seen by one of them.
        let newest = self.open();
        let read = self.read_on(each);
        let Some(mut newest) = newest.map_err(|error| error.reason())? else {
            return read;
        };
        if let Some(current) = &self.current
            && is_one(current.id, newest.id)
        {
            return read;
        }
        self.read_rotated(&mut newest, each)
            .map_err(|error| error.reason())?;
        self.current = Some(newest);
        let read_newest = self.read_on(each);
        read.and(read_newest)
    }

    fn read_on(&mut self, each: &mut dyn FnMut(Seen<'_>)) -> Result<(), String> {
        let read = match &mut self.current {
            Some(current) => current.read_on(each),
            None => Ok(()),
        };
        read.map_err(|error| format!("cannot be read: {error}"))
    }

    /// Reads the files between the one that was active and the one that is.
    fn read_rotated(
        &mut self,
        newest: &mut Current,
        each: &mut dyn FnMut(Seen<'_>),
    ) -> Result<(), QueryError> {
        let sources = self.rotated(Some(newest))?;
        let mut known = None;
        if let Some(mut before) = self.current.take() {
            if before.lines.is_torn() {
                each(Seen::Missed(&self.path, TORN));
            }
            known = before.find(&sources);
            if known.is_none() && !sources.is_empty() {
                let why = "was rotated, and rotated files were deleted before they were read";
                each(Seen::Missed(&self.path, why));
            }
        }
        for (at, source) in sources.into_iter().enumerate() {
            self.done = Some(done_by(&source));
            if Some(at) != known {
                read_whole(source, newest.id, each);
            }
        }
        Ok(())
    }

    /// Lists the rotated files behind the last one that is done, and before the one that was opened as the active file; the oldest first.
    pub(super) fn rotated(&self, active: Option<&mut Current>) -> Result<Vec<Source>, QueryError> {
        let mut sources = without_twins(Files::list(&self.path, None, None)?.oldest_first);
        if let Some(done) = &self.done {
            sources.retain(|source| source.path > *done);
        }
        let active = active.and_then(|active| active.find(&sources));
        sources.truncate(active.unwrap_or(sources.len()));
        // A rotation takes the name first, with an empty file.
        while sources.pop_if(|source| source.bytes == 0).is_some() {}
        Ok(sources)
    }
}

/// Returns the name that sorts behind a rotated file and what it is compressed to, and before the next one.
fn done_by(source: &Source) -> PathBuf {
    if source.is_packed {
        source.path.clone()
    } else {
        packed_path(&source.path)
    }
}

fn read_whole(source: Source, active: Option<FileId>, each: &mut dyn FnMut(Seen<'_>)) {
    let path = source.path.clone();
    let content = match source.open(active) {
        Opened::File(content) => content,
        Opened::Known => return,
        Opened::Gone => return each(Seen::Missed(&path, "was deleted before its turn")),
        Opened::Unreadable => return each(Seen::Missed(&path, "cannot be opened")),
    };
    let (bytes, mut lines) = (Cell::new(0), Lines::new(MAX_LINE_BYTES));
    let Some(mut content) = unpacked(content, &bytes) else {
        return each(Seen::Missed(
            &path,
            "is compressed, and this build has no feature `gzip`",
        ));
    };
    match lines.read(&mut content, &mut |line| each(seen(line))) {
        Ok(()) if lines.is_torn() => each(Seen::Missed(&path, TORN)),
        Ok(()) => {}
        Err(error) => each(Seen::Missed(&path, &format!("cannot be read: {error}"))),
    }
}

fn seen(line: Option<&[u8]>) -> Seen<'_> {
    line.map_or(Seen::TooLong, Seen::Line)
}

/// Without an identity it is taken for the same.
fn is_one(one: Option<FileId>, other: Option<FileId>) -> bool {
    one == other
}

// === impl Current ===

impl Current {
    fn new(active: Active) -> Self {
        Self {
            id: active.id,
            file: active.file,
            lines: Lines::new(MAX_LINE_BYTES),
        }
    }

    /// Reads as far as the file is written by now.
    fn read_on(&mut self, each: &mut dyn FnMut(Seen<'_>)) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        let mut position = self.file.stream_position()?;
        if position > length {
            // Somebody has cut it, and writes from its beginning on.
            position = self.file.seek(SeekFrom::Start(0))?;
            self.lines = Lines::new(MAX_LINE_BYTES);
        }
        let mut new = (&self.file).take(length - position);
        self.lines.read(&mut new, &mut |line| each(seen(line)))
    }

    /// Returns which of the rotated files is this one, or what it was compressed to.
    fn find(&mut self, sources: &[Source]) -> Option<usize> {
        sources.iter().position(|source| self.is_in(source))
    }

    fn is_in(&mut self, source: &Source) -> bool {
        if !source.is_packed {
            return is_same(self.id, source.id);
        }
        let bytes = Cell::new(0);
        let packed = File::open(&source.path).ok().and_then(|file| {
            let content = Content {
                file,
                bytes: source.bytes,
                is_packed: true,
            };
            beginning(unpacked(content, &bytes)?).ok()
        });
        packed.is_some() && packed == self.own_beginning().ok()
    }

    fn own_beginning(&mut self) -> io::Result<Vec<u8>> {
        let position = self.file.stream_position()?;
        self.file.seek(SeekFrom::Start(0))?;
        let bytes = beginning(&self.file);
        self.file.seek(SeekFrom::Start(position))?;
        bytes
    }
}

fn beginning(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(BEGINNING_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
