//! Which files there are: the active one, held open, and the rotated ones beside it.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::QueryError;
use crate::rolling::{PART, Suffix};

/// How often the folder is read when files are rotated just then; the last list is taken as it is.
const ATTEMPTS: usize = 3;

/// The active file as it was when the query began.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) file: File,
    bytes: u64,
    pub(super) id: Option<FileId>,
}

/// A file that is to be read.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    pub(super) is_packed: bool,
    pub(super) id: Option<FileId>,
    /// The active file is open from the start; a rotated one is opened when its turn has come.
    file: Option<File>,
}

/// What came of opening a file.
#[derive(Debug)]
pub(super) enum Opened {
    File(Content),
    /// It was deleted since.
    Gone,
    /// It has become what is read already.
    Known,
    Unreadable,
}

/// A file that was opened, and how much of it there is.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) file: File,
    pub(super) bytes: u64,
    pub(super) is_packed: bool,
}

/// All files of a query.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) oldest_first: Vec<Source>,
    /// Files with a similar name that are not read.
    pub(super) foreign: u64,
    pub(super) active: Option<FileId>,
}

/// Tells one file from another, whatever they are called: the device, and the number in it.
pub(super) type FileId = (u64, u64);

/// What the name of a rotated file says.
#[derive(Clone, Copy, Debug)]
struct Rotated {
    at: SystemTime,
    is_packed: bool,
}

// === impl Active ===

impl Active {
    /// Opens the active file; `None` when there is none, as in the middle of a rotation.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, QueryError> {
        match Self::try_open(path) {
            Ok(active) => Ok(Some(active)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(QueryError::new(path, error)),
        }
    }

    fn try_open(path: &Path) -> io::Result<Self> {
        // Opening a pipe would wait for its writer.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::new(ErrorKind::InvalidInput, "not a file"));
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        Ok(Self {
            file,
            bytes: metadata.len(),
            id: id(&metadata),
        })
    }
}

// === impl Source ===

impl Source {
    /// Opens it, or what it was compressed to since it was listed.
    pub(super) fn open(self, active: Option<FileId>) -> Opened {
        if let Some(file) = self.file {
            return Opened::File(Content {
                file,
                bytes: self.bytes,
                is_packed: self.is_packed,
            });
        }
        match open(&self.path, self.is_packed, active) {
            Opened::Gone if !self.is_packed => open(&packed_path(&self.path), true, active),
            opened => opened,
        }
    }
}

fn open(path: &Path, is_packed: bool, active: Option<FileId>) -> Opened {
    let opened = File::open(path).and_then(|file| Ok((file.metadata()?, file)));
    match opened {
        // It was listed under the name that the active file was about to get.
        Ok((metadata, _)) if is_same(id(&metadata), active) => Opened::Known,
        Ok((metadata, file)) if metadata.is_file() => Opened::File(Content {
            file,
            bytes: metadata.len(),
            is_packed,
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Opened::Gone,
        Ok(_) | Err(_) => Opened::Unreadable,
    }
}

/// Returns the name that a rotated file gets when it is compressed.
pub(super) fn packed_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    name.into()
}

// === impl Files ===

impl Files {
    /// Looks for the rotated files beside `path`, after the active one was opened: so none can slip through between the two.
    pub(super) fn list(
        path: &Path,
        active: Option<Active>,
        since: Option<SystemTime>,
    ) -> Result<Self, QueryError> {
        let mut files = settled(|| id_at(path), || Self::list_twice(path, since))?;
        files.insert(path, active);
        Ok(files)
    }

    /// A folder that is read while a file gets its compressed name may show it under neither; that happens to a file once.
    fn list_twice(path: &Path, since: Option<SystemTime>) -> Result<Self, QueryError> {
        let first = Self::list_rotated(path, since)?;
        let mut files = Self::list_rotated(path, since)?;
        files.unite(first);
        Ok(files)
    }

    /// Takes what another list has besides; what is in both stays as it is in this one.
    pub(super) fn unite(&mut self, other: Self) {
        let known: HashSet<PathBuf> = self.oldest_first.iter().map(|s| s.path.clone()).collect();
        let missing = other.oldest_first.into_iter();
        self.oldest_first
            .extend(missing.filter(|source| !known.contains(&source.path)));
        self.sort();
    }

    /// Names in the order of their bytes are in the order of time.
    fn sort(&mut self) {
        self.oldest_first
            .sort_unstable_by(|a, b| a.path.cmp(&b.path));
    }

    fn list_rotated(path: &Path, since: Option<SystemTime>) -> Result<Self, QueryError> {
        let Some(name) = path.file_name() else {
            let error = io::Error::new(ErrorKind::InvalidInput, "not a path of a file");
            return Err(QueryError::new(path, error));
        };
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            Some(_) | None => Path::new("."),
        };
        let mut files = Self::default();
        for entry in fs::read_dir(folder).map_err(|error| QueryError::new(folder, error))? {
            let entry = entry.map_err(|error| QueryError::new(folder, error))?;
            let entry_name = entry.file_name();
            let Some(suffix) = suffix(&entry_name, name) else {
                continue;
            };
            if suffix.ends_with(PART) {
                continue;
            }
            let rotated = Rotated::parse(suffix);
            if rotated.is_some_and(|rotated| rotated.is_before(since)) {
                continue;
            }
            // Not of what a link leads to, so a link is no file.
            match (rotated, entry.metadata()) {
                (Some(rotated), Ok(metadata)) if metadata.is_file() => {
                    files.oldest_first.push(Source {
                        path: entry.path(),
                        bytes: metadata.len(),
                        is_packed: rotated.is_packed,
                        id: id(&metadata),
                        file: None,
                    });
                }
                (_, Err(error)) if error.kind() == ErrorKind::NotFound => {}
                // Nothing in it is younger than its last change.
                (None, Ok(metadata)) if is_before(&metadata, since) => {}
                _ => files.foreign += 1,
            }
        }
        files.sort();
        Ok(files)
    }

    fn insert(&mut self, path: &Path, active: Option<Active>) {
        let Some(active) = active else {
            return;
        };
        self.active = active.id;
        let known = self
            .oldest_first
            .iter_mut()
            .find(|source| is_same(source.id, active.id));
        match known {
            // It was rotated since it was opened. Nobody writes to it any more, so all of it is read, where its name stands.
            Some(source) => source.file = Some(active.file),
            None => self.oldest_first.push(Source {
                path: path.to_owned(),
                bytes: active.bytes,
                is_packed: false,
                id: active.id,
                file: Some(active.file),
            }),
        }
    }
}

