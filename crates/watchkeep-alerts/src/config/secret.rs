//! A secret of the configuration: in the file itself, or in one of its own.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The largest file that is read as a secret, in bytes.
const LARGEST: u64 = 64 * 1_024;

/// A secret: a key, a password, or an address that holds one. It is never printed.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(Source);

#[derive(Clone, Eq, PartialEq)]
enum Source {
    File(PathBuf),
    Text(String),
}

/// Why the file of a secret cannot be used; the message carries the path, and nothing of the content.
#[derive(Debug, thiserror::Error)]
#[error("the secret in {path} cannot be read", path = path.display())]
pub struct SecretError {
    path: PathBuf,
    source: io::Error,
}

impl Secret {
    /// Makes a secret of the text itself.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Source::Text(text.into()))
    }

    /// Makes a secret that is read from a file, each time it is asked for.
    pub fn from_file(path: impl Into<PathBuf>) -> Self {
        Self(Source::File(path.into()))
    }

    /// Returns the path of the file, when it is in one.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Source::File(path) => Some(path),
            Source::Text(_) => None,
        }
    }

    /// Returns the secret; from a file it is read now, without white space around it, so that it can be changed while the program runs.
    ///
    /// # Errors
    /// When the file cannot be read, is not UTF-8, or has more than 64 KiB.
    pub fn reveal(&self) -> Result<String, SecretError> {
        match &self.0 {
            Source::Text(text) => Ok(text.clone()),
            Source::File(path) => read(path).map_err(|source| SecretError {
                path: path.clone(),
                source,
            }),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::File(path) => write!(f, "Secret(in {})", path.display()),
            Source::Text(_) => f.write_str("Secret(…)"),
        }
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "it has more than 64 KiB",
        ));
    }
    // The error of the conversion would carry the bytes.
    let text = String::from_utf8(bytes)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))?;
    Ok(text.trim().to_owned())
}
