//! Which routes take an alert, what they inherit, and what a tree refuses.

use std::collections::BTreeSet;

use super::*;
use crate::config::{Config, ConfigBuilder, ConfigError, ReceiverConfig};
use crate::interval::TimeInterval;
use crate::matcher::{Matcher, Matchers};

fn matchers(text: &str) -> Matchers {
    Matchers::parse(text).unwrap()
}

fn to(receiver: &str, when: &str) -> RouteBuilder {
    RouteBuilder::to(receiver).matchers(matchers(when))
}

fn with(root: RouteBuilder) -> ConfigBuilder {
    let names = ["a", "b", "c", "d", "e"];
    names
        .iter()
        .fold(Config::builder().route(root), |builder, name| {
            builder.receiver(ReceiverConfig::new(*name))
        })
        .interval("n", [TimeInterval::new()])
}

fn tree(root: RouteBuilder) -> RouteTree {
    with(root).build().unwrap().routes
}

fn refusal(root: RouteBuilder) -> String {
    let refused: Result<_, ConfigError> = with(root).build();
    refused.unwrap_err().to_string()
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
    pairs.iter().map(owned).collect()
}

#[test]
fn the_first_child_that_takes_an_alert_keeps_it_unless_it_continues() {
    let tree = tree(
        RouteBuilder::to("a")
            .child(to("b", "x=1").continues())
            .child(
                to("c", "x=1")
                    .child(to("d", "y=1").continues())
                    .child(to("e", "y=~.+")),
            )
            .child(to("e", "x=~.+")),
    );
    for (pairs, expected) in [
        (&[][..], &["a"][..]),
        (&[("z", "1")], &["a"]),
        (&[("x", "1")], &["b", "c"]),
        (&[("x", "1"), ("y", "1")], &["b", "d", "e"]),
        (&[("x", "1"), ("y", "2")], &["b", "e"]),
        (&[("x", "2")], &["e"]),
    ] {
        assert_eq!(tree.receivers(&labels(pairs)), expected, "{pairs:?}");
    }
}

#[test]
fn a_route_without_matchers_takes_everything() {
    let tree = tree(
        RouteBuilder::to("a")
            .child(RouteBuilder::to("b"))
            .child(RouteBuilder::to("c")),
    );
    assert_eq!(tree.receivers(&labels(&[])), ["b"]);
}

#[test]
fn children_inherit_receiver_grouping_and_timers_only() {
    let tree = tree(
        RouteBuilder::to("a")
            .group_by(["x"])
            .group_wait(Duration::from_secs(1))
            .child(
                to("b", "x=1")
                    .group_interval(Duration::from_secs(2))
                    .mute_during("n")
                    .active_during("n")
                    .continues()
                    .child(
                        RouteBuilder::new()
                            .matchers(matchers("y=1"))
                            .repeat_interval(Duration::from_secs(3))
                            .group_by(Vec::<String>::new()),
                    ),
            ),
    );
    let ids = tree.matching(&labels(&[("x", "1"), ("y", "1")]));
    assert_eq!(ids, [RouteId(2)]);
    let route = tree.get(ids[0]);
    assert_eq!(route.receiver(), "b");
    assert_eq!(route.group_by(), &GroupBy::Labels(BTreeSet::new()));
    assert_eq!(route.group_wait(), Duration::from_secs(1));
    assert_eq!(route.group_interval(), Duration::from_secs(2));
    assert_eq!(route.repeat_interval(), Duration::from_secs(3));
    assert!(!route.continues());
    assert!(route.mute_time_intervals().is_empty() && route.active_time_intervals().is_empty());
    assert_eq!(route.matchers(), &matchers("y=1"));
    let parent = tree.get(RouteId(1));
    assert_eq!(
        parent.group_by(),
        &GroupBy::Labels(BTreeSet::from(["x".to_owned()]))
    );
    assert_eq!(parent.mute_time_intervals(), ["n"]);
    assert_eq!(parent.children(), [RouteId(2)]);
    assert!(parent.continues());
}

