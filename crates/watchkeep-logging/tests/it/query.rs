//! What was logged is read again, also while it is written and rotated.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::sync::atomic::{AtomicBool, Ordering};

use tracing::{Level, debug, error, info, info_span, warn};
use watchkeep_logging::query::{ErrorTail, Order, Query, Record, Skipped, Tailed};
use watchkeep_logging::{Filter, LogConfig};

use crate::support::{Bench, LONG, logged, logged_with};

fn query(bench: &Bench) -> Query {
    Query::new(bench.folder.path().join("app_json.log"))
}

fn oldest_first(bench: &Bench) -> (Vec<Record>, Skipped) {
    let query = query(bench).with_order(Order::OldestFirst);
    let mut records = query.records().unwrap();
    let found = records.by_ref().map(|record| record.unwrap()).collect();
    (found, records.skipped())
}

#[test]
fn record_says_what_was_logged() {
    let bench = logged(|| {
        let _span = info_span!("request", trace.id = "t1", user_id = 7).entered();
        error!(
            error.code = "AI_ERROR",
            tries = 3,
            "no \"answer\"\n\u{202e}"
        );
        info!("fine");
    });
    let lines = bench.read("app_json.log");
    let (records, skipped) = oldest_first(&bench);
    assert_eq!(skipped, Skipped::default());
    assert!(records.iter().map(Record::as_json).eq(lines.lines()));
    let first = &records[0];
    assert_eq!(first.message(), "no \"answer\"\n\u{202e}");
    assert_eq!(first.level(), Level::ERROR);
    assert_eq!(first.logger().unwrap(), "it::query");
    assert_eq!(first.error_code().unwrap(), "AI_ERROR");
    assert_eq!(first.trace_id().unwrap(), "t1");
    assert_eq!(first.get("labels.user_id").unwrap(), "7");
    assert_eq!(first.get("labels.tries").unwrap(), "3");
    assert_eq!(
        first.get("process.pid").unwrap(),
        std::process::id().to_string()
    );
    let since = query(&bench).with_since(records[1].time());
    assert!(
        since
            .records()
            .unwrap()
            .any(|r| r.unwrap().message() == "fine")
    );
    let until = query(&bench).with_until(first.time());
    assert_eq!(until.records().unwrap().count(), 0);
}

#[test]
fn every_level_is_told_from_the_others() {
    let configure = |config: LogConfig| config.with_filter("trace".parse::<Filter>().unwrap());
    let bench = logged_with(configure, |_| {
        tracing::trace!("1");
        debug!("2");
        info!("3");
        warn!("4");
        error!(error.code = "E1", "5");
        error!("6");
    });
    let levels = [
        (Level::TRACE, 6),
        (Level::DEBUG, 5),
        (Level::INFO, 4),
        (Level::WARN, 3),
        (Level::ERROR, 2),
    ];
    for (level, count) in levels {
        let records = query(&bench).with_level(level).records().unwrap();
        assert_eq!(records.count(), count, "{level}");
    }
    let counts = query(&bench).count_by("error.code").unwrap();
    assert_eq!((counts.total, counts.by["E1"], counts.without), (6, 1, 5));
    let counts = query(&bench).count_by("log.level").unwrap();
    assert_eq!((counts.by["ERROR"], counts.by["TRACE"]), (2, 1));
}

#[test]
fn query_finds_every_line_up_to_a_point_while_files_are_rotated() {
    let configure = |config: LogConfig| config.with_max_bytes(3_000).with_backups(1000);
    let bench = logged_with(configure, |bench| {
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                tracing::dispatcher::with_default(&dispatch, || {
                    for number in 0..2000 {
                        info!(number, "a line");
                    }
                });
                assert!(bench.guard.flush(LONG).is_complete());
                done.store(true, Ordering::Release);
            });
            let mut before = 0;
            while !done.load(Ordering::Acquire) {
                for order in [Order::NewestFirst, Order::OldestFirst] {
                    let mut records = query(bench).with_order(order).records().unwrap();
                    let mut found: Vec<usize> = records
                        .by_ref()
                        .map(|r| r.unwrap().get("labels.number").unwrap().parse().unwrap())
                        .collect();
                    if order == Order::NewestFirst {
                        found.reverse();
                    }
                    assert!(
                        found.iter().copied().eq(0..found.len()),
                        "{order:?} {found:?}"
                    );
                    assert!(found.len() >= before);
                    before = found.len();
                    assert_eq!((records.skipped().files, records.skipped().lines), (0, 0));
                }
            }
        });
    });
    let (records, skipped) = oldest_first(&bench);
    assert_eq!((records.len(), skipped), (2000, Skipped::default()));
}

#[test]
fn tail_tells_every_error_once_while_files_are_rotated_and_compressed() {
    let configure = |config: LogConfig| {
        let config = config.with_max_bytes(3_000).with_backups(1000);
        #[cfg(feature = "gzip")]
        let config = config.with_compression(watchkeep_logging::Compression::Gzip);
        config
    };
    logged_with(configure, |bench| {
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        let mut tail = ErrorTail::new(bench.folder.path())
            .unwrap()
            .with_by("labels.number");
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                tracing::dispatcher::with_default(&dispatch, || {
                    for number in 0..5000 {
                        error!(number, "a line");
                        info!("another");
                    }
                });
                assert!(bench.guard.flush(LONG).is_complete());
                done.store(true, Ordering::Release);
            });
            let mut found = Vec::new();
            while !done.load(Ordering::Acquire) {
                tail.look(|tailed| number(tailed, &mut found));
            }
            tail.look(|tailed| number(tailed, &mut found));
            assert!(found.iter().copied().eq(0..5000), "{found:?}");
        });
    });
}

fn number(tailed: Tailed<'_>, found: &mut Vec<usize>) {
    match tailed {
        Tailed::Error { document, .. } => {
            found.push(document["labels.number"].as_str().unwrap().parse().unwrap());
        }
        other => panic!("{other:?}"),
    }
}
