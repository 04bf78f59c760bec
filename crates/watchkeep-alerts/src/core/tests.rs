//! Tests of the pure core, with times made by hand.

mod bench;

use super::*;
use crate::level::Level;
use crate::timestamp::Timestamp;
use crate::view::DeliveryOutcome;

use bench::{Bench, HOUR, MINUTE, error};

#[test]
fn equal_alerts_are_one_alert_and_one_notice() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.trigger(error("A")),
        ["began A", "new", "firing A to chat"]
    );
    for second in 1..1_000 {
        let again = error("A").with_detail("user_id", second);
        assert_eq!(bench.at(second).trigger(again), ["again"]);
    }
    let active = bench.active();
    assert_eq!(active.len(), 1);
    assert_eq!(active[0].occurrences, 1_000);
    assert_eq!(active[0].annotations["user_id"], "999");
    assert_eq!(active[0].starts_at, Timestamp::from_millis(1_000_000));
    assert_eq!(active[0].updated_at, Timestamp::from_millis(1_999_000));
}

#[test]
fn a_level_goes_to_its_receivers_and_to_no_other() {
    let mut bench = Bench::new();
    let critical = Alert::new("C", Level::Critical, "text");
    assert_eq!(
        bench.trigger(critical),
        ["began C", "new", "firing C to pager", "firing C to chat"]
    );
    assert_eq!(
        bench.trigger(Alert::new("W", Level::Warning, "text")),
        ["began W", "new"]
    );
}

#[test]
fn an_event_ends_five_minutes_after_its_last_occurrence_and_tells_only_the_log() {
    let mut bench = Bench::new();
    bench.trigger(error("A"));
    bench.tried(DeliveryOutcome::Delivered);
    bench.at(4 * MINUTE).trigger(error("A"));
    assert_eq!(bench.core.wake_at(), Some(Duration::from_secs(9 * MINUTE)));
    assert!(bench.at(9 * MINUTE - 1).tick().is_empty());
    assert_eq!(
        bench.active()[0].ends_at,
        Some(Timestamp::from_millis(1_540_000))
    );
    assert_eq!(bench.at(9 * MINUTE).tick(), ["ended A"]);
    assert!(bench.active().is_empty());
    assert_eq!(bench.core.wake_at(), None);
}

#[test]
fn an_event_after_the_end_of_the_last_is_a_new_alert_even_before_the_tick() {
    let mut bench = Bench::new();
    bench.trigger(error("A"));
    let effects = bench.at(5 * MINUTE).trigger(error("A"));
    assert_eq!(effects, ["ended A", "began A", "new", "firing A to chat"]);
}

#[test]
fn an_alert_that_goes_on_is_said_again_after_the_repeat_interval() {
    let mut bench = Bench::new();
    bench.fire(error("A"));
    bench.tried(DeliveryOutcome::Delivered);
    assert_eq!(bench.core.wake_at(), Some(Duration::from_secs(4 * HOUR)));
    assert!(bench.at(4 * HOUR - 1).tick().is_empty());
    assert_eq!(bench.at(4 * HOUR).tick(), ["firing A to chat"]);
    bench.tried(DeliveryOutcome::Delivered);
    assert!(bench.at(8 * HOUR - 1).tick().is_empty());
    assert_eq!(
        bench.at(8 * HOUR).fire(error("A")),
        ["firing A to chat", "again"]
    );
}

#[test]
fn a_notice_that_is_still_under_way_is_not_sent_twice() {
    let mut bench = Bench::new();
    bench.fire(error("A"));
    bench.tried(DeliveryOutcome::Retrying);
    assert!(bench.at(4 * HOUR).tick().is_empty());
    bench.tried(DeliveryOutcome::Delivered);
    assert_eq!(bench.at(4 * HOUR + 2 * MINUTE).tick(), ["firing A to chat"]);
}

#[test]
fn a_notice_that_failed_is_made_up_for_while_the_alert_goes_on() {
    for outcome in [DeliveryOutcome::Failed, DeliveryOutcome::Dropped] {
        let mut bench = Bench::new();
        bench.fire(error("A"));
        bench.at(10).tried(outcome);
        assert_eq!(
            bench.at(20).fire(error("A")),
            ["again"],
            "a failure causes no storm"
        );
        assert!(bench.at(10 + 2 * MINUTE - 1).tick().is_empty());
        assert_eq!(bench.at(10 + 2 * MINUTE).tick(), ["firing A to chat"]);
    }
}

