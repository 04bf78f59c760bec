//! What an outage, a storm of probes, hostile words and a long sleep do.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use tokio::time::advance;

use super::*;
use crate::liveness::Fatal;

#[tokio::test(start_paused = true)]
async fn flapping_with_every_run_never_turns_a_component() {
    let runs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&runs);
    let flapping = Component::from_fn("flapping", move || {
        let fails = count.fetch_add(1, Ordering::SeqCst) % 2 == 1;
        async move {
            if fails {
                Err(CheckError::new("refused"))
            } else {
                Ok(())
            }
        }
    });
    let registry = registry([flapping]);
    let _running = registry.start();
    until(&registry, "flapping", Status::Healthy).await;
    let mut changes = registry.subscribe();
    assert!(timeout(1_000 * SECOND, changes.next()).await.is_err());
    assert!(runs.load(Ordering::SeqCst) >= 100);
}

#[tokio::test(start_paused = true)]
async fn five_hundred_probes_in_an_outage_call_the_dependency_not_once_more() {
    let calls = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&calls);
    let hanging = Component::from_fn("hanging", move || {
        count.fetch_add(1, Ordering::SeqCst);
        std::future::pending()
    });
    let registry = registry([hanging]);
    let _running = registry.start();
    until(&registry, "hanging", Status::Unhealthy).await;
    let before = (Instant::now(), calls.load(Ordering::SeqCst));
    let probes: Vec<_> = (0..500)
        .map(|_| {
            let registry = registry.clone();
            tokio::spawn(async move { registry.probe(Probe::Ready).ok })
        })
        .collect();
    for probe in probes {
        assert!(!probe.await.unwrap());
    }
    assert_eq!((Instant::now(), calls.load(Ordering::SeqCst)), before);
}

#[tokio::test(start_paused = true)]
async fn a_late_success_of_a_run_that_timed_out_changes_nothing() {
    let first = Arc::new(AtomicBool::new(true));
    let slow_once = Component::from_fn("a", move || {
        let slow = first.swap(false, Ordering::SeqCst);
        async move {
            if slow {
                // Goes on after its timeout, whatever the runner does.
                let late = tokio::spawn(sleep(15 * SECOND));
                let _ = late.await;
                return Ok(());
            }
            Err(CheckError::new("newer"))
        }
    });
    let registry = registry([slow_once.fail_after(1)]);
    let _running = registry.start();
    let mut changes = registry.subscribe();
    until(&registry, "a", Status::Unhealthy).await;
    assert!(
        timeout(100 * SECOND, changes.next()).await.is_ok(),
        "the first"
    );
    assert!(timeout(100 * SECOND, changes.next()).await.is_err());
    assert_eq!(registry.message("a").as_deref(), Some("newer"));
}

#[test]
fn a_runtime_that_stands_still_knows_nothing_until_it_has_looked_again() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
    };
    let (checks, others) = (runtime(), runtime());
    let often = Duration::from_millis(20);
    let database = passing("database").every(often).timeout(often);
    let registry = registry([database.stale_after(5 * often)]);
    let _running = checks.block_on(async {
        let running = registry.start();
        until(&registry, "database", Status::Healthy).await;
        running
    });
    assert!(registry.probe(Probe::Ready).ok);
    // Nobody drives the runtime of the checks meanwhile.
    others.block_on(async { sleep(6 * often).await });
    assert_eq!(registry.probe(Probe::Ready).word, "not ready");
    assert_eq!(registry.status("database"), Some(Status::Unknown));
    checks.block_on(async { until(&registry, "database", Status::Healthy).await });
    assert!(registry.probe(Probe::Ready).ok);
}

#[tokio::test(start_paused = true)]
async fn a_check_whose_task_is_gone_goes_stale_and_takes_readiness() {
    let registry = registry([passing("database")]);
    let runtime = registry.start();
    until(&registry, "database", Status::Healthy).await;
    drop(runtime);
    advance(36 * SECOND).await;
    assert_eq!(registry.probe(Probe::Ready).word, "not ready");
    assert_eq!(registry.status("database"), Some(Status::Unknown));
    assert_eq!(
        registry.message("database").as_deref(),
        Some("no result for 35s")
    );
    assert!(registry.probe(Probe::Live).ok);
}

