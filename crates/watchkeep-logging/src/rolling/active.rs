//! The open file, and where in it the writing stands.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use jiff::Timestamp;

/// How far back an unfinished last line is looked for.
const LONGEST_TORN_LINE: u64 = 1024 * 1024;

/// The file that lines are appended to.
#[derive(Debug)]
pub(super) struct Active {
    file: File,
    pub(super) size: u64,
    /// When its first line was written, as far as known.
    pub(super) born: Timestamp,
    pub(super) mid_line: bool,
    /// Whether it is a file, and no pipe or device, which cannot be rotated.
    pub(super) regular: bool,
}

// === impl Active ===

impl Active {
    pub(super) fn open(path: &Path, now: Timestamp) -> io::Result<Self> {
        let file = match options().open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder)?;
                }
                options().open(path)?
            }
            outcome => outcome?,
        };
        let metadata = file.metadata()?;
        let regular = metadata.is_file();
        let size = if regular {
            cut_torn_line(&file, metadata.len())?
        } else {
            0
        };
        Ok(Self {
            born: if size == 0 { now } else { born(&metadata, now) },
            file,
            size,
            mid_line: false,
            regular,
        })
    }

    /// Returns whether what stands at the path is still this file.
    #[cfg(unix)]
    pub(super) fn is_at(&self, there: &Metadata) -> bool {
        use std::os::unix::fs::MetadataExt;
        self.file
            .metadata()
            .is_ok_and(|own| own.dev() == there.dev() && own.ino() == there.ino())
    }

    /// Without the identity of a file, only a reopening looks again.
    #[cfg(not(unix))]
    pub(super) fn is_at(&self, _there: &Metadata) -> bool {
        true
    }

    /// Writes as many whole lines as there is room for, and at least one.
    pub(super) fn write(&mut self, lines: &[u8], max: u64, now: Timestamp) -> io::Result<usize> {
        let room = usize::try_from(max.saturating_sub(self.size)).unwrap_or(usize::MAX);
        let part = if lines.len() <= room || !self.regular {
            lines
        } else {
            let last = lines[..room].iter().rposition(|b| *b == b'\n');
            &lines[..last.map_or_else(|| first_line(lines), |end| end + 1)]
        };
        let count = self.file.write(part)?;
        if self.size == 0 {
            self.born = now;
        }
        self.size = self.size.saturating_add(count as u64);
        self.mid_line = count > 0 && part[count - 1] != b'\n';
        Ok(count)
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options
}

/// Returns the length of a file without its unfinished last line, which it has lost then.
fn cut_torn_line(mut file: &File, size: u64) -> io::Result<u64> {
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
    match tail.iter().rposition(|b| *b == b'\n') {
        Some(end) => {
            let size = start + end as u64 + 1;
            file.set_len(size)?;
            Ok(size)
        }
        None if start == 0 => {
            file.set_len(0)?;
            Ok(0)
        }
        // Too long for a line of ours: it is only ended.
        None => file.write_all(b"\n").map(|()| size + 1),
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
    lines
        .iter()
        .position(|b| *b == b'\n')
        .map_or(lines.len(), |end| end + 1)
}
