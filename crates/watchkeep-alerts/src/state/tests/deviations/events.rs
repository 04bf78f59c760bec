//! D11: an event is told each time that it begins.

use super::super::support::*;
use super::{both, notices};

#[test]
fn d11_an_event_is_told_once_even_if_it_is_over() {
    let config = || {
        let mut config = chat();
        config.routes.routes[0].group_wait = std::time::Duration::from_secs(400);
        config
    };
    both(
        config,
        |bench| {
            bench.trigger(error("A"));
            bench.at(1_000);
        },
        &["400 chat trigger +A"],
        &[],
    );
    // Also when it joins a group that is open.
    both(
        chat,
        |bench| {
            bench.fire(error("State"));
            bench.at(31).trigger(error("Event"));
            bench.resolve(&error("Event"));
            bench.at(1_000);
        },
        &["30 chat trigger +State", "330 chat update +Event +State"],
        &["30 chat trigger +State", "330 chat update -Event +State"],
    );
}

#[test]
fn d11_an_event_that_begins_anew_before_a_flush_has_seen_its_end_is_told() {
    both(
        chat,
        |bench| {
            // It ends at 300, and the flush after that is at 330.
            bench.trigger(error("A"));
            bench.at(301).trigger(error("A"));
            bench.at(2_000);
        },
        &["30 chat trigger +A", "330 chat trigger +A"],
        &["30 chat trigger +A", "630 chat resolve -A"],
    );
}

#[test]
fn d11_a_pager_that_does_not_hear_the_new_beginning_hears_the_end() {
    let mut settings = settings();
    settings.bound.insert("pager".to_owned(), PAGER);
    let run = |silenced: bool| {
        let config = config(route("pager", "", &[]), Vec::new());
        let mut bench = Bench::with(config, settings.clone());
        bench.trigger(error("A"));
        bench.at(301).trigger(error("A"));
        if silenced {
            bench.silence("alertname=A", 1_000);
        }
        bench.at(2_000);
        assert!(silenced || bench.rows.is_empty(), "{:?}", bench.rows);
        notices(&mut bench)
    };
    assert_eq!(
        run(false),
        [
            "30 pager trigger +A",
            "330 pager update +A",
            "630 pager resolve -A"
        ]
    );
    assert_eq!(run(true), ["30 pager trigger +A", "630 pager resolve -A"]);
}

#[test]
fn d11_a_state_that_begins_before_a_flush_has_seen_the_end_of_an_event_is_told() {
    let run = |bench: &mut Bench| {
        bench.trigger(error("A"));
        bench.at(301).fire(error("A"));
        bench.at(340).restart(chat(), settings());
        bench.at(700).resolve(&error("A"));
        bench.at(2_000);
    };
    let mut bench = Bench::new(chat());
    run(&mut bench);
    let expected = [
        "30 chat trigger +A",
        "330 chat trigger +A",
        "930 chat resolve -A",
    ];
    assert_eq!(notices(&mut bench), expected);
    // What an event begins anew, a word on a state may carry on before the flush; also in a process that begins between.
    let mut bench = Bench::new(chat());
    bench.trigger(error("A"));
    bench.at(301).trigger(error("A"));
    bench.at(302).fire(error("A"));
    bench.at(303).restart(chat(), settings());
    bench.at(700).resolve(&error("A"));
    bench.at(2_000);
    assert_eq!(notices(&mut bench), expected);
}

#[test]
fn d11_a_state_that_begins_twice_before_a_flush_has_seen_the_end_of_an_event_is_told() {
    let mut bench = Bench::new(chat());
    bench.trigger(error("A"));
    bench.at(301).fire(error("A"));
    bench.at(302).resolve(&error("A"));
    bench.at(303).fire(error("A"));
    bench.at(2_000);
    let expected = ["30 chat trigger +A", "330 chat trigger +A"];
    assert_eq!(notices(&mut bench), expected);
}

#[test]
fn d11_a_state_that_follows_an_event_and_is_over_before_a_flush_is_not_told() {
    let mut bench = Bench::new(chat());
    bench.trigger(error("A"));
    bench.at(301).fire(error("A"));
    bench.at(302).resolve(&error("A"));
    bench.at(2_000);
    assert_eq!(notices(&mut bench), ["30 chat trigger +A"]);
}

#[test]
fn d11_each_of_many_that_begin_anew_is_told() {
    let names: Vec<String> = (0..8).map(|n| format!("E{n}")).collect();
    for heard in &names {
        let mut bench = Bench::new(chat());
        for name in &names {
            bench.trigger(error(name));
        }
        bench.at(301);
        for name in &names {
            bench.trigger(error(name));
        }
        bench.silence(&format!("alertname!={heard}"), 1_000);
        bench.at(330);
        let said = notices(&mut bench);
        assert_eq!(said[1..], [format!("330 chat trigger +{heard}")]);
    }
}

#[test]
fn d11_what_is_under_way_of_an_event_does_not_count_for_its_next_beginning() {
    let mut bench = Bench::new(chat());
    bench.delivers = false;
    bench.trigger(error("A"));
    bench.at(301).trigger(error("A"));
    bench.at(400);
    bench.expect(&["30 chat trigger +A", "330 chat trigger +A"]);
}

#[test]
fn d11_what_is_silenced_at_its_only_flush_is_not_told() {
    let mut bench = Bench::new(chat());
    let id = bench.silence("alertname=A", 100);
    bench.trigger(error("A"));
    bench.resolve(&error("A"));
    bench.at(1_000);
    bench.expect(&[
        &format!("chat: silenced by {id}"),
        "chat: ended before its first notice",
    ]);
    assert_eq!(bench.rows.len(), 1, "the silence: {:?}", bench.rows);
}
