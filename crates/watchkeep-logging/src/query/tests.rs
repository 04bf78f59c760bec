//! Queries over a folder of files, as they are and while they change.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::wanted::Verdict;
use super::*;

mod changing;
mod foreign;

/// Rotated at 10:15:30.123, and twice at 10:15:40.123.
const ROTATED: [&str; 3] = [
    "api.json.20260822T101530.123Z-0001",
    "api.json.20260822T101540.123Z-0001",
    "api.json.20260822T101540.123Z-0002",
];
const ACTIVE: &str = "api.json";

/// A folder with log files.
struct Logs {
    folder: TempDir,
}

impl Logs {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Three rotated files and an active one, with two records each, from 1 to 8.
    fn of_eight() -> Self {
        let logs = Self::new();
        let names = ROTATED.into_iter().chain([ACTIVE]);
        for (name, first) in names.zip([1, 3, 5, 7]) {
            logs.write(name, [line(first), line(first + 1)].concat());
        }
        logs
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), content).unwrap();
    }

    fn query(&self) -> Query {
        Query::new(self.path().join(ACTIVE))
    }
}

/// A line of ours: number `n` comes at second `n`, and every third is an error.
fn line(n: u64) -> String {
    let level = if n.is_multiple_of(3) { "ERROR" } else { "INFO" };
    format!(
        "{{\"@timestamp\":\"2026-08-22T10:15:{n:02}.000000Z\",\"log.level\":\"{level}\",\"message\":\"{n}\",\
         \"ecs.version\":\"8.17.0\",\"log.logger\":\"api::db\",\"process.pid\":{n},\"error.code\":\"E{}\",\
         \"labels\":{{\"user_id\":\"u{}\"}}}}\n",
        n % 2,
        n % 4
    )
}

fn second(n: u64) -> SystemTime {
    // 2026-08-22T10:15:00Z
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_787_393_700 + n)
}

/// Returns the messages in their order, and what was skipped.
fn read(records: &mut Records) -> (Vec<String>, Skipped) {
    let messages = records
        .by_ref()
        .map(|record| record.unwrap().message().into_owned())
        .collect();
    assert!(records.next().is_none());
    assert_eq!(records.bytes_read(), records.bytes_total());
    (messages, records.skipped())
}

fn messages(query: &Query) -> Vec<String> {
    let (messages, skipped) = read(&mut query.records().unwrap());
    assert_eq!(skipped, Skipped::default());
    messages
}

fn skipped(files: u64, lines: u64, torn: u64) -> Skipped {
    Skipped { files, lines, torn }
}

#[test]
fn newest_record_comes_first_unless_the_order_is_said() {
    let logs = Logs::of_eight();
    assert_eq!(
        messages(&logs.query()),
        ["8", "7", "6", "5", "4", "3", "2", "1"]
    );
    assert_eq!(
        messages(&logs.query().with_order(Order::OldestFirst)),
        ["1", "2", "3", "4", "5", "6", "7", "8"]
    );
}

#[test]
fn record_tells_what_its_line_says() {
    let logs = Logs::new();
    let text = line(3);
    logs.write(ACTIVE, &text);
    let record = logs.query().records().unwrap().next().unwrap().unwrap();
    assert_eq!(record.time(), second(3));
    assert_eq!(record.level(), Level::ERROR);
    assert_eq!(record.message(), "3");
    assert_eq!(record.logger().unwrap(), "api::db");
    assert_eq!(record.error_code().unwrap(), "E1");
    assert_eq!(record.trace_id(), None);
    assert_eq!(record.get("process.pid").unwrap(), "3");
    assert_eq!(record.get("labels.user_id").unwrap(), "u3");
    for missing in ["labels", "user_id", "labels.", "", ".", "error.code.x"] {
        assert_eq!(record.get(missing), None, "{missing}");
    }
    assert_eq!(record.as_json(), text.trim_end());
}

