//! The whole: aggregation, probes, changes.

use super::*;

#[test]
fn an_optional_component_counts_from_its_first_verdict_on() {
    let mut bench = Bench::new(&[checked("a"), checked("b").optional()]);
    bench.pass("a");
    bench.check("b", Status::Unknown, Status::Healthy);
    bench.fail("b");
    bench.check("b", Status::Unknown, Status::Healthy);
    bench.pass("b");
    bench.check("b", Status::Healthy, Status::Healthy);
    // Stale is not the same as not checked yet; but an optional component does no worse than degrade the whole.
    bench.wait(30.0);
    bench.pass("a");
    bench.wait(10.0);
    bench.check("b", Status::Unknown, Status::Degraded);
    bench.fail("b");
    bench.check("b", Status::Unknown, Status::Degraded);
}

#[test]
fn the_whole_is_as_bad_as_its_worst_component() {
    use Status::{Degraded, Healthy, Unhealthy, Unknown};
    for (critical, optional, whole) in [
        (Healthy, Healthy, Healthy),
        (Healthy, Degraded, Degraded),
        (Healthy, Unhealthy, Degraded),
        (Degraded, Healthy, Degraded),
        (Unknown, Degraded, Unknown),
        (Unhealthy, Unknown, Unhealthy),
        (Unhealthy, Unhealthy, Unhealthy),
    ] {
        let mut bench = Bench::new(&[
            Component::manual("c").starting_as(critical),
            Component::manual("o").optional().starting_as(optional),
        ]);
        bench.wait(0.0);
        assert_eq!(bench.state.whole, whole, "{critical} {optional}");
    }
    let empty = Bench::new(&[]);
    assert_eq!(empty.state.whole, Healthy);
    assert!(empty.probe(Probe::Ready).ok);
}

#[test]
fn readiness_follows_the_critical_components_and_startup_is_for_good() {
    let mut bench = Bench::new(&[checked("a"), checked("b").optional().fail_after(1)]);
    let words = |bench: &Bench| {
        [Probe::Live, Probe::Ready, Probe::Startup].map(|probe| {
            let answer = bench.probe(probe);
            (answer.ok, answer.word)
        })
    };
    assert_eq!(
        words(&bench),
        [(true, "live"), (false, "starting"), (false, "starting")]
    );
    bench.pass("a");
    bench.fail("b");
    assert_eq!(bench.state.whole, Status::Degraded);
    assert_eq!(
        words(&bench),
        [(true, "live"), (true, "ready"), (true, "started")]
    );
    for _ in 0..3 {
        bench.fail("a");
    }
    assert_eq!(
        words(&bench),
        [(true, "live"), (false, "not ready"), (true, "started")]
    );
    bench.pass("a");
    assert!(bench.state.drain());
    assert!(!bench.state.drain());
    assert_eq!(
        words(&bench),
        [(true, "live"), (false, "draining"), (true, "started")]
    );
    assert_eq!(bench.state.whole, Status::Degraded);
}

#[test]
fn a_program_that_drains_before_it_was_ready_never_started() {
    let mut bench = Bench::new(&[checked("a")]);
    bench.state.drain();
    bench.pass("a");
    assert!(!bench.probe(Probe::Startup).ok);
    assert_eq!(bench.probe(Probe::Ready).word, "draining");
}

#[test]
fn every_change_is_told_once() {
    let mut bench = Bench::new(&[checked("a"), checked("b").fail_after(1)]);
    assert!(bench.wait(3.0).is_empty());
    let changes = bench.pass("a");
    assert_eq!(changes.len(), 1);
    let change = &changes[0];
    assert_eq!(
        (change.component.as_str(), change.from, change.to),
        ("a", Status::Unknown, Status::Healthy)
    );
    assert_eq!(
        (change.after, change.sequence, &change.message),
        (Duration::from_secs(3), 1, &None)
    );
    assert_eq!(change.whole, Status::Unknown);
    assert!(bench.pass("a").is_empty());
    let changes = bench.fail("b");
    assert_eq!(
        (changes[0].to, changes[0].whole, changes[0].sequence),
        (Status::Unhealthy, Status::Unhealthy, 2)
    );
    assert_eq!(changes[0].message.as_deref(), Some("refused"));
    let changes = bench.wait(40.0);
    assert_eq!(
        changes
            .iter()
            .map(|change| change.sequence)
            .collect::<Vec<_>>(),
        [3, 4]
    );
    assert!(bench.wait(40.0).is_empty());
}