#[test]
fn the_root_has_the_timers_of_alertmanager() {
    let tree = tree(RouteBuilder::to("a"));
    let root = tree.root();
    assert_eq!(root.group_wait(), Duration::from_secs(30));
    assert_eq!(root.group_interval(), Duration::from_secs(300));
    assert_eq!(root.repeat_interval(), Duration::from_secs(14_400));
    assert_eq!(root.group_by(), &GroupBy::Labels(BTreeSet::new()));
}

#[test]
fn groups_have_the_labels_that_the_alert_has() {
    let tree = tree(
        RouteBuilder::to("a")
            .group_by(["x", "y"])
            .child(to("b", "z=all").group_by(["..."]))
            .child(to("c", "z=none").group_by(Vec::<String>::new())),
    );
    let alert = labels(&[("x", "1"), ("w", "2")]);
    assert_eq!(tree.group_labels(RouteId(0), &alert), labels(&[("x", "1")]));
    assert_eq!(tree.group_labels(RouteId(1), &alert), alert);
    assert_eq!(tree.group_labels(RouteId(2), &alert), labels(&[]));
}

#[test]
fn keys_are_paths_of_matchers_and_tell_twins_apart() {
    let tree = tree(
        RouteBuilder::to("a")
            .child(to("b", "y=1,x=1").child(to("c", "z=1")))
            .child(to("c", "x=1,y=1").continues().child(to("c", "z=1")))
            .child(to("d", "x=2").named("second").child(to("c", "z=1")))
            .child(
                to("e", "x=1,y=1")
                    .child(to("c", "z=1"))
                    .child(to("d", "z=1")),
            ),
    );
    let keys: Vec<&str> = tree.iter().map(|(_, route)| route.key()).collect();
    assert_eq!(
        keys,
        [
            "{}",
            r#"{}/{x="1",y="1"}"#,
            r#"{}/{x="1",y="1"}/{z="1"}"#,
            r#"{}/{x="1",y="1"}#2"#,
            r#"{}/{x="1",y="1"}#2/{z="1"}"#,
            "@second",
            r#"@second/{z="1"}"#,
            r#"{}/{x="1",y="1"}#3"#,
            r#"{}/{x="1",y="1"}#3/{z="1"}"#,
            r#"{}/{x="1",y="1"}#3/{z="1"}#2"#,
        ]
    );
    let distinct: BTreeSet<&str> = keys.iter().copied().collect();
    assert_eq!(distinct.len(), keys.len());
    let strict: Vec<&str> = tree
        .iter()
        .map(|(_, route)| route.alertmanager_key())
        .collect();
    assert_eq!(strict[3], r#"{}/{x="1",y="1"}"#);
    assert_eq!(strict[6], r#"{}/{x="2"}/{z="1"}"#);
}

#[test]
fn a_named_route_below_a_twin_keeps_its_name() {
    let tree = tree(
        RouteBuilder::to("a")
            .child(to("b", "x=1"))
            .child(to("b", "x=1").child(to("c", "y=1").named("n").child(to("d", "z=1")))),
    );
    let keys: Vec<&str> = tree.iter().map(|(_, route)| route.key()).collect();
    assert_eq!(
        keys,
        [
            "{}",
            r#"{}/{x="1"}"#,
            r#"{}/{x="1"}#2"#,
            "@n",
            r#"@n/{z="1"}"#
        ]
    );
}

#[test]
fn what_is_wrong_with_a_tree_is_said() {
    let root = || RouteBuilder::to("a");
    for (route, expected) in [
        (RouteBuilder::new(), "the root route has no receiver"),
        (RouteBuilder::to(""), "the root route has no receiver"),
        (
            to("a", "x=1"),
            "the root route has matchers, though it takes every alert",
        ),
        (
            root().continues(),
            "the root route has `continue`, though it has no siblings",
        ),
        (
            root().mute_during("n"),
            "the root route has time intervals, which only its children may",
        ),
        (
            root().active_during("n"),
            "the root route has time intervals, which only its children may",
        ),
        (RouteBuilder::to("z"), "there is no receiver `z`"),
        (
            root().child(RouteBuilder::to("z\n")),
            "there is no receiver `z\u{fffd}`",
        ),
        (
            root().child(root().mute_during("m")),
            "there is no time interval `m`",
        ),
        (
            root().child(root().active_during("m")),
            "there is no time interval `m`",
        ),
        (
            root().group_by(["x", "x"]),
            "group_by has the label `x` twice",
        ),
        (
            root().group_by(["x", "..."]),
            "group_by has `...` for all labels, and others too",
        ),
        (root().group_by([""]), "group_by has a label without a name"),
        (
            root().group_interval(Duration::ZERO),
            "group_interval is zero",
        ),
        (
            root().child(root().repeat_interval(Duration::ZERO)),
            "repeat_interval is zero",
        ),
        (
            root().named("x").child(root().named("x")),
            "two routes are named `x`",
        ),
        (
            root().named(""),
            "the name of a route is not 1 to 128 bytes without / and #",
        ),
        (
            root().named("a/b"),
            "the name of a route is not 1 to 128 bytes without / and #",
        ),
        (
            root().named("n".repeat(129)),
            "the name of a route is not 1 to 128 bytes without / and #",
        ),
    ] {
        assert_eq!(refusal(route), expected);
    }
    assert!(with(root().named("n".repeat(128))).build().is_ok());
    assert!(with(root().group_wait(Duration::ZERO)).build().is_ok());
}

#[test]
fn a_tree_is_bounded() {
    let deep = |levels: usize| {
        let leaf = RouteBuilder::to("a");
        (1..levels).fold(leaf, |child, _| RouteBuilder::to("a").child(child))
    };
    assert!(with(deep(32)).build().is_ok());
    assert_eq!(refusal(deep(33)), "routes are nested more than 32 deep");

    let wide = |routes: usize| {
        let mut root = RouteBuilder::to("a");
        root.children = vec![RouteBuilder::new(); routes - 1];
        root
    };
    assert!(with(wide(10_000)).build().is_ok());
    assert_eq!(refusal(wide(10_001)), "there are more than 10000 routes");

    let many = |count: usize| {
        let matcher = Matcher::parse("a=b").unwrap();
        RouteBuilder::to("a")
            .child(RouteBuilder::new().matchers(Matchers::new(vec![matcher; count])))
    };
    assert!(with(many(256)).build().is_ok());
    assert_eq!(refusal(many(257)), "a route has more than 256 matchers");

    let grouped =
        |labels: usize| RouteBuilder::to("a").group_by((0..labels).map(|n| n.to_string()));
    assert!(with(grouped(256)).build().is_ok());
    assert_eq!(refusal(grouped(257)), "group_by has more than 256 labels");

    let muted = |intervals: usize| {
        let child = (0..intervals).fold(RouteBuilder::new(), |route, _| route.mute_during("n"));
        RouteBuilder::to("a").child(child)
    };
    assert!(with(muted(256)).build().is_ok());
    assert_eq!(
        refusal(muted(257)),
        "a route has more than 256 time intervals"
    );
}

#[test]
fn what_routes_inherit_is_bounded_too() {
    let heavy = |routes: usize| {
        let mut root = RouteBuilder::to("a").group_by(["l".repeat(100_000)]);
        root.children = vec![RouteBuilder::new(); routes];
        root
    };
    assert!(with(heavy(150)).build().is_ok());
    let refusal = refusal(heavy(200));
    assert!(
        refusal.contains("take more than 16777216 bytes"),
        "{refusal}"
    );
}

#[test]
fn expressions_are_bounded_for_all_routes_together() {
    let routes = |count: usize| {
        let mut root = RouteBuilder::to("a");
        root.children = vec![to("b", "x=~a"); count];
        root
    };
    assert!(with(routes(2_000)).build().is_ok());
    assert_eq!(
        refusal(routes(2_001)),
        "there are more than 2000 regular expressions"
    );
}

#[test]
fn timers_that_do_not_fit_are_warned_of() {
    let config = |repeat: u64| {
        let root = RouteBuilder::to("a").repeat_interval(Duration::from_secs(repeat));
        with(root).build().unwrap()
    };
    assert!(config(300).warnings().is_empty());
    assert!(
        config(299).warnings()[0]
            .to_string()
            .contains("repeat_interval is shorter")
    );
}
