//! How large, how old and how many the files may be.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::{Backups, RollingFile};
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
    pub(super) clock: Clock,
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
            clock: Clock::system(),
        }
    }

    /// Sets the size that the file does not pass (default 10 MiB), unless a single line does.
    pub fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets the age at which the file is rotated (default one day).
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

    pub(crate) fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Opens the file, creates it and its folder when they are missing, and deletes what is not to be kept.
    ///
    /// # Errors
    ///
    /// The folder or the file cannot be created or opened, or the path does not end in a file name.
    pub fn open(self) -> io::Result<RollingFile> {
        let now = self.clock.now();
        let mut file = RollingFile {
            backups: Backups::new(&self.path)?,
            settings: self,
            active: None,
            rotations: 0,
            pruned: now,
            rotation_failed: None,
            problem: None,
        };
        file.open_active(now)?;
        file.prune(now);
        Ok(file)
    }
}
