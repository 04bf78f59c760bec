//! What an alert is, and what becomes of what is said of it: leases, merges, ends.

use super::support::*;
use crate::state::{Effect, Ends, Event, Refusal};
use crate::timestamp::Timestamp;
use crate::view::{AlertKind, AlertView};

fn alerts(bench: &Bench) -> Vec<AlertView> {
    let found = bench.state.alerts(bench.now());
    found.into_iter().map(|detail| detail.alert).collect()
}

/// Raises `A` with a start and an end, in seconds.
fn lease(bench: &mut Bench, starts_at: u64, ends_at: u64) -> Vec<Effect> {
    let (starts_at, ends_at) = (bench.second(starts_at), bench.second(ends_at));
    bench.raise(
        error("A"),
        AlertKind::State,
        Some(starts_at),
        Ends::At(ends_at),
    )
}

fn ended(bench: &mut Bench, second: u64) -> Option<Timestamp> {
    bench.at(second);
    let row = bench
        .rows
        .iter()
        .find(|((table, _), _)| *table == crate::journal::Table::Alerts);
    let (_, value) = row?;
    let value: serde_json::Value = serde_json::from_str(value).unwrap();
    value["ends_at"].as_i64().map(Timestamp::from_millis)
}

#[test]
fn equal_labels_are_one_alert_with_the_last_annotations() {
    let mut bench = Bench::new(chat());
    let effects = bench.fire(error("A").with_detail("n", 1));
    assert!(matches!(
        effects[..],
        [Effect::Began(_), Effect::Accepted { new: true, .. }]
    ));
    bench.at(10);
    let effects = bench.fire(error("A").with_detail("n", 2));
    assert!(matches!(effects[..], [Effect::Accepted { new: false, .. }]));
    let [alert] = &alerts(&bench)[..] else {
        panic!("one alert");
    };
    assert_eq!(alert.annotations["n"], "2");
    assert_eq!(alert.starts_at, bench.second(0));
    assert_eq!(alert.updated_at, bench.second(10));
    assert_eq!(alert.occurrences, 2);
}

#[test]
fn the_service_is_added_and_both_names_resolve_it() {
    let mut bench = Bench::new(chat());
    let bare = crate::alert::Alert::new("A", crate::level::Level::Error, "text");
    for by_bare in [true, false] {
        bench.fire(bare.clone());
        let alert = alerts(&bench)[0].clone();
        assert_eq!(alert.labels["service"], "oracle");
        let key = if by_bare {
            bare.fingerprint()
        } else {
            alert.fingerprint
        };
        assert_ne!(by_bare, key == alert.fingerprint);
        let effects = bench.step(Event::Resolve(key));
        assert!(matches!(effects[..], [Effect::Resolved, Effect::Ended(_)]));
        assert!(bench.step(Event::Resolve(key)).is_empty(), "it is over");
        assert!(alerts(&bench).is_empty());
    }
}

#[test]
fn a_lease_ends_by_itself_and_is_prolonged() {
    let mut bench = Bench::new(chat());
    lease(&mut bench, 0, 60);
    bench.at(50);
    lease(&mut bench, 0, 110);
    bench.at(109);
    assert_eq!(alerts(&bench).len(), 1);
    bench.at(110);
    assert_eq!(alerts(&bench).len(), 0);
    bench.at(330);
    bench.expect(&["30 chat trigger +A", "330 chat resolve -A"]);
    assert_eq!(
        bench.jobs[1].1.notification.alerts()[0].ends_at,
        Some(bench.second(110))
    );
}

#[test]
fn an_alert_without_an_end_ends_after_the_resolve_timeout() {
    let mut bench = Bench::new(chat());
    bench.raise(error("A"), AlertKind::State, None, Ends::Timeout);
    bench
        .at(200)
        .raise(error("A"), AlertKind::State, None, Ends::Timeout);
    bench.at(499);
    assert_eq!(alerts(&bench).len(), 1);
    bench.at(500);
    assert_eq!(alerts(&bench).len(), 0);
}

#[test]
fn a_later_end_is_kept_unless_it_was_a_guess() {
    let mut bench = Bench::new(chat());
    lease(&mut bench, 0, 600);
    bench.at(10);
    lease(&mut bench, 5, 300);
    assert_eq!(ended(&mut bench, 10), Some(bench.second(600)));

    let mut bench = Bench::new(chat());
    bench.raise(error("A"), AlertKind::State, None, Ends::Timeout);
    bench.at(10);
    lease(&mut bench, 5, 60);
    assert_eq!(ended(&mut bench, 10), Some(bench.second(60)));
}

