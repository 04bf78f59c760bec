//! Delivery: tries, waits, failures, isolation.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::support::{Reply, Script, error, flaky, settle};
use crate::alerting::Alerting;
use crate::level::Level;
use crate::notification::Notification;
use crate::notifier::{Notifier, NotifyError};
use crate::view::{DeliveryOutcome, Status};

fn one(script: Script) -> Alerting {
    Alerting::builder("oracle")
        .notifier("chat", script)
        .route(Level::Error, &["chat"])
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_transient_failure_is_tried_again_with_the_same_id() {
    let (script, mut seen) = Script::new([flaky(), flaky(), Reply::Take]);
    let alerting = one(script);
    alerting.trigger(error("A")).await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(seen.recv().await.unwrap().notification.id().to_owned());
    }
    settle().await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let delivery = &alerting.active().await[0].deliveries[0];
    assert_eq!(
        (delivery.outcome, delivery.tries),
        (DeliveryOutcome::Delivered, 3)
    );
    assert!(delivery.last_try.is_some() && delivery.error.is_none() && delivery.next_try.is_none());
}

#[tokio::test(start_paused = true)]
async fn waits_between_tries_stay_below_a_bound_that_doubles() {
    let (script, mut seen) = Script::always(flaky, 11);
    let alerting = Alerting::builder("oracle")
        .notifier("chat", script)
        .route(Level::Error, &["chat"])
        .build()
        .unwrap();
    alerting.trigger(error("A")).await.unwrap();
    let mut last = seen.recv().await.unwrap().at;
    let mut total = Duration::ZERO;
    for tries in 0..11 {
        let at = seen.recv().await.unwrap().at;
        let bound = Duration::from_millis(500 << tries).min(Duration::from_secs(300));
        // Tokio's timers round up to a millisecond.
        assert!(
            at - last <= bound + Duration::from_millis(2),
            "{:?} after try {tries}",
            at - last
        );
        total += at - last;
        last = at;
    }
    assert!(
        total > Duration::from_secs(5),
        "the waits grow: {total:?} in all"
    );
}

#[tokio::test(start_paused = true)]
async fn the_engine_waits_as_long_as_the_receiver_asks_for() {
    let after = |seconds| {
        let error = NotifyError::transient("slow down");
        Reply::Fail(error.with_retry_after(Some(Duration::from_secs(seconds))))
    };
    let (script, mut seen) = Script::new([after(77), after(u64::MAX), Reply::Take]);
    let alerting = one(script);
    alerting.fire(error("A")).await.unwrap();
    let first = seen.recv().await.unwrap().at;
    settle().await;
    let delivery = &alerting.active().await[0].deliveries[0];
    assert_eq!(delivery.outcome, DeliveryOutcome::Retrying);
    assert_eq!(delivery.error.as_deref(), Some("slow down"));
    assert!(delivery.next_try > delivery.last_try);
    let second = seen.recv().await.unwrap().at;
    assert!(
        (77..80).contains(&(second - first).as_secs()),
        "{:?}",
        second - first
    );
    let third = seen.recv().await.unwrap().at;
    assert_eq!((third - second).as_secs(), 3_600, "an hour is the most");
}

#[tokio::test(start_paused = true)]
async fn a_permanent_failure_is_not_tried_again() {
    let (script, mut seen) = Script::new([Reply::Fail(NotifyError::permanent("no such room"))]);
    let alerting = one(script);
    alerting.trigger(error("A")).await.unwrap();
    seen.recv().await.unwrap();
    assert!(alerting.shutdown(Duration::from_secs(100)).await);
    assert!(seen.try_recv().is_err());
    let delivery = &alerting.active().await[0].deliveries[0];
    assert_eq!(
        (delivery.outcome, delivery.tries),
        (DeliveryOutcome::Failed, 1)
    );
    assert_eq!(delivery.error.as_deref(), Some("no such room"));
}

