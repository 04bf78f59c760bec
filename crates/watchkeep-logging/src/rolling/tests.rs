//! Rotation, retention, and files that change under our feet.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::clock::Clock;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A folder with a clock, whose time passes only when told.
struct Bench {
    folder: TempDir,
    millis: Arc<AtomicI64>,
}

impl Bench {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            // The age of an existing file comes from the file system, so the clock begins now.
            millis: Arc::new(AtomicI64::new(Timestamp::now().as_millisecond())),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn builder(&self) -> RollingFileBuilder {
        let millis = Arc::clone(&self.millis);
        RollingFile::builder(self.path("app.log")).with_clock(Clock::new(move || {
            Timestamp::from_millisecond(millis.load(Ordering::Relaxed)).unwrap()
        }))
    }

    fn pass(&self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).unwrap();
        self.millis.fetch_add(millis, Ordering::Relaxed);
    }

    /// Name and content of every file, sorted by name.
    fn files(&self) -> BTreeMap<String, String> {
        fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().unwrap().is_file())
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (name, fs::read_to_string(entry.path()).unwrap())
            })
            .collect()
    }

    /// Contents of the rotated files in the order of their names, and of the active file last.
    #[track_caller]
    fn contents(&self) -> Vec<String> {
        let mut files = self.files();
        let active = files.remove("app.log");
        files.into_values().chain(active).collect()
    }

    #[track_caller]
    fn check(&self, expected: &[&str]) {
        assert_eq!(self.contents(), expected);
    }

    fn touch(&self, name: &str) {
        fs::write(self.path(name), "mine\n").unwrap();
    }
}

#[test]
fn file_is_rotated_before_a_line_would_pass_the_limit() {
    let bench = Bench::new();
    let mut file = bench.builder().with_max_bytes(10).open().unwrap();
    for line in ["aaaa\n", "bbbb\n", "cccc\n", "dddd\n", "e\n"] {
        file.write_all(line.as_bytes()).unwrap();
    }
    bench.check(&["aaaa\nbbbb\n", "cccc\ndddd\n", "e\n"]);
    assert_eq!(file.rotations(), 2);
}

#[test]
fn batch_of_lines_is_cut_at_line_ends() {
    let bench = Bench::new();
    let mut file = bench.builder().with_max_bytes(10).open().unwrap();
    file.write_all(b"aaaa\nbbbbbb\ncc\nd\neeeeee\n").unwrap();
    bench.check(&["aaaa\n", "bbbbbb\ncc\n", "d\neeeeee\n"]);
}

#[test]
fn line_longer_than_the_limit_is_alone_and_whole() {
    let bench = Bench::new();
    let mut file = bench.builder().with_max_bytes(10).open().unwrap();
    file.write_all(b"a\nbbbbbbbbbbbbbbbbbbbb\nc\n").unwrap();
    bench.check(&["a\n", "bbbbbbbbbbbbbbbbbbbb\n", "c\n"]);
}

#[test]
fn line_written_in_pieces_stays_in_one_file() {
    let bench = Bench::new();
    let mut file = bench.builder().with_max_bytes(10).open().unwrap();
    for piece in ["aaaaaa", "bbbbbb", "\nc", "\n"] {
        file.write_all(piece.as_bytes()).unwrap();
    }
    bench.check(&["aaaaaabbbbbb\n", "c\n"]);
}

#[test]
fn size_counts_what_an_earlier_run_has_written() {
    let bench = Bench::new();
    fs::write(bench.path("app.log"), "aaaaaaa\n").unwrap();
    let mut file = bench.builder().with_max_bytes(10).open().unwrap();
    file.write_all(b"bbbb\n").unwrap();
    bench.check(&["aaaaaaa\n", "bbbb\n"]);
}

#[test]
fn file_that_is_a_day_old_is_rotated() {
    let bench = Bench::new();
    let mut file = bench.builder().open().unwrap();
    bench.pass(DAY * 2);
    file.write_all(b"a\n").unwrap();
    bench.check(&["a\n"]);
    bench.pass(DAY - Duration::from_millis(1));
    file.write_all(b"b\n").unwrap();
    bench.check(&["a\nb\n"]);
    bench.pass(Duration::from_millis(1));
    file.write_all(b"c\n").unwrap();
    bench.check(&["a\nb\n", "c\n"]);
    // Without a line, too.
    bench.pass(DAY);
    Output::tend(&mut file);
    bench.check(&["a\nb\n", "c\n", ""]);
    bench.pass(DAY);
    Output::tend(&mut file);
    assert_eq!(bench.contents().len(), 3, "an empty file is not rotated");
}

