//! `--tail`: the errors that are logged from now on, through rotations.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value};
use watchkeep_logging::query::json_logs;

use super::{chart, files, say};

/// How often the files are looked at.
const PAUSE: Duration = Duration::from_millis(200);

/// The longest line that is waited for; of a longer one nothing is shown.
const LONGEST_LINE: usize = 4 * 1024 * 1024;

/// How much is read at once.
const BLOCK_BYTES: usize = 64 * 1024;

/// Prints each new error, until nobody reads any more.
pub(super) fn follow(dir: &Path, by: &str, json: bool) -> Result<String, String> {
    let mut followed: BTreeMap<PathBuf, Followed> = BTreeMap::new();
    for path in files(dir)? {
        let at_end = Followed::at_end(&path);
        followed.insert(path, at_end);
    }
    loop {
        for (path, file) in &mut followed {
            let mut out = Ok(());
            file.read(path, |line| {
                if out.is_ok()
                    && let Some(text) = shown(line, by, json)
                {
                    out = say(&text);
                }
            });
            if out.is_err() {
                return Ok(String::new());
            }
        }
        pause();
        // A service that was started meanwhile has a file of its own, of which all is new.
        for path in json_logs(dir).unwrap_or_default() {
            followed.entry(path).or_default();
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a command that waits for a file has nothing else to do"
)]
fn pause() {
    thread::sleep(PAUSE);
}

/// Returns the line to print for a line of a file: nothing for what is no error.
fn shown(line: &[u8], by: &str, json: bool) -> Option<String> {
    let document: Map<String, Value> = serde_json::from_slice(line).ok()?;
    let level = document.get("log.level")?.as_str()?;
    if !level.eq_ignore_ascii_case("error") {
        return None;
    }
    if json {
        return serde_json::to_string(&document).ok();
    }
    let mut text = chart::line(&document);
    if by != "error.code"
        && let Some(value) = document.get(by)
    {
        text = format!("{text} {by}={value}");
    }
    Some(text)
}

/// An active file, as far as it was read.
#[derive(Debug, Default)]
struct Followed {
    file: Option<File>,
    /// A line that has no end yet.
    begun: Vec<u8>,
    is_cut: bool,
}

impl Followed {
    /// Begins behind what is there.
    fn at_end(path: &Path) -> Self {
        let file = File::open(path).ok().map(|mut file| {
            // At worst it begins at the beginning.
            let _ = file.seek(SeekFrom::End(0));
            file
        });
        Self {
            file,
            ..Self::default()
        }
    }

    /// Reads what is new, also in the file that took the name of this one; what was rotated is read to its end first.
    fn read(&mut self, path: &Path, mut each: impl FnMut(&[u8])) {
        // In this order: what is written between the two looks is seen by one of them.
        let newest = File::open(path).ok();
        let is_rotated = match (&self.file, &newest) {
            (Some(file), Some(newest)) => !is_same(file, newest),
            (None, _) => true,
            (Some(_), None) => false,
        };
        if self.read_on(&mut each).is_err() {
            self.file = None;
        }
        if is_rotated {
            self.file = newest;
            self.begun.clear();
            self.is_cut = false;
            // What goes wrong is tried again at the next look.
            let _ = self.read_on(&mut each);
        }
    }

    fn read_on(&mut self, each: &mut impl FnMut(&[u8])) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        if file.stream_position()? > file.metadata()?.len() {
            // Somebody has cut it, and writes from its beginning on.
            file.seek(SeekFrom::Start(0))?;
            self.begun.clear();
        }
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            let count = file.read(&mut block)?;
            if count == 0 {
                return Ok(());
            }
            let mut rest = &block[..count];
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                self.begun.extend_from_slice(&rest[..end]);
                if !std::mem::take(&mut self.is_cut) {
                    each(&self.begun);
                }
                self.begun.clear();
                rest = &rest[end + 1..];
            }
            self.begun.extend_from_slice(rest);
            if self.begun.len() > LONGEST_LINE {
                self.begun.clear();
                self.is_cut = true;
            }
        }
    }
}

#[cfg(unix)]
fn is_same(one: &File, other: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let id = |file: &File| {
        file.metadata()
            .map(|metadata| (metadata.dev(), metadata.ino()))
    };
    matches!((id(one), id(other)), (Ok(one), Ok(other)) if one == other)
}

#[cfg(not(unix))]
fn is_same(_one: &File, _other: &File) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

    fn line(n: u32) -> String {
        format!("{{\"@timestamp\":\"t\",\"log.level\":\"ERROR\",\"message\":\"{n}\"}}\n")
    }

    fn append(path: &Path, text: &str) {
        let mut file = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    /// Returns the messages that are new.
    fn new(followed: &mut Followed, path: &Path) -> Vec<String> {
        let mut messages = Vec::new();
        followed.read(path, |line| {
            let document: Value = serde_json::from_slice(line).unwrap();
            messages.push(document["message"].as_str().unwrap().to_owned());
        });
        messages
    }

    #[test]
    fn new_lines_are_followed_through_rotations_and_cuts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api_json.log");
        append(&path, &line(1));
        let mut followed = Followed::at_end(&path);
        assert!(
            new(&mut followed, &path).is_empty(),
            "what was there is old"
        );
        append(&path, &line(2));
        assert_eq!(new(&mut followed, &path), ["2"]);
        let (begin, end) = (&line(3)[..20], &line(3)[20..]);
        append(&path, begin);
        assert!(new(&mut followed, &path).is_empty(), "it has no end yet");
        append(&path, end);
        append(&path, &line(4));
        fs::rename(&path, folder.path().join("api_json.log.1")).unwrap();
        assert_eq!(new(&mut followed, &path), ["3", "4"], "no new file yet");
        append(&folder.path().join("api_json.log.1"), &line(5));
        append(&path, &line(6));
        assert_eq!(new(&mut followed, &path), ["5", "6"], "the old one first");
        fs::write(&path, "").unwrap();
        assert!(new(&mut followed, &path).is_empty());
        append(&path, &line(7));
        assert_eq!(new(&mut followed, &path), ["7"], "cut, and written again");
    }

    #[test]
    fn line_without_an_end_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api_json.log");
        let mut followed = Followed::default();
        append(&path, &"x".repeat(LONGEST_LINE + BLOCK_BYTES));
        assert!(new(&mut followed, &path).is_empty());
        assert!(followed.begun.len() <= LONGEST_LINE);
        append(&path, &format!("x\n{}", line(1)));
        assert_eq!(new(&mut followed, &path), ["1"]);
    }

    #[test]
    fn only_errors_are_shown() {
        let text = |line: &str, json| shown(line.as_bytes(), "labels", json);
        assert!(text(line(1).trim_end(), false).unwrap().ends_with("1"));
        assert!(text(line(1).trim_end(), true).unwrap().starts_with('{'));
        for other in [
            "",
            "[]",
            "{}",
            r#"{"log.level":"WARN"}"#,
            r#"{"log.level":7}"#,
        ] {
            assert_eq!(text(other, false), None, "{other}");
        }
    }
}