#[tokio::test(start_paused = true)]
async fn a_notice_is_given_up_when_its_time_is_over() {
    let (script, mut seen) = Script::always(flaky, 10_000);
    let alerting = Alerting::builder("oracle")
        .notifier("chat", script)
        .route(Level::Error, &["chat"])
        .retry_for(Level::Error, Duration::from_secs(60))
        .build()
        .unwrap();
    alerting.trigger(error("A")).await.unwrap();
    assert!(alerting.shutdown(Duration::from_secs(1_000)).await);
    let mut tries = 0;
    while seen.try_recv().is_ok() {
        tries += 1;
    }
    assert!((6..100).contains(&tries), "{tries}");
    let letters = alerting.dead_letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].reason, "its time is over");
    assert_eq!(letters[0].tries, tries);
    assert_eq!(
        alerting.active().await[0].deliveries[0].outcome,
        DeliveryOutcome::Failed
    );
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_can_be_tried_again_and_forgotten() {
    let no = || Reply::Fail(NotifyError::permanent("no such room"));
    let (script, mut seen) = Script::new([no(), Reply::Take, no()]);
    let alerting = one(script);
    alerting.trigger(error("A")).await.unwrap();
    let first = seen.recv().await.unwrap().notification;
    settle().await;
    let id = alerting.dead_letters().await[0].id.clone();
    assert_eq!(id, first.id());
    assert!(!alerting.replay("nowhere").await.unwrap());
    assert!(alerting.replay(&id).await.unwrap());
    assert_eq!(seen.recv().await.unwrap().notification, first);
    settle().await;
    assert_eq!(alerting.dead_letters().await, []);
    alerting.trigger(error("B")).await.unwrap();
    seen.recv().await.unwrap();
    settle().await;
    let id = alerting.dead_letters().await[0].id.clone();
    assert!(alerting.discard(&id).await.unwrap());
    assert!(!alerting.discard(&id).await.unwrap());
    assert_eq!(alerting.dead_letters().await, []);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_notifier_is_a_failed_try() {
    let (script, mut seen) = Script::new([Reply::Panic, Reply::Take]);
    let alerting = one(script);
    alerting.trigger(error("A")).await.unwrap();
    seen.recv().await.unwrap();
    settle().await;
    let delivery = alerting.active().await[0].deliveries[0].clone();
    assert_eq!(delivery.error.as_deref(), Some("the notifier panicked"));
    seen.recv().await.unwrap();
    settle().await;
    assert_eq!(
        alerting.active().await[0].deliveries[0].outcome,
        DeliveryOutcome::Delivered
    );
}

#[tokio::test(start_paused = true)]
async fn a_hanging_receiver_delays_no_other() {
    let (hanging, mut stuck) = Script::always(|| Reply::Hang, 100);
    let (healthy, mut seen) = Script::new([]);
    let alerting = Alerting::builder("oracle")
        .notifier("hanging", hanging)
        .notifier("healthy", healthy)
        .route(Level::Error, &["hanging", "healthy"])
        .build()
        .unwrap();
    let start = Instant::now();
    for name in ["A", "B", "C"] {
        alerting.trigger(error(name)).await.unwrap();
        assert_eq!(seen.recv().await.unwrap().at, start);
    }
    // The hanging one is cut off after the time limit of a try, and tried again.
    stuck.recv().await.unwrap();
    let second = stuck.recv().await.unwrap().at;
    assert!(
        (30..31).contains(&(second - start).as_secs()),
        "{:?}",
        second - start
    );
}

/// A channel that hangs for ever, and lets a test see whether it still does.
struct Hanging(Arc<()>);

#[async_trait::async_trait]
impl Notifier for Hanging {
    fn kind(&self) -> &'static str {
        "hanging"
    }

    async fn notify(&self, _: &Notification) -> Result<(), NotifyError> {
        let _still_here = Arc::clone(&self.0);
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_try_that_was_cut_off_leaves_nothing_behind() {
    let tries = Arc::new(());
    let alerting = Alerting::builder("oracle")
        .notifier("chat", Hanging(Arc::clone(&tries)))
        .route(Level::Error, &["chat"])
        .retry_for(Level::Error, Duration::from_secs(60))
        .build()
        .unwrap();
    alerting.trigger(error("A")).await.unwrap();
    settle().await;
    assert_eq!(
        Arc::strong_count(&tries),
        3,
        "the test, the channel and the try that hangs"
    );
    assert!(alerting.shutdown(Duration::from_secs(200)).await);
    settle().await;
    drop(alerting);
    settle().await;
    assert_eq!(Arc::strong_count(&tries), 1);
}

#[tokio::test(start_paused = true)]
async fn notices_of_one_alert_keep_their_order_over_failures() {
    let (script, mut seen) = Script::new([flaky(), flaky(), flaky()]);
    let alerting = one(script);
    alerting.fire(error("A")).await.unwrap();
    let first = seen.recv().await.unwrap().notification;
    assert_eq!(first.status(), Status::Firing);
    assert!(alerting.resolve(error("A").fingerprint()).await.unwrap());
    assert!(alerting.shutdown(Duration::from_secs(100)).await);
    let mut last = first;
    while let Ok(seen) = seen.try_recv() {
        // The end takes the place of what was not told yet, and is never followed by the beginning.
        let over = last.status() == Status::Resolved;
        assert!(!over || seen.notification.status() == Status::Resolved);
        last = seen.notification;
    }
    assert_eq!(last.status(), Status::Resolved);
}

#[tokio::test(start_paused = true)]
async fn a_test_notice_is_tried_once_and_its_outcome_returned() {
    let (script, mut seen) = Script::new([Reply::Take, flaky(), Reply::Panic, Reply::Hang]);
    let alerting = one(script);
    alerting.test("chat").await.unwrap();
    let notice = seen.recv().await.unwrap().notification;
    assert_eq!(notice.alerts()[0].labels["service"], "oracle");
    for expected in ["flaky", "the notifier panicked", "no answer within 30s"] {
        let error = alerting.test("chat").await.unwrap_err();
        assert_eq!(error.to_string(), "the notice was not delivered");
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(cause, expected);
    }
    assert!(
        alerting
            .test("nobody")
            .await
            .unwrap_err()
            .is_unknown_receiver()
    );
    assert!(alerting.active().await.is_empty(), "a test is no alert");
}
