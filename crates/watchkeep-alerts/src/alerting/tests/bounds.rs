//! Bounds: the queue, the active alerts, the time of a shutdown, and what a set-up may say.

use std::time::Duration;

use tokio::time::Instant;

use super::support::{Numbers, Reply, Script, error, flaky, settle};
use crate::alerting::Alerting;
use crate::builder::AlertingBuilder;
use crate::level::Level;
use crate::notifiers::Log;

const NOTIFICATIONS: &str = "watchkeep_alerts_notifications_total receiver=chat integration=script";

#[tokio::test(start_paused = true)]
async fn notices_over_the_queue_are_dead_letters_and_counted() {
    let numbers = Numbers::default();
    let _guard = metrics::set_default_local_recorder(&numbers);
    let (script, mut seen) = Script::new([Reply::Hang]);
    let alerting = Alerting::builder("oracle")
        .notifier("chat", script)
        .route(Level::Error, &["chat"])
        .queue(2)
        .build()
        .unwrap();
    alerting.trigger(error("A0")).await.unwrap();
    seen.recv().await.unwrap();
    for at in 1..6 {
        alerting.trigger(error(&format!("A{at}"))).await.unwrap();
    }
    settle().await;
    assert_eq!(
        numbers.counter(&format!("{NOTIFICATIONS} outcome=failed")),
        Some(3)
    );
    assert_eq!(numbers.gauge("watchkeep_alerts_dead_letters"), Some(3.0));
    let queue = "watchkeep_alerts_queue receiver=chat integration=script";
    assert_eq!(numbers.gauge(queue), Some(3.0));
    let letters = alerting.dead_letters().await;
    assert!(
        letters
            .iter()
            .all(|it| it.reason == "too many notices wait")
    );
    assert!(alerting.shutdown(Duration::from_secs(100)).await);
    assert_eq!(
        numbers.counter(&format!("{NOTIFICATIONS} outcome=delivered")),
        Some(3)
    );
}

#[tokio::test(start_paused = true)]
async fn more_than_the_engine_keeps_up_with_is_refused_without_waiting() {
    let alerting = Alerting::builder("oracle").build().unwrap();
    // The task does not come to run while this loop does not wait.
    for _ in 0..crate::driver::COMMANDS {
        alerting.try_trigger(error("A")).unwrap();
    }
    assert!(alerting.try_trigger(error("A")).unwrap_err().is_busy());
    assert!(alerting.try_fire(error("A")).unwrap_err().is_busy());
    let key = error("A").fingerprint();
    assert!(alerting.try_resolve(key).unwrap_err().is_busy());
    settle().await;
    let active = alerting.active().await;
    assert_eq!(active.len(), 1);
    assert_eq!(active[0].occurrences, 10_000);
    alerting.try_trigger(error("A")).unwrap();
}

