//! What is sent when: order, newer and older, waits, rates, digests.

use super::support::*;
use crate::level::Level;
use crate::notifier::Rate;
use crate::outbox::{Event, FailureKind, LaneSettings};
use crate::state::{JobKind, Outcome};
use crate::timestamp::Timestamp;
use crate::view::{AlertKind, Status};
use std::time::Duration;

const PLAIN: LaneSettings = LaneSettings {
    rate: None,
    idempotent: false,
    pages: false,
};
const PAGER: LaneSettings = LaneSettings {
    pages: true,
    ..PLAIN
};

#[test]
fn a_notice_is_sent_at_once_and_settled_when_it_arrives() {
    let mut world = World::new(&[("chat", PLAIN)]);
    let id = world.fire("chat", "g", "A", Level::Error);
    assert_eq!(world.outbox.outstanding(), 1);
    let sent = world.answer("chat", Ok(()));
    assert_eq!(sent.id(), id);
    assert_eq!(world.outcome_of(&id), [Outcome::Delivered]);
    assert!(world.disk.is_empty(), "nothing is left on the disk");
    assert_eq!(world.outbox.outstanding(), 0);
    assert_eq!(world.outbox.wake_at(), None);
}

#[test]
fn a_hanging_lane_delays_no_other() {
    let mut world = World::new(&[("chat", PLAIN), ("slow", PLAIN)]);
    world.fire("slow", "g", "A", Level::Critical);
    for n in 0..10 {
        world.fire("slow", &format!("g{n}"), "A", Level::Critical);
        let id = world.fire("chat", &format!("g{n}"), "A", Level::Info);
        assert_eq!(world.answer("chat", Ok(())).id(), id);
    }
    assert_eq!(world.elapsed, Duration::ZERO);
    assert_eq!(world.outbox.wake_at(), None, "the slow lane is busy");
}

#[test]
fn the_urgent_goes_first_and_equals_in_their_order() {
    let mut world = World::new(&[("chat", PLAIN)]);
    let levels = [Level::Info, Level::Error, Level::Critical, Level::Error];
    world.fire("chat", "first", "A", Level::Info);
    for (n, level) in levels.into_iter().enumerate() {
        world.fire("chat", &format!("g{n}"), &format!("A{n}"), level);
    }
    let mut order = Vec::new();
    while world.is_sending("chat") {
        order.push(said(&world.answer("chat", Ok(())))[0].0.clone());
    }
    assert_eq!(order, ["A", "A2", "A1", "A3", "A0"]);
}

#[test]
fn a_newer_notice_takes_the_place_of_one_that_was_not_told() {
    let mut world = World::new(&[("chat", PLAIN)]);
    world.fire("chat", "other", "X", Level::Error);
    let old = world.fire("chat", "g", "A", Level::Critical);
    let new = world.fire("chat", "g", "B", Level::Error);
    assert_eq!(world.outcome_of(&old), [Outcome::Superseded]);
    assert_eq!(world.words(), ["superseded"]);
    world.answer("chat", Ok(()));
    let sent = world.answer("chat", Ok(()));
    assert_eq!(sent.id(), new);
    // What only the older one spoke of is not lost.
    assert_eq!(
        said(&sent),
        [("A".to_owned(), true), ("B".to_owned(), true)]
    );
    assert_eq!(sent.late_since(), Some(Timestamp::from_millis(START)));
    assert!(!world.is_sending("chat"));
}

#[test]
fn what_ends_before_it_could_be_told_is_told_late() {
    let mut world = World::new(&[("chat", PLAIN)]);
    world.fire("chat", "g", "A", Level::Error);
    world.answer("chat", failure(FailureKind::Transient));
    world.elapsed += seconds(1);
    world.end("chat", "g", "A", Level::Error);
    if !world.is_sending("chat") {
        world.go_on();
    }
    let sent = world.answer("chat", Ok(()));
    assert_eq!(said(&sent), [("A".to_owned(), false)]);
    assert_eq!(sent.status(), Status::Resolved);
    assert_eq!(sent.late_since(), Some(Timestamp::from_millis(START)));
    assert!(!world.is_sending("chat"));
}

#[test]
fn an_event_that_ends_unsaid_is_told_as_over_since_its_end() {
    let mut world = World::new(&[("chat", PLAIN)]);
    world.fire("chat", "other", "X", Level::Critical);
    let event = alert("E", Status::Firing, AlertKind::Event, Level::Error);
    let job = world.job("chat", "g", JobKind::Trigger, vec![event]);
    world.step(Event::Accept(Box::new(job)));
    world.elapsed += seconds(600);
    world.fire("chat", "g", "B", Level::Error);
    world.answer("chat", Ok(()));
    let sent = world.answer("chat", Ok(()));
    assert_eq!(
        said(&sent),
        [("B".to_owned(), true), ("E".to_owned(), false)]
    );
    let over = &sent.alerts()[1];
    assert_eq!(over.ends_at, Some(Timestamp::from_millis(START + 300_000)));
}

