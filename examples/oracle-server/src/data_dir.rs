//! The data folder: one server's at a time, with the address file that tells where it listens.

use std::fs::{self, File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// A data folder that nobody else uses, for as long as this lives.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    // The lock goes with the process, also after a kill.
    _lock: File,
}

/// A file that tells where the server listens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AddressFile {
    /// For operators, when they have a listener of their own.
    Operators,
    /// For everybody.
    Service,
}

/// Why a folder cannot be had.
#[derive(Debug)]
pub(crate) enum ClaimError {
    InUse,
    Io(io::Error),
}

impl DataDir {
    /// Makes the folder, locks it, and removes the address that a killed server left behind.
    pub(crate) fn claim(path: &Path) -> Result<Self, ClaimError> {
        fs::create_dir_all(path).map_err(ClaimError::Io)?;
        let lock = File::create(path.join("oracle.lock")).map_err(ClaimError::Io)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => ClaimError::InUse,
            TryLockError::Error(error) => ClaimError::Io(error),
        })?;
        let claimed = Self {
            path: path.to_owned(),
            _lock: lock,
        };
        claimed.withdraw_addresses().map_err(ClaimError::Io)?;
        Ok(claimed)
    }

    /// Returns the path of a file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes an address file, whose readers see all of it or none.
    pub(crate) fn publish(&self, name: AddressFile, address: SocketAddr) -> io::Result<()> {
        let name = name.name();
        let draft = self.file(&format!("{name}.new"));
        fs::write(&draft, format!("{address}\n"))?;
        fs::rename(&draft, self.file(name))
    }

    /// Removes the address files that there are.
    pub(crate) fn withdraw_addresses(&self) -> io::Result<()> {
        for name in [AddressFile::Service, AddressFile::Operators] {
            match fs::remove_file(self.file(name.name())) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

impl AddressFile {
    const fn name(self) -> &'static str {
        match self {
            Self::Operators => "oracle-ops.addr",
            Self::Service => "oracle.addr",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_one_servers_at_a_time() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("data");
        let first = DataDir::claim(&path).expect("nobody has it");
        let address = ([127, 0, 0, 1], 8000).into();
        for name in [AddressFile::Operators, AddressFile::Service] {
            first.publish(name, address).expect("it can be written");
        }
        assert!(matches!(DataDir::claim(&path), Err(ClaimError::InUse)));
        let file = path.join("oracle.addr");
        assert_eq!(
            fs::read_to_string(&file).expect("it is still there"),
            "127.0.0.1:8000\n"
        );
        drop(first);
        let second = DataDir::claim(&path).expect("nobody has it any more");
        assert!(!file.exists(), "the address of before is gone");
        let operators = path.join("oracle-ops.addr");
        assert!(!operators.exists(), "and so is the operators'");
        drop(second);
    }
}