#[test]
fn key_is_found_flat_and_then_in_objects() {
    let logs = Logs::new();
    logs.write(
        ACTIVE,
        r#"{"log":{"level":"warn","origin":{"file":{"line":7}},"origin.file":{"line":8}},"@timestamp":"2026-08-22T12:15:05+02:00","error":{"code":"deep"},"error.code":"flat","a.b":{"c.d":true},"n":null}
"#,
    );
    let record = logs.query().records().unwrap().next().unwrap().unwrap();
    assert_eq!((record.level(), record.time()), (Level::WARN, second(5)));
    assert_eq!(record.error_code().unwrap(), "flat");
    assert_eq!(record.get("log.origin.file.line").unwrap(), "8");
    assert_eq!(record.get("a.b.c.d").unwrap(), "true");
    assert_eq!((record.get("n"), record.message()), (None, "".into()));
}

#[test]
fn time_since_is_in_and_time_until_is_out() {
    let logs = Logs::of_eight();
    let query = logs.query().with_since(second(3)).with_until(second(6));
    assert_eq!(messages(&query), ["5", "4", "3"]);
    let nano = Duration::from_nanos(1);
    let query = query
        .with_since(second(3) + nano)
        .with_until(second(6) + nano);
    assert_eq!(messages(&query), ["6", "5", "4"]);
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 60);
    assert!(messages(&logs.query().with_since(far)).is_empty());
    assert_eq!(messages(&logs.query().with_until(far)).len(), 8);
}

#[test]
fn level_and_code_leave_out_the_others() {
    let logs = Logs::of_eight();
    assert_eq!(messages(&logs.query().with_level(Level::WARN)), ["6", "3"]);
    assert_eq!(messages(&logs.query().with_level(Level::DEBUG)).len(), 8);
    let query = logs.query().with_error_code("E1");
    assert_eq!(messages(&query), ["7", "5", "3", "1"]);
    assert_eq!(messages(&query.with_level(Level::ERROR)), ["3"]);
    assert!(messages(&logs.query().with_error_code("e1")).is_empty());
}

#[test]
fn level_leaves_out_every_less_severe_one() {
    let logs = Logs::new();
    let levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"];
    let text: String = levels
        .iter()
        .map(|level| line(1).replace("INFO", level))
        .collect();
    logs.write(ACTIVE, text);
    for (index, level) in levels.into_iter().enumerate() {
        let query = logs.query().with_level(level.parse().unwrap());
        assert_eq!(messages(&query).len(), 5 - index, "{level}");
    }
}

#[test]
fn filters_refuse_lines_of_others_as_well() {
    let logs = Logs::new();
    let other = |level, second| {
        format!(
            "{{\"message\":\"{level}{second}\",\"log.level\":\"{level}\",\"@timestamp\":\"2026-08-22T10:15:0{second}Z\"}}\n"
        )
    };
    let lines = [
        other("info", 1),
        other("info", 3),
        other("error", 2),
        other("Error", 3),
        other("error", 4),
    ];
    logs.write(ACTIVE, lines.concat());
    let query = logs
        .query()
        .with_level(Level::ERROR)
        .with_since(second(3))
        .with_until(second(4));
    assert_eq!(messages(&query), ["Error3"]);
}

#[test]
fn line_refused_by_its_first_bytes_is_not_read_on() {
    let logs = Logs::new();
    let cut = |n| format!("{}\n", &line(n)[..70]);
    logs.write(ACTIVE, [cut(1), cut(3)].concat());
    let left_out = |query: Query| read(&mut query.records().unwrap()).1.lines;
    assert_eq!(left_out(logs.query()), 2);
    assert_eq!(left_out(logs.query().with_level(Level::WARN)), 1);
    assert_eq!(left_out(logs.query().with_since(second(2))), 1);
    assert_eq!(left_out(logs.query().with_until(second(1))), 0);
}