#[tokio::test(start_paused = true)]
async fn alerts_over_the_bound_are_refused_and_counted() {
    let numbers = Numbers::default();
    let _guard = metrics::set_default_local_recorder(&numbers);
    let alerting = Alerting::builder("oracle").max_active(2).build().unwrap();
    alerting.trigger(error("A")).await.unwrap();
    alerting.trigger(error("B")).await.unwrap();
    for _ in 0..2 {
        let full = alerting.trigger(error("C")).await.unwrap_err();
        assert!(full.is_full());
        let cause = std::error::Error::source(&full).unwrap();
        assert_eq!(cause.to_string(), "too many alerts");
    }
    assert_eq!(
        numbers.counter("watchkeep_alerts_refused_total severity=error"),
        Some(2)
    );
    assert_eq!(
        numbers.gauge("watchkeep_alerts_active severity=error"),
        // The engine's own alert says that others are refused.
        Some(3.0)
    );
    tokio::time::sleep(Duration::from_secs(301)).await;
    assert_eq!(
        numbers.gauge("watchkeep_alerts_active severity=error"),
        Some(0.0)
    );
    alerting.trigger(error("C")).await.unwrap();
    assert_eq!(
        numbers.counter("watchkeep_alerts_triggered_total severity=error"),
        Some(5)
    );
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_delivers_what_is_queued() {
    let (script, mut seen) = Script::new([flaky()]);
    let alerting = Alerting::builder("oracle")
        .notifier("chat", script)
        .route(Level::Error, &["chat"])
        .build()
        .unwrap();
    for name in ["A", "B", "C"] {
        alerting.try_trigger(error(name)).unwrap();
    }
    assert!(alerting.shutdown(Duration::from_secs(10)).await);
    let mut tries = 0;
    while seen.try_recv().is_ok() {
        tries += 1;
    }
    assert_eq!(tries, 4);
    assert!(alerting.try_trigger(error("D")).unwrap_err().is_closed());
    assert!(
        alerting
            .resolve(error("A").fingerprint())
            .await
            .unwrap_err()
            .is_closed()
    );
    assert!(
        alerting.shutdown(Duration::ZERO).await,
        "a second one has nothing to do"
    );
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_in_time_and_counts_what_it_leaves() {
    let numbers = Numbers::default();
    let _guard = metrics::set_default_local_recorder(&numbers);
    let (script, mut seen) = Script::always(|| Reply::Hang, 100);
    let alerting = Alerting::builder("oracle")
        .notifier("chat", script)
        .route(Level::Error, &["chat"])
        .build()
        .unwrap();
    for name in ["A", "B", "C"] {
        alerting.try_trigger(error(name)).unwrap();
    }
    let start = Instant::now();
    assert!(!alerting.shutdown(Duration::from_secs(3)).await);
    assert!(
        start.elapsed() < Duration::from_millis(3_010),
        "{:?}",
        start.elapsed()
    );
    let queue = "watchkeep_alerts_queue receiver=chat integration=script";
    assert_eq!(numbers.gauge(queue), Some(3.0));
    seen.recv().await.unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(
        seen.try_recv().is_err(),
        "nothing is tried after the shutdown"
    );
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_ends_the_tasks() {
    let (script, mut seen) = Script::always(flaky, 100);
    let alerting = Alerting::builder("oracle")
        .notifier("chat", script)
        .route(Level::Error, &["chat"])
        .build()
        .unwrap();
    alerting.try_trigger(error("A")).unwrap();
    settle().await;
    drop(alerting);
    // The channel, and with it its end of this queue, goes with the last task.
    while seen.recv().await.is_some() {}
}

#[test]
fn an_engine_needs_a_runtime() {
    let error = Alerting::builder("oracle").build().unwrap_err();
    assert_eq!(error.to_string(), "there is no tokio runtime here");
}

#[track_caller]
fn check_refused(adjust: impl Fn(AlertingBuilder) -> AlertingBuilder, expected: &str) {
    let builder = Alerting::builder("oracle").notifier("chat", Log::new());
    assert_eq!(adjust(builder).build().unwrap_err().to_string(), expected);
}

#[tokio::test]
async fn a_bad_set_up_is_refused_with_its_reason() {
    check_refused(
        |b| b.route(Level::Info, &["chatt"]),
        "there is no receiver `chatt`",
    );
    check_refused(
        |b| b.notifier("chat", Log::new()),
        "two receivers are named `chat`",
    );
    check_refused(
        |b| b.notifier("", Log::new()),
        "the name of a receiver is empty or longer than 128 bytes",
    );
    check_refused(|b| b.queue(0), "queue must be 1 to 1,000,000");
    check_refused(|b| b.max_active(0), "max_active must be 1 to 1,000,000");
    let times = "must be more than zero, and at most a year";
    check_refused(
        |b| b.repeat_interval(Duration::ZERO),
        &format!("repeat_interval {times}"),
    );
    check_refused(
        |b| b.event_ends_after(Duration::MAX),
        &format!("event_ends_after {times}"),
    );
    check_refused(
        |b| b.backoff(Duration::ZERO, Duration::ZERO),
        &format!("backoff {times}"),
    );
    check_refused(
        |b| b.retry_for(Level::Info, Duration::ZERO),
        &format!("retry_for {times}"),
    );
    check_refused(|b| b.fallback("nobody"), "there is no receiver `nobody`");
    check_refused(
        |b| b.config_yaml("route: {receiver: mail}\nreceivers: [{name: mail}]\n"),
        "the receiver `mail` has no channel: it needs a notifier of that name",
    );
    check_refused(
        |b| b.config_yaml("route: {reciever: mail}"),
        "the configuration of alerts is not valid",
    );
}
