//! Dead letters: when, how long, again, and who is told instead.

use super::support::*;
use crate::level::Level;
use crate::outbox::{Event, FailureKind, LaneSettings, Settings};
use crate::state::Outcome;
use std::collections::BTreeMap;
use std::time::Duration;

const PLAIN: LaneSettings = LaneSettings {
    rate: None,
    idempotent: false,
    pages: false,
};
const HOUR: Duration = Duration::from_secs(3_600);

fn with_fallback() -> World {
    let mut settings = Settings::new(7);
    settings.fallback = vec![lane("mail")];
    World::with(settings, &[("chat", PLAIN), ("mail", PLAIN)])
}

#[test]
fn a_refused_notice_is_a_dead_letter_at_once() {
    let mut world = World::new(&[("chat", PLAIN)]);
    let id = world.fire("chat", "g", "A", Level::Critical);
    world.answer("chat", failure(FailureKind::Permanent));
    assert_eq!(world.outcome_of(&id), [Outcome::Dead]);
    assert_eq!(world.dead(), [id]);
    assert_eq!(world.words(), ["dead_letter"]);
    assert_eq!(world.outbox.wake_at(), None);
    let text = world.notes[0].why.to_string();
    assert_eq!(text, "given up: refused: the test says no");
}

#[test]
fn a_notice_is_tried_as_long_as_its_level_says() {
    let budgets = [
        (Level::Info, HOUR),
        (Level::Warning, HOUR),
        (Level::Error, HOUR * 4),
        (Level::Critical, HOUR * 24),
    ];
    for (level, budget) in budgets {
        let mut world = World::new(&[("chat", PLAIN)]);
        let id = world.fire("chat", "g", "A", level);
        loop {
            if world.is_sending("chat") {
                world.answer("chat", failure(FailureKind::Transient));
            } else if !world.go_on() {
                break;
            }
        }
        assert_eq!(world.outcome_of(&id), [Outcome::Dead]);
        // The last try is at the end of its time, or when the lane opens next.
        assert!(world.elapsed >= budget, "{level}: {:?}", world.elapsed);
        assert!(world.elapsed <= budget + seconds(300), "{level}");
    }
}

#[test]
fn what_waited_while_no_process_ran_is_tried_before_it_is_given_up() {
    let mut world = World::new(&[("chat", PLAIN)]);
    let id = world.fire("chat", "g", "A", Level::Info);
    world.restart(HOUR * 48);
    assert_eq!(world.answer("chat", Ok(())).id(), id);
    let id = world.fire("chat", "g", "A", Level::Info);
    world.restart(HOUR * 48);
    world.answer("chat", failure(FailureKind::Transient));
    assert_eq!(world.dead(), [id]);
}

#[test]
fn a_receiver_that_is_gone_gets_nothing_more_until_it_is_set_up_anew() {
    let mut world = World::new(&[("chat", PLAIN)]);
    for n in 0..3 {
        world.fire("chat", &format!("g{n}"), "A", Level::Error);
    }
    world.answer("chat", failure(FailureKind::Gone));
    assert_eq!(world.dead().len(), 3);
    world.fire("chat", "h", "A", Level::Critical);
    assert!(!world.is_sending("chat"));
    assert_eq!(world.dead().len(), 4);
    world.step(Event::Lanes(world.lanes.clone()));
    world.fire("chat", "i", "A", Level::Critical);
    assert!(world.is_sending("chat"));
}

#[test]
fn the_stand_in_is_told_what_another_could_not_be() {
    let mut world = with_fallback();
    let id = world.fire("chat", "g", "A", Level::Error);
    world.answer("chat", failure(FailureKind::Permanent));
    let sent = world.answer("mail", Ok(()));
    assert_ne!(sent.id(), id);
    assert_eq!(sent.receiver(), "mail");
    assert_eq!(said(&sent), [("A".to_owned(), true)]);
    assert_eq!(sent.group_key(), "g");
    assert_eq!(world.dead(), [id]);
}

#[test]
fn the_stand_in_is_not_told_the_same_at_every_flush() {
    let mut world = with_fallback();
    for _ in 0..47 {
        world.fire("chat", "g", "A", Level::Error);
        world.answer("chat", failure(FailureKind::Permanent));
        if world.is_sending("mail") {
            world.answer("mail", Ok(()));
        }
        world.wait(seconds(300));
    }
    let mails = |world: &World| {
        let sent = world.sent.iter();
        sent.filter(|(_, lane, _)| lane.receiver == "mail").count()
    };
    assert_eq!(mails(&world), 1, "in four hours");
    assert_eq!(world.dead().len(), 1, "the newest speaks for all");
    world.end("chat", "g", "A", Level::Error);
    world.answer("chat", failure(FailureKind::Permanent));
    assert_eq!(mails(&world), 2, "that it is over is something else");
}

#[test]
fn what_was_given_up_is_not_tried_again_at_every_flush() {
    let mut world = World::new(&[("chat", PLAIN), ("gone", PLAIN)]);
    for (receiver, kind) in [
        ("chat", FailureKind::Permanent),
        ("gone", FailureKind::Gone),
    ] {
        world.fire(receiver, "g", "A", Level::Error);
        world.answer(receiver, failure(kind));
    }
    for _ in 0..29 {
        world.wait(seconds(10));
        world.fire("chat", "g", "A", Level::Error);
        world.fire("gone", "g", "A", Level::Error);
        assert!(!world.is_sending("chat"), "at {:?}", world.elapsed);
    }
    assert_eq!(world.dead().len(), 2);
    // Something else is said at once, and the same after five minutes.
    world.fire("chat", "h", "A", Level::Error);
    assert!(world.is_sending("chat"));
    world.answer("chat", Ok(()));
    world.wait(seconds(10));
    assert!(world.is_sending("chat"));
    assert_eq!(world.sent.len(), 4);
    let dead = world
        .words()
        .iter()
        .filter(|it| **it == "dead_letter")
        .count();
    assert_eq!(dead, 3, "a receiver that is gone is not even asked");
}

