//! The errors that are logged from now on, through rotations.

use std::collections::BTreeMap;
use std::path::PathBuf;

use memchr::memmem::Finder;
use serde_json::{Map, Value};
use tracing::Level;

use self::followed::Seen;
use self::sink::Sink;
use super::document::{KEPT, LONGEST_TEXT};
use super::files::{NEEDLE, named};
use super::{ERROR_CODE, json_logs};
use crate::escape::boundary;
use crate::query::QueryError;
use crate::query::pick::pick;
use crate::query::record::parse_level;

mod followed;
mod lines;
mod sink;

/// Follows the JSON log files of a folder: [`look`](Self::look) tells what was logged since the look before.
///
/// What was rotated between two looks is read too, however often that was and also when it was compressed; of a file that
/// retention deleted before it was read, it says so. The file before the active one is followed for as long as it has a name,
/// as a service writes into it until it is told to open its files again. A service that starts meanwhile has a new file, of which all is told.
/// In memory there are a block of 64 KiB and the longest line, and two open files at most for each sink.
///
/// Who copies a file and cuts it (logrotate's `copytruncate`) may lose lines, which is said when the file is shorter at a look than at the one before.
/// Where files have no identity (other systems than Unix), rotations are not seen.
#[derive(Debug)]
pub struct ErrorTail {
    folder: PathBuf,
    by: String,
    sinks: BTreeMap<PathBuf, Sink>,
    is_folder_lost: bool,
}

/// What a look has found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Tailed<'a> {
    /// An error.
    #[non_exhaustive]
    Error {
        /// Its line as it stands in the file, one JSON object.
        line: &'a str,
        /// The main keys (`@timestamp`, `log.level`, `message`, `error.code`, `log.logger`, `trace.id`, `http.request.id`, `service.name`) and the
        /// key that is asked for, as texts of at most 1024 bytes, wherever in the object they stand.
        document: Map<String, Value>,
    },
    /// Why errors may be missing, in words; said once for as long as it is so.
    Missed(String),
}

// === impl ErrorTail ===

impl ErrorTail {
    /// Begins behind what is there.
    ///
    /// A file that cannot be read yet is a [`Tailed::Missed`] of the first look.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn new(folder: impl Into<PathBuf>) -> Result<Self, QueryError> {
        let folder = folder.into();
        let paths = json_logs(&folder)?.into_iter();
        Ok(Self {
            sinks: paths
                .map(|path| (path.clone(), Sink::at_end(path)))
                .collect(),
            folder,
            by: ERROR_CODE.to_owned(),
            is_folder_lost: false,
        })
    }

    /// Sets a key that the documents have besides the main ones (default `error.code`, which is one of them).
    #[must_use]
    pub fn with_by(mut self, key: impl Into<String>) -> Self {
        self.by = key.into();
        self
    }

    /// Reads what was written up to now, sink by sink, and tells the errors in the order of the files.
    ///
    /// Only lines that write the level as `"ERROR"` are found, as in a report. Lines without an end wait for the next look.
    pub fn look(&mut self, mut each: impl FnMut(Tailed<'_>)) {
        let listed = self.list(&mut each);
        let needle = Finder::new(NEEDLE);
        for sink in self.sinks.values_mut() {
            let path = sink.path().to_owned();
            let mut bad = 0;
            sink.look(&mut |seen| match seen {
                Seen::Line(line) if needle.find(line).is_none() => {}
                Seen::Line(line) => match document(line, &self.by) {
                    Some((line, document)) if is_error(&document) => {
                        each(Tailed::Error { line, document });
                    }
                    Some(_) => {}
                    None => bad += 1,
                },
                Seen::TooLong => bad += 1,
                Seen::Missed(path, why) => each(Tailed::Missed(named(path, why))),
            });
            if bad > 0 {
                let why = format!("has lines that are no records, or too long: {bad} more");
                each(Tailed::Missed(named(&path, &why)));
            }
        }
        if let Some(listed) = listed {
            let is_here = |path: &PathBuf| listed.binary_search(path).is_ok();
            self.sinks
                .retain(|path, sink| is_here(path) || !sink.is_gone());
        }
    }

    /// Looks which sinks there are, in order, and begins with those that are new.
    fn list(&mut self, each: &mut impl FnMut(Tailed<'_>)) -> Option<Vec<PathBuf>> {
        match json_logs(&self.folder) {
            Ok(paths) => {
                self.is_folder_lost = false;
                for path in &paths {
                    if !self.sinks.contains_key(path) {
                        let sink = Sink::at_start(path.clone());
                        self.sinks.insert(path.clone(), sink);
                    }
                }
                Some(paths)
            }
            Err(error) => {
                if !std::mem::replace(&mut self.is_folder_lost, true) {
                    each(Tailed::Missed(named(&self.folder, &error.reason())));
                }
                None
            }
        }
    }
}

/// Returns a line that is a record, and the texts of the keys that are asked for.
fn document<'a>(line: &'a [u8], by: &str) -> Option<(&'a str, Map<String, Value>)> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut keys = [by; KEPT.len() + 1];
    keys[..KEPT.len()].copy_from_slice(&KEPT);
    let found = keys.iter().zip(pick(line, keys)?);
    let document = found.filter_map(|(key, text)| {
        let mut text = text?;
        text.truncate(boundary(&text, LONGEST_TEXT));
        Some(((*key).to_owned(), Value::String(text)))
    });
    Some((std::str::from_utf8(line).ok()?, document.collect()))
}

fn is_error(document: &Map<String, Value>) -> bool {
    let level = document.get("log.level").and_then(Value::as_str);
    level.and_then(|level| parse_level(level.as_bytes())) == Some(Level::ERROR)
}

#[cfg(test)]
mod tests;
