//! Another configuration in the middle: groups go on, move, or are closed.

use std::time::Duration;

use super::support::*;
use crate::config::Config;
use crate::state::{Event, Outcome};

fn reload(bench: &mut Bench, config: Config) {
    bench.step(Event::Reload(config.into()));
}

/// Alerts of zone 1 go to `first`, all others to `chat`.
fn zones(first: &str) -> Config {
    let mut config = config(
        route("chat", "", &[]),
        vec![route(first, "zone=1", &["alertname"])],
    );
    for name in ["chat", "pager", "mail"] {
        if !config.receivers.iter().any(|it| it.name() == name) {
            let receiver = crate::config::ReceiverConfig::new(name);
            config.receivers.push(receiver);
        }
    }
    config
}

fn zone_1(name: &str) -> crate::alert::Alert {
    error(name).with_label("zone", "1")
}

#[test]
fn the_same_configuration_changes_nothing() {
    let run = |with_reloads: bool| {
        let mut bench = Bench::new(zones("pager"));
        for second in 0..200 {
            bench.at(second * 10);
            match second {
                0 | 7 => drop(bench.fire(zone_1("A"))),
                3 => drop(bench.fire(error("B"))),
                50 => drop(bench.resolve(&zone_1("A"))),
                _ => {}
            }
            if with_reloads && second % 3 == 0 {
                reload(&mut bench, zones("pager"));
            }
        }
        bench.said()
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn an_alert_of_an_edited_route_is_closed_there_and_told_anew() {
    let mut bench = Bench::new(zones("pager"));
    bench.fire(zone_1("A"));
    bench.at(30).expect(&["30 pager trigger +A"]);
    // The matchers of its route change: the alert goes to the root.
    let mut edited = zones("pager");
    edited.routes.routes[1] = route("pager", "zone=2", &["alertname"]);
    bench.at(100);
    reload(&mut bench, edited);
    bench
        .at(100)
        .expect(&["100 pager resolve -A", "100 chat trigger +A"]);
    bench.at(200).resolve(&zone_1("A"));
    bench.at(1_000).expect(&["400 chat resolve -A"]);
    assert!(bench.rows.is_empty(), "{:?}", bench.rows);
}

#[test]
fn what_was_never_told_is_not_closed() {
    let mut bench = Bench::new(zones("pager"));
    bench.fire(zone_1("A"));
    bench.at(10);
    let mut edited = zones("pager");
    edited.routes.routes[1] = route("pager", "zone=2", &["alertname"]);
    reload(&mut bench, edited);
    bench.at(1_000).expect(&["40 chat trigger +A"]);
}

#[test]
fn a_route_with_another_receiver_closes_the_old_and_tells_the_new() {
    let mut bench = Bench::new(zones("pager"));
    bench.fire(zone_1("A"));
    bench.at(100);
    reload(&mut bench, zones("mail"));
    bench.at(100);
    bench.expect(&[
        "30 pager trigger +A",
        "100 pager resolve -A",
        "100 mail trigger +A",
    ]);
}

#[test]
fn a_removed_receiver_is_said_and_its_jobs_are_left_to_the_outbox() {
    let mut bench = Bench::new(zones("pager"));
    bench.delivers = false;
    bench.fire(zone_1("A"));
    bench.at(100);
    let mut without = zones("mail");
    without.receivers.retain(|it| it.name() != "pager");
    reload(&mut bench, without);
    bench.at(100);
    bench.expect(&[
        "30 pager trigger +A",
        "pager: its receiver is not configured any more",
        "100 mail trigger +A",
    ]);
    // What is said of its jobs later is taken, and its log forgotten in the end.
    bench.settle_first(Outcome::Dead);
    bench.settle_first(Outcome::Delivered);
    bench.resolve(&zone_1("A"));
    bench.at(500).settle_first(Outcome::Delivered);
    assert!(bench.rows.is_empty(), "{:?}", bench.rows);
}

#[test]
fn a_shorter_interval_counts_at_once_and_a_longer_one_from_the_next_flush() {
    let with_interval = |seconds| {
        let mut config = chat();
        config.routes.routes[0].group_interval = Duration::from_secs(seconds);
        config
    };
    let mut bench = Bench::new(with_interval(300));
    bench.fire(error("A"));
    bench.at(40).fire(error("B"));
    bench.at(50);
    reload(&mut bench, with_interval(60));
    bench
        .at(120)
        .expect(&["30 chat trigger +A", "110 chat update +A +B"]);
    reload(&mut bench, with_interval(1_000));
    bench.fire(error("C"));
    bench.at(170).expect(&["170 chat update +A +B +C"]);
    bench.fire(error("D"));
    bench.at(1_170).expect(&["1170 chat update +A +B +C +D"]);
}

#[test]
fn inhibition_of_the_new_rules_counts_at_the_next_flush() {
    let mut bench = Bench::new(chat_by_name());
    bench.fire(error("Down"));
    bench.fire(error("Slow"));
    bench.at(10);
    let mut config = chat_by_name();
    config.inhibit_rules = vec![inhibit("alertname=Down", "alertname=Slow", &[])];
    reload(&mut bench, config);
    bench.at(40);
    let by = fingerprint(&error("Down"));
    bench.expect(&[&format!("chat: inhibited by {by}"), "30 chat trigger +Down"]);
    reload(&mut bench, chat_by_name());
    bench.at(400).expect(&["330 chat trigger +Slow"]);
}

#[test]
fn other_group_labels_are_another_group() {
    let mut bench = Bench::new(zones("pager"));
    bench.fire(zone_1("A"));
    bench.fire(zone_1("B"));
    bench.at(100);
    let mut edited = zones("pager");
    edited.routes.routes[1].group_by = crate::route::GroupBy::Labels(["zone".to_owned()].into());
    reload(&mut bench, edited);
    bench.at(100);
    bench.expect(&[
        "30 pager trigger +A",
        "30 pager trigger +B",
        "100 pager resolve -A",
        "100 pager resolve -B",
        "100 pager trigger +A +B",
    ]);
}

#[test]
fn an_alert_that_comes_back_before_the_flush_is_as_if_it_had_stayed() {
    let mut bench = Bench::new(zones("pager"));
    bench.fire(zone_1("A"));
    bench.at(100);
    let mut edited = zones("pager");
    edited.routes.routes[1] = route("pager", "zone=2", &["alertname"]);
    reload(&mut bench, edited);
    reload(&mut bench, zones("pager"));
    bench.at(1_000).expect(&["30 pager trigger +A"]);
}
