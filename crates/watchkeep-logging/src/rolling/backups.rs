//! The rotated files of one active file: their names, and which of them go.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const LAST_NUMBER: u16 = 9999;
/// How often a name that another process has taken meanwhile is passed over.
const ATTEMPTS: usize = 100;

/// The rotated files beside an active one.
#[derive(Debug)]
pub(crate) struct Backups {
    folder: PathBuf,
    /// The name of the active file, and the dot behind it.
    prefix: String,
}

/// What stands behind the name of the active file: `20260822T101530.123Z-0001`. Orders as it sorts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Suffix {
    millis: i64,
    number: u16,
}

// === impl Backups ===

impl Backups {
    pub(crate) fn new(active: &Path) -> io::Result<Self> {
        let name = active
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a path of a file"))?;
        let folder = match active.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            Some(_) | None => Path::new("."),
        };
        Ok(Self {
            folder: folder.to_owned(),
            prefix: format!("{name}."),
        })
    }

    /// Renames the active file to the next name in time order, which nobody else has.
    pub(crate) fn take(&self, active: &Path, now: Timestamp) -> io::Result<()> {
        let newest = self.list()?.last().copied();
        let mut suffix = Suffix::after(newest, now.as_millisecond());
        for _ in 0..ATTEMPTS {
            let path = self.path(suffix);
            // Renaming would replace a file; making one first does not.
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(_) => {
                    return fs::rename(active, &path).inspect_err(|_| {
                        let _ = fs::remove_file(&path);
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    suffix = Suffix::after(Some(suffix), suffix.millis);
                }
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Deletes all but the newest `kept`, and those older than `retention`; goes on after an error, and returns the first.
    pub(crate) fn prune(&self, kept: usize, retention: Duration, now: Timestamp) -> io::Result<()> {
        let retention = SignedDuration::try_from(retention).unwrap_or(SignedDuration::MAX);
        let oldest = now
            .checked_sub(retention)
            .unwrap_or(Timestamp::MIN)
            .as_millisecond();
        let all = self.list()?;
        let surplus = all.len().saturating_sub(kept);
        let mut outcome = Ok(());
        for (index, suffix) in all.into_iter().enumerate() {
            if index < surplus || suffix.millis < oldest {
                match fs::remove_file(self.path(suffix)) {
                    // Another process was faster.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    result => outcome = outcome.and(result),
                }
            }
        }
        outcome
    }

    /// Returns what is there, oldest first.
    fn list(&self) -> io::Result<Vec<Suffix>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let suffix = name
                .to_str()
                .and_then(|name| name.strip_prefix(&self.prefix))
                .and_then(Suffix::parse);
            if let Some(suffix) = suffix
                && entry.file_type()?.is_file()
            {
                found.push(suffix);
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    fn path(&self, suffix: Suffix) -> PathBuf {
        self.folder.join(format!("{}{suffix}", self.prefix))
    }
}

// === impl Suffix ===

impl Suffix {
    /// Returns the suffix for a rotation now; a clock that went back does not change the order of the names.
    fn after(newest: Option<Self>, millis: i64) -> Self {
        match newest {
            Some(newest) if newest.millis >= millis && newest.number < LAST_NUMBER => Self {
                millis: newest.millis,
                number: newest.number + 1,
            },
            Some(newest) if newest.millis >= millis => Self {
                millis: newest.millis + 1,
                number: 1,
            },
            Some(_) | None => Self { millis, number: 1 },
        }
    }

    /// Reads exactly what `Display` writes, and nothing else.
    fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let shape = bytes.len() == 25
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                8 => *byte == b'T',
                15 => *byte == b'.',
                19 => *byte == b'Z',
                20 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shape {
            return None;
        }
        let part = |from: usize, to: usize| text[from..to].parse::<i16>().ok();
        let small = |from, to| part(from, to).and_then(|number| i8::try_from(number).ok());
        let time = DateTime::new(
            part(0, 4)?,
            small(4, 6)?,
            small(6, 8)?,
            small(9, 11)?,
            small(11, 13)?,
            small(13, 15)?,
            i32::from(part(16, 19)?) * 1_000_000,
        )
        .ok()?;
        Some(Self {
            millis: TimeZone::UTC.to_timestamp(time).ok()?.as_millisecond(),
            number: text[21..].parse().ok()?,
        })
    }
}

impl fmt::Display for Suffix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = Timestamp::from_millisecond(self.millis).unwrap_or(Timestamp::MAX);
        let at = TimeZone::UTC.to_datetime(time);
        write!(
            f,
            "{:04}{:02}{:02}T{:02}{:02}{:02}.{:03}Z-{:04}",
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            at.millisecond(),
            self.number
        )
    }
}

#[cfg(test)]
mod tests;
