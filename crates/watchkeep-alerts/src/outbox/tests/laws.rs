//! What holds whatever happens: random traces with failures, crashes and time.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::support::*;
use crate::journal::Table;
use crate::level::Level;
use crate::notifier::Rate;
use crate::outbox::{Event, Failure, FailureKind, LaneSettings, NoteWhy, Settings};
use crate::state::JobKind;
use crate::view::{AlertKind, Status};

const RECEIVERS: [&str; 3] = ["chat", "pager", "slow"];

#[derive(Clone, Debug)]
enum Op {
    Fire {
        receiver: usize,
        group: u8,
        name: u8,
        level: usize,
    },
    End {
        receiver: usize,
        group: u8,
        name: u8,
    },
    Answer {
        receiver: usize,
        result: Answer,
    },
    Wait(u64),
    Restart(u64),
    Replay(usize),
}

#[derive(Clone, Copy, Debug)]
enum Answer {
    Ok,
    Transient,
    Ambiguous,
    Permanent,
    Gone,
    Later(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let receiver = 0..RECEIVERS.len();
    let answer = prop_oneof![
        5 => Just(Answer::Ok),
        4 => Just(Answer::Transient),
        2 => Just(Answer::Ambiguous),
        1 => Just(Answer::Permanent),
        1 => (0..10_000_u64).prop_map(Answer::Later),
    ];
    let gone = prop_oneof![40 => answer, 1 => Just(Answer::Gone)];
    prop_oneof![
        6 => (receiver.clone(), 0..12_u8, 0..4_u8, 0..4_usize)
            .prop_map(|(receiver, group, name, level)| Op::Fire { receiver, group, name, level }),
        3 => (receiver.clone(), 0..12_u8, 0..4_u8)
            .prop_map(|(receiver, group, name)| Op::End { receiver, group, name }),
        8 => (receiver, gone).prop_map(|(receiver, result)| Op::Answer { receiver, result }),
        4 => (0..40_000_u64).prop_map(Op::Wait),
        1 => (0..200_000_u64).prop_map(Op::Restart),
        1 => (0..8_usize).prop_map(Op::Replay),
    ]
}

fn world() -> World {
    let mut settings = Settings::new(11);
    settings.fallback = vec![lane("slow")];
    settings.dead_letters = 10;
    settings.queue = 8;
    let rate = Rate {
        burst: 1,
        every: seconds(20),
    };
    let limited = LaneSettings {
        rate: Some(rate),
        ..LaneSettings::default()
    };
    let pager = LaneSettings {
        idempotent: true,
        pages: true,
        ..LaneSettings::default()
    };
    let plain = LaneSettings::default();
    World::with(
        settings,
        &[("chat", limited), ("pager", pager), ("slow", plain)],
    )
}

fn result(answer: Answer) -> Result<(), Failure> {
    match answer {
        Answer::Ok => Ok(()),
        Answer::Transient => failure(FailureKind::Transient),
        Answer::Ambiguous => failure(FailureKind::Ambiguous),
        Answer::Permanent => failure(FailureKind::Permanent),
        Answer::Gone => failure(FailureKind::Gone),
        Answer::Later(after) => retry_after(seconds(after)),
    }
}

/// What must be true of everything that was ever accepted.
#[derive(Default)]
struct Book {
    /// Who is to be told of which alert, by the notices that said so first.
    accepted: BTreeSet<(String, String, String)>,
    /// The place in line of each notice, by its id.
    places: BTreeMap<String, usize>,
    bytes: BTreeMap<String, String>,
    seen_sent: usize,
}

impl Book {
    fn take(&mut self, receiver: &str, id: &str, name: &str) {
        let place = self.places.len();
        self.places.insert(id.to_owned(), place);
        self.accepted
            .insert((receiver.to_owned(), id.to_owned(), name.to_owned()));
    }

    /// I11: an id is never used again with other bytes.
    fn check_bytes(&mut self, world: &World) {
        for (_, _, notification) in &world.sent[self.seen_sent..] {
            let bytes = serde_json::to_string(&**notification).unwrap();
            let before = self
                .bytes
                .insert(notification.id().to_owned(), bytes.clone());
            assert!(before.is_none_or(|before| before == bytes));
        }
        self.seen_sent = world.sent.len();
    }