#[test]
fn what_is_being_tried_is_not_superseded_until_it_fails() {
    let mut world = World::new(&[("chat", PLAIN)]);
    let old = world.fire("chat", "g", "A", Level::Error);
    let new = world.end("chat", "g", "A", Level::Error);
    assert_eq!(world.outcome_of(&old), []);
    world.answer("chat", Ok(()));
    assert_eq!(world.outcome_of(&old), [Outcome::Delivered]);
    let sent = world.answer("chat", Ok(()));
    assert_eq!(sent.id(), new);
    assert_eq!(sent.late_since(), None);
}

#[test]
fn a_pager_is_not_woken_for_what_is_over() {
    let mut world = World::new(&[("pager", PAGER)]);
    let old = world.fire("pager", "g", "A", Level::Critical);
    world.answer("pager", failure(FailureKind::Transient));
    let new = world.end("pager", "g", "A", Level::Critical);
    assert_eq!(world.words(), ["over_before_told", "over_before_told"]);
    assert_eq!(world.outcome_of(&old), [Outcome::Superseded]);
    assert_eq!(world.outcome_of(&new), [Outcome::Superseded]);
    assert!(world.disk.is_empty());
    assert_eq!(world.outbox.wake_at(), None);
}

#[test]
fn a_pager_that_may_have_been_woken_is_told_the_end() {
    let mut world = World::new(&[("pager", PAGER)]);
    world.fire("pager", "g", "A", Level::Critical);
    world.answer("pager", failure(FailureKind::Ambiguous));
    let new = world.end("pager", "g", "A", Level::Critical);
    while !world.is_sending("pager") {
        assert!(world.go_on());
    }
    assert_eq!(world.answer("pager", Ok(())).id(), new);
}

#[test]
fn waits_grow_to_five_minutes_and_the_id_stays() {
    let mut world = World::new(&[("chat", PLAIN)]);
    let id = world.fire("chat", "g", "A", Level::Critical);
    let mut longest = Duration::ZERO;
    for failures in 1..=40_u32 {
        let at = world.elapsed;
        let sent = world.answer("chat", failure(FailureKind::Transient));
        assert_eq!(sent.id(), id);
        assert!(world.go_on());
        let wait = world.elapsed - at;
        let bound = Duration::from_millis(500) * (1 << failures.min(20).saturating_sub(1));
        assert!(wait <= bound.min(seconds(300)), "{wait:?} after {failures}");
        longest = longest.max(wait);
    }
    assert!(longest > seconds(150), "{longest:?}");
}

#[test]
fn retry_after_holds_the_whole_lane_and_is_at_most_an_hour() {
    let mut world = World::new(&[("chat", PLAIN), ("other", PLAIN)]);
    world.fire("chat", "g", "A", Level::Error);
    world.fire("chat", "h", "B", Level::Critical);
    world.answer("chat", retry_after(seconds(77)));
    assert!(!world.is_sending("chat"), "the other notice waits too");
    assert_eq!(world.outbox.wake_at(), Some(seconds(77)));
    world.fire("other", "g", "A", Level::Error);
    assert!(world.is_sending("other"));
    world.go_on();
    world.answer("chat", retry_after(Duration::MAX));
    assert_eq!(world.outbox.wake_at(), Some(seconds(77 + 3_600)));
    world.go_on();
    world.answer("chat", Ok(()));
    assert!(world.is_sending("chat"), "an answer opens the lane again");
}

#[test]
fn after_five_failures_one_probe_at_a_time_shows_whether_a_lane_works() {
    let mut world = World::new(&[("chat", PLAIN)]);
    for n in 0..50 {
        world.fire("chat", &format!("g{n}"), "A", Level::Error);
    }
    let mut tries = 0;
    while tries < 5 {
        while !world.is_sending("chat") {
            world.go_on();
        }
        world.answer("chat", failure(FailureKind::Transient));
        tries += 1;
    }
    // Forty-five have not even been tried; they wait all the same.
    assert!(!world.is_sending("chat"));
    let at = world.elapsed;
    world.go_on();
    assert!(world.elapsed - at >= seconds(4), "half of 8 s at least");
    world.answer("chat", failure(FailureKind::Transient));
    assert!(!world.is_sending("chat"), "the probe failed");
    world.go_on();
    world.answer("chat", Ok(()));
    assert!(world.is_sending("chat"), "the probe closed the circuit");
    // Five failures in a row are counted anew.
    world.answer("chat", failure(FailureKind::Transient));
    assert!(world.is_sending("chat"), "one failure opens nothing");
}

#[test]
fn a_newer_notice_waits_as_long_as_the_one_whose_place_it_takes() {
    let mut world = World::new(&[("chat", PLAIN)]);
    world.fire("chat", "g", "A", Level::Error);
    for _ in 0..3 {
        world.answer("chat", failure(FailureKind::Transient));
        world.go_on();
    }
    world.answer("chat", failure(FailureKind::Transient));
    let due = world.outbox.wake_at().unwrap();
    assert!(due > world.elapsed);
    let id = world.fire("chat", "g", "A", Level::Error);
    assert!(!world.is_sending("chat"));
    assert_eq!(world.outbox.wake_at(), Some(due));
    world.go_on();
    assert_eq!(world.answer("chat", Ok(())).id(), id);
}

