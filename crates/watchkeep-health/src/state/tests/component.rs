//! One component: thresholds, staleness, messages.

use super::*;
use crate::transition::Reason;

#[test]
fn a_component_is_unknown_until_its_first_success() {
    let mut bench = Bench::new(&[checked("a")]);
    bench.check("a", Status::Unknown, Status::Unknown);
    bench.pass("a");
    bench.check("a", Status::Healthy, Status::Healthy);
}

#[test]
fn a_component_is_unknown_until_its_third_failure() {
    for (component, status) in [
        (checked("a").critical(), Status::Unhealthy),
        (checked("a").optional(), Status::Degraded),
    ] {
        let mut bench = Bench::new(&[component]);
        bench.fail("a");
        bench.fail("a");
        assert_eq!(bench.status("a"), Status::Unknown);
        bench.fail("a");
        bench.check("a", status, status);
    }
}

#[test]
fn only_failures_in_a_row_turn_a_component() {
    let mut bench = Bench::new(&[checked("a")]);
    for _ in 0..5 {
        bench.pass("a");
        bench.fail("a");
        bench.fail("a");
        assert_eq!(bench.status("a"), Status::Healthy);
    }
    bench.fail("a");
    assert_eq!(bench.status("a"), Status::Unhealthy);
    bench.pass("a");
    assert_eq!(bench.status("a"), Status::Healthy);
}

#[test]
fn recovery_takes_the_asked_number_of_successes_but_the_first_one_ever_is_enough() {
    let mut bench = Bench::new(&[checked("a").fail_after(1).recover_after(2)]);
    bench.pass("a");
    assert_eq!(bench.status("a"), Status::Healthy);
    bench.fail("a");
    bench.pass("a");
    bench.fail("a");
    bench.pass("a");
    assert_eq!(bench.status("a"), Status::Unhealthy);
    bench.pass("a");
    assert_eq!(bench.status("a"), Status::Healthy);
}

#[test]
fn a_result_counts_for_35_seconds_and_not_longer() {
    let mut bench = Bench::new(&[checked("a")]);
    bench.pass("a");
    bench.wait(35.0);
    assert_eq!(bench.status("a"), Status::Healthy);
    bench.wait(0.001);
    bench.check("a", Status::Unknown, Status::Unknown);
    assert_eq!(bench.message("a").as_deref(), Some("no result for 35s"));
    // What was known before is forgotten: one failure does not make it healthy again.
    bench.fail("a");
    assert_eq!(bench.status("a"), Status::Unknown);
    bench.pass("a");
    assert_eq!(bench.status("a"), Status::Healthy);
}

#[test]
fn a_failing_component_goes_stale_too() {
    let mut bench = Bench::new(&[checked("a")
        .fail_after(1)
        .stale_after(Duration::from_secs(20))]);
    bench.fail("a");
    assert_eq!(bench.status("a"), Status::Unhealthy);
    bench.wait(20.5);
    assert_eq!(bench.status("a"), Status::Unknown);
}

#[test]
fn the_default_staleness_follows_from_the_interval_and_the_timeout() {
    for (interval, timeout, expected) in [(10, 2, 35), (60, 5, 188), (1, 2, 8)] {
        let component = checked("a")
            .every(Duration::from_secs(interval))
            .timeout(Duration::from_secs(timeout));
        assert_eq!(component.staleness(), Some(Duration::from_secs(expected)));
        assert!(component.validate().is_ok());
    }
    assert_eq!(Component::manual("a").staleness(), None);
}

#[test]
fn a_status_is_as_old_as_its_last_change() {
    let mut bench = Bench::new(&[checked("a").fail_after(1)]);
    bench.wait(5.0);
    bench.pass("a");
    bench.wait(7.0);
    bench.pass("a");
    let report = bench.state.report(bench.now);
    let age = |seconds| Some(Duration::from_secs(seconds));
    let a = &report.components[0];
    assert_eq!((Some(a.since), a.last_result), (age(7), age(0)));
    bench.wait(1.0);
    let changes = bench.fail("a");
    assert_eq!(Some(changes[0].after), age(8));
    bench.wait(2.0);
    let report = bench.state.report(bench.now);
    let a = &report.components[0];
    assert_eq!((Some(a.since), a.last_result), (age(2), age(2)));
    assert_eq!(a.last_success, age(3));
}