// === impl Rotated ===

impl Rotated {
    /// Reads what stands behind the name of the active file and the dot.
    fn parse(text: &str) -> Option<Self> {
        let (suffix, ending) = Suffix::split(text)?;
        let time = Timestamp::from_millisecond(suffix.millis()).ok()?;
        let is_packed = match ending {
            "" => false,
            ".gz" => true,
            _ => return None,
        };
        Some(Self {
            at: super::system_time(time)?,
            is_packed,
        })
    }

    /// Returns whether everything in the file is older; the last millisecond of the name may hold what came in it.
    fn is_before(self, since: Option<SystemTime>) -> bool {
        since.is_some_and(|since| {
            self.at
                .checked_add(Duration::from_millis(1))
                .is_some_and(|end| end <= since)
        })
    }
}

fn is_before(metadata: &Metadata, since: Option<SystemTime>) -> bool {
    let changed = metadata.modified().ok();
    changed.zip(since).is_some_and(|(at, since)| at < since)
}

/// Lists anew while the active file is another one afterwards: what is renamed meanwhile may be missing in the list.
pub(super) fn settled<T>(
    mut active: impl FnMut() -> Option<FileId>,
    mut list: impl FnMut() -> Result<T, QueryError>,
) -> Result<T, QueryError> {
    for _ in 1..ATTEMPTS {
        let before = active();
        let listed = list()?;
        if active() == before {
            return Ok(listed);
        }
    }
    list()
}

/// Returns what stands behind `name` and a dot, if that is how the name of the entry begins.
fn suffix<'a>(entry_name: &'a OsStr, name: &OsStr) -> Option<&'a str> {
    let entry_name = entry_name.as_encoded_bytes();
    let rest = entry_name.strip_prefix(name.as_encoded_bytes())?;
    // A name that is no text is as foreign as one that is no name of ours.
    Some(std::str::from_utf8(rest.strip_prefix(b".")?).unwrap_or_default())
}

#[cfg(unix)]
fn id(metadata: &Metadata) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

/// Without the identity of a file, one that is rotated in the very moment may be read twice.
#[cfg(not(unix))]
fn id(_metadata: &Metadata) -> Option<FileId> {
    None
}

fn id_at(path: &Path) -> Option<FileId> {
    fs::metadata(path).ok().as_ref().and_then(id)
}

pub(super) fn is_same(one: Option<FileId>, other: Option<FileId>) -> bool {
    one.is_some() && one == other
}
