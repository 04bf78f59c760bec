//! The files of one sink, as far as they were read.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};

use super::followed::{Fate, Followed, Seen};
use super::lines::Lines;
use crate::query::errors::files::{unpacked, without_twins};
use crate::query::files::{Active, FileId, Files, Opened, Source, packed_path};
use crate::query::{MAX_LINE_BYTES, QueryError};

const TORN: &str = "has a last line without an end";
const CUT: &str = "was cut, and what was written just before may be missing";
const LOST: &str = "is another file now, and files in between may be missing, as the one before is not among the rotated ones";

/// The active file and those that were rotated since.
#[derive(Debug)]
pub(super) struct Sink {
    path: PathBuf,
    /// Whether what was there at first is behind it.
    is_begun: bool,
    /// The file that was the active one at the last look, whatever it is called now.
    current: Option<Followed>,
    /// The one before it, into which somebody may still write.
    previous: Option<Followed>,
    /// The compressed name of the last rotated file that has been read, or was there before.
    done: Option<PathBuf>,
    /// What is wrong, and was said.
    trouble: Option<String>,
}

// === impl Sink ===

impl Sink {
    /// Everything of it is to be read.
    pub(super) const fn at_start(path: PathBuf) -> Self {
        Self {
            path,
            is_begun: true,
            current: None,
            previous: None,
            done: None,
            trouble: None,
        }
    }

    /// Nothing of what is there is to be read, also if that cannot be found out yet.
    pub(super) fn at_end(path: PathBuf) -> Self {
        let mut sink = Self {
            is_begun: false,
            ..Self::at_start(path)
        };
        // What goes wrong is tried again, and said, by the first look.
        let _ = sink.begin();
        sink
    }

    fn begin(&mut self) -> Result<(), QueryError> {
        // In this order: what is rotated in between is in the list.
        let mut current = self.open()?;
        let sources = self.rotated(current.as_ref())?;
        if let Some(current) = &mut current {
            let skipped = current.skip();
            skipped.map_err(|error| QueryError::new(&self.path, error))?;
        }
        self.done = sources.last().map(done_by);
        self.current = current;
        self.is_begun = true;
        Ok(())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether no file of it has a name any more.
    pub(super) fn is_gone(&self) -> bool {
        let mut files = self.current.iter().chain(&self.previous);
        files.all(Followed::is_deleted)
    }

    /// Opens the active file, to be read from its beginning.
    pub(super) fn open(&self) -> Result<Option<Followed>, QueryError> {
        Ok(Active::open(&self.path)?.map(Followed::new))
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
        if !self.is_begun {
            return self.begin().map_err(|error| error.reason());
        }
        // In this order: what is written between the two looks is seen by one of them.
        let newest = self.open();
        let read_previous = read_on(&mut self.previous, &self.path, each);
        let read_current = read_on(&mut self.current, &self.path, each);
        self.drop_deleted(each);
        let read = read_previous.and(read_current);
        let Some(newest) = newest.map_err(|error| error.reason())? else {
            return read;
        };
        if let Some(current) = &self.current
            && current.id() == newest.id()
        {
            return read;
        }
        self.rotate(newest, each).map_err(|error| error.reason())?;
        let read_newest = read_on(&mut self.current, &self.path, each);
        read.and(read_newest)
    }

    /// Lets go of a file that has no name any more: who still writes into it wants it read by nobody.
    fn drop_deleted(&mut self, each: &mut dyn FnMut(Seen<'_>)) {
        if let Some(previous) = self.previous.take_if(|previous| previous.is_deleted()) {
            close(&previous, &self.path, each);
        }
    }

    /// Goes on with another file, and reads those in between.
    fn rotate(
        &mut self,
        newest: Followed,
        each: &mut dyn FnMut(Seen<'_>),
    ) -> Result<(), QueryError> {
        let sources = self.rotated(Some(&newest))?;
        let known = self.current.as_ref().and_then(|file| file.find(&sources));
        if let Some(current) = &self.current
            && known.is_none()
            && (!sources.is_empty() || current.is_deleted())
        {
            each(Seen::Missed(&self.path, LOST));
        }
        for (at, source) in sources.into_iter().enumerate() {
            self.done = Some(done_by(&source));
            if Some(at) != known {
                read_whole(source, newest.id(), each);
            }
        }
        let before = std::mem::replace(&mut self.previous, self.current.replace(newest));
        if let Some(before) = before {
            close(&before, &self.path, each);
        }
        Ok(())
    }

    /// Lists the rotated files behind the last one that is done, and before the one that was opened as the active file; the oldest first.
    pub(super) fn rotated(&self, active: Option<&Followed>) -> Result<Vec<Source>, QueryError> {
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

fn read_on(
    file: &mut Option<Followed>,
    path: &Path,
    each: &mut dyn FnMut(Seen<'_>),
) -> Result<(), String> {
    let Some(file) = file else {
        return Ok(());
    };
    match file.read_on(each) {
        Ok(Fate::Grown) => {}
        Ok(Fate::Cut) => each(Seen::Missed(path, CUT)),
        Err(error) => return Err(unreadable(&error)),
    }
    Ok(())
}

fn unreadable(error: &io::Error) -> String {
    format!("cannot be read: {error}")
}

/// Says what is left of a file from which nothing is expected any more.
fn close(file: &Followed, path: &Path, each: &mut dyn FnMut(Seen<'_>)) {
    if file.is_torn() {
        each(Seen::Missed(path, TORN));
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
        let why = "is compressed, and this build has no feature `gzip`";
        return each(Seen::Missed(&path, why));
    };
    match lines.read(&mut content, &mut |line| each(Seen::of(line))) {
        Ok(()) if lines.is_torn() => each(Seen::Missed(&path, TORN)),
        Ok(()) => {}
        Err(error) => each(Seen::Missed(&path, &unreadable(&error))),
    }
}