#[test]
fn a_check_that_never_brings_a_result_goes_stale() {
    let mut bench = Bench::new(&[checked("a").optional()]);
    bench.wait(1_000.0);
    bench.check("a", Status::Unknown, Status::Healthy);
    bench.state.start(bench.now);
    bench.wait(35.0);
    bench.check("a", Status::Unknown, Status::Healthy);
    bench.wait(1.0);
    bench.check("a", Status::Unknown, Status::Degraded);
    assert_eq!(bench.message("a").as_deref(), Some("no result for 35s"));
}

#[test]
fn the_message_is_that_of_the_latest_failure_and_goes_with_it() {
    let mut bench = Bench::new(&[checked("a")]);
    bench.bring("a", Source::Check, Some("first"));
    bench.bring("a", Source::Check, Some("second"));
    assert_eq!(bench.message("a").as_deref(), Some("second"));
    bench.bring("a", Source::Call, Some("a call"));
    bench.fail("a");
    assert_eq!(bench.message("a").as_deref(), Some("refused"));
    bench.pass("a");
    assert_eq!(bench.message("a").as_deref(), Some("a call"));
    bench.bring("a", Source::Call, None);
    assert_eq!(bench.message("a"), None);
}

#[test]
fn a_start_makes_no_old_result_young_again() {
    let mut bench = Bench::new(&[checked("a")]);
    bench.pass("a");
    bench.wait(30.0);
    bench.state.start(bench.now);
    bench.wait(5.0);
    assert_eq!(bench.status("a"), Status::Healthy);
    bench.wait(1.0);
    assert_eq!(bench.status("a"), Status::Unknown);
}

#[test]
fn a_check_that_runs_when_asked_is_not_waited_for() {
    let on_demand = Duration::from_secs(1);
    let mut bench = Bench::new(&[checked("a").optional().on_demand(on_demand)]);
    bench.state.start(bench.now);
    assert!(bench.wait(1_000.0).is_empty());
    assert_eq!(bench.message("a"), None);
}

#[test]
fn each_change_tells_how_long_the_former_status_lasted_and_why_it_ended() {
    let mut bench = Bench::new(&[checked("a").fail_after(1)]);
    let mut changes = bench.wait(3.0);
    changes.extend(bench.pass("a"));
    changes.extend(bench.wait(7.0));
    changes.extend(bench.fail("a"));
    changes.extend(bench.wait(36.0));
    let told: Vec<_> = changes
        .iter()
        .map(|change| (change.to, change.after.as_secs(), change.reason))
        .collect();
    assert_eq!(
        told,
        [
            (Status::Healthy, 3, Reason::Passed),
            (Status::Unhealthy, 7, Reason::Failed),
            (Status::Unknown, 36, Reason::Stale),
        ]
    );
}

#[test]
fn the_report_counts_failures_and_tells_the_last_success_whoever_had_it() {
    let mut bench = Bench::new(&[checked("a"), Component::manual("b")]);
    let of = |bench: &Bench, index: usize| {
        let report = bench.state.report(bench.now);
        let component = &report.components[index];
        let seconds = component.last_success.map(|ago| ago.as_secs());
        (component.consecutive_failures, seconds)
    };
    assert_eq!(of(&bench, 0), (0, None));
    bench.fail("a");
    assert_eq!(of(&bench, 0), (1, None));
    bench.pass("a");
    bench.wait(5.0);
    assert_eq!(of(&bench, 0), (0, Some(5)));
    for _ in 0..2 {
        bench.bring("a", Source::Call, Some("refused"));
    }
    assert_eq!(of(&bench, 0), (2, Some(5)));
    bench.bring("a", Source::Call, None);
    assert_eq!(of(&bench, 0), (0, Some(0)));
    bench.say("b", Status::Unhealthy);
    assert_eq!(of(&bench, 1), (0, None));
    bench.say("b", Status::Healthy);
    bench.wait(2.0);
    assert_eq!(of(&bench, 1), (0, Some(2)));
}
