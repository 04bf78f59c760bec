//! How large, how old and how many the files may be.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::disk::{Disk, RealDisk};
use super::{File, RollingFile};
use crate::clock::Clock;

/// Settings of a [`RollingFile`].
#[derive(Clone, Debug)]
#[must_use]
pub struct RollingFileBuilder {
    pub(super) path: PathBuf,
    pub(super) max_bytes: u64,
    pub(super) max_age: Duration,
    pub(super) backups: usize,
    pub(super) retention: Duration,
    pub(super) total_bytes: Option<u64>,
    pub(super) compression: Compression,
    pub(super) clock: Clock,
    pub(super) disk: Arc<dyn Disk>,
}

/// What becomes of a rotated file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// It is compressed by a thread of its own and gets `.gz` behind its name; not for files that Filebeat or
    /// [`query`](crate#features) reads.
    #[cfg(feature = "gzip")]
    Gzip,
    /// It stays as it is.
    #[default]
    None,
}

// === impl RollingFileBuilder ===

impl RollingFileBuilder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            max_bytes: 10 * 1024 * 1024,
            max_age: Duration::from_secs(24 * 60 * 60),
            backups: 10,
            retention: Duration::from_secs(30 * 24 * 60 * 60),
            total_bytes: None,
            compression: Compression::None,
            clock: Clock::system(),
            disk: Arc::new(RealDisk),
        }
    }

    /// Sets the size that the file does not pass (default 10 MiB), unless a single line does.
    pub fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets the age at which the file is rotated (default one day), so that a quiet file ages out too.
    pub fn with_max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// Sets how many rotated files are kept (default 10).
    pub fn with_backups(mut self, count: usize) -> Self {
        self.backups = count;
        self
    }

    /// Sets how long rotated files are kept, by the time in their names (default 30 days).
    pub fn with_retention(mut self, age: Duration) -> Self {
        self.retention = age;
        self
    }

    /// Sets how many bytes the active file and the rotated ones may have together (default no limit beside their number).
    ///
    /// Room for a full active file is kept free; a compressed file counts with what it has on disk.
    pub fn with_total_bytes(mut self, bytes: Option<u64>) -> Self {
        self.total_bytes = bytes;
        self
    }

    /// Sets what becomes of a rotated file (default [`Compression::None`]).
    pub fn with_compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    pub(crate) fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    #[cfg(test)]
    pub(crate) fn with_disk(mut self, disk: Arc<dyn Disk>) -> Self {
        self.disk = disk;
        self
    }

    /// Opens the file, creates it and its folder when they are missing, and deletes what is not to be kept.
    ///
    /// # Errors
    ///
    /// The folder or the file cannot be created or opened, the path does not end in a file name, a limit leaves no room for a
    /// line, or another [`RollingFile`], here or in another process, has it open ([`io::ErrorKind::ResourceBusy`]).
    pub fn open(self) -> io::Result<RollingFile> {
        let path = self.path.clone();
        File::open(self).map(|file| RollingFile::new(path, file))
    }

    pub(super) fn check(&self) -> io::Result<()> {
        let refused = |what: String| Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        if self.max_bytes == 0 {
            return refused("a file of at most 0 bytes has no room for a line".to_owned());
        }
        match self.total_bytes {
            Some(total) if total < self.max_bytes => refused(format!(
                "{total} bytes in all are less than the {} of one file",
                self.max_bytes
            )),
            Some(_) | None => Ok(()),
        }
    }
}
