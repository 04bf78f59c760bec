//! A binary of its own, because it sets the global subscriber and the global logger of the process.

use std::fmt;
use std::fs;
use std::time::Duration;

use tracing_log::log;
use watchkeep_logging::{Console, Filter, LogConfig, LogHandle};

struct Logs;

impl fmt::Debug for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tracing::error!("from inside");
        f.write_str("said")
    }
}

#[test]
fn init_takes_both_facades_follows_the_filter_and_works_only_once() {
    let folder = tempfile::tempdir().unwrap();
    let config = |name: &str| {
        LogConfig::new(name)
            .with_console(Console::Off)
            .with_json(true)
            .with_dir(Some(folder.path().to_owned()))
    };
    let guard = config("first").init().unwrap();
    assert!(guard.warnings().is_empty());
    let second = config("second").init().unwrap_err();
    assert!(second.is_already_set(), "{second}");
    assert!(!folder.path().join("second.log").exists());

    tracing::info!("from tracing");
    tracing::debug!("refused {}", "debug");
    log::info!(target: "old::crate", "from log\n");
    log::debug!("refused");
    let long = "ä\0".repeat(5_000_000);
    log::info!(target: &long, "from nowhere");
    assert!(!tracing::enabled!(tracing::Level::DEBUG));
    assert!(!log::log_enabled!(log::Level::Debug));

    let handle = guard.handle();
    let filter: Filter = "debug,noisy=off".parse().unwrap();
    handle.set_level(filter, None).unwrap();
    tracing::debug!("now at debug");
    log::debug!("log at debug");
    tracing::error!(target: "noisy", "never");
    log::error!(target: "noisy::part", "never");
    assert!(!tracing::enabled!(target: "noisy", tracing::Level::ERROR));

    let filter: Filter = "error".parse().unwrap();
    handle.set_level(filter, None).unwrap();
    assert_eq!(handle.filter().to_string(), "error");
    tracing::info_span!("request", trace.id = "abc").in_scope(|| {
        tracing::info!("refused again");
        tracing::error!("with its span");
    });
    tracing::error!(value = ?Logs, "nested");
    assert_eq!(handle.nested_events(), 1);
    assert!(guard.flush(Duration::from_secs(30)).is_complete());

    let text = fs::read_to_string(folder.path().join("first.log")).unwrap();
    let ends: Vec<&str> = text.lines().map(|line| &line[28..]).collect();
    assert_eq!(
        ends,
        [
            " INFO global from tracing",
            " INFO old::crate from log\\n",
            &format!(" INFO {} from nowhere", "ä\\u{0}".repeat(341)),
            " INFO watchkeep_logging log filter is changed filter=\"debug,noisy=off\"",
            "DEBUG global now at debug",
            "DEBUG global log at debug",
            " INFO watchkeep_logging log filter is changed filter=error",
            "ERROR global with its span trace.id=abc",
            "ERROR global nested value=said",
        ]
    );
    let json = fs::read_to_string(folder.path().join("first_json.log")).unwrap();
    assert!(json.contains(r#""log.logger":"old::crate""#), "{json}");
    assert!(!json.contains("log_module"), "{json}");
    for_a_time(&handle);
    at_the_end_of_a_thread();
    drop(guard);
    tracing::error!("after the guard");
    assert!(handle.flush(Duration::from_secs(30)).is_complete());
    let text = fs::read_to_string(folder.path().join("first.log")).unwrap();
    let ends: Vec<&str> = text
        .lines()
        .skip(ends.len())
        .map(|line| &line[28..])
        .collect();
    assert_eq!(
        ends,
        [
            // At `error` the change shows once it has happened, and its end before.
            " INFO watchkeep_logging log filter is changed for a time filter=debug seconds=1.0",
            "DEBUG global in time",
            " INFO watchkeep_logging log filter is back, its time is over filter=error",
            "ERROR global first",
            "ERROR global from a destructor number=2",
            "ERROR global first",
            "ERROR global from a destructor number=2",
            "ERROR global after the guard",
        ]
    );
}

/// What is decided before the layer is asked goes back too.
fn for_a_time(handle: &LogHandle) {
    let during = Some(Duration::from_secs(1));
    let outcome = handle.set_level(tracing::Level::DEBUG, during);
    assert!(outcome.is_ok(), "{outcome:?}");
    for is_over in [false, true] {
        while is_over && handle.filter_state().remaining.is_some() {
            std::thread::yield_now();
        }
        tracing::debug!("{}", if is_over { "too late" } else { "in time" });
        assert_eq!(log::max_level() >= log::LevelFilter::Debug, !is_over);
    }
}

struct LogsAtTheEnd;

impl Drop for LogsAtTheEnd {
    fn drop(&mut self) {
        let span = tracing::info_span!("end", number = 1);
        span.record("number", 2);
        span.in_scope(|| tracing::error!("from a destructor"));
    }
}

thread_local! {
    static AT_THE_END: LogsAtTheEnd = const { LogsAtTheEnd };
}

/// Whichever goes first, the buffers of the thread or what logs when it goes.
fn at_the_end_of_a_thread() {
    for is_first in [true, false] {
        let work = move || {
            if is_first {
                AT_THE_END.with(|_| ());
            }
            tracing::error!("first");
            AT_THE_END.with(|_| ());
        };
        let ended = std::thread::spawn(work).join();
        assert!(ended.is_ok());
    }
}
