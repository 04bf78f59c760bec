//! Tails of folders that change in every way between two looks.

use std::fs;
use std::io::Write as _;

use tempfile::TempDir;

use super::lines::BLOCK_BYTES;
use super::*;
use crate::query::MAX_LINE_BYTES;

const ACTIVE: &str = "api_json.log";

/// A folder with a file of one old error, and what follows it.
struct Followed {
    folder: TempDir,
    tail: ErrorTail,
}

impl Followed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(ACTIVE), line(1)).unwrap();
        let tail = ErrorTail::new(folder.path()).unwrap();
        Self { folder, tail }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn append(&self, name: &str, text: &str) {
        let mut options = fs::OpenOptions::new();
        let file = options.append(true).create(true).open(self.path(name));
        file.unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn rotate(&self, number: u32) -> String {
        let name = format!("{ACTIVE}.20260822T101530.123Z-{number:04}");
        fs::rename(self.path(ACTIVE), self.path(&name)).unwrap();
        name
    }

    #[cfg(feature = "gzip")]
    fn compress(&self, name: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        let packed = crate::query::errors::tests::packed::gzip(&text);
        fs::write(self.path(&format!("{name}.gz")), packed).unwrap();
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Returns the messages that are new; a reason why some may be missing begins with an exclamation mark.
    fn look(&mut self) -> Vec<String> {
        let mut found = Vec::new();
        self.tail.look(|tailed| {
            found.push(match tailed {
                Tailed::Error { document, .. } => document["message"].as_str().unwrap().to_owned(),
                Tailed::Missed(why) => format!("!{why}"),
            });
        });
        found
    }
}

fn line(n: u32) -> String {
    format!("{{\"@timestamp\":\"t{n}\",\"log.level\":\"ERROR\",\"message\":\"{n}\"}}\n")
}

const NOTHING: [&str; 0] = [];

#[test]
fn new_lines_are_followed_through_rotations_and_cuts() {
    let mut followed = Followed::new();
    assert_eq!(followed.look(), NOTHING, "what was there is old");
    followed.append(ACTIVE, &line(2));
    assert_eq!(followed.look(), ["2"]);
    let (begin, end) = (&line(3)[..20], &line(3)[20..]);
    followed.append(ACTIVE, begin);
    assert_eq!(followed.look(), NOTHING, "it has no end yet");
    followed.append(ACTIVE, end);
    followed.append(ACTIVE, &line(4));
    let rotated = followed.rotate(1);
    assert_eq!(followed.look(), ["3", "4"], "no new file yet");
    followed.append(&rotated, &line(5));
    followed.append(ACTIVE, &line(6));
    assert_eq!(followed.look(), ["5", "6"], "the old one first");
    followed.append(ACTIVE, "cut in the mid");
    assert_eq!(followed.look(), NOTHING);
    fs::write(followed.path(ACTIVE), line(7)).unwrap();
    assert_eq!(followed.look(), ["7"], "cut, and written again");
}

#[test]
fn every_rotation_between_two_looks_is_read() {
    let mut followed = Followed::new();
    for number in 2..=5 {
        followed.append(ACTIVE, &line(number));
        followed.rotate(number);
    }
    followed.append(ACTIVE, &line(6));
    assert_eq!(followed.look(), ["2", "3", "4", "5", "6"]);
    assert_eq!(followed.look(), NOTHING);
    followed.rotate(7);
    followed.append(ACTIVE, &line(7));
    followed.rotate(8);
    assert_eq!(followed.look(), NOTHING, "without an active file it waits");
    followed.append(ACTIVE, &line(8));
    assert_eq!(followed.look(), ["7", "8"]);
}

#[test]
#[cfg(feature = "gzip")]
fn what_was_compressed_is_read_once() {
    let mut followed = Followed::new();
    followed.append(ACTIVE, &line(2));
    let first = followed.rotate(1);
    followed.append(ACTIVE, &line(3));
    let second = followed.rotate(2);
    followed.append(ACTIVE, &line(4));
    followed.compress(&first);
    followed.compress(&second);
    assert_eq!(followed.look(), ["2", "3", "4"]);
    let third = followed.rotate(3);
    followed.append(ACTIVE, &line(5));
    assert_eq!(followed.look(), ["5"]);
    followed.compress(&third);
    followed.append(ACTIVE, &line(6));
    followed.rotate(4);
    followed.append(ACTIVE, &line(7));
    assert_eq!(followed.look(), ["6", "7"], "the third was read before");
}

#[test]
fn name_that_a_rotation_has_taken_is_no_file_yet() {
    let mut followed = Followed::new();
    followed.append(ACTIVE, &line(2));
    followed.rotate(1);
    followed.append(ACTIVE, &line(3));
    followed.append(&format!("{ACTIVE}.20260822T101530.123Z-0002"), "");
    assert_eq!(followed.look(), ["2", "3"]);
    followed.append(ACTIVE, &line(4));
    followed.rotate(2);
    followed.append(ACTIVE, &line(5));
    assert_eq!(followed.look(), ["4", "5"]);
}

#[test]
#[cfg(feature = "gzip")]
fn active_file_that_is_compressed_before_the_list_is_not_read_twice() {
    let followed = Followed::new();
    let sink = Sink::at_start(followed.path(ACTIVE));
    let active = followed.rotate(1);
    fs::copy(followed.path(&active), followed.path(ACTIVE)).unwrap();
    followed.append(ACTIVE, &line(2));
    let mut opened = sink.open().unwrap().unwrap();
    let second = followed.rotate(2);
    followed.append(ACTIVE, &line(3));
    followed.rotate(3);
    followed.compress(&second);
    let names = sink.rotated(Some(&mut opened)).unwrap();
    let names: Vec<_> = names.into_iter().map(|source| source.path).collect();
    assert_eq!(names, [followed.path(&active)]);
}

#[test]
fn what_was_deleted_before_it_was_read_is_said() {
    let mut followed = Followed::new();
    let deleted = followed.rotate(1);
    followed.append(ACTIVE, &line(2));
    followed.rotate(2);
    followed.append(ACTIVE, &line(3));
    fs::remove_file(followed.path(&deleted)).unwrap();
    let why = "!`api_json.log` was rotated, and rotated files were deleted before they were read";
    assert_eq!(followed.look(), [why, "2", "3"]);
    assert_eq!(followed.look(), NOTHING);
}

#[test]
fn what_is_no_record_is_said_and_kept_from_the_memory() {
    let mut followed = Followed::new();
    followed.append(ACTIVE, &"x".repeat(MAX_LINE_BYTES + BLOCK_BYTES));
    assert_eq!(followed.look(), NOTHING);
    followed.append(ACTIVE, &format!("x\n{}", line(2)));
    followed.append(ACTIVE, "{\"log.level\":\"ERROR\"\n");
    followed.append(
        ACTIVE,
        "{\"log.level\":\"WARN\"}\n[\"ERROR\"]\nno error\n\n",
    );
    let why = "!`api_json.log` has lines that are no records, or too long: 3 more";
    assert_eq!(followed.look(), ["2", why]);
    followed.append(ACTIVE, "torn");
    assert_eq!(followed.look(), NOTHING);
    followed.rotate(1);
    followed.append(ACTIVE, &line(3));
    let torn = "!`api_json.log` has a last line without an end";
    assert_eq!(followed.look(), [torn, "3"]);
}

#[test]
fn files_that_come_later_are_new_and_folders_are_no_files() {
    let mut followed = Followed::new();
    followed.append("later_json.log", &line(2));
    fs::create_dir(followed.path("folder\u{1b}_json.log")).unwrap();
    let why = "!`folder\\u{1b}_json.log` cannot be read: not a file";
    assert_eq!(followed.look(), [why, "2"]);
    assert_eq!(followed.look(), NOTHING, "it is said once");
    fs::remove_dir(followed.path("folder\u{1b}_json.log")).unwrap();
    assert_eq!(followed.look(), NOTHING);
    fs::create_dir(followed.path("folder\u{1b}_json.log")).unwrap();
    assert_eq!(followed.look(), [why], "it is wrong again");
}

#[test]
fn folder_that_is_gone_is_said_once() {
    let mut followed = Followed::new();
    let aside = followed.folder.path().with_extension("aside");
    fs::rename(followed.folder.path(), &aside).unwrap();
    let said = followed.look();
    assert!(said.len() == 1 && said[0].starts_with('!'), "{said:?}");
    assert_eq!(followed.look(), NOTHING);
    fs::rename(&aside, followed.folder.path()).unwrap();
    followed.append(ACTIVE, &line(2));
    assert_eq!(followed.look(), ["2"]);
}

#[test]
fn document_has_the_main_keys_wherever_they_stand_and_the_line_is_whole() {
    let followed = Followed::new();
    let long = "ä".repeat(LONGEST_TEXT);
    let text = format!(
        "{{\"log\":{{\"level\":\"error\"}},\"error\":{{\"code\":7}},\"message\":\"{long}\",\"labels\":{{\"user_id\":3}},\"tags\":[\"ERROR\"]}}"
    );
    followed.append(ACTIVE, &format!("{text}\r\n"));
    let mut tail = followed.tail.with_by("labels.user_id");
    let mut count = 0;
    tail.look(|tailed| {
        let Tailed::Error { line, document } = tailed else {
            panic!("{tailed:?}");
        };
        assert_eq!(line, text);
        assert_eq!(document["error.code"], "7");
        assert_eq!(document["labels.user_id"], "3");
        assert_eq!(document["message"].as_str().unwrap().len(), LONGEST_TEXT);
        assert_eq!(document.len(), 4);
        count += 1;
    });
    assert_eq!(count, 1);
}