    /// I1: what was accepted is delivered, on its way, a dead letter, or there is a note that says why not.
    fn check_kept(&self, world: &World) {
        // Follow each notice to the one that speaks for it.
        let mut speaks = BTreeMap::new();
        let mut excused = BTreeSet::new();
        let mut digests = BTreeSet::new();
        for note in &world.notes {
            match &note.why {
                NoteWhy::Superseded(by) => {
                    speaks.insert(note.id.clone(), by.clone());
                }
                NoteWhy::Digested(by) => {
                    speaks.insert(note.id.clone(), by.clone());
                    digests.insert(by.clone());
                }
                NoteWhy::OverBeforeTold
                | NoteWhy::PerhapsDelivered
                | NoteWhy::DeadLetterForgotten => {
                    excused.insert(note.id.clone());
                }
                NoteWhy::Dead(_) => {}
            }
        }
        let mut places: BTreeMap<String, String> = BTreeMap::new();
        for ((table, key), value) in &world.disk {
            assert!(matches!(table, Table::Deliveries | Table::DeadLetters));
            places.insert(key.clone(), value.clone());
        }
        for notification in &world.delivered {
            places.insert(
                notification.id().to_owned(),
                serde_json::to_string(&**notification).unwrap(),
            );
        }
        for (receiver, id, name) in &self.accepted {
            let mut at = id;
            while let Some(by) = speaks.get(at) {
                at = by;
            }
            if excused.contains(at) {
                continue;
            }
            let Some(text) = places.get(at) else {
                // A dead letter may be replaced by one of the same group that speaks of all it did.
                let said = places.values().any(|text| says(text, name));
                assert!(
                    said,
                    "{receiver} was never told of {name} in {id}, which went to {at}"
                );
                continue;
            };
            assert!(
                says(text, name) || digests.contains(at),
                "{at} does not speak of {name} from {id}"
            );
        }
    }

    /// I11: of one group and receiver nothing older is delivered after something newer.
    fn check_order(&self, world: &World) {
        let mut last: BTreeMap<(String, String), usize> = BTreeMap::new();
        for notification in &world.delivered {
            let Some(place) = self.places.get(notification.id()) else {
                continue;
            };
            if world.outcome_of(notification.id()).len() > 1 {
                // A dead letter that was tried again comes when it comes.
                continue;
            }
            let key = (notification.receiver().to_owned(), notification.group_key());
            let before = last.insert(key, *place);
            assert!(
                before.is_none_or(|before| before < *place),
                "{notification:?}"
            );
        }
    }
}

fn says(text: &str, name: &str) -> bool {
    text.contains(&format!("\"alertname\":\"{name}\""))
}

fn run(ops: Vec<Op>) -> World {
    let mut world = world();
    let mut book = Book::default();
    for op in ops {
        match op {
            Op::Fire {
                receiver,
                group,
                name,
                level,
            } => {
                let receiver = RECEIVERS[receiver];
                // Names are of one group, so that a letter of another group does not speak for it.
                let name = format!("{receiver}{group}n{name}");
                let id = world.fire(receiver, &format!("g{group}"), &name, Level::ALL[level]);
                book.take(receiver, &id, &name);
            }
            Op::End {
                receiver,
                group,
                name,
            } => {
                let receiver = RECEIVERS[receiver];
                let name = format!("{receiver}{group}n{name}");
                let mut over = alert(&name, Status::Resolved, AlertKind::State, Level::Error);
                over.ends_at = Some(world.now().wall);
                let mut job =
                    world.job(receiver, &format!("g{group}"), JobKind::Resolve, vec![over]);
                job.untold = name.ends_with('0');
                let id = job.id.clone();
                world.step(Event::Accept(Box::new(job)));
                book.take(receiver, &id, &name);
            }
            Op::Answer {
                receiver,
                result: answer,
            } => {
                let receiver = RECEIVERS[receiver];
                if world.is_sending(receiver) {
                    world.answer(receiver, result(answer));
                }
            }
            Op::Wait(millis) => world.wait(std::time::Duration::from_millis(millis)),
            Op::Restart(millis) => world.restart(std::time::Duration::from_millis(millis)),
            Op::Replay(nth) => {
                if let Some(id) = world.dead().get(nth).cloned() {
                    world.step(Event::Replay(id));
                }
            }
        }
        book.check_bytes(&world);
        book.check_kept(&world);
        // Whoever asks to be woken is not due already.
        assert!(world.outbox.wake_at().is_none_or(|at| at > world.elapsed));
    }
    book.check_order(&world);
    // At last everybody takes everything: nothing is left.
    world.step(Event::Lanes(world.lanes.clone()));
    for round in 0.. {
        assert!(round < 10_000, "it comes to an end");
        let busy: Vec<_> = RECEIVERS.iter().filter(|it| world.is_sending(it)).collect();
        if busy.is_empty() && !world.go_on() {
            break;
        }
        for receiver in RECEIVERS {
            if world.is_sending(receiver) {
                world.answer(receiver, Ok(()));
            }
        }
        book.check_bytes(&world);
    }
    book.check_kept(&world);
    book.check_order(&world);
    assert_eq!(world.outbox.outstanding(), 0);
    let left = world
        .disk
        .keys()
        .filter(|(table, _)| *table == Table::Deliveries);
    assert_eq!(left.count(), 0);
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_reordered_or_said_twice_in_other_words(ops in proptest::collection::vec(op(), 1..120)) {
        run(ops);
    }

    #[test]
    fn the_same_trace_gives_the_same_bytes(ops in proptest::collection::vec(op(), 1..60)) {
        let (one, two) = (run(ops.clone()), run(ops));
        prop_assert_eq!(one.sent, two.sent);
        prop_assert_eq!(one.disk, two.disk);
        prop_assert_eq!(one.notes, two.notes);
    }
}
