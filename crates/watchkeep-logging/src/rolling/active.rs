//! The open file, and where in it the writing stands.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use jiff::Timestamp;
use memchr::{memchr, memrchr};

use super::disk::Disk;

/// How far back an unfinished last line is looked for; no line of ours is longer.
const LONGEST_TORN_LINE: u64 = 4 * 1024 * 1024;

/// The file that lines are appended to.
#[derive(Debug)]
pub(super) struct Active {
    file: File,
    #[cfg(unix)]
    id: (u64, u64),
    pub(super) size: u64,
    /// Where the last whole line ends.
    line_end: u64,
    /// When its first line was written, as far as known; of an empty file it says nothing.
    pub(super) born: Timestamp,
    /// Whether it is a file, and no pipe or device, which cannot be rotated.
    pub(super) regular: bool,
}

// === impl Active ===

impl Active {
    pub(super) fn open(disk: &dyn Disk, path: &Path, now: Timestamp) -> io::Result<Self> {
        let file = disk.open(path)?;
        let metadata = file.metadata()?;
        let regular = metadata.is_file();
        let size = if regular {
            cut_torn_line(disk, &file, metadata.len())?
        } else {
            0
        };
        Ok(Self {
            #[cfg(unix)]
            id: identity(&metadata),
            born: born(&metadata, now),
            file,
            size,
            line_end: size,
            regular,
        })
    }

    /// Returns whether the last line has no end yet.
    pub(super) fn is_mid_line(&self) -> bool {
        self.size != self.line_end
    }

    /// Returns whether what stands at the path is still this file, as it was left.
    ///
    /// One that somebody has cut, or written to, may end inside a line, and is looked at anew like another file.
    #[cfg(unix)]
    pub(super) fn is_at(&self, path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|there| {
            self.id == identity(&there) && (!self.regular || self.size == there.len())
        })
    }

    /// Without the identity of a file, only a missing one is noticed.
    #[cfg(not(unix))]
    pub(super) fn is_at(&self, path: &Path) -> bool {
        path.exists()
    }

    /// Returns whether the beginning of the last line is still where it was written.
    pub(super) fn is_unchanged(&self) -> bool {
        !self.regular || self.file.metadata().is_ok_and(|own| own.len() == self.size)
    }

    /// Takes the beginning of an unfinished line back, or ends the line when that is impossible.
    pub(super) fn drop_unfinished(&mut self, disk: &dyn Disk) -> io::Result<()> {
        if !self.is_mid_line() {
            return Ok(());
        }
        let cut = if self.regular {
            let length = self.file.metadata()?.len();
            cut_torn_line(disk, &self.file, length)
        } else {
            Err(io::ErrorKind::Unsupported.into())
        };
        self.size = match cut {
            Ok(size) => size,
            Err(_) => self.size + disk.write(&self.file, b"\n")? as u64,
        };
        self.line_end = self.size;
        Ok(())
    }

    /// Writes as many whole lines as there is room for, and at least one.
    pub(super) fn write(
        &mut self,
        disk: &dyn Disk,
        lines: &[u8],
        max: u64,
        now: Timestamp,
    ) -> io::Result<usize> {
        let room = usize::try_from(max.saturating_sub(self.size)).unwrap_or(usize::MAX);
        let part = if lines.len() <= room || !self.regular {
            lines
        } else {
            let last = memrchr(b'\n', &lines[..room]);
            &lines[..last.map_or_else(|| first_line(lines), |end| end + 1)]
        };
        let count = disk.write(&self.file, part)?;
        if self.size == 0 {
            self.born = now;
        }
        if let Some(end) = memrchr(b'\n', &part[..count]) {
            self.line_end = self.size.saturating_add(end as u64 + 1);
        }
        self.size = self.size.saturating_add(count as u64);
        Ok(count)
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Returns the length of a file without its unfinished last line, which it has lost then.
fn cut_torn_line(disk: &dyn Disk, mut file: &File, size: u64) -> io::Result<u64> {
    let start = size.saturating_sub(LONGEST_TORN_LINE);
    let mut last = [0];
    if size == 0 {
        return Ok(0);
    }
    file.seek(SeekFrom::Start(size - 1))?;
    file.read_exact(&mut last)?;
    if last == *b"\n" {
        return Ok(size);
    }
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(LONGEST_TORN_LINE).read_to_end(&mut tail)?;
    match memrchr(b'\n', &tail) {
        Some(end) => {
            let size = start + end as u64 + 1;
            disk.cut(file, size)?;
            Ok(size)
        }
        None if start == 0 => {
            disk.cut(file, 0)?;
            Ok(0)
        }
        // Too long for a line of ours: it is only ended.
        None => disk.write(file, b"\n").map(|_| size + 1),
    }
}

fn born(metadata: &Metadata, now: Timestamp) -> Timestamp {
    metadata
        .created()
        .or_else(|_| metadata.modified())
        .ok()
        .and_then(|time| Timestamp::try_from(time).ok())
        .map_or(now, |time| time.min(now))
}

pub(super) fn first_line(lines: &[u8]) -> usize {
    memchr(b'\n', lines).map_or(lines.len(), |end| end + 1)
}