#[test]
fn an_explicit_end_wins_over_a_lease_and_the_latest_of_two_ends() {
    let mut bench = Bench::new(chat());
    lease(&mut bench, 0, 600);
    bench.at(40);
    let effects = lease(&mut bench, 0, 35);
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Ended(_)))
    );
    assert_eq!(ended(&mut bench, 40), Some(bench.second(35)));
    lease(&mut bench, 5, 30);
    assert_eq!(ended(&mut bench, 40), Some(bench.second(35)));
    lease(&mut bench, 5, 38);
    assert_eq!(ended(&mut bench, 40), Some(bench.second(38)));
}

#[test]
fn what_overlaps_keeps_the_earliest_start_and_what_does_not_begins_anew() {
    let mut bench = Bench::new(chat());
    lease(&mut bench, 0, 60);
    bench.at(30);
    lease(&mut bench, 30, 90);
    assert_eq!(alerts(&bench)[0].starts_at, bench.second(0));
    bench.at(100);
    let effects = lease(&mut bench, 95, 160);
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Began(_)))
    );
    let alert = alerts(&bench)[0].clone();
    assert_eq!((alert.starts_at, alert.occurrences), (bench.second(95), 1));
    // The group was not told of the gap between the two.
    bench.at(159).expect(&["30 chat trigger +A"]);
}

#[test]
fn what_begins_as_the_other_ends_is_another() {
    let mut bench = Bench::new(chat());
    lease(&mut bench, 0, 20);
    bench.at(20);
    lease(&mut bench, 20, 60);
    assert_eq!(alerts(&bench)[0].starts_at, bench.second(20));
}

#[test]
fn what_was_over_when_it_came_is_taken_and_forgotten() {
    let mut bench = Bench::new(chat());
    bench.at(100);
    let effects = lease(&mut bench, 10, 50);
    assert!(matches!(effects[0], Effect::Accepted { new: false, .. }));
    bench.expect(&[": over when it was first heard of"]);
    assert!(bench.rows.is_empty());
}

#[test]
fn an_alert_may_not_end_before_it_begins() {
    let mut bench = Bench::new(chat());
    let effects = lease(&mut bench, 50, 40);
    assert!(matches!(
        effects[..],
        [Effect::Refused {
            refusal: Refusal::EndsBeforeStart,
            first: false,
            ..
        }]
    ));
    assert_eq!(
        lease(&mut bench, 50, 50).len(),
        2,
        "both at once is allowed"
    );
}

#[test]
fn an_event_with_the_labels_of_a_state_does_not_end_it() {
    let mut bench = Bench::new(chat());
    bench.fire(error("A"));
    bench.at(10).trigger(error("A"));
    bench.at(HOUR);
    let alert = alerts(&bench)[0].clone();
    assert_eq!((alert.kind, alert.occurrences), (AlertKind::State, 2));

    let mut bench = Bench::new(chat());
    bench.trigger(error("A"));
    bench.at(10).fire(error("A"));
    bench.at(HOUR);
    assert_eq!(alerts(&bench)[0].kind, AlertKind::State);
}

#[test]
fn an_event_ends_five_minutes_after_its_last_occurrence() {
    let mut bench = Bench::new(chat());
    bench.trigger(error("A"));
    bench.at(200).trigger(error("A"));
    assert_eq!(alerts(&bench)[0].ends_at, Some(bench.second(500)));
    bench.at(499);
    assert_eq!(alerts(&bench).len(), 1);
    bench.at(500);
    assert_eq!(alerts(&bench).len(), 0);
}

#[test]
fn an_end_in_the_year_9999_and_a_start_in_the_year_1_are_taken() {
    let mut bench = Bench::new(chat());
    bench.at(10);
    let start = Timestamp::from_millis(-62_135_596_800_000);
    let end = Timestamp::from_millis(253_402_300_799_000);
    bench.raise(error("A"), AlertKind::State, Some(start), Ends::At(end));
    bench.raise(
        error("B"),
        AlertKind::State,
        Some(Timestamp::from_millis(i64::MIN)),
        Ends::At(Timestamp::from_millis(i64::MAX)),
    );
    bench.at(10).expect(&["10 chat trigger +A +B"]);
    assert_eq!(alerts(&bench).len(), 2);
}

#[test]
fn fingerprints_of_other_labels_are_not_taken_for_the_same() {
    let mut bench = Bench::new(chat());
    bench.fire(error("A"));
    let known = error("A").fingerprint();
    // No collision can be made by hand; so the labels under the fingerprint are changed.
    let mut stored = bench.state.alerts.remove(known).unwrap();
    stored.said.alert = crate::state::packed::Packed::of(&error("B"));
    bench.state.alerts.put(known, stored);
    let effects = bench.fire(error("A"));
    assert!(matches!(
        effects[..],
        [Effect::Refused {
            refusal: Refusal::Collision,
            ..
        }]
    ));
}
