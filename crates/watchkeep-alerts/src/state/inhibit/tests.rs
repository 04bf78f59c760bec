//! Inhibition by tables: equal labels, both sides, several sources.

use super::*;
use crate::alert::{Alert, Labels};
use crate::matcher::{MatchOp, Matcher, Matchers};

fn packed(labels: &Labels) -> Packed {
    Packed::of(&Alert::from_parts(labels.clone(), Labels::new()))
}

fn labels(text: &str) -> Labels {
    let pairs = text.split(',').filter(|text| !text.is_empty());
    let pair = |text: &str| {
        let (name, value) = text.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    };
    pairs.map(pair).collect()
}

fn matchers(text: &str) -> Matchers {
    let matcher = |(name, value)| Matcher::new(name, MatchOp::Equal, value).unwrap();
    labels(text).into_iter().map(matcher).collect()
}

fn rule(source: &str, target: &str, equal: &[&str]) -> InhibitRule {
    InhibitRule {
        source: matchers(source),
        target: matchers(target),
        equal: equal.iter().map(|&name| name.to_owned()).collect(),
    }
}

/// Says whether the target is held back while the sources fire.
fn holds(rule: &InhibitRule, strict: bool, sources: &[&str], target: &str) -> bool {
    let mut inhibitor = Inhibitor::new(std::slice::from_ref(rule), strict);
    for source in sources {
        let labels = labels(source);
        let roles = inhibitor.roles(&labels);
        let fingerprint = Fingerprint::of(&labels);
        inhibitor.fires(fingerprint, &packed(&labels), &roles, Duration::MAX);
    }
    let labels = labels(target);
    inhibitor
        .inhibits(&packed(&labels), &inhibitor.roles(&labels))
        .is_some()
}

#[track_caller]
fn check(rule: &InhibitRule, sources: &[&str], target: &str, expected: bool) {
    for strict in [false, true] {
        let found = holds(rule, strict, sources, target);
        assert_eq!(found, expected, "strict: {strict}");
    }
}

#[test]
fn labels_must_be_equal() {
    let by_cluster = || rule("s=1", "t=1", &["cluster"]);
    check(&by_cluster(), &["s=1,cluster=a"], "t=1,cluster=a", true);
    check(&by_cluster(), &["s=1,cluster=a"], "t=1,cluster=b", false);
    check(&by_cluster(), &["s=1"], "t=1", true);
    check(&by_cluster(), &["s=1"], "t=1,cluster=a", false);
    check(&by_cluster(), &["s=1,cluster=a"], "t=1", false);
    check(&by_cluster(), &["s=2,cluster=a"], "t=1,cluster=a", false);
    check(&by_cluster(), &["s=1,cluster=a"], "t=2,cluster=a", false);
    check(&by_cluster(), &[], "t=1,cluster=a", false);
}

#[test]
fn without_equal_labels_any_source_holds_back_all() {
    check(&rule("s=1", "t=1", &[]), &["s=1,a=x"], "t=1,a=y", true);
}

#[test]
fn nothing_holds_back_itself_or_one_of_its_kind() {
    let same = || rule("x=1", "x=1", &[]);
    check(&same(), &["x=1"], "x=1", false);
    check(&same(), &["x=1,n=1", "x=1,n=2"], "x=1,n=1", false);
    check(&rule("", "", &[]), &["a=1", "b=1"], "a=1", false);
}

#[test]
fn one_that_is_both_holds_back_what_is_only_a_target() {
    let rule = || rule("s=1", "t=1", &[]);
    check(&rule(), &["s=1,t=1"], "t=1", true);
    check(&rule(), &["s=1,t=1"], "s=1,t=1,n=2", false);
    check(&rule(), &["s=1"], "s=1,t=1", true);
}

#[test]
fn two_rules_may_hold_each_other_back() {
    let mut inhibitor = Inhibitor::new(&[rule("a=1", "b=1", &[]), rule("b=1", "a=1", &[])], false);
    for text in ["a=1", "b=1"] {
        let labels = labels(text);
        let roles = inhibitor.roles(&labels);
        inhibitor.fires(
            Fingerprint::of(&labels),
            &packed(&labels),
            &roles,
            Duration::MAX,
        );
    }
    for (text, by) in [("a=1", "b=1"), ("b=1", "a=1")] {
        let labels_of = labels(text);
        let found = inhibitor.inhibits(&packed(&labels_of), &inhibitor.roles(&labels_of));
        assert_eq!(found, Some(Fingerprint::of(&labels(by))));
    }
}

/// Two sources of one set, of which one resolves; says whether the target is still held back.
fn after_one_of_two_resolves(strict: bool, resolving: &str) -> bool {
    let mut inhibitor = Inhibitor::new(&[rule("s=1", "t=1", &[])], strict);
    for text in ["s=1,n=1", "s=1,n=2"] {
        let labels = labels(text);
        let roles = inhibitor.roles(&labels);
        inhibitor.fires(
            Fingerprint::of(&labels),
            &packed(&labels),
            &roles,
            Duration::from_secs(60),
        );
    }
    let gone = labels(resolving);
    let roles = inhibitor.roles(&gone);
    inhibitor.is_over(Fingerprint::of(&gone), &packed(&gone), &roles);
    let target = labels("t=1");
    inhibitor
        .inhibits(&packed(&target), &inhibitor.roles(&target))
        .is_some()
}

#[test]
fn d9_of_several_sources_one_is_enough() {
    assert!(after_one_of_two_resolves(false, "s=1,n=1"));
    assert!(after_one_of_two_resolves(false, "s=1,n=2"));
    // Alertmanager 0.34 remembers only the last of those that end no later.
    assert!(after_one_of_two_resolves(true, "s=1,n=1"));
    assert!(!after_one_of_two_resolves(true, "s=1,n=2"));
}

#[test]
fn what_is_over_leaves_nothing_behind() {
    let mut inhibitor = Inhibitor::new(&[rule("s=1", "t=1", &["n"])], false);
    for at in 0..1_000 {
        let labels = labels(&format!("s=1,n={at}"));
        let roles = inhibitor.roles(&labels);
        inhibitor.fires(
            Fingerprint::of(&labels),
            &packed(&labels),
            &roles,
            Duration::MAX,
        );
        inhibitor.is_over(Fingerprint::of(&labels), &packed(&labels), &roles);
    }
    assert!(inhibitor.rules[0].firing.is_empty());
}
