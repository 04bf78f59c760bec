//! Reports of folders as they are, broken and while they change.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::query::Query;

mod odd;

const ACTIVE: &str = "api_json.log";
const FIRST: &str = "api_json.log.20260822T101530.123Z-0001";
const SECOND: &str = "api_json.log.20260822T101540.123Z-0001";

struct Logs(TempDir);

impl Logs {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.0.path().join(name), content).unwrap();
    }

    fn paths(&self) -> Vec<PathBuf> {
        json_logs(self.0.path()).unwrap()
    }

    fn report(&self, query: &ErrorQuery) -> ErrorReport {
        let scanned = query.of_files(&self.paths(), |_| ControlFlow::Continue(()));
        scanned.unwrap().report
    }
}

/// A line of ours: number `n` comes at second `n`.
fn line(n: u64, level: &str, code: Option<&str>) -> String {
    let code = code.map_or_else(String::new, |code| format!("\"error.code\":\"{code}\","));
    format!(
        "{{\"@timestamp\":\"2026-08-22T10:15:{n:02}.000000Z\",\"log.level\":\"{level}\",\"message\":\"{n} \\\"log.level\\\":\\\"ERROR\\\"\",\
         \"ecs.version\":\"8.17.0\",\"log.logger\":\"api::db\",{code}\"labels\":{{\"user_id\":\"u{}\"}}}}\n",
        n % 2
    )
}

fn since(second: u64) -> ErrorQuery {
    let start: Timestamp = "2026-08-22T10:15:00Z".parse().unwrap();
    ErrorQuery::new(start + Duration::from_secs(second))
}

fn messages(report: &ErrorReport) -> Vec<&str> {
    let messages = report
        .recent
        .iter()
        .map(|document| document["message"].as_str());
    messages
        .map(|text| text.unwrap().split(' ').next().unwrap())
        .collect()
}

/// Two rotated files and an active one, with errors of seconds 1 to 6.
fn six() -> Logs {
    let logs = Logs::new();
    let two = |n| {
        [
            line(n, "ERROR", Some("E1")),
            line(n + 1, "INFO", Some("E1")),
        ]
        .concat()
    };
    logs.write(FIRST, [two(1), line(2, "ERROR", Some("E2"))].concat());
    logs.write(SECOND, [two(3), line(4, "ERROR", None)].concat());
    logs.write(ACTIVE, [two(5), line(6, "ERROR", Some("E2"))].concat());
    logs
}

#[test]
fn errors_of_all_files_are_counted_and_the_last_come_first() {
    let logs = six();
    let report = logs.report(&since(0).with_recent(4));
    assert_eq!((report.total, report.without, report.other), (6, 1, 0));
    assert_eq!(report.counts["E1"], 3);
    assert_eq!(report.counts["E2"], 2);
    assert_eq!(messages(&report), ["6", "5", "4", "3"]);
    assert!(report.partial.is_empty(), "{:?}", report.partial);
    let json: Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["by_code"]["E1"], 3);
    assert_eq!(json["without_code"], 1);
    assert_eq!(json["source"], "files");
}

#[test]
fn report_and_query_find_the_same() {
    let logs = six();
    for second in 0..8 {
        let query = since(second);
        let by_query = Query::new(logs.0.path().join(ACTIVE))
            .with_since(query.since)
            .with_level(tracing::Level::ERROR)
            .count_by("error.code")
            .unwrap();
        let report = logs.report(&query);
        assert_eq!(report.total, by_query.total, "{second}");
        assert_eq!(report.counts, by_query.by, "{second}");
        assert_eq!(report.without, by_query.without, "{second}");
    }
}

#[test]
fn other_keys_are_counted_by_too() {
    let logs = six();
    let users = logs.report(&since(0).with_by("labels.user_id"));
    assert_eq!((users.counts["u0"], users.counts["u1"]), (3, 3));
    assert!(
        users.to_json().contains("\"by_user_id\":{"),
        "{}",
        users.to_json()
    );
    let loggers = logs.report(&since(0).with_by("log.logger"));
    assert_eq!(loggers.counts["api::db"], 6);
}

