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
        self.rotate_as(ACTIVE, number)
    }

    fn rotate_as(&self, active: &str, number: u32) -> String {
        let name = format!("{active}.20260822T101530.123Z-{number:04}");
        fs::rename(self.path(active), self.path(&name)).unwrap();
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
    followed.append(&rotated, &line(7));
    assert_eq!(followed.look(), ["7"], "written late");
}

#[test]
fn file_that_is_cut_is_read_on_or_again() {
    let mut followed = Followed::new();
    let cut = |followed: &Followed, length: usize| {
        let file = fs::File::options().write(true).open(followed.path(ACTIVE));
        file.unwrap().set_len(length as u64).unwrap();
    };
    let why = "!`api_json.log` was cut, and what was written just before may be missing";
    for is_seen in [true, false] {
        let end = fs::metadata(followed.path(ACTIVE)).unwrap().len();
        followed.append(ACTIVE, "{\"log.level\":\"ERR");
        assert_eq!(followed.look(), NOTHING);
        // A writer takes back what it has not finished.
        cut(&followed, usize::try_from(end).unwrap());
        if is_seen {
            assert_eq!(followed.look(), NOTHING);
        }
        followed.append(ACTIVE, &line(2));
        assert_eq!(followed.look(), ["2"], "{is_seen}");
    }
    cut(&followed, 0);
    assert_eq!(followed.look(), [why]);
    followed.append(ACTIVE, &line(3));
    assert_eq!(followed.look(), ["3"]);
    let mut unread = Followed::new();
    cut(&unread, 0);
    assert_eq!(unread.look(), [why], "also when nothing was read yet");
}

#[test]
fn line_that_is_half_written_at_first_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let (begin, end) = (&line(2)[..40], &line(2)[40..]);
    for before in [String::new(), line(1)] {
        fs::write(folder.path().join(ACTIVE), format!("{before}{begin}")).unwrap();
        let mut followed = Followed {
            tail: ErrorTail::new(folder.path()).unwrap(),
            folder: tempfile::tempdir().unwrap(),
        };
        assert_eq!(followed.look(), NOTHING);
        let text = format!("{before}{begin}{end}");
        fs::write(folder.path().join(ACTIVE), text).unwrap();
        assert_eq!(followed.look(), ["2"]);
    }
    // Its first half is thrown away with what is too long.
    let long = "x".repeat(MAX_LINE_BYTES + 2 * BLOCK_BYTES);
    fs::write(folder.path().join(ACTIVE), &long).unwrap();
    let mut followed = Followed {
        tail: ErrorTail::new(folder.path()).unwrap(),
        folder,
    };
    followed.append(ACTIVE, &format!("x\n{}", line(3)));
    assert_eq!(followed.look(), ["3"]);
}

#[test]
fn what_cannot_be_opened_at_first_is_old_when_it_can() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(ACTIVE)).unwrap();
    let tail = ErrorTail::new(folder.path()).unwrap();
    let mut followed = Followed { folder, tail };
    assert_eq!(
        followed.look(),
        ["!`api_json.log` cannot be read: not a file"]
    );
    assert_eq!(followed.look(), NOTHING);
    fs::remove_dir(followed.path(ACTIVE)).unwrap();
    followed.append(ACTIVE, &line(1));
    assert_eq!(followed.look(), NOTHING);
    followed.append(ACTIVE, &line(2));
    assert_eq!(followed.look(), ["2"]);
}

#[cfg(unix)]
#[test]
fn files_without_a_name_are_let_go() {
    let mut followed = Followed::new();
    for number in 0..5 {
        followed.append("job_json.log", &line(number));
        let before = followed.rotate_as("job_json.log", number);
        followed.append("job_json.log", &line(number));
        assert_eq!(followed.look(), [number.to_string(), number.to_string()]);
        assert_eq!(followed.tail.sinks.len(), 2);
        fs::remove_file(followed.path("job_json.log")).unwrap();
        fs::remove_file(followed.path(&before)).unwrap();
        assert_eq!(followed.look(), NOTHING);
        assert_eq!(followed.tail.sinks.len(), 1);
    }
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
    let opened = sink.open().unwrap().unwrap();
    let second = followed.rotate(2);
    followed.append(ACTIVE, &line(3));
    followed.rotate(3);
    followed.compress(&second);
    let names = sink.rotated(Some(&opened)).unwrap();
    let names: Vec<_> = names.into_iter().map(|source| source.path).collect();
    assert_eq!(names, [followed.path(&active)]);
}

#[test]
#[cfg(feature = "gzip")]
fn compressed_file_that_begins_like_another_is_not_taken_for_it() {
    let mut followed = Followed::new();
    let long = |text: &str| {
        let filler = "x".repeat(600);
        format!("{{\"filler\":\"{filler}\",\"log.level\":\"ERROR\",\"message\":\"{text}\"}}\n")
    };
    followed.rotate(1);
    followed.append(ACTIVE, &long("2"));
    assert_eq!(followed.look(), ["2"]);
    followed.rotate(2);
    followed.append(ACTIVE, &long("three"));
    let third = followed.rotate(3);
    followed.compress(&third);
    followed.append(ACTIVE, &long("4"));
    assert_eq!(followed.look(), ["three", "4"]);
}

#[test]
fn what_was_deleted_before_it_was_read_is_said() {
    let mut followed = Followed::new();
    let deleted = followed.rotate(1);
    followed.append(ACTIVE, &line(2));
    followed.rotate(2);
    followed.append(ACTIVE, &line(3));
    fs::remove_file(followed.path(&deleted)).unwrap();
    let why = "!`api_json.log` is another file now, and files in between may be missing, as the one before is not among the rotated ones";
    assert_eq!(followed.look(), [why, "2", "3"]);
    assert_eq!(followed.look(), NOTHING);
    for number in 4..=5 {
        followed.append(ACTIVE, &line(number));
        let name = followed.rotate(number);
        fs::remove_file(followed.path(&name)).unwrap();
    }
    followed.append(ACTIVE, &line(6));
    assert_eq!(followed.look(), ["4", why, "6"], "none is left");
    fs::rename(followed.path(ACTIVE), followed.path("api_json.log.1")).unwrap();
    followed.append(ACTIVE, &line(7));
    assert_eq!(followed.look(), ["7"], "somebody else names them otherwise");
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
    assert_eq!(followed.look(), ["3"], "its end may come");
    followed.rotate(2);
    followed.append(ACTIVE, &line(4));
    let torn = "!`api_json.log` has a last line without an end";
    assert_eq!(followed.look(), [torn, "4"]);
    followed.append(ACTIVE, "torn");
    let name = followed.rotate(3);
    followed.append(ACTIVE, &line(5));
    assert_eq!(followed.look(), ["5"]);
    fs::remove_file(followed.path(&name)).unwrap();
    assert_eq!(followed.look(), [torn], "nothing comes behind it any more");
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
