//! The records that are kept in memory, and what tests see of their program.

use tracing::{debug, error, info, info_span, warn};
use watchkeep_logging::testing;

use crate::support::{logged, logged_with};

#[test]
fn warnings_and_errors_are_kept_with_all_their_fields() {
    let bench = logged(|| {
        let _span = info_span!("request", trace.id = "t1", user = "a\nb", n = 1).entered();
        info!("not kept");
        warn!("a warning");
        error!(n = 2, error.code = "E7", r#type = ?"q\"uoted", "an error");
    });
    let records = bench.guard.handle().recent();
    assert_eq!(records.len(), 2);
    assert_eq!(records[0].message, "a warning");
    assert_eq!(records[0].field("trace.id"), Some("t1"));
    assert_eq!(records[0].field("n"), Some("1"));
    let keys: Vec<_> = records[1].fields.iter().map(|(key, _)| *key).collect();
    assert_eq!(keys, ["n", "error.code", "type", "trace.id", "user"]);
    assert_eq!(records[1].field("n"), Some("2"));
    assert_eq!(records[1].field("user"), Some("a\nb"));
    assert_eq!(records[1].field("type"), Some("\"q\\\"uoted\""));
    assert_eq!(records[1].target, "it::recent");
}

#[test]
fn kept_records_are_bounded_in_number_and_bytes() {
    let bench = logged_with(
        |config| config.with_recent(3),
        |_| {
            for number in 0..10 {
                error!(number, "an error");
            }
        },
    );
    let records = bench.guard.handle().recent();
    let numbers: Vec<_> = records
        .iter()
        .map(|record| record.field("number").unwrap())
        .collect();
    assert_eq!(numbers, ["7", "8", "9"]);

    let huge = "x".repeat(60_000);
    let bench = logged(|| {
        for _ in 0..40 {
            warn!(huge, "a warning");
        }
    });
    let kept = bench.guard.handle().recent().len();
    assert!((10..=17).contains(&kept), "{kept} of 60,000 bytes in 1 MiB");

    let bench = logged_with(|config| config.with_recent(0), |_| error!("an error"));
    assert!(bench.guard.handle().recent().is_empty());
    assert_eq!(bench.text().len(), 1);
}

#[test]
fn capture_sees_every_level_of_its_thread_and_of_those_it_is_given_to() {
    let logs = testing::capture();
    std::thread::spawn(|| error!("of a stranger"))
        .join()
        .unwrap();
    debug!(user.id = 7, "a detail");
    assert_eq!(logs.only().field("user.id"), Some("7"));
    assert!(logs.has(tracing::Level::DEBUG, "a detail"));
    assert!(!logs.has(tracing::Level::INFO, "a detail"));
    let dispatch = logs.dispatch();
    let work = move || tracing::dispatcher::with_default(&dispatch, || warn!("of a friend"));
    std::thread::spawn(work).join().unwrap();
    let messages: Vec<_> = logs
        .records()
        .into_iter()
        .map(|record| record.message)
        .collect();
    assert_eq!(messages, ["a detail", "of a friend"]);
    drop(logs);
    info!("after the end");
}

#[test]
#[should_panic(expected = "expected one record, got 2: [\"one\", \"two\"]")]
fn only_names_what_there_is() {
    let logs = testing::capture();
    info!("one");
    info!("two");
    logs.only();
}
