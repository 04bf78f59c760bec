//! What the program says itself, and how real calls go.

use super::*;

#[test]
fn a_manual_component_says_what_it_is_told_and_stays_so() {
    let mut bench = Bench::new(&[Component::manual("a"), Component::manual("b").optional()]);
    bench.check("a", Status::Unknown, Status::Unknown);
    bench.say("a", Status::Healthy);
    bench.say("b", Status::Unhealthy);
    bench.check("b", Status::Degraded, Status::Degraded);
    bench.wait(1e9);
    bench.check("a", Status::Healthy, Status::Degraded);
}

#[test]
fn a_manual_component_goes_stale_when_that_was_asked_for() {
    let stale = Duration::from_secs(60);
    let mut bench = Bench::new(&[Component::manual("a")
        .starting_as(Status::Healthy)
        .stale_after(stale)]);
    bench.wait(60.0);
    assert_eq!(bench.status("a"), Status::Healthy);
    bench.wait(1.0);
    assert_eq!(bench.status("a"), Status::Unknown);
    bench.say("a", Status::Healthy);
    assert_eq!(bench.status("a"), Status::Healthy);
}

#[test]
fn failures_of_calls_are_reported_where_they_are_more_than_the_checks() {
    let mut bench = Bench::new(&[checked("a")]);
    bench.fail("a");
    bench.bring("a", Source::Call, Some("refused"));
    bench.bring("a", Source::Call, Some("refused"));
    let failures = |bench: &Bench| bench.state.report(bench.now).components[0].consecutive_failures;
    assert_eq!(failures(&bench), 2);
    bench.bring("a", Source::Call, None);
    assert_eq!(failures(&bench), 1);
}

#[test]
fn an_answer_holds_until_the_older_one_of_check_and_calls_goes_stale() {
    let mut bench = Bench::new(&[checked("a")]);
    bench.bring("a", Source::Call, None);
    bench.wait(10.0);
    bench.pass("a");
    let holds_for = bench.state.answers().holds_for;
    assert_eq!(holds_for, Some(Duration::from_secs(35)));
}

#[test]
fn a_manual_component_may_be_observed_and_told_otherwise() {
    let mut bench = Bench::new(&[Component::manual("a").optional()]);
    bench.bring("a", Source::Call, None);
    assert_eq!(bench.status("a"), Status::Healthy);
    for _ in 0..3 {
        bench.bring("a", Source::Call, Some("refused"));
    }
    assert_eq!(bench.status("a"), Status::Degraded);
    bench.say("a", Status::Healthy);
    bench.check("a", Status::Healthy, Status::Healthy);
    assert_eq!(bench.message("a"), None);
}

#[test]
fn a_check_that_passes_does_not_hide_that_calls_fail() {
    let mut bench = Bench::new(&[checked("a").optional()]);
    for _ in 0..3 {
        assert_ne!(bench.status("a"), Status::Degraded);
        bench.pass("a");
        bench.bring("a", Source::Call, Some("timed out"));
    }
    assert_eq!(bench.status("a"), Status::Degraded);
    bench.pass("a");
    bench.check("a", Status::Degraded, Status::Degraded);
    assert_eq!(bench.message("a").as_deref(), Some("timed out"));
    bench.bring("a", Source::Call, None);
    bench.check("a", Status::Healthy, Status::Healthy);
    assert_eq!(bench.message("a"), None);
}

#[test]
fn calls_that_are_long_past_say_nothing() {
    let mut bench = Bench::new(&[checked("a")]);
    for _ in 0..3 {
        bench.bring("a", Source::Call, Some("timed out"));
    }
    bench.wait(30.0);
    bench.pass("a");
    assert_eq!(bench.status("a"), Status::Unhealthy);
    bench.wait(6.0);
    assert_eq!(
        (bench.status("a"), bench.message("a")),
        (Status::Healthy, None)
    );
}
