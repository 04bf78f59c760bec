//! A folder with a clock, for the tests of rolling files.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::clock::Clock;

mod clock;
#[cfg(feature = "gzip")]
mod compress;
mod faults;
mod lock;
mod outside;
mod prune;
mod rotation;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A folder with a clock, whose time passes only when told.
struct Bench {
    folder: TempDir,
    millis: Arc<AtomicI64>,
}

impl Bench {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            // The age of an existing file comes from the file system, so the clock begins now.
            millis: Arc::new(AtomicI64::new(Timestamp::now().as_millisecond())),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn builder(&self) -> RollingFileBuilder {
        let millis = Arc::clone(&self.millis);
        RollingFile::builder(self.path("app.log")).with_clock(Clock::new(move || {
            Timestamp::from_millisecond(millis.load(Ordering::Relaxed)).unwrap()
        }))
    }

    fn pass(&self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).unwrap();
        self.millis.fetch_add(millis, Ordering::Relaxed);
    }

    /// Name and content of every file, sorted by name.
    fn files(&self) -> BTreeMap<String, String> {
        fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().unwrap().is_file())
            .filter(|entry| entry.file_name() != ".app.log.lock")
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (name, fs::read_to_string(entry.path()).unwrap())
            })
            .collect()
    }

    /// Contents of the rotated files in the order of their names, and of the active file last.
    #[track_caller]
    fn contents(&self) -> Vec<String> {
        let mut files = self.files();
        let active = files.remove("app.log");
        files.into_values().chain(active).collect()
    }

    #[track_caller]
    fn check(&self, expected: &[&str]) {
        assert_eq!(self.contents(), expected);
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.millis.load(Ordering::Relaxed)).unwrap()
    }

    fn set(&self, time: Timestamp) {
        self.millis.store(time.as_millisecond(), Ordering::Relaxed);
    }

    fn touch(&self, name: &str) {
        fs::write(self.path(name), "mine\n").unwrap();
    }
}