#[test]
fn hostile_words_stay_words_in_every_form() {
    let registry = registry([Component::manual("a")]);
    let lossy = String::from_utf8_lossy(b"\xff\xfe").into_owned();
    let hostile = format!(
        "<script>\u{0}\u{1b}[31m\"}}\n{lossy} https://u:hunter2@host/ password=hunter2 {}",
        "x".repeat(100_000)
    );
    registry
        .set_status("a", Status::Unhealthy, Some(&hostile))
        .unwrap();
    let detailed = registry.report().to_json_detailed();
    let parsed: serde_json::Value = serde_json::from_str(&detailed).unwrap();
    let text = parsed["components"]["a"]["message"].as_str().unwrap();
    assert!(
        !text.contains("hunter2") && !text.chars().any(char::is_control),
        "{text}"
    );
    assert!(text.chars().count() <= 500);
    for public in [
        registry.report().to_json(),
        registry.report().to_health_json(),
    ] {
        assert!(!public.contains("script"), "{public}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_that_jumps_changes_what_is_shown_and_no_status() {
    let wall = Arc::new(AtomicU64::new(1_700_000_000));
    let clock = Arc::clone(&wall);
    let registry = Registry::builder("1.0")
        .component(passing("db"))
        .wall_clock(move || Duration::from_secs(clock.load(Ordering::SeqCst)))
        .build()
        .unwrap();
    let _running = registry.start();
    until(&registry, "db", Status::Healthy).await;
    let mut changes = registry.subscribe();
    for (round, seconds) in [(1, 1_600_000_000), (2, 0), (3, u64::MAX)] {
        wall.store(seconds, Ordering::SeqCst);
        sleep(100 * SECOND).await;
        assert!(registry.probe(Probe::Ready).ok);
        let report = registry.report();
        assert_eq!(report.taken_at, Duration::from_secs(seconds));
        let db = &report.components[0];
        assert!(db.last_result.unwrap() <= 10 * SECOND, "{db:?}");
        assert_eq!(db.since.as_secs(), round * 100);
        let shown = report.to_health_json_detailed();
        assert!(shown.contains(r#""status":"pass","time""#), "{shown}");
    }
    assert!(timeout(SECOND, changes.next()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_thousand_checks_run_and_an_answer_costs_no_look_at_them() {
    let components = (0..1_000).map(|n| passing(&n.to_string()));
    let registry = registry(components);
    let _running = registry.start();
    until(&registry, "999", Status::Healthy).await;
    sleep(SECOND).await;
    assert!(registry.probe(Probe::Ready).ok);
    assert_eq!(registry.report().status, Status::Healthy);
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_dies_or_asks_back_disturbs_nobody() {
    let registry = registry([failing("a"), passing("b").optional()]);
    let mut first = registry.subscribe();
    let dies = tokio::spawn(async move {
        first.next().await;
        panic!("a listener");
    });
    let (mut second, asked) = (registry.subscribe(), registry.clone());
    let asks_back = tokio::spawn(async move {
        second.next().await.unwrap();
        asked.run_now("b").await.unwrap()
    });
    let _running = registry.start();
    until(&registry, "a", Status::Unhealthy).await;
    assert!(dies.await.is_err());
    assert_eq!(asks_back.await.unwrap(), Status::Healthy);
}

#[tokio::test(start_paused = true)]
async fn a_drain_at_every_stage_ends_readiness_for_good_and_never_liveness() {
    // Before the start, during the first run, when ready, and when it has failed.
    for stage in [0, 1, 5, 100] {
        let fails = Component::from_fn("a", || async {
            sleep(SECOND).await;
            Ok(())
        });
        let registry = Registry::builder("1")
            .component(fails.timeout(2 * SECOND))
            .liveness("fatal", Fatal::new())
            .watchdog(SECOND * 10)
            .build()
            .unwrap();
        let running = (stage > 0).then(|| registry.start());
        sleep(SECOND * stage / 2).await;
        registry.begin_drain();
        registry.begin_drain();
        for _ in 0..60 {
            assert_eq!(registry.probe(Probe::Ready).word, "draining");
            assert!(registry.probe(Probe::Live).ok);
            sleep(SECOND).await;
        }
        drop(running);
    }
}
