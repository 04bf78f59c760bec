//! The bounds: what is refused, how that is said, and that memory stays within them.

use super::support::*;
use crate::journal::Table;
use crate::state::{Effect, Limit, Refusal, Settings};

fn small() -> Settings {
    let mut settings = settings();
    settings.limits.alerts = 10;
    settings
}

/// Says of each alert whether it was taken, or why not.
fn outcome(effects: &[Effect]) -> String {
    let line = |effect: &Effect| match effect {
        Effect::Accepted { new: true, .. } => Some("new".to_owned()),
        Effect::Accepted { new: false, .. } => Some("again".to_owned()),
        Effect::Refused { refusal, first, .. } => Some(format!("{refusal} first={first}")),
        _ => None,
    };
    effects
        .iter()
        .filter_map(line)
        .collect::<Vec<_>>()
        .join(", ")
}

#[test]
fn alerts_over_the_bound_are_refused_and_one_alert_says_so() {
    let mut bench = Bench::with(chat(), small());
    for at in 0..10 {
        let effects = bench.fire(error(&format!("A{at}")));
        assert_eq!(outcome(&effects), "new");
    }
    let effects = bench.fire(error("B"));
    assert_eq!(outcome(&effects), "too many alerts first=true");
    let refused = Refusal::Full(Limit::Alerts);
    assert!(matches!(effects[0], Effect::Refused { refusal, .. } if refusal == refused));
    assert_eq!(
        outcome(&bench.fire(error("B"))),
        "too many alerts first=false"
    );
    assert_eq!(
        outcome(&bench.fire(error("A3"))),
        "again",
        "what fires is still taken"
    );
    bench.at(30);
    let notice = bench.jobs[0].1.notification.alerts();
    let overload = notice
        .iter()
        .find(|it| name(&it.labels) == "AlertingOverload")
        .unwrap();
    assert_eq!(
        overload.annotations["summary"],
        "alerts are refused: there are 10 alerts"
    );
    assert_eq!(notice.len(), 11);

    // An alert that is over makes room once its end is told.
    bench.resolve(&error("A0"));
    assert_eq!(
        outcome(&bench.fire(error("B"))),
        "too many alerts first=false"
    );
    bench.at(331);
    assert_eq!(outcome(&bench.fire(error("B"))), "new");
    assert_eq!(
        outcome(&bench.fire(error("C"))),
        "too many alerts first=true"
    );
}

#[test]
fn a_storm_of_refusals_is_one_alert_with_few_writes() {
    let mut bench = Bench::with(chat(), small());
    let mut writes = 0;
    for at in 0..60_000_u64 {
        let now = bench.at_millis(at * 10).now();
        let alert = error(&format!("A{at}"));
        let effects = bench.state.step(
            now,
            crate::state::Event::Alert {
                alert,
                kind: crate::view::AlertKind::State,
                starts_at: None,
                ends: crate::state::Ends::Unsaid,
            },
        );
        if at > 100 {
            writes += effects
                .iter()
                .filter(|it| matches!(it, Effect::Persist(_)))
                .count();
        }
    }
    assert!(writes <= 12, "{writes}");
    assert_eq!(bench.state.held(), 11);
}

#[test]
fn one_name_may_not_take_all_the_room() {
    let mut settings = small();
    settings.limits.alerts_per_name = 3;
    let mut bench = Bench::with(chat(), settings);
    let numbered = |at: usize| error("A").with_label("n", at.to_string());
    for at in 0..3 {
        assert_eq!(outcome(&bench.fire(numbered(at))), "new");
    }
    let said = outcome(&bench.fire(numbered(3)));
    assert_eq!(said, "too many alerts of one name first=true");
    assert_eq!(outcome(&bench.fire(error("B"))), "new");
    bench.at(40).resolve(&numbered(0));
    bench.at(330);
    assert_eq!(
        outcome(&bench.fire(numbered(3))),
        "new",
        "its place is free"
    );
}

#[test]
fn groups_have_a_bound() {
    let mut settings = small();
    settings.limits.groups = 2;
    let mut bench = Bench::with(chat_by_name(), settings);
    assert_eq!(outcome(&bench.fire(error("A"))), "new");
    assert_eq!(outcome(&bench.fire(error("B"))), "new");
    assert_eq!(
        outcome(&bench.fire(error("C"))),
        "too many groups first=true"
    );
    let more = error("A").with_label("n", "2");
    assert_eq!(outcome(&bench.fire(more)), "new", "its group is there");
}

#[test]
fn memory_and_rows_stay_within_the_bounds_over_a_million_alerts() {
    let distinct: u64 = if std::env::var_os("RUN_SLOW_TESTS").is_some() {
        1_000_000
    } else {
        60_000
    };
    let mut settings = settings();
    settings.limits.alerts = 200;
    settings.limits.groups = 100;
    let mut bench = Bench::with(config(route("chat", "", &["n"]), Vec::new()), settings);
    for at in 0..distinct {
        bench.at_millis(at * 20);
        let alert = error("A")
            .with_label("n", (at / 7).to_string())
            .with_label("m", at.to_string());
        let now = bench.now();
        let effects = bench.state.step(
            now,
            crate::state::Event::Alert {
                alert,
                kind: crate::view::AlertKind::Event,
                starts_at: None,
                ends: crate::state::Ends::Unsaid,
            },
        );
        // The channel is dead: nothing that it was told is forgotten by its delivery.
        bench.delivers = false;
        bench.take(effects);
        bench.pending.clear();
        bench.jobs.clear();
        bench.said.clear();
        bench.ids.clear();
    }
    assert!(bench.state.held() <= 201, "{}", bench.state.held());
    assert!(bench.state.groups.len() <= 101);
    assert!(
        bench.state.log.retired() <= 101,
        "{}",
        bench.state.log.retired()
    );
    let rows = |table| bench.rows.keys().filter(|(it, _)| *it == table).count();
    assert!(rows(Table::Alerts) <= 201);
    assert!(rows(Table::Groups) <= 101);
    assert!(rows(Table::Notified) <= 203, "{}", rows(Table::Notified));
}
