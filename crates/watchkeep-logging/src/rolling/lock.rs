//! The lock that keeps a second writer off the same files.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::disk::options;

/// A locked file beside the active one, `.app.log.lock`; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    file: File,
}

// === impl Lock ===

impl Lock {
    /// Takes the lock for the active file at `active`.
    ///
    /// A file system that knows no locks is no reason not to log.
    pub(super) fn take(active: &Path) -> io::Result<Self> {
        let path = path(active);
        let mut file = options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(taken(&mut file)),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Who holds it is only told to people; a full disk does not matter here.
        let _ = file.set_len(0);
        let _ = write!(file, "{}", std::process::id());
        Ok(Self { path, file })
    }

    /// Returns whether the locked file is still the one that another process would find.
    #[cfg(unix)]
    pub(super) fn is_in_place(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        match (self.file.metadata(), fs::metadata(&self.path)) {
            (Ok(own), Ok(there)) => own.dev() == there.dev() && own.ino() == there.ino(),
            (Ok(_) | Err(_), _) => false,
        }
    }

    #[cfg(not(unix))]
    pub(super) fn is_in_place(&self) -> bool {
        self.path.exists()
    }
}

/// The name does not begin with that of the active file, so that nobody who looks for log files finds it.
fn path(active: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(active.file_name().unwrap_or_default());
    name.push(".lock");
    active.with_file_name(name)
}

fn taken(file: &mut File) -> io::Error {
    let mut owner = String::new();
    let known = file.take(20).read_to_string(&mut owner).is_ok()
        && !owner.is_empty()
        && owner.bytes().all(|b| b.is_ascii_digit());
    let owner = if known { owner } else { "unknown".to_owned() };
    io::Error::new(
        io::ErrorKind::ResourceBusy,
        format!(
            "another writer has it open (process {owner}); give each process a folder of its own"
        ),
    )
}
