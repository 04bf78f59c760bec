//! What is refused, and what is just possible.

use super::*;
use crate::component::Gate;
use crate::liveness::Fatal;
use crate::status::Status;

const SECOND: Duration = Duration::from_secs(1);

fn passing(name: &str) -> Component {
    Component::from_fn(name, || async { Ok(()) })
}

fn builder(components: impl IntoIterator<Item = Component>) -> RegistryBuilder {
    components
        .into_iter()
        .fold(Registry::builder("1"), RegistryBuilder::component)
}

#[track_caller]
fn refused(components: impl IntoIterator<Item = Component>, text: &str) -> Error {
    let builder = components
        .into_iter()
        .fold(Registry::builder("1"), RegistryBuilder::component);
    let error = builder.build().unwrap_err();
    assert!(error.to_string().contains(text), "{error}");
    error
}

#[test]
fn a_registry_that_cannot_work_is_refused() {
    assert!(refused([passing("Redis"), Component::manual("redis")], "`redis`").is_duplicate());
    for name in ["", " a", "a ", "a:b", "a\nb", &"x".repeat(101)] {
        refused([passing(name)], "no name");
    }
    builder([passing(&"x".repeat(100))]).build().unwrap();
    refused(
        [passing("a").timeout(40 * SECOND).stale_after(40 * SECOND)],
        "stay fresh",
    );
    refused(
        [passing("a").every(60 * SECOND).stale_after(62 * SECOND)],
        "stay fresh",
    );
    refused([passing("a").timeout(Duration::ZERO)], "timeout of zero");
    refused(
        [passing("a").every(Duration::from_millis(9))],
        "below 10 ms",
    );
    refused([passing("a").fail_after(0)], "threshold");
    refused([passing("a").recover_after(0)], "threshold");
    refused(
        [Component::manual("a").stale_after(Duration::ZERO)],
        "stale at once",
    );
    refused(
        [passing("a").starting_as(Status::Healthy)],
        "only a manual component",
    );
    refused(
        (0..1_025).map(|n| passing(&n.to_string())),
        "1025 components",
    );
    let too_often = Registry::builder("1").max_interval(Duration::ZERO).build();
    assert!(too_often.unwrap_err().to_string().contains("10 ms"));
    let most = (0..1_024).map(|n| passing(&n.to_string()));
    assert_eq!(
        builder(most).build().unwrap().report().components.len(),
        1_024
    );
}

#[test]
fn readiness_that_nothing_holds_back_has_to_be_asked_for() {
    let empty = Registry::builder("1");
    assert!(empty.build().unwrap_err().is_no_ready_check());
    assert!(refused([passing("a").optional()], "whatever fails").is_no_ready_check());
    refused([passing("a").gates([Gate::Startup])], "whatever fails");
    builder([passing("a").gates([Gate::Ready])])
        .build()
        .unwrap();
    let asked_for = builder([passing("a").optional()]).ready_without_checks();
    asked_for.build().unwrap();
}

#[test]
fn what_waits_longer_than_its_result_counts_is_refused() {
    let backing_off = passing("a").back_off(60 * SECOND);
    refused([backing_off.stale_after(62 * SECOND)], "back-off");
    builder([passing("a").back_off(600 * SECOND)])
        .build()
        .unwrap();
    refused([passing("a").on_demand(SECOND)], "cannot be critical");
    refused([Component::manual("a").on_demand(SECOND)], "no check");
    let on_demand = |cache| passing("a").optional().on_demand(cache).timeout(2 * SECOND);
    refused([on_demand(10 * SECOND).stale_after(12 * SECOND)], "cache");
    refused([on_demand(SECOND).stale_after(3 * SECOND)], "cache");
    let component = on_demand(600 * SECOND);
    assert_eq!(component.staleness(), Some(605 * SECOND));
    let builder = builder([component]).ready_without_checks();
    builder.build().unwrap();
    let eternal = passing("a").every(Duration::MAX);
    refused([eternal], "stay fresh");
    let patient = passing("a").timeout(Duration::MAX);
    refused([patient], "stay fresh");
}

#[test]
fn guards_have_names_and_bounds() {
    let with = || builder([passing("a")]);
    let fails = |builder: RegistryBuilder, text: &str| {
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    };
    fails(with().latch("x").latch("X"), "`X`");
    fails(with().latch("x").liveness("x", Fatal::new()), "`x`");
    fails(with().latch("a:b"), "no name");
    fails(
        with().watchdog(Duration::from_millis(999)),
        "1 s is the least",
    );
    fails(with().history(65_537), "65537 changes");
    fails(
        (0..65).fold(with(), |it, n| it.latch(n.to_string())),
        "65 latches",
    );
    let locals =
        |count: usize| (0..count).fold(with(), |it, n| it.liveness(n.to_string(), Fatal::new()));
    fails(locals(17), "17 local checks");
    locals(16)
        .latch("a")
        .history(65_536)
        .watchdog(SECOND)
        .build()
        .unwrap();
    let huge = refused([passing(&"x".repeat(200_000))], "no name").to_string();
    assert!(huge.len() < 300, "{} bytes", huge.len());
}