#[test]
fn news_of_an_older_delivery_change_nothing() {
    let mut bench = Bench::new();
    bench.fire(error("A"));
    let fingerprint = bench.active()[0].fingerprint;
    bench.step(Event::Tried(Tried {
        fingerprint,
        receiver: 0,
        id: "msg_old".to_owned(),
        outcome: DeliveryOutcome::Failed,
        tries: 8,
        next_in: None,
        error: None,
    }));
    assert_eq!(
        bench.active()[0].deliveries[0].outcome,
        DeliveryOutcome::Pending
    );
    assert_eq!(bench.core.wake_at(), Some(Duration::from_secs(4 * HOUR)));
}

#[test]
fn a_state_ends_when_told_and_tells_everybody_who_was_told() {
    let mut bench = Bench::new();
    bench.fire(Alert::new("C", Level::Critical, "text"));
    let fingerprint = bench.active()[0].fingerprint;
    bench.tried(DeliveryOutcome::Failed);
    assert!(
        bench.at(HOUR).active().len() == 1,
        "it does not end by itself"
    );
    bench.at(60).tried(DeliveryOutcome::Failed);
    // The pager's notice is still under way: it will hear of both. The chat never heard that it fires.
    let effects = bench.step(Event::Resolve(fingerprint));
    assert_eq!(effects, ["resolved", "resolved C to pager", "ended C"]);
    assert!(bench.step(Event::Resolve(fingerprint)).is_empty());
}

#[test]
fn an_alert_can_be_resolved_by_its_labels_without_the_service() {
    let mut bench = Bench::new();
    bench.fire(error("A"));
    assert_ne!(bench.active()[0].fingerprint, error("A").fingerprint());
    assert_eq!(
        bench
            .step(Event::Resolve(error("A").fingerprint()))
            .first()
            .unwrap(),
        "resolved"
    );
    assert!(bench.core.aliases.is_empty());
}

#[test]
fn an_event_that_is_fired_becomes_a_state_and_stays_one() {
    let mut bench = Bench::new();
    bench.trigger(error("A"));
    bench.at(10).fire(error("A"));
    bench.at(20).trigger(error("A"));
    assert!(bench.at(HOUR).tick().is_empty());
    assert_eq!(bench.active()[0].kind, AlertKind::State);
    assert_eq!(bench.active()[0].ends_at, None);
}

#[test]
fn more_alerts_than_the_bound_are_refused_and_said_once() {
    let mut bench = Bench::with_max_active(10);
    for at in 0..10 {
        bench.fire(error(&format!("A{at}")));
    }
    assert_eq!(bench.fire(error("B")), ["refused first=true"]);
    assert_eq!(bench.trigger(error("C")), ["refused first=false"]);
    assert_eq!(bench.active().len(), 10);
    assert_eq!(
        bench.fire(error("A3")),
        ["again"],
        "what is active is still taken"
    );

    bench.step(Event::Resolve(error("A0").fingerprint()));
    assert_eq!(bench.fire(error("B"))[1], "new");
    assert_eq!(
        bench.fire(error("C")),
        ["refused first=false"],
        "one free place is no news"
    );
    bench.step(Event::Resolve(error("A1").fingerprint()));
    bench.step(Event::Resolve(error("A2").fingerprint()));
    bench.fire(error("C"));
    bench.fire(error("D"));
    assert_eq!(bench.fire(error("E")), ["refused first=true"]);
}

#[test]
fn memory_stays_bounded_over_many_distinct_alerts() {
    let mut bench = Bench::with_max_active(50);
    for at in 0..100_000_u64 {
        bench.at(at / 100).core.step(
            Now {
                elapsed: Duration::from_millis(at * 10),
                wall: Timestamp::from_millis(0),
            },
            Event::Raise(error("A").with_label("n", at.to_string()), AlertKind::Event),
        );
    }
    assert!(bench.core.active.len() <= 50);
    assert!(bench.core.aliases.len() <= 50);
    assert!(bench.core.deadlines.len() <= 50);
}

#[test]
fn equal_events_give_equal_effects_and_ids_are_never_used_twice() {
    let run = || {
        let mut bench = Bench::new();
        let mut ids = Vec::new();
        for at in 0..40_u64 {
            let alert = error("A").with_label("n", (at % 7).to_string());
            let now = bench.at(at * 100).now();
            for effect in bench.core.step(now, Event::Raise(alert, AlertKind::Event)) {
                if let Effect::Deliver(_, notification) = effect {
                    ids.push((notification.id().to_owned(), notification.group_key()));
                }
            }
        }
        ids
    };
    let ids = run();
    assert_eq!(ids, run());
    let distinct: BTreeSet<_> = ids.iter().map(|(id, _)| id).collect();
    assert_eq!(distinct.len(), ids.len());
    assert!(ids.iter().all(|(id, _)| !id.contains('.')));
}