#[test]
fn values_are_bounded_in_number_and_length() {
    let logs = Logs::new();
    let mut lines: String = (0..1200)
        .map(|n| line(1, "ERROR", Some(&format!("E{n}"))))
        .collect();
    lines.push_str(&line(1, "ERROR", Some(&"x".repeat(2000))));
    logs.write(ACTIVE, lines);
    let report = logs.report(&since(0));
    assert_eq!(
        (report.total, report.counts.len(), report.other),
        (1201, 1000, 201)
    );
}

#[test]
fn large_documents_are_cut() {
    let logs = Logs::new();
    let long = line(1, "ERROR", Some("E1")).replace("api::db", &"x".repeat(1_000_000));
    logs.write(ACTIVE, long.repeat(30));
    let report = logs.report(&since(0));
    assert_eq!((report.total, report.recent.len()), (30, 20));
    assert!(report.to_json().len() < 100_000);
    assert_eq!(report.recent[0]["truncated"], true);
}

#[test]
fn torn_last_line_and_lines_that_are_no_records_make_it_partial() {
    let logs = six();
    let torn = line(7, "ERROR", Some("E1"));
    let broken = "garbage \"log.level\":\"ERROR\" garbage\n";
    logs.write(
        ACTIVE,
        [broken, &line(5, "ERROR", Some("E1")), torn.trim_end()].concat(),
    );
    let report = logs.report(&since(0));
    assert_eq!(report.total, 5);
    assert_eq!(
        report.partial,
        [
            "`api_json.log` has a last line without an end",
            "1 lines are no records, or too long"
        ]
    );
}

#[test]
fn foreign_files_are_left_alone() {
    let logs = six();
    logs.write("api_json.log.bak", line(1, "ERROR", Some("NO")));
    logs.write("notes.txt", line(1, "ERROR", Some("NO")));
    logs.write("api_json.log.20260822T101550.123Z-0001.zst", "x");
    fs::create_dir(logs.0.path().join("api_json.log.20260822T101560.123Z-0001")).unwrap();
    assert_eq!(logs.report(&since(0)).total, 6);
}

#[cfg(feature = "gzip")]
pub(super) mod packed {
    use std::io::Write as _;

    use super::*;

    pub(in crate::query) fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn compressed_files_are_read_and_a_source_counts_once() {
        let logs = six();
        let first = fs::read_to_string(logs.0.path().join(FIRST)).unwrap();
        logs.write(&format!("{FIRST}.gz"), gzip(&first));
        assert_eq!(logs.report(&since(0)).total, 6, "its source is still there");
        fs::remove_file(logs.0.path().join(FIRST)).unwrap();
        let report = logs.report(&since(0));
        assert_eq!((report.total, report.counts["E1"]), (6, 3));
        assert!(report.partial.is_empty(), "{:?}", report.partial);
    }

    #[test]
    fn truncated_compression_is_partial_and_what_is_there_counts() {
        let logs = six();
        let many: String = (0..20_000)
            .map(|n| line(1, "ERROR", Some(&format!("E{}", n % 7))))
            .collect();
        let whole = gzip(&many);
        logs.write(&format!("{FIRST}.gz"), &whole[..whole.len() / 2]);
        fs::remove_file(logs.0.path().join(FIRST)).unwrap();
        let report = logs.report(&since(0));
        assert!(
            report.total > 4 && report.total < 20_000,
            "{}",
            report.total
        );
        let reason = format!("`{FIRST}.gz` ends in the middle of its compressed data");
        assert_eq!(report.partial, [reason]);
        logs.write(&format!("{FIRST}.gz"), "no gzip at all");
        let report = logs.report(&since(0));
        assert_eq!(report.total, 4);
        assert_eq!(report.partial.len(), 1, "{:?}", report.partial);
    }
}