#[test]
fn counts_tell_values_apart_by_root_key_and_by_label() {
    let logs = Logs::of_eight();
    let by = |query: &Query, key: &str| {
        let counts = query.count_by(key).unwrap();
        let sum: u64 = counts.by.values().sum();
        assert_eq!(counts.total, sum + counts.without + counts.other);
        let by: Vec<_> = counts.by.into_iter().collect();
        (by, counts.without, counts.other)
    };
    let pair = |value: &str, count| (value.to_owned(), count);
    let query = logs.query();
    assert_eq!(
        by(&query, "error.code"),
        (vec![pair("E0", 4), pair("E1", 4)], 0, 0)
    );
    let errors = query.clone().with_level(Level::ERROR);
    assert_eq!(
        by(&errors, "labels.user_id"),
        (vec![pair("u2", 1), pair("u3", 1)], 0, 0)
    );
    assert_eq!(by(&query, "trace.id"), (vec![], 8, 0));
    let bounded = query.with_max_values(3).with_order(Order::OldestFirst);
    let known = vec![pair("u1", 2), pair("u2", 2), pair("u3", 2)];
    assert_eq!(by(&bounded, "labels.user_id"), (known, 0, 2));
    assert_eq!(by(&bounded.with_max_values(0), "log.level"), (vec![], 0, 8));
}

#[test]
fn counts_tell_a_thousand_values_apart_and_none_that_is_too_long() {
    let logs = Logs::new();
    let coded = |code: &str| line(1).replace("E1", code);
    let text: String = (0..1002).map(|n| coded(&n.to_string())).collect();
    logs.write(ACTIVE, text);
    let counts = logs.query().count_by("error.code").unwrap();
    assert_eq!((counts.by.len(), counts.other), (1000, 2));
    let text = coded(&"x".repeat(1024)) + &coded(&"x".repeat(1025)) + "bad\n" + "torn";
    logs.write(ACTIVE, text);
    let counts = logs.query().count_by("error.code").unwrap();
    assert_eq!((counts.by.len(), counts.other, counts.total), (1, 1, 2));
    assert_eq!(counts.skipped, skipped(0, 1, 1));
}

#[test]
fn lines_that_are_no_records_are_counted_and_stop_nothing() {
    let logs = Logs::new();
    let no_records: [&[u8]; 16] = [
        b"",
        b"   ",
        b"{",
        b"null",
        b"[]",
        b"\"text\"",
        b"\0\x01\xff\xfe",
        b"{}",
        b"{\"@timestamp\":\"2026-08-22T10:15:01Z\"}",
        b"{\"log.level\":\"INFO\"}",
        b"{\"@timestamp\":\"2026-08-22T10:15:01.000000Z\",\"log.level\":\"LOUD\"}",
        b"{\"@timestamp\":\"2026-13-22T10:15:01.000000Z\",\"log.level\":\"INFO\"}",
        b"{\"@timestamp\":1787393701,\"log.level\":\"INFO\"}",
        b"{\"@timestamp\":\"2026-08-22T10:15:01.000000Z\",\"log.level\":\"INFO\"",
        b"{\"@timestamp\":\"2026-08-22T10:15:01.000000Z\",\"log.level\":\"INFO\",\"message\":\"\xff\"}",
        b"{\"@timestamp\":\"2026-08-22T10:15:01.000000Z\",\"log.level\":\"INFO\"} {}",
    ];
    let mut bytes = line(1).into_bytes();
    for line in no_records {
        bytes.extend_from_slice(line);
        bytes.push(b'\n');
    }
    let deep = "[".repeat(100_000);
    bytes.extend_from_slice(deep.as_bytes());
    bytes.push(b'\n');
    bytes.extend_from_slice(line(2).replace('\n', "\r\n").as_bytes());
    bytes.extend_from_slice(line(3).trim_end().as_bytes());
    logs.write(ACTIVE, bytes);
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let query = logs.query().with_order(order);
        let (mut found, left_out) = read(&mut query.records().unwrap());
        found.sort();
        assert_eq!(found, ["1", "2"]);
        assert_eq!(left_out, skipped(0, 17, 1));
    }
    let last = logs.query().records().unwrap().next().unwrap().unwrap();
    assert_eq!(last.as_json(), line(2).trim_end());
}

