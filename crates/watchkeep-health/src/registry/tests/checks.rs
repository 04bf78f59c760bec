//! How checks run: when, how often, and what becomes of those that hang, block or panic.

use std::panic::panic_any;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::advance;

use super::*;

#[tokio::test(start_paused = true)]
async fn checks_run_at_once_and_then_every_interval_with_a_little_jitter() {
    let (component, runs) = logged("a");
    let registry = registry([component]);
    let built = Instant::now();
    sleep(30 * SECOND).await;
    assert!(
        runs.lock().unwrap().is_empty(),
        "no check runs before the start"
    );
    let _running = registry.start();
    sleep(1_000 * SECOND).await;
    let runs = runs.lock().unwrap();
    assert_eq!(runs[0] - built, 30 * SECOND);
    let gaps: Vec<Duration> = runs.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // The timer counts whole milliseconds.
    let limits = 9 * SECOND..=10 * SECOND + Duration::from_millis(1);
    assert!(
        gaps.len() >= 99 && gaps.iter().all(|gap| limits.contains(gap)),
        "{gaps:?}"
    );
    assert!(gaps.iter().any(|gap| *gap != gaps[0]), "no jitter");
}

#[tokio::test(start_paused = true)]
async fn the_longest_interval_can_be_set_for_all() {
    let ((slow, slow_runs), (fast, fast_runs)) = (logged("slow"), logged("fast"));
    let registry = Registry::builder("1")
        .component(slow)
        .component(fast.every(Duration::from_millis(500)))
        .max_interval(SECOND)
        .build()
        .unwrap();
    let running = registry.start();
    sleep(100 * SECOND).await;
    drop(running);
    let (slow, fast) = (
        slow_runs.lock().unwrap().len(),
        fast_runs.lock().unwrap().len(),
    );
    assert!(
        (100..=112).contains(&slow) && (199..=224).contains(&fast),
        "{slow} {fast}"
    );
    // How long a result counts follows from the component's own interval still.
    advance(33 * SECOND).await;
    assert_eq!(registry.status("slow"), Some(Status::Healthy));
}

#[tokio::test(start_paused = true)]
async fn three_failures_turn_a_component_and_one_success_turns_it_back() {
    let fails = Arc::new(Mutex::new(true));
    let switch = Arc::clone(&fails);
    let database = Component::from_fn("database", move || {
        let fails = *switch.lock().unwrap();
        async move {
            if fails {
                Err(CheckError::new("refused by postgres://u:p@db/x"))
            } else {
                Ok(())
            }
        }
    });
    let registry = registry([database]);
    let _running = registry.start();
    let waited = until(&registry, "database", Status::Unhealthy).await;
    assert!((18 * SECOND..=21 * SECOND).contains(&waited), "{waited:?}");
    assert_eq!(
        registry.message("database").as_deref(),
        Some("refused by postgres://***@db/***")
    );
    assert!(!registry.report().to_json().contains("refused"));
    *fails.lock().unwrap() = false;
    assert!(until(&registry, "database", Status::Healthy).await <= 11 * SECOND);
    assert_eq!(registry.message("database"), None);
    assert_eq!(registry.message("nobody"), None);
}

#[tokio::test(start_paused = true)]
async fn a_check_that_never_returns_times_out_and_hurts_no_other() {
    let dropped = Arc::new(AtomicUsize::new(0));
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let count = Arc::clone(&dropped);
    let hanging = Component::from_fn("hanging", move || {
        let guard = Counted(Arc::clone(&count));
        async move {
            let _guard = guard;
            std::future::pending().await
        }
    });
    let registry = registry([hanging.optional(), passing("fine")]);
    let running = registry.start();
    until(&registry, "hanging", Status::Degraded).await;
    assert_eq!(
        registry.message("hanging").as_deref(),
        Some("no answer within 2s")
    );
    let report = registry.report();
    assert_eq!(report.components[0].consecutive_failures, 3);
    assert_eq!(
        report.components[0]
            .latency
            .map(|latency| latency.as_secs()),
        Some(2)
    );
    assert_eq!(
        (report.status, registry.status("fine")),
        (Status::Degraded, Some(Status::Healthy))
    );
    assert!(registry.probe(Probe::Ready).ok);
    assert!(
        dropped.load(Ordering::SeqCst) >= 2,
        "runs that timed out are dropped"
    );
    drop(running);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_blocks_its_thread_fails_and_is_not_run_twice() {
    let (release, blocked) = std::sync::mpsc::channel::<()>();
    let (blocked, runs) = (Arc::new(Mutex::new(blocked)), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&runs);
    let component = Component::from_fn("blocking", move || {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        let blocked = Arc::clone(&blocked);
        async move {
            if first {
                // Ends when the test drops the other end.
                let _ = blocked.lock().unwrap().recv();
            }
            Ok(())
        }
    });
    let (interval, timeout) = (Duration::from_millis(10), Duration::from_millis(50));
    let registry = registry([component.every(interval).timeout(timeout)]);
    let _running = registry.start();
    until(&registry, "blocking", Status::Unhealthy).await;
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    drop(release);
    until(&registry, "blocking", Status::Healthy).await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failure_with_its_message() {
    let table: [(fn(), &str); 3] = [
        (|| panic!("a literal"), "the check panicked: a literal"),
        (
            || panic!("a number: {}", 7),
            "the check panicked: a number: 7",
        ),
        (
            || panic_any(7_u8),
            "the check panicked: its payload is no text",
        ),
    ];
    for (act, message) in table {
        // It panics when the future is made in one component, and when it is polled in the other.
        let made = Component::from_fn("made", move || {
            act();
            async { Ok(()) }
        });
        let polled = Component::from_fn("polled", move || async move {
            act();
            Ok(())
        });
        let registry = registry([made, polled]);
        let _running = registry.start();
        for name in ["made", "polled"] {
            until(&registry, name, Status::Unhealthy).await;
            assert_eq!(registry.message(name).as_deref(), Some(message));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn checks_stop_with_the_last_handle_and_then_go_stale() {
    let (component, runs) = logged("a");
    let registry = registry([component]);
    let first = registry.start();
    let second = registry.clone().start();
    sleep(SECOND).await;
    assert_eq!(
        runs.lock().unwrap().len(),
        1,
        "a second start starts nothing"
    );
    drop(first);
    sleep(10 * SECOND).await;
    assert_eq!(runs.lock().unwrap().len(), 2);
    drop(second);
    // No task is left to notice this; the reader does.
    advance(36 * SECOND).await;
    assert_eq!(runs.lock().unwrap().len(), 2);
    assert_eq!(registry.report().status, Status::Unknown);
    assert!(!registry.probe(Probe::Ready).ok);
    let _running = registry.start();
    until(&registry, "a", Status::Healthy).await;
}
