//! What holds the probes back: gates, latches, drains, signs of life; and what runs only when asked for.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::time::advance;

use super::*;
use crate::component::Gate;
use crate::liveness::Fatal;
use crate::transition::Reason;

fn counting(name: &str, runs: &Arc<AtomicUsize>) -> Component {
    let runs = Arc::clone(runs);
    Component::from_fn(name, move || {
        runs.fetch_add(1, Ordering::SeqCst);
        async {
            sleep(SECOND).await;
            Ok(())
        }
    })
}

#[test]
fn a_component_holds_back_only_its_own_probes() {
    let manual = |name, gate| Component::manual(name).gates([gate]);
    let registry = registry([manual("r", Gate::Ready), manual("s", Gate::Startup)]);
    let probes = || [Probe::Ready, Probe::Startup].map(|probe| registry.probe(probe).word);
    let say = |name, status| registry.set_status(name, status, None).unwrap();
    say("r", Status::Healthy);
    assert_eq!(probes(), ["starting", "starting"]);
    say("r", Status::Unhealthy);
    say("s", Status::Healthy);
    assert_eq!(probes(), ["not ready", "started"]);
    say("r", Status::Healthy);
    assert_eq!(probes(), ["ready", "started"]);
    say("s", Status::Unhealthy);
    assert_eq!(probes(), ["ready", "started"]);
    assert_eq!(registry.report().status, Status::Unhealthy);
}

#[test]
fn latches_hold_the_start_back_until_each_is_released_for_good() {
    let registry = Registry::builder("1")
        .component(Component::manual("api").starting_as(Status::Healthy))
        .latch("migrations")
        .latch("warm up")
        .build()
        .unwrap();
    assert_eq!(registry.probe(Probe::Ready).word, "starting");
    registry.release("warm up").unwrap();
    registry.release("warm up").unwrap();
    assert_eq!(registry.report().waiting_for, ["migrations"]);
    assert!(!registry.report().started && !registry.probe(Probe::Startup).ok);
    assert!(registry.release("nobody").is_err());
    registry.release("migrations").unwrap();
    assert!(registry.probe(Probe::Ready).ok && registry.probe(Probe::Startup).ok);
    assert!(registry.report().started);
}

#[tokio::test(start_paused = true)]
async fn liveness_heeds_its_local_checks_and_no_component() {
    let fatal = Fatal::new();
    let registry = Registry::builder("1")
        .component(failing("database"))
        .liveness("fatal", fatal.clone())
        .watchdog(10 * SECOND)
        .build()
        .unwrap();
    let running = registry.start();
    until(&registry, "database", Status::Unhealthy).await;
    assert!(registry.probe(Probe::Live).ok);
    // The time goes by without the runtime.
    advance(11 * SECOND).await;
    assert_eq!(registry.probe(Probe::Live).word, "not live");
    sleep(SECOND).await;
    assert!(
        registry.probe(Probe::Live).ok,
        "its timers are served again"
    );
    drop(running);
    sleep(100 * SECOND).await;
    assert!(
        registry.probe(Probe::Live).ok,
        "a watchdog sleeps when the checks stop"
    );
    fatal.raise();
    assert_eq!(registry.probe(Probe::Live).word, "not live");
    assert!(!registry.report().live);
}