#[test]
fn age_of_a_file_is_known_after_a_restart() {
    let bench = Bench::new();
    fs::write(bench.path("app.log"), "old\n").unwrap();
    bench.pass(DAY + Duration::from_secs(60));
    let mut file = bench.builder().open().unwrap();
    file.write_all(b"new\n").unwrap();
    bench.check(&["old\n", "new\n"]);
}

#[test]
fn rotated_files_sort_in_time_order_when_the_clock_goes_back() {
    let bench = Bench::new();
    let mut file = bench.builder().with_max_bytes(2).open().unwrap();
    for (index, line) in ["a\n", "b\n", "c\n", "d\n", "e\n"].into_iter().enumerate() {
        if index == 2 {
            bench.millis.fetch_sub(3_600_000, Ordering::Relaxed);
        }
        file.write_all(line.as_bytes()).unwrap();
    }
    bench.check(&["a\n", "b\n", "c\n", "d\n", "e\n"]);
}

#[test]
fn only_the_newest_backups_are_kept_also_over_a_restart() {
    let bench = Bench::new();
    for run in 0..3 {
        let mut file = bench
            .builder()
            .with_max_bytes(2)
            .with_backups(2)
            .open()
            .unwrap();
        for line in 0..4 {
            file.write_all(format!("{run}{line}\n").as_bytes()).unwrap();
            bench.pass(Duration::from_secs(1));
        }
    }
    bench.check(&["21\n", "22\n", "23\n"]);
    bench.builder().with_backups(1).open().unwrap();
    bench.check(&["22\n", "23\n"]);
}

#[test]
fn no_backups_means_none() {
    let bench = Bench::new();
    let mut file = bench
        .builder()
        .with_max_bytes(2)
        .with_backups(0)
        .open()
        .unwrap();
    file.write_all(b"a\nb\nc\n").unwrap();
    bench.check(&["c\n"]);
}

#[test]
fn retention_goes_by_the_time_in_the_name() {
    let bench = Bench::new();
    let mut file = bench
        .builder()
        .with_max_bytes(2)
        .with_retention(DAY * 3)
        .open()
        .unwrap();
    for line in ["a\n", "b\n", "c\n"] {
        file.write_all(line.as_bytes()).unwrap();
        bench.pass(DAY);
    }
    // `a` was rotated at day 1; all of them look new to the file system.
    bench.check(&["a\n", "b\n", "c\n"]);
    bench.pass(DAY + Duration::from_secs(1));
    Output::tend(&mut file);
    let kept = bench.contents();
    assert!(!kept.contains(&"a\n".to_owned()), "{kept:?}");
    assert!(kept.contains(&"b\n".to_owned()), "{kept:?}");
}

#[test]
fn foreign_files_are_never_touched() {
    let bench = Bench::new();
    let foreign = [
        "app-notes.log",
        "app.log.keep",
        "app.log.20000101T000000.000Z-0001.gz",
        "app.log.20000101T000000.000Z-1",
        "app.log.20001301T000000.000Z-0001",
        "app_errors.log",
        "app_errors.log.20000101T000000.000Z-0001",
        "xapp.log.20000101T000000.000Z-0001",
    ];
    for name in foreign {
        bench.touch(name);
    }
    let folder = bench.path("app.log.20000101T000000.000Z-0007");
    fs::create_dir(&folder).unwrap();
    bench.touch("app.log.20000101T000000.000Z-0001");
    let mut file = bench
        .builder()
        .with_max_bytes(2)
        .with_backups(1)
        .open()
        .unwrap();
    file.write_all(b"a\nb\nc\n").unwrap();
    let files = bench.files();
    for name in foreign {
        assert_eq!(
            files.get(name).map(String::as_str),
            Some("mine\n"),
            "{name}"
        );
    }
    assert!(folder.is_dir());
    assert!(!files.contains_key("app.log.20000101T000000.000Z-0001"));
    assert_eq!(files.len(), foreign.len() + 2);
}

#[test]
fn taken_name_is_never_overwritten() {
    let bench = Bench::new();
    let mut file = bench.builder().with_max_bytes(2).open().unwrap();
    file.write_all(b"a\n").unwrap();
    let now = Timestamp::from_millisecond(bench.millis.load(Ordering::Relaxed)).unwrap();
    let name = format!("app.log.{}-0001", now.strftime("%Y%m%dT%H%M%S.%3fZ"));
    // A folder is no rotated file, so only the attempt shows that the name is taken.
    fs::create_dir(bench.path(&name)).unwrap();
    file.write_all(b"b\n").unwrap();
    bench.check(&["a\n", "b\n"]);
    assert!(bench.path(&name).is_dir());
}