#[test]
fn a_channel_gets_no_more_than_it_takes() {
    let rate = Rate {
        burst: 2,
        every: seconds(1),
    };
    let limited = LaneSettings {
        rate: Some(rate),
        ..PLAIN
    };
    let mut world = World::new(&[("chat", limited)]);
    for n in 0..10 {
        world.fire("chat", &format!("g{n}"), "A", Level::Error);
    }
    let mut times = Vec::new();
    loop {
        if world.is_sending("chat") {
            times.push(world.elapsed.as_secs());
            world.answer("chat", Ok(()));
        } else if !world.go_on() {
            break;
        }
    }
    assert_eq!(times, [0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(world.words(), Vec::<&str>::new());
}

#[test]
fn what_is_too_much_for_a_channel_becomes_a_digest_that_counts() {
    let rate = Rate {
        burst: 1,
        every: seconds(10),
    };
    let limited = LaneSettings {
        rate: Some(rate),
        ..PLAIN
    };
    let mut world = World::new(&[("chat", limited)]);
    let mut ids = vec![world.fire("chat", "first", "A", Level::Info)];
    for n in 0..200 {
        ids.push(world.fire(
            "chat",
            &format!("g{n}"),
            &format!("N{}", n % 90),
            Level::Error,
        ));
    }
    ids.push(world.fire("chat", "critical", "Now", Level::Critical));
    let mut sent = Vec::new();
    loop {
        if world.is_sending("chat") {
            sent.push(world.answer("chat", Ok(())));
        } else if !world.go_on() {
            break;
        }
    }
    assert_eq!(sent.len(), 3, "the first, the critical one, the digest");
    assert_eq!(said(&sent[1]), [("Now".to_owned(), true)]);
    let digest = &sent[2];
    let head = &digest.alerts()[0];
    assert_eq!(head.labels["alertname"], "AlertDigest");
    assert_eq!(head.level, Level::Error);
    assert_eq!(
        head.annotations["summary"],
        "200 groups with 200 alerts in one notice, since this channel takes no more; most often alertname=\"N0\" (3), alertname=\"N1\" (3), alertname=\"N10\" (3)"
    );
    assert_eq!(digest.alerts().len(), 51);
    assert_eq!(digest.truncated(), 150);
    assert_eq!(world.words(), vec!["digested"; 200]);
    for id in ids {
        assert_eq!(world.outcome_of(&id), [Outcome::Delivered], "{id}");
    }
    assert!(world.disk.is_empty());
}

#[test]
fn a_group_waits_for_the_digest_that_speaks_of_it() {
    let rate = Rate {
        burst: 1,
        every: seconds(10),
    };
    let limited = LaneSettings {
        rate: Some(rate),
        ..PLAIN
    };
    let mut world = World::new(&[("chat", limited)]);
    for n in 0..20 {
        world.fire("chat", &format!("g{n}"), "A", Level::Error);
    }
    world.answer("chat", Ok(()));
    world.go_on();
    let digest = world.answer("chat", failure(FailureKind::Transient));
    let end = world.end("chat", "g7", "A", Level::Error);
    let critical = world.fire("chat", "new", "Z", Level::Critical);
    world.go_on();
    // Something urgent need not wait for it.
    assert_eq!(world.answer("chat", Ok(())).id(), critical);
    world.go_on();
    let again = world.answer("chat", Ok(()));
    assert_eq!(again, digest, "the same id and bytes");
    world.go_on();
    assert_eq!(world.answer("chat", Ok(())).id(), end);
    assert!(!world.go_on());
}

#[test]
fn a_pager_gets_no_digest() {
    let rate = Rate {
        burst: 1,
        every: seconds(1),
    };
    let limited = LaneSettings {
        rate: Some(rate),
        ..PAGER
    };
    let mut world = World::new(&[("pager", limited)]);
    for n in 0..100 {
        world.fire("pager", &format!("g{n}"), "A", Level::Error);
    }
    let mut sent = 0;
    loop {
        if world.is_sending("pager") {
            world.answer("pager", Ok(()));
            sent += 1;
        } else if !world.go_on() {
            break;
        }
    }
    assert_eq!(sent, 100);
}

#[test]
fn a_restart_goes_on_with_the_same_ids_and_bytes() {
    let mut world = World::new(&[("chat", PLAIN), ("other", PLAIN)]);
    let first = world.fire("chat", "g", "A", Level::Error);
    world.fire("chat", "h", "B", Level::Error);
    let before = std::sync::Arc::clone(&world.under_way[&lane("chat")]);
    world.restart(seconds(60));
    let sent = world.answer("chat", Ok(()));
    assert_eq!(sent.id(), first);
    assert_eq!(sent, before);
    world.answer("chat", Ok(()));
    assert!(world.disk.is_empty());
}
