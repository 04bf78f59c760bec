//! Folders with entries that are no log files, and files that change under the report.

use std::fs::OpenOptions;
use std::time::{Duration, SystemTime};

use super::*;

/// Reports, and does this once the newest file is being read.
fn report_during(logs: &Logs, change: impl FnOnce()) -> ErrorReport {
    let mut change = Some(change);
    let scanned = since(0).of_files(&logs.paths(), |_| {
        if let Some(change) = change.take() {
            change();
        }
        ControlFlow::Continue(())
    });
    scanned.unwrap().report
}

#[test]
fn file_that_is_deleted_before_its_turn_makes_it_partial() {
    let logs = six();
    let first = logs.0.path().join(FIRST);
    let report = report_during(&logs, || fs::remove_file(first).unwrap());
    let reason = format!("`{FIRST}` was deleted before its turn");
    assert_eq!((report.total, report.partial), (4, vec![reason]));
}

#[test]
fn file_that_becomes_shorter_makes_it_partial() {
    let logs = six();
    let first = logs.0.path().join(FIRST);
    let report = report_during(&logs, || {
        let file = OpenOptions::new().write(true).open(first).unwrap();
        file.set_len(0).unwrap();
    });
    let reason = format!("`{FIRST}` became shorter while it was read");
    assert_eq!((report.total, report.partial), (4, vec![reason]));
}

#[test]
fn files_of_foreign_names_make_it_partial_unless_they_are_too_old() {
    let logs = six();
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_787_393_700);
    for (name, age) in [("1", 0), ("2", 0), ("old", 3_600)] {
        let name = format!("{ACTIVE}.{name}");
        logs.write(&name, line(1, "ERROR", None));
        let mut options = OpenOptions::new();
        let file = options.append(true).open(logs.0.path().join(name));
        let changed = start + Duration::from_secs(60) - Duration::from_secs(age);
        file.unwrap().set_modified(changed).unwrap();
    }
    // What is being compressed is read from its source.
    logs.write(&format!("{FIRST}.gz.part"), "half");
    let report = logs.report(&since(0));
    let reason = "`api_json.log` has 2 files of foreign names beside it, which were not read";
    assert_eq!((report.total, report.partial), (6, vec![reason.to_owned()]));
}

#[test]
fn entry_that_is_no_file_does_not_take_the_others_away() {
    let logs = six();
    fs::create_dir(logs.0.path().join("odd_json.log")).unwrap();
    let report = logs.report(&since(0));
    let reason = "`odd_json.log` cannot be read: not a file";
    assert_eq!((report.total, report.partial), (6, vec![reason.to_owned()]));
}

#[test]
fn nothing_but_what_is_no_file_is_an_error() {
    let logs = Logs::new();
    fs::create_dir(logs.0.path().join("odd_json.log")).unwrap();
    let failed = since(0).of_files(&logs.paths(), |_| ControlFlow::Continue(()));
    assert_eq!(
        failed.unwrap_err().path(),
        logs.0.path().join("odd_json.log")
    );
}

#[test]
fn lines_of_other_writers_count() {
    let logs = Logs::new();
    let time = "2026-08-22T10:15:01Z";
    let lines = [
        format!(r#"{{"@timestamp": "{time}", "log.level": "ERROR", "error.code": "E1"}}"#),
        format!(r#"{{"@timestamp":"{time}","log":{{"level":"ERROR"}},"error":{{"code":"E1"}}}}"#),
        format!(r#"{{"@timestamp":"{time}","log.level":"ERROR","error":{{"code":"E1"}}}}"#),
        format!(r#"{{"@timestamp":"{time}","log.level":"INFO","error.code":"ERROR"}}"#),
        r#"{"log.level":"ERROR","message":"no time"}"#.to_owned(),
    ];
    logs.write(ACTIVE, lines.join("\n") + "\n");
    let report = logs.report(&since(0));
    assert_eq!((report.total, report.counts["E1"]), (3, 3));
    assert_eq!(report.partial, ["1 lines are no records, or too long"]);
}

#[test]
fn last_ones_of_many_sinks_are_the_newest_of_all() {
    let logs = Logs::new();
    for n in 0..50 {
        logs.write(&format!("s{n:02}_json.log"), line(n, "ERROR", None));
    }
    let report = logs.report(&since(0).with_recent(3));
    assert_eq!(messages(&report), ["49", "48", "47"]);
}

#[cfg(feature = "gzip")]
#[test]
fn file_that_is_compressed_before_its_turn_is_read_so() {
    let logs = six();
    let first = logs.0.path().join(FIRST);
    let packed = packed::gzip(&fs::read_to_string(&first).unwrap());
    let report = report_during(&logs, || {
        logs.write(&format!("{FIRST}.gz"), packed);
        fs::remove_file(first).unwrap();
    });
    assert_eq!(
        (report.total, report.partial),
        (6, Vec::new()),
        "{:?}",
        report.counts
    );
}

#[cfg(feature = "gzip")]
#[test]
fn progress_never_goes_back() {
    let logs = six();
    let many = line(1, "INFO", None).repeat(20_000);
    logs.write(&format!("{SECOND}.gz"), packed::gzip(&many));
    fs::remove_file(logs.0.path().join(SECOND)).unwrap();
    let mut before = 0;
    let scanned = since(0).of_files(
        &logs.paths(),
        |Progress {
             bytes_read,
             bytes_total,
         }| {
            assert!(before <= bytes_read && bytes_read <= bytes_total);
            before = bytes_read;
            ControlFlow::Continue(())
        },
    );
    let progress = scanned.unwrap().progress;
    assert_eq!(progress.bytes_read, progress.bytes_total);
}
