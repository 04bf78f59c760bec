//! The ways to end, each run in a process of its own.

#![expect(unsafe_code, reason = "fork, signals and aborts are the system's")]
#![cfg_attr(
    feature = "exit",
    expect(clippy::exit, reason = "one of the ways to end")
)]
#![expect(
    clippy::disallowed_types,
    reason = "how long the end takes is what is tested"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use tracing::{Level, error, info};
use watchkeep_logging::{Console, LogConfig, LogGuard, LogHandle};

/// Names the scenario in the environment of the child, and its folder.
pub(crate) const SCENARIO: &str = "WATCHKEEP_TEST_EXIT";
pub(crate) const FOLDER: &str = "WATCHKEEP_TEST_FOLDER";
pub(crate) const LINES: u64 = 5_000;
const FORKS: usize = 300;
const LONG: Duration = Duration::from_secs(30);

fn config(folder: &Path) -> LogConfig {
    LogConfig::new("app")
        .with_console(Console::Off)
        .with_dir(Some(folder.to_owned()))
}

fn log_all() {
    for number in 0..LINES {
        info!(number, "line");
    }
}

pub(crate) fn run(scenario: &str, folder: &Path) {
    let config = config(folder);
    match scenario {
        "return" => {
            let _guard = config.init().unwrap();
            log_all();
        }
        "early" => early(config),
        #[cfg(feature = "exit")]
        "exit" => {
            let _guard = config.with_flush_at_exit(true).init().unwrap();
            log_all();
            std::process::exit(3);
        }
        "panic-in-thread" | "panic-without-hook" => {
            let hook = scenario == "panic-in-thread";
            let _guard = config.with_panic_hook(hook).init().unwrap();
            log_all();
            let thread = std::thread::spawn(|| panic!("thread breaks {}", 7));
            assert!(thread.join().is_err());
        }
        "panic-in-task" => panic_in_task(config),
        "panic-in-main" => {
            let _guard = config.init().unwrap();
            log_all();
            panic!("main breaks");
        }
        "abort" => {
            // Not dropped on this way out, like everything else.
            let _guard = config.init().unwrap();
            log_all();
            break_without_unwinding();
        }
        "double-panic" => {
            let _guard = config.init().unwrap();
            log_all();
            let _second = PanicsWhenDropped;
            panic!("the first");
        }
        "fork" => fork(config),
        "busy-fork" => busy_fork(config),
        "again" => again(&config),
        "blocked-console" => blocked_console(config, folder),
        "wait" => {
            let guard = config.init().unwrap();
            log_all();
            wait_for_the_file(&guard.handle());
            // The end comes from outside.
            loop {
                std::thread::park();
            }
        }
        "endless" => {
            let _guard = config
                .with_max_bytes(100_000)
                .with_backups(10_000)
                .init()
                .unwrap();
            for number in 0.. {
                info!(number, "line");
            }
        }
        other => panic!("`{other}` is no scenario"),
    }
}

/// The guard is gone before the first line; whoever has a handle can still wait.
fn early(config: LogConfig) {
    let handle = config.init().unwrap().handle();
    log_all();
    assert!(handle.flush(LONG).is_complete());
}

fn panic_in_task(config: LogConfig) {
    let _guard = config.init().unwrap();
    log_all();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let task = runtime.spawn(async { panic!("task breaks") });
    assert!(runtime.block_on(task).is_err());
}

/// A panic that cannot go through ends the process, as every panic does under `panic = "abort"`.
extern "C" fn break_without_unwinding() {
    panic!("no unwinding");
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("the second");
    }
}

fn fork(config: LogConfig) {
    let guard = config.init().unwrap();
    log_all();
    // SAFETY: the fork only logs, flushes and ends without running anything else.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let begin = Instant::now();
        info!("from the fork");
        let complete = guard.flush(LONG).is_complete();
        let in_time = begin.elapsed() < Duration::from_secs(10);
        // SAFETY: ends this process without running what belongs to its parent.
        unsafe { libc::_exit(if in_time && !complete { 0 } else { 1 }) }
    }
    let mut status = -1;
    // SAFETY: waits for the child made above.
    unsafe { libc::waitpid(child, &raw mut status, 0) };
    assert_eq!(status, 0, "the fork was told that nobody writes its lines");
}

/// Forks while other threads hold the locks of the queues, as often as not.
fn busy_fork(config: LogConfig) {
    let guard = config.init().unwrap();
    for _ in 0..3 {
        std::thread::spawn(|| {
            loop {
                info!("busy");
            }
        });
    }
    for _ in 0..FORKS {
        // SAFETY: the fork only flushes and asks, and ends without running anything else.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: ends this process when it hangs.
            unsafe { libc::alarm(20) };
            let complete = guard.flush(Duration::from_millis(1)).is_complete();
            let _numbers = guard.stats();
            guard.reopen();
            // SAFETY: ends this process without running what belongs to its parent.
            unsafe { libc::_exit(i32::from(complete)) }
        }
        let mut status = -1;
        // SAFETY: waits for the child made above.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert!(libc::WIFEXITED(status), "the fork hangs");
    }
    // The threads that log never end.
    // SAFETY: nothing is left to do.
    unsafe { libc::_exit(0) }
}

/// Twice the same files, as in a test or after a change of the configuration.
fn again(config: &LogConfig) {
    use tracing_subscriber::layer::SubscriberExt;
    let (first, second) = (0..LINES / 2, LINES / 2..LINES);
    for part in [first, second] {
        let (layer, _guard): (_, LogGuard) = config.clone().build().unwrap();
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            for number in part {
                info!(number, "line");
            }
        });
    }
}

/// Standard output is a pipe that nobody reads; what it cannot take must cost nobody anything.
fn blocked_console(config: LogConfig, folder: &Path) {
    let begin = Instant::now();
    let guard = config
        .with_console(Console::Text)
        .with_queue_bytes(1 << 20)
        .init()
        .unwrap();
    let mut slowest = Duration::ZERO;
    for number in 0..LINES {
        let before = Instant::now();
        info!(number, "line");
        slowest = slowest.max(before.elapsed());
    }
    for _ in 0..20_000 {
        info!("{:1000}", "long");
    }
    for _ in 0..50 {
        error!("must not be dropped");
    }
    let stats = guard.handle().stats();
    let console = stats.iter().find(|sink| sink.name == "console").unwrap();
    let yes = |holds: bool| if holds { "yes" } else { "no" };
    let info = yes(console.lines(Level::INFO).dropped > 0);
    let error = yes(console.lines(Level::ERROR).dropped > 0);
    drop(guard);
    // Five seconds for the flush, and room for a machine under load.
    let in_time =
        yes(slowest < Duration::from_secs(2) && begin.elapsed() < Duration::from_secs(25));
    let said = format!("dropped: INFO {info}, ERROR {error}; in time: {in_time}");
    std::fs::write(folder.join("console"), said).unwrap();
    // The test harness would print to the same pipe, and wait.
    // SAFETY: ends the process, in which nothing is left to do.
    unsafe { libc::_exit(0) }
}

fn wait_for_the_file(handle: &LogHandle) {
    // Without a flush: what a quiet moment writes by itself.
    let begin = Instant::now();
    while handle
        .stats()
        .iter()
        .any(|sink| sink.total().written < LINES && sink.name == "file")
    {
        assert!(begin.elapsed() < LONG);
        std::thread::yield_now();
    }
}
