//! The registry from outside, by a paused clock.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::*;
use crate::component::Component;

mod blocking;
mod checks;
mod exported;
mod gates;
mod outages;
mod races;

const SECOND: Duration = Duration::from_secs(1);

fn passing(name: &str) -> Component {
    Component::from_fn(name, || async { Ok(()) })
}

fn failing(name: &str) -> Component {
    Component::from_fn(name, || async { Err(CheckError::new("refused")) })
}

/// A check that writes down when it runs.
fn logged(name: &str) -> (Component, Arc<Mutex<Vec<Instant>>>) {
    let runs = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&runs);
    let component = Component::from_fn(name, move || {
        log.lock().unwrap().push(Instant::now());
        async { Ok(()) }
    });
    (component, runs)
}

fn registry(components: impl IntoIterator<Item = Component>) -> Registry {
    components
        .into_iter()
        .fold(
            Registry::builder("1.0").ready_without_checks(),
            RegistryBuilder::component,
        )
        .build()
        .unwrap()
}

/// Waits until the component is so, and tells how long that took; fails after a minute.
async fn until(registry: &Registry, name: &str, status: Status) -> Duration {
    let started = Instant::now();
    let mut changes = registry.subscribe();
    let wait = async {
        while registry.status(name) != Some(status) {
            changes.next().await;
        }
    };
    let reached = timeout(60 * SECOND, wait).await;
    assert!(reached.is_ok(), "{name} never became {status}");
    started.elapsed()
}

#[tokio::test(start_paused = true)]
async fn staleness_is_told_without_anybody_asking() {
    let queue = Component::manual("queue").starting_as(Status::Healthy);
    let registry = registry([queue.stale_after(30 * SECOND)]);
    let mut changes = registry.subscribe();
    let _running = registry.start();
    let change = timeout(32 * SECOND, changes.next()).await.unwrap().unwrap();
    assert_eq!((change.from, change.to), (Status::Healthy, Status::Unknown));
    assert!(change.after > 30 * SECOND, "{change:?}");
}

#[tokio::test(start_paused = true)]
async fn draining_takes_readiness_and_leaves_health_and_liveness() {
    let registry = registry([Component::manual("api").starting_as(Status::Healthy)]);
    assert!(registry.probe(Probe::Ready).ok);
    registry.begin_drain();
    registry.begin_drain();
    assert_eq!(
        registry.probe(Probe::Ready),
        ProbeAnswer::new(false, "draining")
    );
    assert!(registry.probe(Probe::Live).ok && registry.probe(Probe::Startup).ok);
    let report = registry.report();
    assert!(report.draining && report.status == Status::Healthy);
}

#[tokio::test(start_paused = true)]
async fn real_calls_feed_the_thresholds() {
    let registry = registry([passing("ai_engine").optional()]);
    let _running = registry.start();
    until(&registry, "ai_engine", Status::Healthy).await;
    let fail = || {
        registry
            .observe("ai_engine", Err(CheckError::new("timed out")))
            .unwrap();
    };
    fail();
    fail();
    assert_eq!(registry.status("ai_engine"), Some(Status::Healthy));
    sleep(15 * SECOND).await; // The check passes meanwhile.
    fail();
    assert_eq!(registry.status("ai_engine"), Some(Status::Degraded));
    assert_eq!(registry.message("ai_engine").as_deref(), Some("timed out"));
    registry.observe("ai_engine", Ok(())).unwrap();
    assert_eq!(registry.status("ai_engine"), Some(Status::Healthy));
}

#[tokio::test]
async fn only_known_manual_components_can_be_told_their_status() {
    let registry = registry([passing("checked"), Component::manual("manual")]);
    assert!(
        registry
            .set_status("checked", Status::Healthy, None)
            .unwrap_err()
            .is_checked()
    );
    assert!(
        registry
            .set_status("nobody", Status::Healthy, None)
            .unwrap_err()
            .is_unknown_component()
    );
    assert!(
        registry
            .observe("nobody", Ok(()))
            .unwrap_err()
            .is_unknown_component()
    );
    registry
        .set_status("manual", Status::Unhealthy, Some("see\nredis://:pw@h"))
        .unwrap();
    assert_eq!(
        registry.message("manual").as_deref(),
        Some("see redis://***@h")
    );
    assert_eq!(registry.status("checked"), Some(Status::Unknown));
    assert_eq!(registry.status("nobody"), None);
}

#[tokio::test(start_paused = true)]
async fn a_slow_subscriber_misses_the_oldest_changes_and_knows_it() {
    let registry = registry([Component::manual("a").starting_as(Status::Healthy)]);
    let mut changes = registry.subscribe();
    for turn in 0..300 {
        let status = if turn % 2 == 0 {
            Status::Unhealthy
        } else {
            Status::Healthy
        };
        registry.set_status("a", status, None).unwrap();
    }
    let first = changes.next().await.unwrap();
    assert_eq!((first.sequence, changes.missed()), (45, 44));
    drop(registry);
    let mut last = first;
    while let Some(change) = changes.next().await {
        last = change;
    }
    assert_eq!(last.sequence, 300);
}