#[tokio::test(start_paused = true)]
async fn an_answer_from_memory_is_not_older_than_its_results() {
    let queue = Component::manual("queue").starting_as(Status::Healthy);
    let registry = registry([queue.stale_after(30 * SECOND)]);
    assert!(registry.probe(Probe::Ready).ok);
    advance(30 * SECOND).await;
    assert!(registry.probe(Probe::Ready).ok);
    // Nothing runs that could notice it; the reader does, by itself.
    advance(Duration::from_millis(1)).await;
    assert_eq!(registry.probe(Probe::Ready).word, "not ready");
    registry.set_status("queue", Status::Healthy, None).unwrap();
    assert!(registry.probe(Probe::Ready).ok);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_without_end_is_a_century() {
    let patient = passing("patient")
        .optional()
        .timeout(Duration::from_secs(u64::MAX / 8));
    let registry = registry([patient.on_demand(SECOND)]);
    let _running = registry.start();
    assert_eq!(registry.run_now("patient").await.unwrap(), Status::Healthy);
}

#[tokio::test(start_paused = true)]
async fn an_interval_is_counted_from_start_to_start() {
    let starts = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&starts);
    let slow = Component::from_fn("slow", move || {
        log.lock().unwrap().push(Instant::now());
        async {
            sleep(Duration::from_millis(1_900)).await;
            Ok(())
        }
    });
    let registry = registry([slow]);
    let _running = registry.start();
    sleep(200 * SECOND).await;
    let starts = starts.lock().unwrap();
    assert!(starts.len() >= 20, "{starts:?}");
    for pair in starts.windows(2) {
        assert!(pair[1] - pair[0] <= 10 * SECOND + Duration::from_millis(1));
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_from_memory_is_not_older_than_the_calls_it_rests_on() {
    let registry = registry([Component::manual("queue").stale_after(30 * SECOND)]);
    registry.observe("queue", Ok(())).unwrap();
    assert!(registry.probe(Probe::Ready).ok);
    advance(30 * SECOND + Duration::from_millis(1)).await;
    assert_eq!(registry.probe(Probe::Ready).word, "not ready");
}

#[tokio::test(start_paused = true)]
async fn a_check_on_demand_runs_once_for_all_who_ask_and_not_again_while_fresh() {
    let runs = Arc::new(AtomicUsize::new(0));
    let slow = counting("slow", &runs).optional().on_demand(5 * SECOND);
    let registry = registry([slow.stale_after(60 * SECOND), Component::manual("manual")]);
    assert!(registry.run_now("slow").await.unwrap_err().is_not_running());
    let _running = registry.start();
    sleep(120 * SECOND).await;
    assert_eq!(runs.load(Ordering::SeqCst), 0);
    assert_eq!(registry.report().components[0].status, Status::Unknown);
    assert_eq!(registry.message("slow"), None, "nobody has missed it");
    let asked = Instant::now();
    let ask = || {
        let registry = registry.clone();
        tokio::spawn(async move { registry.run_now("slow").await.unwrap() })
    };
    let callers: Vec<_> = (0..500).map(|_| ask()).collect();
    for caller in callers {
        assert_eq!(caller.await.unwrap(), Status::Healthy);
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    assert!(asked.elapsed() < 4 * SECOND, "the result ends the wait");
    assert_eq!(ask().await.unwrap(), Status::Healthy);
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    sleep(5 * SECOND).await;
    ask().await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    // Stale it is unknown, and no reason to complain: nobody has asked.
    sleep(62 * SECOND).await;
    assert_eq!(registry.status("slow"), Some(Status::Unknown));
    registry
        .set_status("manual", Status::Healthy, None)
        .unwrap();
    assert_eq!(registry.report().status, Status::Healthy);
    assert!(registry.run_now("manual").await.is_err());
    assert!(
        registry
            .run_now("nobody")
            .await
            .unwrap_err()
            .is_unknown_component()
    );
}

#[tokio::test(start_paused = true)]
async fn who_asks_during_a_run_shares_its_result_even_without_a_cache() {
    let runs = Arc::new(AtomicUsize::new(0));
    let registry = registry([counting("slow", &runs).optional().on_demand(Duration::ZERO)]);
    let _running = registry.start();
    let asked = Instant::now();
    let ask = async |after| {
        sleep(after).await;
        registry.run_now("slow").await.unwrap()
    };
    let half = SECOND / 2;
    let statuses = tokio::join!(ask(Duration::ZERO), ask(half), ask(half));
    assert_eq!(
        statuses,
        (Status::Healthy, Status::Healthy, Status::Healthy)
    );
    let waited = asked.elapsed();
    assert!(
        waited < SECOND + half,
        "with the result, and no later: {waited:?}"
    );
    sleep(10 * SECOND).await;
    assert_eq!(
        runs.load(Ordering::SeqCst),
        1,
        "nobody waits for another run"
    );
    registry.run_now("slow").await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_background_check_can_be_run_at_once() {
    let runs = Arc::new(AtomicUsize::new(0));
    let registry = registry([counting("a", &runs).every(30 * SECOND)]);
    let _running = registry.start();
    sleep(SECOND / 2).await;
    let asked = Instant::now();
    assert_eq!(registry.run_now("a").await.unwrap(), Status::Healthy);
    let waited = asked.elapsed();
    assert!(
        waited <= SECOND,
        "with the result, and no later: {waited:?}"
    );
    assert_eq!(
        runs.load(Ordering::SeqCst),
        1,
        "the run under way was joined"
    );
    sleep(2 * SECOND).await;
    registry.run_now("a").await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[test]
fn the_history_keeps_the_latest_changes_with_their_reasons() {
    let registry = Registry::builder("1")
        .component(Component::manual("a").fail_after(1))
        .history(3)
        .build()
        .unwrap();
    registry.set_status("a", Status::Healthy, None).unwrap();
    registry.observe("a", Err(CheckError::new("no"))).unwrap();
    registry.observe("a", Ok(())).unwrap();
    registry
        .set_status("a", Status::Degraded, Some("why"))
        .unwrap();
    let reasons: Vec<_> = registry
        .history()
        .into_iter()
        .map(|past| (past.transition.sequence, past.transition.reason))
        .collect();
    assert_eq!(
        reasons,
        [(2, Reason::Failed), (3, Reason::Passed), (4, Reason::Said)]
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_difference_is_woken_by_a_drain_as_well() {
    let registry = registry([Component::manual("api").starting_as(Status::Healthy)]);
    let mut changed = registry.changed();
    registry.begin_drain();
    assert!(timeout(SECOND, changed.wait()).await.unwrap());
    registry.begin_drain();
    assert!(
        timeout(SECOND, changed.wait()).await.is_err(),
        "nothing new"
    );
    drop(registry);
    assert!(!changed.wait().await);
}
