//! What operators see.

use super::support::*;
use crate::state::{AlertState, ListedAlert};
use crate::view::AlertQuery;

fn shown(bench: &Bench, query: &AlertQuery) -> Vec<String> {
    let mut names = Vec::new();
    let mut show = |alert: &ListedAlert<'_>| {
        let name = alert.labels().find(|(name, _)| *name == "alertname");
        names.push(name.unwrap().1.to_owned());
    };
    let last = bench
        .state
        .list(bench.now(), query, None, usize::MAX, &mut show);
    assert_eq!(last, None);
    names.sort();
    names
}

#[test]
fn an_alert_is_shown_with_why_nobody_is_told() {
    let mut quiet = route("quiet", "alertname=Muted", &[]);
    quiet.mute = vec!["early".to_owned()];
    let mut config = config(route("chat", "", &[]), vec![quiet]);
    config
        .intervals
        .insert("early".to_owned(), daily("00:00", "01:00"));
    config.inhibit_rules = vec![inhibit("alertname=Down", "alertname=Slow", &[])];
    let mut bench = Bench::new(config);
    for name in ["Down", "Slow", "Silenced", "Muted", "Over"] {
        bench.fire(error(name));
    }
    bench.resolve(&error("Over"));
    let id = bench.silence("alertname=Silenced", 100);
    let detail = |name: &str| {
        let key = fingerprint(&error(name));
        bench.state.alert(bench.now(), key)
    };
    let down = detail("Down").unwrap();
    assert_eq!(
        (down.state, down.receivers),
        (AlertState::Active, vec!["chat".to_owned()])
    );
    let slow = detail("Slow").unwrap();
    assert_eq!(slow.state, AlertState::Suppressed);
    assert_eq!(slow.inhibited_by, Some(fingerprint(&error("Down"))));
    assert_eq!(detail("Silenced").unwrap().silenced_by, [id]);
    let muted = detail("Muted").unwrap();
    assert_eq!(muted.muted_by, ["early"]);
    assert_eq!(muted.state, AlertState::Suppressed);
    assert_eq!(detail("Over"), None);
    assert_eq!(detail("Nobody"), None);

    let all = AlertQuery::new();
    let names = ["Down", "Muted", "Silenced", "Slow"];
    assert_eq!(shown(&bench, &all), names);
    // As in Alertmanager, what a time interval mutes is active.
    let free = all.clone().silenced(false).inhibited(false);
    assert_eq!(shown(&bench, &free), ["Down", "Muted"]);
    let held = all.clone().active(false).silenced(false);
    assert_eq!(shown(&bench, &held), ["Slow"]);
    let named = all.matching(matching("alertname=~M.*"));
    assert_eq!(shown(&bench, &named), ["Muted"]);
}

#[test]
fn alerts_are_shown_a_part_at_a_time() {
    let mut bench = Bench::new(chat());
    for name in ["A", "B", "C", "D", "E"] {
        bench.fire(error(name));
    }
    bench.resolve(&error("C"));
    let all: Vec<_> = bench.state.alerts(bench.now());
    let mut parts = Vec::new();
    let mut after = None;
    loop {
        let (part, last) = bench.state.alerts_after(bench.now(), after, 2);
        assert!(part.len() <= 2);
        parts.extend(part);
        after = last;
        if last.is_none() {
            break;
        }
    }
    assert_eq!((parts.len(), &parts), (4, &all));
}

#[test]
fn groups_are_shown_with_their_next_flush() {
    let mut bench = Bench::new(chat_by_name());
    bench.fire(error("A"));
    bench.at(10).fire(error("B"));
    bench.at(31);
    let [a, b] = &bench.state.groups()[..] else {
        panic!("two groups");
    };
    assert_eq!(
        (a.next_flush, b.next_flush),
        (bench.second(330), bench.second(40))
    );
    assert_eq!(a.alerts, [fingerprint(&error("A"))]);
    assert_eq!(a.labels["alertname"], "A");
    assert_eq!(
        (a.receiver.as_str(), a.key.as_str()),
        ("chat", r#"{}/{}/chat:{alertname="A"}"#)
    );
}

#[test]
fn the_receivers_of_labels_are_known_without_an_alert() {
    let mut first = route("pager", "zone=1", &[]);
    first.continues = true;
    let config = config(
        route("chat", "", &[]),
        vec![first, route("mail", "alertname=A", &[])],
    );
    let bench = Bench::new(config);
    let of = |alert: crate::alert::Alert| bench.state.receivers_of(alert.labels());
    assert_eq!(of(error("A").with_label("zone", "1")), ["pager", "mail"]);
    assert_eq!(of(error("B").with_label("zone", "1")), ["pager"]);
    assert_eq!(of(error("B")), ["chat"]);
}
