//! What is refused, and what is just possible.

use super::*;
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
    refused((0..257).map(|n| passing(&n.to_string())), "257 components");
    let too_often = Registry::builder("1").max_interval(Duration::ZERO).build();
    assert!(too_often.unwrap_err().to_string().contains("10 ms"));
    let most = (0..256).map(|n| passing(&n.to_string()));
    assert_eq!(
        builder(most).build().unwrap().report().components.len(),
        256
    );
}
