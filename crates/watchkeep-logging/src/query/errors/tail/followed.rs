//! A file that is followed: how far it was read, and under which name it is found again.

use std::cell::Cell;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::Path;

use memchr::memrchr;

use super::lines::{BLOCK_BYTES, Lines};
use crate::query::MAX_LINE_BYTES;
use crate::query::errors::files::unpacked;
use crate::query::files::{Active, Content, FileId, Source, is_same};

/// By so many of its first bytes, and its length, a file is known again when it was compressed.
const BEGINNING_BYTES: u64 = 512;

/// What a look comes across.
pub(super) enum Seen<'a> {
    Line(&'a [u8]),
    TooLong,
    /// A file of which something may be missing, and why.
    Missed(&'a Path, &'a str),
}

/// A file that is or was the active one.
#[derive(Debug)]
pub(super) struct Followed {
    file: File,
    id: Option<FileId>,
    /// Where the last line with an end ends; what stands behind it is read again, as its writer may take it back.
    whole: u64,
    /// How long it was at the last look.
    seen: u64,
    lines: Lines,
}

/// What became of a file since the last look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Grown,
    /// Somebody has cut more than a line without an end, and writes from the beginning on.
    Cut,
}

// === impl Seen ===

impl<'a> Seen<'a> {
    pub(super) fn of(line: Option<&'a [u8]>) -> Self {
        line.map_or(Self::TooLong, Self::Line)
    }
}

// === impl Followed ===

impl Followed {
    /// Follows a file from its beginning.
    pub(super) fn new(active: Active) -> Self {
        Self {
            id: active.id,
            file: active.file,
            whole: 0,
            seen: 0,
            lines: Lines::new(MAX_LINE_BYTES),
        }
    }

    /// Goes behind the last line that has an end.
    pub(super) fn skip(&mut self) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        self.seen = length;
        let mut block = vec![0; BLOCK_BYTES];
        let mut start = length;
        while start > 0 && length - start <= MAX_LINE_BYTES as u64 {
            let size = start.min(BLOCK_BYTES as u64);
            start -= size;
            self.file.seek(SeekFrom::Start(start))?;
            let block = &mut block[..usize::try_from(size).unwrap_or(BLOCK_BYTES)];
            self.file.read_exact(block)?;
            if let Some(end) = memrchr(b'\n', block) {
                self.whole = start + end as u64 + 1;
                return Ok(());
            }
        }
        // A line that is too long is not worth its beginning.
        self.whole = if start == 0 { 0 } else { length };
        Ok(())
    }

    /// Reads as far as the file is written by now.
    pub(super) fn read_on(&mut self, each: &mut dyn FnMut(Seen<'_>)) -> io::Result<Fate> {
        let length = self.file.metadata()?.len();
        if length == self.seen {
            return Ok(Fate::Grown);
        }
        let fate = if length < self.whole {
            self.whole = 0;
            self.lines = Lines::new(MAX_LINE_BYTES);
            Fate::Cut
        } else {
            Fate::Grown
        };
        let start = self.file.seek(SeekFrom::Start(self.whole))?;
        let mut new = (&self.file).take(length - start);
        let read = self.lines.read(&mut new, &mut |line| each(Seen::of(line)));
        self.whole = self.file.stream_position()? - self.lines.put_back();
        read?;
        self.seen = length;
        Ok(fate)
    }

    /// Returns whether its last line has no end.
    pub(super) const fn is_torn(&self) -> bool {
        self.lines.is_torn() || self.whole < self.seen
    }

    pub(super) const fn id(&self) -> Option<FileId> {
        self.id
    }

    /// Returns whether it has no name any more.
    pub(super) fn is_deleted(&self) -> bool {
        self.file
            .metadata()
            .is_ok_and(|metadata| links(&metadata) == 0)
    }

    /// Returns which of the rotated files is this one, or what it was compressed to.
    pub(super) fn find(&self, sources: &[Source]) -> Option<usize> {
        sources.iter().position(|source| {
            if source.is_packed {
                self.is_packed_in(source).unwrap_or(false)
            } else {
                is_same(self.id, source.id)
            }
        })
    }

    fn is_packed_in(&self, source: &Source) -> io::Result<bool> {
        let mut file = File::open(&source.path)?;
        if u64::from(unpacked_length(&mut file)?) != self.file.metadata()?.len() & 0xffff_ffff {
            return Ok(false);
        }
        file.seek(SeekFrom::Start(0))?;
        let bytes = Cell::new(0);
        let content = Content {
            file,
            bytes: source.bytes,
            is_packed: true,
        };
        let Some(packed) = unpacked(content, &bytes) else {
            return Ok(false);
        };
        // Where it stands does not matter: each reading looks for its place.
        (&self.file).seek(SeekFrom::Start(0))?;
        Ok(beginning(packed)? == beginning(&self.file)?)
    }
}

/// Returns what stands at the end of a file of gzip: its length before, modulo 2³² (RFC 1952, section 2.3.1).
fn unpacked_length(file: &mut File) -> io::Result<u32> {
    let mut bytes = [0; 4];
    file.seek(SeekFrom::End(-4))?;
    file.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn beginning(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(BEGINNING_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(unix)]
fn links(metadata: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    metadata.nlink()
}

/// Elsewhere nobody deletes what is open.
#[cfg(not(unix))]
fn links(_metadata: &Metadata) -> u64 {
    1
}