#[test]
fn line_beyond_four_mebibytes_is_left_out_from_both_ends() {
    let logs = Logs::new();
    let empty = line(2).len() - 1;
    let long =
        |bytes: usize| line(2).replace("\"2\"", &format!("\"2{}\"", "x".repeat(bytes - empty)));
    let text = [
        line(1),
        long(MAX_LINE_BYTES),
        long(MAX_LINE_BYTES + 1),
        line(3),
    ];
    logs.write(ACTIVE, text.concat());
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let query = logs.query().with_order(order);
        let (mut found, left_out) = read(&mut query.records().unwrap());
        found.sort();
        assert_eq!(found.len(), 3);
        assert_eq!(found[1].len(), MAX_LINE_BYTES - empty + 1);
        assert_eq!(left_out, skipped(0, 1, 0));
    }
}

#[test]
fn progress_goes_from_nothing_to_all() {
    let logs = Logs::of_eight();
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let mut query = logs.query().with_order(order);
        query.limits.block_bytes = 100;
        let mut records = query.records().unwrap();
        let total: usize = (1..=8).map(|n| line(n).len()).sum();
        assert_eq!(records.bytes_total(), total as u64);
        let mut before = 0;
        assert_eq!(records.bytes_read(), 0);
        while records.next().is_some() {
            assert!((before + 1..=records.bytes_total()).contains(&records.bytes_read()));
            before = records.bytes_read() - 1;
        }
        assert_eq!(records.bytes_read(), records.bytes_total());
    }
}

#[test]
fn newest_first_is_oldest_first_turned_around() {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut roll = |sides: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % sides
    };
    for _ in 0..60 {
        let logs = Logs::new();
        let (mut expected, mut left_out) = (Vec::new(), skipped(0, 0, 0));
        for name in ROTATED.into_iter().chain([ACTIVE]) {
            let mut bytes = Vec::new();
            for _ in 0..roll(12) {
                let n = roll(60);
                let kind = roll(6);
                left_out.lines += u64::from(kind < 2);
                match kind {
                    0 => bytes.extend((0..roll(300)).map(|_| b"\0{}\"\xff,x"[roll(7) as usize])),
                    1 => bytes.extend(std::iter::repeat_n(b'x', 2000)),
                    _ => {
                        bytes.extend_from_slice(line(n).trim_end().as_bytes());
                        expected.push(n.to_string());
                    }
                }
                bytes.push(b'\n');
            }
            if roll(3) == 0 {
                bytes.extend_from_slice(&line(1).as_bytes()[..=roll(90) as usize]);
                left_out.torn += 1;
            }
            logs.write(name, bytes);
        }
        let mut query = logs.query().with_order(Order::OldestFirst);
        query.limits.block_bytes = roll(400) as usize + 1;
        query.limits.line_bytes = 1000;
        let oldest_first = read(&mut query.records().unwrap());
        assert_eq!(oldest_first, (expected.clone(), left_out));
        expected.reverse();
        let query = query.with_order(Order::NewestFirst);
        assert_eq!(read(&mut query.records().unwrap()), (expected, left_out));
    }
}

#[test]
fn no_line_panics_and_a_filter_says_of_it_what_its_record_says() {
    let mut seed = 0x6a09_e667_f3bc_c909_u64;
    let mut roll = |sides: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % sides as u64).unwrap()
    };
    let filtered = Wanted {
        since: Some(second(3)),
        until: Some(second(50)),
        level: Some(Level::WARN),
        error_code: Some("E1".to_owned()),
    };
    let (mut records, mut kept) = (0, 0);
    for _ in 0..20_000 {
        let mut bytes = line(roll(60) as u64).trim_end().as_bytes().to_vec();
        for _ in 0..roll(3) {
            let at = roll(bytes.len());
            match roll(3) {
                0 => bytes[at] = b"\"\\{}:,.0129eu\xff\0"[roll(15)],
                1 => drop(bytes.remove(at)),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let is_kept = matches!(filtered.judge(&bytes), Verdict::Wanted(_));
        let Verdict::Wanted(record) = Wanted::default().judge(&bytes) else {
            assert!(!is_kept);
            continue;
        };
        let expected = record.level() <= Level::WARN
            && (second(3)..second(50)).contains(&record.time())
            && record.error_code().as_deref() == Some("E1");
        assert_eq!(is_kept, expected, "{}", record.as_json());
        records += 1;
        kept += usize::from(is_kept);
    }
    assert!(records > 5000 && kept > 500, "{records} {kept}");
}