#[test]
fn a_stand_in_that_fails_has_none_itself() {
    let mut world = with_fallback();
    world.fire("chat", "g", "A", Level::Error);
    world.answer("chat", failure(FailureKind::Permanent));
    world.answer("mail", failure(FailureKind::Permanent));
    assert_eq!(world.dead().len(), 2);
    assert_eq!(world.outbox.outstanding(), 0);
}

#[test]
fn a_dead_letter_is_tried_again_with_the_same_id_and_bytes() {
    let mut world = World::new(&[("chat", PLAIN)]);
    let id = world.fire("chat", "g", "A", Level::Error);
    let first = world.answer("chat", failure(FailureKind::Permanent));
    world.step(Event::Replay("nowhere".to_owned()));
    assert!(!world.is_sending("chat"));
    world.restart(HOUR * 100);
    world.step(Event::Replay(id.clone()));
    // A newer notice of the same group does not swallow it.
    world.fire("chat", "g", "B", Level::Error);
    let again = world.answer("chat", failure(FailureKind::Transient));
    assert_eq!(again, first);
    loop {
        if world.is_sending("chat") {
            world.answer("chat", Ok(()));
        } else if !world.go_on() {
            break;
        }
    }
    assert_eq!(world.outcome_of(&id), [Outcome::Dead, Outcome::Delivered]);
    assert!(world.disk.is_empty());
}

#[test]
fn dead_letters_are_bounded_in_number_and_age_and_nothing_is_forgotten_silently() {
    let mut settings = Settings::new(7);
    settings.dead_letters = 3;
    let mut world = World::with(settings, &[("chat", PLAIN)]);
    let ids: Vec<_> = (0..5)
        .map(|n| {
            let id = world.fire("chat", &format!("g{n}"), "A", Level::Error);
            world.answer("chat", failure(FailureKind::Permanent));
            world.wait(seconds(1));
            id
        })
        .collect();
    assert_eq!(world.dead(), ids[2..]);
    assert_eq!(world.disk.len(), 3);
    let forgotten = |world: &World| {
        let words = world.words();
        words
            .iter()
            .filter(|word| **word == "dead_letter_forgotten")
            .count()
    };
    assert_eq!(forgotten(&world), 2);
    world.wait(HOUR * 24 * 14 - seconds(4));
    assert_eq!(world.dead().len(), 3);
    world.wait(seconds(1));
    assert_eq!(world.dead().len(), 2);
    world.step(Event::Discard(ids[4].clone()));
    assert_eq!(world.dead(), ids[3..4]);
    world.wait(HOUR);
    assert!(world.disk.is_empty());
}

#[test]
fn what_may_have_arrived_is_repeated_only_when_it_matters_or_does_no_harm() {
    let idempotent = LaneSettings {
        idempotent: true,
        ..PLAIN
    };
    let mut world = World::new(&[("chat", PLAIN), ("hook", idempotent)]);
    for (receiver, level, repeated) in [
        ("chat", Level::Warning, false),
        ("chat", Level::Error, true),
        ("hook", Level::Info, true),
    ] {
        let id = world.fire(receiver, "g", "A", level);
        world.answer(receiver, failure(FailureKind::Ambiguous));
        if repeated {
            assert!(world.go_on());
            assert_eq!(world.answer(receiver, Ok(())).id(), id);
        }
        assert_eq!(
            world.outcome_of(&id),
            [Outcome::Delivered],
            "{receiver} {level}"
        );
    }
    assert_eq!(world.words(), ["perhaps_delivered"]);
}

#[test]
fn a_full_lane_gives_up_what_matters_least() {
    let mut settings = Settings::new(7);
    settings.queue = 3;
    let mut world = World::with(settings, &[("chat", PLAIN)]);
    world.fire("chat", "under way", "A", Level::Info);
    let info = world.fire("chat", "g0", "A", Level::Info);
    for n in 1..3 {
        world.fire("chat", &format!("g{n}"), "A", Level::Error);
    }
    assert!(world.dead().is_empty(), "at the bound");
    world.fire("chat", "g3", "A", Level::Critical);
    assert_eq!(world.dead(), [info]);
    assert_eq!(world.outbox.outstanding(), 4);
}

#[test]
fn what_waits_for_a_receiver_that_a_reload_takes_away_is_a_dead_letter() {
    let mut world = with_fallback();
    world.fire("chat", "g", "A", Level::Error);
    let waiting = world.fire("chat", "h", "B", Level::Error);
    let lanes: BTreeMap<_, _> = [(lane("mail"), PLAIN)].into();
    world.step(Event::Lanes(lanes.clone()));
    assert_eq!(world.dead(), [waiting]);
    assert!(world.is_sending("mail"), "the stand-in is told");
    world.answer("mail", Ok(()));
    // What was under way comes to its end.
    let under_way = world.answer("chat", failure(FailureKind::Transient));
    assert_eq!(said(&under_way), [("A".to_owned(), true)]);
    assert_eq!(world.dead().len(), 2);
    world.lanes = lanes;
    let id = world.fire("chat", "late", "C", Level::Error);
    assert_eq!(world.outcome_of(&id), [Outcome::Dead]);
    world.restart(seconds(1));
    assert_eq!(world.dead().len(), 3);
}