#[test]
fn reading_can_be_stopped_and_has_the_newest_then() {
    let logs = six();
    let mut blocks = 0;
    let scanned = since(0).of_files(&logs.paths(), |progress| {
        assert!(progress.bytes_read <= progress.bytes_total);
        blocks += 1;
        ControlFlow::Break(())
    });
    let scanned = scanned.unwrap();
    assert_eq!((scanned.files, blocks), (1, 1));
    assert_eq!(messages(&scanned.report), ["6", "5"]);
    let reason = &scanned.report.partial[0];
    assert!(reason.contains("bytes unread"), "{reason}");
}

#[test]
fn rotation_and_deletion_while_it_is_read_lose_nothing_that_is_there() {
    let logs = six();
    let path = logs.0.path().to_owned();
    let mut is_first = true;
    let scanned = since(0).of_files(&logs.paths(), |_| {
        if std::mem::take(&mut is_first) {
            fs::rename(
                path.join(ACTIVE),
                path.join("api_json.log.20260822T101550.123Z-0001"),
            )
            .unwrap();
            fs::write(path.join(ACTIVE), line(9, "ERROR", Some("LATE"))).unwrap();
            fs::remove_file(path.join(FIRST)).unwrap();
        }
        ControlFlow::Continue(())
    });
    let report = scanned.unwrap().report;
    assert_eq!(
        report.total, 4,
        "the two of the deleted file are gone, no other comes twice"
    );
    assert!(!report.counts.contains_key("LATE"));
}

#[test]
fn nothing_there_is_an_empty_report() {
    let logs = Logs::new();
    assert!(logs.paths().is_empty());
    let path = logs.0.path().join(ACTIVE);
    let scanned = since(0).of_files(&[path], |_| ControlFlow::Continue(()));
    assert_eq!(scanned.unwrap().report.total, 0);
    let missing = PathBuf::from("/no/such/folder/api_json.log");
    assert!(
        since(0)
            .of_files(&[missing], |_| ControlFlow::Continue(()))
            .is_err()
    );
}

fn recent(
    second: u64,
    level: tracing::Level,
    fields: &[(&'static str, &str)],
) -> crate::RecentRecord {
    crate::RecentRecord {
        time: since(second).from,
        level,
        target: "api::db".to_owned(),
        message: format!("{second} x"),
        fields: fields
            .iter()
            .map(|(key, value)| (*key, (*value).to_owned()))
            .collect(),
    }
}

#[test]
fn ring_has_the_same_report_and_says_how_far_back_it_goes() {
    use tracing::Level;
    let records = [
        recent(1, Level::ERROR, &[("error.code", "OLD")]),
        recent(
            2,
            Level::ERROR,
            &[("error.code", "E1"), ("message", "of a field")],
        ),
        recent(3, Level::WARN, &[("error.code", "E1")]),
        recent(4, Level::ERROR, &[]),
    ];
    let report = since(2).of_recent(&records);
    assert_eq!(
        (report.total, report.counts["E1"], report.without),
        (2, 1, 1)
    );
    assert_eq!(messages(&report), ["4", "2"]);
    assert_eq!(
        report.recent[1]["@timestamp"],
        "2026-08-22T10:15:02.000000Z"
    );
    assert!(
        report.partial.is_empty(),
        "a record before that time is there"
    );
    assert_eq!(since(1).of_recent(&records).partial.len(), 1);
    assert_eq!(since(1).of_recent(&[]).partial.len(), 1);
    assert_eq!(
        since(2).with_by("log.logger").of_recent(&records).counts["api::db"],
        2
    );
}

#[test]
fn files_that_cannot_be_read_are_named_up_to_a_bound() {
    let logs = six();
    for n in 0..25 {
        let name = format!("api_json.log.20260823T1015{n:02}.123Z-0001");
        logs.write(&name, "torn");
    }
    let report = logs.report(&since(0));
    assert_eq!(report.total, 6);
    assert_eq!(report.partial.len(), 21);
    assert_eq!(report.partial[20], "5 more files like these");
}
