//! The rotated files of one active file: their names, and which of them go.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::disk::Disk;
use super::suffix::Suffix;

/// How many names that somebody else has taken are passed over in one rotation.
const ATTEMPTS: usize = 100;
/// Behind the name of a compressed file.
pub(super) const GZIP: &str = ".gz";
/// Behind the name of a compressed file that is not whole yet.
pub(crate) const PART: &str = ".gz.part";

/// The rotated files beside an active one.
#[derive(Clone, Debug)]
pub(super) struct Backups {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    /// The name of the active file, and the dot behind it.
    prefix: String,
    /// The last name given, or found.
    newest: Option<Suffix>,
}

/// One rotated file, which stands there twice for as long as it is being compressed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backup {
    /// The bytes of the file as it was rotated.
    pub(super) plain: Option<u64>,
    /// The bytes of the compressed file.
    gzip: Option<u64>,
    /// There is a compressed file that a crash has left unfinished, or that is being written.
    part: bool,
}

/// What may stay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) count: usize,
    pub(super) age: Duration,
    /// How many bytes all rotated files may have together.
    pub(super) bytes: Option<u64>,
}

// === impl Backups ===

impl Backups {
    pub(super) fn new(active: &Path, disk: Arc<dyn Disk>) -> io::Result<Self> {
        let name = active
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a path of a file"))?;
        let folder = match active.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            Some(_) | None => Path::new("."),
        };
        Ok(Self {
            disk,
            folder: folder.to_owned(),
            prefix: format!("{name}."),
            newest: None,
        })
    }

    /// Renames the active file to the next name in time order, which nobody else has.
    pub(super) fn take(&mut self, active: &Path, now: Timestamp) -> io::Result<()> {
        let mut suffix = Suffix::after(self.newest, now);
        for _ in 0..ATTEMPTS {
            let path = self.path(suffix, "");
            // Renaming would replace a file; making one first does not.
            match self.disk.reserve(&path) {
                Ok(()) => {
                    self.disk.rename(active, &path).inspect_err(|_| {
                        let _ = self.disk.remove(&path);
                    })?;
                    self.newest = Some(suffix);
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    suffix = suffix.next();
                }
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Deletes what is beyond the limits, oldest first; goes on after an error, and returns the first.
    pub(super) fn prune(&mut self, limits: Limits, now: Timestamp) -> io::Result<()> {
        let age = SignedDuration::try_from(limits.age).unwrap_or(SignedDuration::MAX);
        let oldest = now
            .checked_sub(age)
            .unwrap_or(Timestamp::MIN)
            .as_millisecond();
        let (mut kept, mut bytes) = (0, 0_u64);
        let mut surplus = Vec::new();
        let found = self.list()?.into_iter().rev();
        for (suffix, backup) in found.filter(|(_, backup)| backup.is_there()) {
            bytes = bytes.saturating_add(backup.bytes());
            let fits = kept < limits.count
                && suffix.millis() >= oldest
                && limits.bytes.is_none_or(|limit| bytes <= limit)
                // A crash can leave a name that was reserved and never used.
                && !backup.is_empty();
            if fits {
                kept += 1;
            } else {
                surplus.push((suffix, backup));
            }
        }
        let mut outcome = Ok(());
        for (suffix, backup) in surplus.into_iter().rev() {
            for ending in backup.endings() {
                let one = self.remove(suffix, ending);
                outcome = outcome.and(one);
            }
        }
        outcome
    }

    /// Deletes compressed files that a crash has left unfinished; their sources are still there.
    pub(super) fn sweep(&mut self) -> io::Result<()> {
        let mut outcome = Ok(());
        for (suffix, backup) in self.list()? {
            if backup.part {
                let one = self.remove(suffix, PART);
                outcome = outcome.and(one);
            }
        }
        outcome
    }

    /// Returns what is there, oldest first.
    pub(super) fn list(&mut self) -> io::Result<BTreeMap<Suffix, Backup>> {
        let mut found = BTreeMap::<Suffix, Backup>::new();
        for name in self.disk.names(&self.folder)? {
            let Some((suffix, ending)) = name.to_str().and_then(|name| self.parse(name)) else {
                continue;
            };
            // Neither a folder nor a link is a file of ours; what has gone meanwhile is none either.
            let Ok(metadata) = fs::symlink_metadata(self.folder.join(&name)) else {
                continue;
            };
            if metadata.is_file() {
                let backup = found.entry(suffix).or_default();
                match ending {
                    GZIP => backup.gzip = Some(metadata.len()),
                    PART => backup.part = true,
                    _ => backup.plain = Some(metadata.len()),
                }
            }
        }
        self.newest = self.newest.max(found.keys().next_back().copied());
        Ok(found)
    }

    pub(super) fn path(&self, suffix: Suffix, ending: &str) -> PathBuf {
        self.folder.join(format!("{}{suffix}{ending}", self.prefix))
    }

    fn parse<'a>(&self, name: &'a str) -> Option<(Suffix, &'a str)> {
        let (suffix, ending) = Suffix::split(name.strip_prefix(&self.prefix)?)?;
        matches!(ending, "" | GZIP | PART).then_some((suffix, ending))
    }

    #[cfg(feature = "gzip")]
    pub(super) fn rename(&self, suffix: Suffix, from: &str, to: &str) -> io::Result<()> {
        let (from, to) = (self.path(suffix, from), self.path(suffix, to));
        self.disk.rename(&from, &to)
    }

    pub(super) fn remove(&self, suffix: Suffix, ending: &str) -> io::Result<()> {
        match self.disk.remove(&self.path(suffix, ending)) {
            // Somebody else was faster.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            outcome => outcome,
        }
    }
}

// === impl Backup ===

impl Backup {
    fn bytes(&self) -> u64 {
        let both = [self.plain, self.gzip].into_iter().flatten();
        both.fold(0, u64::saturating_add)
    }

    /// Returns whether there is more than the beginning of a compressed file.
    fn is_there(&self) -> bool {
        self.plain.is_some() || self.gzip.is_some()
    }

    fn is_empty(&self) -> bool {
        self.plain == Some(0) && self.gzip.is_none()
    }

    fn endings(&self) -> impl Iterator<Item = &'static str> {
        let plain = self.plain.map(|_| "");
        // The compressor writes the unfinished one, and sees for itself that its source is gone.
        [plain, self.gzip.map(|_| GZIP)].into_iter().flatten()
    }
}
