//! Another process that goes on from the rows.

use super::support::*;
use crate::journal::{Row, Table};
use crate::state::{Ends, Event, Outcome, State};
use crate::view::AlertKind;

fn restart(bench: &mut Bench) {
    bench.restart(chat(), settings());
}

#[test]
fn groups_alerts_and_logs_go_on() {
    let mut bench = Bench::new(chat());
    bench.fire(error("A"));
    bench.at(10);
    restart(&mut bench);
    bench.at(40).fire(error("B"));
    restart(&mut bench);
    bench.at(400);
    restart(&mut bench);
    bench.resolve(&error("A"));
    bench.at(1_000);
    bench.expect(&[
        "30 chat trigger +A",
        "330 chat update +A +B",
        "630 chat update -A +B",
    ]);
}

/// Starts the process again with a clock of its own, some seconds later.
fn start_later(bench: &mut Bench, seconds: u64) {
    let gone = i64::try_from(bench.millis + seconds * 1_000).unwrap();
    bench.wall_offset += gone;
    bench.millis = 0;
    restart(bench);
}

#[test]
fn repeats_and_ends_count_through_a_time_without_a_process() {
    let mut bench = Bench::new(chat());
    bench.fire(error("A"));
    let ends_at = bench.second(3_600);
    bench.raise(error("B"), AlertKind::State, None, Ends::At(ends_at));
    bench.at(40).expect(&["30 chat trigger +A +B"]);
    start_later(&mut bench, 2 * HOUR);
    // 7240 s after the start of all; the next flush of the group is at 7530.
    bench.at(290).expect(&["290 chat update +A -B"]);
    bench.at(290 + 4 * HOUR - 300).expect(&[]);
    bench.at(290 + 4 * HOUR).expect(&["14690 chat update +A"]);
}

#[test]
fn a_group_that_became_due_meanwhile_is_flushed_at_the_first_tick() {
    let mut bench = Bench::new(chat());
    bench.fire(error("A"));
    start_later(&mut bench, HOUR);
    assert!(bench.jobs.is_empty(), "nothing is told before a tick");
    bench.at(0).expect(&["0 chat trigger +A"]);
}

#[test]
fn d5_inhibition_is_complete_before_the_first_flush() {
    let config = || {
        let mut config = chat_by_name();
        config.inhibit_rules = vec![inhibit("alertname=Down", "alertname=Slow", &[])];
        config
    };
    let mut bench = Bench::new(config());
    bench.fire(error("Slow"));
    bench.fire(error("Down"));
    bench.wall_offset += 100_000;
    bench.restart(config(), settings());
    let first = bench.millis / 1_000;
    bench.at(first);
    let notices: Vec<_> = bench.jobs.iter().map(|(_, job)| line(0, job)).collect();
    assert_eq!(notices, ["0 chat trigger +Down"]);
}

#[test]
fn silences_are_known_again() {
    let mut bench = Bench::new(chat());
    let id = bench.silence("alertname=~A|B", 1_000);
    restart(&mut bench);
    bench.fire(error("A"));
    bench.at(100).expect(&[&format!("chat: silenced by {id}")]);
    let silence = bench.state.find_silence(&id).unwrap();
    assert_eq!(silence.matchers, matching("alertname=~A|B"));
    assert_eq!(silence.created_by, "ann");
    assert_eq!(silence.comment, "works");
}

#[test]
fn notices_under_way_are_settled_after_a_restart() {
    let mut bench = Bench::new(chat());
    bench.delivers = false;
    bench.fire(error("A"));
    bench.at(30);
    restart(&mut bench);
    bench.at(100).settle_first(Outcome::Dead);
    bench
        .at(330)
        .expect(&["30 chat trigger +A", "330 chat trigger +A"]);
    bench.at(331).settle_first(Outcome::Delivered);
    restart(&mut bench);
    bench.resolve(&error("A"));
    bench.at(630).expect(&["630 chat resolve -A"]);
}

#[test]
fn an_event_that_was_not_told_yet_is_told_after_a_restart() {
    let mut bench = Bench::new(chat());
    bench.trigger(error("A"));
    bench.resolve(&error("A"));
    bench.at(10);
    restart(&mut bench);
    bench.at(30);
    restart(&mut bench);
    bench.at(1_000).expect(&["30 chat trigger +A"]);
    assert!(bench.rows.is_empty(), "{:?}", bench.rows);
}