#[cfg(unix)]
#[test]
fn writing_goes_on_in_a_new_file_after_a_rename_or_a_removal() {
    let bench = Bench::new();
    let mut file = bench.builder().open().unwrap();
    file.write_all(b"a\n").unwrap();
    fs::rename(bench.path("app.log"), bench.path("moved")).unwrap();
    file.write_all(b"b\n").unwrap();
    fs::remove_file(bench.path("app.log")).unwrap();
    file.write_all(b"c\n").unwrap();
    let files = bench.files();
    assert_eq!(files["moved"], "a\n");
    assert_eq!(files["app.log"], "c\n");
}

#[test]
fn reopening_makes_a_new_file() {
    let bench = Bench::new();
    let mut file = bench.builder().open().unwrap();
    file.write_all(b"a\n").unwrap();
    fs::rename(bench.path("app.log"), bench.path("moved")).unwrap();
    file.reopen();
    file.write_all(b"b\n").unwrap();
    assert_eq!(bench.files()["app.log"], "b\n");
}

#[cfg(unix)]
#[test]
fn truncation_from_outside_is_noticed() {
    let bench = Bench::new();
    let mut file = bench.builder().with_max_bytes(6).open().unwrap();
    file.write_all(b"aaaa\n").unwrap();
    fs::write(bench.path("app.log"), "").unwrap();
    file.write_all(b"bbbb\n").unwrap();
    bench.check(&["bbbb\n"]);
}

#[test]
fn unfinished_line_of_a_crash_is_cut_off() {
    let bench = Bench::new();
    fs::write(bench.path("app.log"), "whole\nto").unwrap();
    let mut file = bench.builder().open().unwrap();
    file.write_all(b"next\n").unwrap();
    bench.check(&["whole\nnext\n"]);
    drop(file);
    let foreign = "x".repeat(2 * 1024 * 1024);
    fs::write(bench.path("app.log"), &foreign).unwrap();
    let mut file = bench.builder().open().unwrap();
    file.write_all(b"next\n").unwrap();
    assert_eq!(bench.contents(), [foreign + "\nnext\n"]);
}

#[test]
fn line_taken_back_leaves_nothing() {
    let bench = Bench::new();
    let mut file = bench.builder().open().unwrap();
    file.write_all(b"whole\nhal").unwrap();
    assert!(Output::take_back(&mut file));
    file.write_all(b"half\n").unwrap();
    bench.check(&["whole\nhalf\n"]);
}

#[test]
fn folder_that_is_missing_is_made() {
    let bench = Bench::new();
    let path = bench.path("a/b/app.log");
    let mut file = RollingFile::builder(&path).open().unwrap();
    file.write_all(b"a\n").unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), "a\n");
    assert!(RollingFile::builder("/").open().is_err());
    assert!(RollingFile::builder(bench.folder.path()).open().is_err());
}

#[cfg(unix)]
#[test]
fn device_is_not_rotated() {
    let bench = Bench::new();
    std::os::unix::fs::symlink("/dev/null", bench.path("app.log")).unwrap();
    let mut file = bench.builder().with_max_bytes(2).open().unwrap();
    file.write_all(b"a\nb\nc\n").unwrap();
    assert_eq!(file.rotations(), 0);
}

#[test]
fn lines_go_on_past_the_limit_while_rotation_fails() {
    let bench = Bench::new();
    let now = Timestamp::from_millisecond(bench.millis.load(Ordering::Relaxed)).unwrap();
    let stamp = now.strftime("%Y%m%dT%H%M%S.%3fZ");
    for number in 1..=100 {
        fs::create_dir(bench.path(&format!("app.log.{stamp}-{number:04}"))).unwrap();
    }
    let mut file = bench.builder().with_max_bytes(2).open().unwrap();
    file.write_all(b"a\nb\n").unwrap();
    bench.check(&["a\nb\n"]);
    assert!(Output::take_problem(&mut file).is_some());
    // Not tried again at once; but a clock that went back does not put it off.
    bench.pass(Duration::from_millis(500));
    file.write_all(b"c\n").unwrap();
    bench.check(&["a\nb\nc\n"]);
    bench.millis.fetch_sub(3_600_000, Ordering::Relaxed);
    file.write_all(b"d\n").unwrap();
    bench.check(&["a\nb\nc\n", "d\n"]);
}
