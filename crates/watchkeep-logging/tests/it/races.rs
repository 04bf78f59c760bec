//! Changes in the middle of everything.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tracing::{Level, debug, error, info, info_span};
use tracing_subscriber::layer::SubscriberExt;
use watchkeep_logging::{Console, Filter, LogConfig};

use crate::support::{LONG, logged_with};

const THREADS: usize = 8;

#[test]
fn levels_that_change_while_eight_threads_log_lose_nothing() {
    const LINES: usize = 5_000;
    let bench = logged_with(
        |config| config.with_max_bytes(1 << 30),
        |bench| {
            let handle = bench.guard.handle();
            let dispatch = tracing::dispatcher::get_default(Clone::clone);
            let is_over = AtomicBool::new(false);
            thread::scope(|scope| {
                let workers: Vec<_> = (0..THREADS)
                    .map(|worker| {
                        let dispatch = dispatch.clone();
                        scope.spawn(move || {
                            tracing::dispatcher::with_default(&dispatch, || {
                                let span = info_span!("work", worker, step = 0);
                                let _span = span.enter();
                                for number in 0..LINES {
                                    error!(number, "always");
                                    debug!(number, "sometimes");
                                    span.record("step", number);
                                }
                            });
                        })
                    })
                    .collect();
                scope.spawn(|| {
                    let filters = ["trace", "error,it=error", "warn,other=off"];
                    for filter in filters.iter().cycle() {
                        let filter: Filter = filter.parse().unwrap();
                        let during = Some(Duration::from_millis(1));
                        handle.set_level(filter.clone(), during).unwrap();
                        handle.set_level(filter, None).unwrap();
                        handle.set_sink_level("file", Level::TRACE).unwrap();
                        if is_over.load(Ordering::Relaxed) {
                            break;
                        }
                    }
                });
                for worker in workers {
                    worker.join().unwrap();
                }
                is_over.store(true, Ordering::Relaxed);
            });
        },
    );
    let text = bench.read("app.log");
    let always = text
        .lines()
        .filter(|line| line.contains(" always "))
        .count();
    assert_eq!(always, THREADS * LINES);
    let lost: u64 = bench
        .guard
        .handle()
        .stats()
        .iter()
        .map(|s| s.total().lost())
        .sum();
    assert_eq!(lost, 0);
    assert_eq!(bench.json().len(), text.lines().count());
}

#[test]
fn last_recorded_value_is_never_lost_to_an_event_of_another_thread() {
    const ROUNDS: u64 = 2_000;
    let bench = logged_with(
        |config| config,
        |_| {
            let dispatch = tracing::dispatcher::get_default(Clone::clone);
            let outer = info_span!("outer", a = 0, b = 0);
            let inner = info_span!(parent: &outer, "inner", c = 0);
            let is_over = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| {
                    tracing::dispatcher::with_default(&dispatch, || {
                        while !is_over.load(Ordering::Relaxed) {
                            info!(parent: &inner, "noise");
                        }
                    });
                });
                for round in 1..=ROUNDS {
                    outer.record("a", round);
                    inner.record("c", round);
                    outer.record("b", round);
                    error!(parent: &inner, "check");
                }
                is_over.store(true, Ordering::Relaxed);
            });
        },
    );
    let checks = bench.read("app_errors.log");
    for (round, line) in (1..=ROUNDS).zip(checks.lines()) {
        let expected = format!("check c={round} a={round} b={round}");
        assert!(line.ends_with(&expected), "{line} instead of {expected}");
    }
    assert_eq!(checks.lines().count() as u64, ROUNDS);
    // Whatever was recorded just then, no line lacks a field.
    for line in bench.text() {
        let keys: Vec<_> = line
            .split(' ')
            .filter_map(|word| word.split_once('='))
            .collect();
        assert!(matches!(keys[..], [("c", _), ("a", _), ("b", _)]), "{line}");
    }
}

#[test]
fn spans_may_close_before_the_events_of_their_children() {
    let bench = logged_with(
        |config| config,
        |_| {
            let outer = info_span!("outer", who = "outer");
            let inner = info_span!(parent: &outer, "inner", what = "inner");
            let id = inner.id();
            drop(outer);
            info!(parent: &inner, "parent is let go");
            inner.record("what", "recorded");
            info!(parent: &inner, "recorded without it");
            drop(inner);
            info!(parent: id, "all gone");
        },
    );
    assert_eq!(
        bench.text(),
        [
            " INFO it::races parent is let go what=inner who=outer",
            " INFO it::races recorded without it what=recorded who=outer",
            " INFO it::races all gone",
        ]
    );
}

#[test]
fn handle_works_when_guard_and_layer_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let (layer, guard) = LogConfig::new("app")
        .with_console(Console::Off)
        .with_dir(Some(folder.path().to_owned()))
        .build()
        .unwrap();
    let handle = guard.handle();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        info!("before");
        drop(guard);
        info!("after the guard");
    });
    assert!(handle.flush(LONG).is_complete());
    handle.set_level(Level::TRACE, Some(LONG)).unwrap();
    handle.set_sink_level("file", Level::ERROR).unwrap();
    handle.reopen();
    assert!(handle.rotate(LONG).is_complete());
    assert_eq!(handle.recent(), []);
    let stats = handle.stats();
    assert_eq!(
        stats.iter().map(|sink| sink.total().written).sum::<u64>(),
        2
    );
    drop(handle);
    // The files are free again.
    let config = LogConfig::new("app").with_console(Console::Off);
    let again = config.with_dir(Some(folder.path().to_owned())).build();
    assert!(again.is_ok(), "{again:?}");
}