#[test]
fn an_end_that_was_said_is_not_said_again() {
    let mut bench = Bench::new(chat());
    bench.trigger(error("A"));
    bench.resolve(&error("A"));
    restart(&mut bench);
    let effects = bench.step(Event::Tick);
    assert!(effects.is_empty(), "{effects:?}");
}

#[test]
fn the_log_of_a_group_that_is_gone_is_forgotten_in_time() {
    let mut bench = Bench::new(chat());
    bench.delivers = false;
    bench.fire(error("A"));
    bench.at(30).settle_first(Outcome::Delivered);
    bench.resolve(&error("A"));
    bench.at(330).settle_first(Outcome::Dead);
    restart(&mut bench);
    bench.at(330 + 8 * HOUR - 1).step(Event::Tick);
    assert_eq!(bench.rows.len(), 1);
    bench.at(330 + 8 * HOUR).step(Event::Tick);
    assert!(bench.rows.is_empty(), "{:?}", bench.rows);
}

#[test]
fn a_restart_with_another_configuration_is_a_reload() {
    let mut bench = Bench::new(chat());
    bench.fire(error("A"));
    bench.at(100);
    let mut other = config(route("mail", "", &[]), Vec::new());
    other.receivers.extend(chat().receivers);
    bench.restart(other, settings());
    bench.at(100);
    bench.expect(&[
        "30 chat trigger +A",
        "100 chat resolve -A",
        "100 mail trigger +A",
    ]);
}

#[test]
fn both_names_of_an_alert_are_known_again() {
    let bare = crate::alert::Alert::new("A", crate::level::Level::Error, "text");
    let mut bench = Bench::new(chat());
    bench.fire(bare.clone());
    restart(&mut bench);
    assert!(!bench.resolve(&bare).is_empty());
}

#[test]
fn a_clock_that_was_set_back_meanwhile_delays_no_repeat_and_no_flush() {
    let mut bench = Bench::new(chat());
    bench.fire(error("A"));
    bench.at(40).expect(&["30 chat trigger +A"]);
    let gone = i64::try_from(bench.millis).unwrap();
    bench.wall_offset += gone - 24 * 3_600_000;
    bench.millis = 0;
    restart(&mut bench);
    bench.at(5 * MINUTE).fire(error("B"));
    bench.at(10 * MINUTE);
    assert_eq!(bench.said(), ["600 chat update +A +B"]);
    bench.at(5 * HOUR);
    assert_eq!(bench.said(), ["15000 chat update +A +B"]);
}

#[test]
fn a_clock_that_was_set_back_meanwhile_makes_no_event_longer() {
    let mut bench = Bench::new(chat());
    bench.trigger(error("Event"));
    bench.raise(error("Guess"), AlertKind::State, None, Ends::Timeout);
    bench.at(40);
    bench.wall_offset -= 24 * 3_600_000;
    restart(&mut bench);
    bench.at(339);
    assert_eq!(bench.state.alerts(bench.now()).len(), 2);
    bench.at(340);
    assert_eq!(bench.state.alerts(bench.now()).len(), 0);
}

#[test]
fn a_row_that_cannot_be_read_is_an_error() {
    for (table, value) in [
        (Table::Alerts, "{}"),
        (Table::Groups, "nothing"),
        (Table::Notified, "[]"),
        (
            Table::Silences,
            r#"{"id":"1","matchers":[["a","~","b"]],"starts_at":0,"ends_at":0,"updated_at":0,"created_by":"","comment":""}"#,
        ),
    ] {
        let row = Row {
            table,
            key: "the key".to_owned(),
            value: value.to_owned(),
        };
        let now = Bench::new(chat()).now();
        let error = State::restore(chat().into(), settings(), vec![row], now).unwrap_err();
        assert!(error.to_string().contains("the key"), "{error}");
    }
}

#[test]
fn rows_of_others_are_left_alone() {
    for table in [
        Table::Audit,
        Table::DeadLetters,
        Table::Deliveries,
        Table::Meta,
    ] {
        let row = Row {
            table,
            key: "k".to_owned(),
            value: "not ours".to_owned(),
        };
        let now = Bench::new(chat()).now();
        State::restore(chat().into(), settings(), vec![row], now).unwrap();
    }
}
