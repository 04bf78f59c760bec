//! Storms, flapping, clocks that jump: what must not lose or flood.

use super::support::*;
use crate::alert::Alert;
use crate::state::Ends;
use crate::view::AlertKind;

#[test]
fn ten_thousand_alerts_in_a_second_are_few_notices() {
    let mut bench = Bench::new(config(route("chat", "", &["zone"]), Vec::new()));
    for at in 0..10_000_u64 {
        bench.at_millis(at / 10);
        let zone = (at % 20).to_string();
        let name = format!("A{}", at % 40);
        let alert = error(&name)
            .with_label("zone", zone)
            .with_label("n", at.to_string());
        bench.fire(alert);
    }
    bench.at(40);
    assert_eq!(bench.jobs.len(), 20);
    let told: usize = bench
        .jobs
        .iter()
        .map(|(_, job)| job.notification.alerts().len())
        .sum();
    assert_eq!(told, 10_000);
}

#[test]
fn one_alert_ten_thousand_times_is_one_notice() {
    let mut bench = Bench::new(chat());
    for at in 0..10_000 {
        bench
            .at_millis(at / 10)
            .trigger(error("A").with_detail("n", at));
    }
    bench.at(40).expect(&["30 chat trigger +A"]);
    let alert = &bench.jobs[0].1.notification.alerts()[0];
    assert_eq!(
        (alert.occurrences, alert.annotations["n"].as_str()),
        (10_000, "9999")
    );
}

#[test]
fn flapping_every_second_is_at_most_one_notice_an_interval() {
    let mut bench = Bench::new(chat());
    for second in 0..3_600 {
        bench.at(second);
        if second % 2 == 0 {
            bench.fire(error("A"));
        } else {
            bench.resolve(&error("A"));
        }
    }
    assert!(bench.jobs.len() <= 13, "{}", bench.jobs.len());
    assert!(bench.rows.len() <= 3, "{:?}", bench.rows.keys());
    let at: Vec<_> = bench.jobs.iter().map(|(second, _)| second % 300).collect();
    assert!(at.iter().all(|second| *second == 30), "{at:?}");
}

/// What is told while the wall clock is set by so many seconds at second 100.
fn with_jump(seconds: i64) -> Vec<String> {
    let mut bench = Bench::new(chat());
    let lease = |bench: &mut Bench, name: &str| {
        let ends_at = bench.now().wall.after(std::time::Duration::from_secs(240));
        bench.raise(error(name), AlertKind::State, None, Ends::At(ends_at));
    };
    bench.trigger(error("Event"));
    bench.fire(error("State"));
    lease(&mut bench, "Lease");
    lease(&mut bench, "Short");
    bench.at(100);
    bench.wall_offset += seconds * 1_000;
    for second in (100..2_000).step_by(60) {
        bench.at(second);
        lease(&mut bench, "Lease");
    }
    bench.resolve(&error("State"));
    bench.at(3_000);
    bench.said()
}

#[test]
fn a_clock_that_jumps_neither_ends_nor_repeats_anything() {
    let usual = with_jump(0);
    assert_eq!(usual[0], "30 chat trigger +Event +Lease +Short +State");
    assert_eq!(usual.len(), 4, "{usual:?}");
    assert_eq!(with_jump(2 * 24 * 3_600), usual);
    assert_eq!(with_jump(-3_600), usual);
}

#[test]
fn what_fires_again_after_the_clock_was_set_back_is_not_over() {
    let mut bench = Bench::new(chat());
    bench.trigger(error("A"));
    bench.at(30).wall_offset += 3_600_000;
    bench.resolve(&error("A"));
    bench.wall_offset -= 1_800_000;
    bench.trigger(error("A"));
    assert_eq!(bench.state.alerts(bench.now()).len(), 1);
    bench
        .at(HOUR)
        .expect(&["30 chat trigger +A", "330 chat trigger +A"]);
}

#[test]
fn hostile_labels_are_carried_and_never_mixed_up() {
    let hostile = [
        "\u{202e}txt.exe",
        "</b><script>",
        "@everyone",
        "a\r\nBcc: x",
        "\0",
        "\"}, {b=\"",
        "|x:{}",
        "é",
    ];
    let mut bench = Bench::new(config(route("chat", "", &["v"]), Vec::new()));
    for value in hostile {
        bench.fire(error("A").with_label("v", value));
    }
    bench.at(40);
    assert_eq!(bench.jobs.len(), hostile.len());
    let keys: std::collections::BTreeSet<_> = bench
        .jobs
        .iter()
        .map(|(_, job)| job.group_key.clone())
        .collect();
    assert_eq!(keys.len(), hostile.len());
    bench.restart(config(route("chat", "", &["v"]), Vec::new()), settings());
    bench.said();
    for value in hostile {
        bench.resolve(&error("A").with_label("v", value));
    }
    bench.at(400);
    assert_eq!(bench.said().len(), hostile.len());
    assert!(bench.rows.is_empty(), "{:?}", bench.rows);
}

#[test]
fn cycles_of_inhibition_hold_back_both() {
    let mut config = chat_by_name();
    config.inhibit_rules = vec![
        inhibit("alertname=A", "alertname=B", &[]),
        inhibit("alertname=B", "alertname=A", &[]),
    ];
    let mut bench = Bench::new(config);
    bench.fire(error("A"));
    bench.fire(error("B"));
    bench.at(400);
    assert!(bench.jobs.is_empty());
    bench.resolve(&error("A"));
    bench.at(700);
    assert_eq!(line(0, &bench.jobs[0].1), "0 chat trigger +B");
}

#[test]
fn labels_at_their_bounds_go_through_the_rows() {
    let long = "x".repeat(512);
    let mut alert: Alert = error("A");
    for at in 0..29 {
        alert = alert.with_label(format!("l{at}"), long.clone());
    }
    alert = alert.with_detail("d", "\u{1F600}".repeat(500));
    let mut bench = Bench::new(config(
        {
            let mut root = route("chat", "", &[]);
            root.group_by = crate::route::GroupBy::All;
            root
        },
        Vec::new(),
    ));
    bench.fire(alert);
    let before = bench.state.alerts(bench.now());
    let (state, _) =
        crate::state::State::restore(chat().into(), settings(), bench.rows(), bench.now()).unwrap();
    let after = state.alerts(bench.now());
    assert_eq!(before[0].alert, after[0].alert);
}
