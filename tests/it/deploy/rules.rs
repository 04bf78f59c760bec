//! Each alert of the rule files fires and ends, as Prometheus itself evaluates them.

use std::collections::BTreeMap;

use serde_json::Value;
use watchkeep_rules::{RuleFile, RuleTests, Semantics};
use watchkeep_tests::programs;

use super::{clean, run, text, written, yaml};

const RULES: [&str; 2] = ["../config/rules.yml", "prometheus/availability.yml"];

/// Returns the rules of both files.
pub(super) fn rules() -> Vec<Value> {
    let files = RULES.map(yaml);
    let groups = files.iter().flat_map(|file| file["groups"].as_array());
    let rules = groups
        .flatten()
        .filter_map(|group| group["rules"].as_array());
    rules.flatten().cloned().collect()
}

#[test]
fn every_alert_fires_and_ends() {
    let Some(promtool) = programs::require("promtool") else {
        return;
    };
    clean(&promtool, &["test", "rules", "prometheus/rules_test.yml"]);

    // For each alert the moments at which it is expected, in order: first somewhere, then nowhere.
    let tests = yaml("prometheus/rules_test.yml");
    let mut expected: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
    for test in tests["tests"].as_array().expect("there are tests") {
        for moment in test["alert_rule_test"]
            .as_array()
            .expect("each expects alerts")
        {
            let name = moment["alertname"].as_str().expect("an alert has a name");
            let alerts = moment["exp_alerts"].as_array().map_or(0, Vec::len);
            expected.entry(name).or_default().push(alerts > 0);
        }
    }
    let rules = rules();
    assert_eq!(rules.len(), 7);
    for rule in rules {
        let name = rule["alert"].as_str().expect("all rules are alerts");
        let moments = expected.get(name).map_or(&[][..], Vec::as_slice);
        let fires = moments.iter().position(|fires| *fires);
        let ends = fires.is_some_and(|at| moments[at..].contains(&false));
        assert!(ends, "{name} does not fire and end: {moments:?}");
    }
}

#[test]
fn our_own_rules_come_to_the_same_verdict_like_either_prometheus() {
    let tests = RuleTests::parse(&text("prometheus/rules_test.yml")).expect("tests");
    let groups: Vec<_> = RULES
        .iter()
        .flat_map(|file| RuleFile::parse(&text(file)).expect("rules").into_groups())
        .collect();
    for semantics in [Semantics::Prometheus2, Semantics::Prometheus3] {
        let outcomes = tests.run(&groups, semantics).expect("the rules run here");
        assert!(!outcomes.is_empty());
        for outcome in outcomes {
            assert!(outcome.is_expected(), "{semantics:?}: {outcome}");
        }
    }
}

#[test]
fn a_rule_that_says_something_else_fails_its_test() {
    let Some(promtool) = programs::require("promtool") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [server, availability] = RULES.map(text);
    let tests = text("prometheus/rules_test.yml").replace("../../config/rules.yml", "rules.yml");
    let tests = written(&folder, "rules_test.yml", &tests);
    let content = |right: &str, wrong: &str| {
        let changed = server.replace(right, wrong);
        assert!(right == wrong || changed != server, "{right} is there");
        written(&folder, "rules.yml", &changed);
        written(&folder, "availability.yml", &availability);
        run(&promtool, &["test", "rules", &tests]).0
    };
    assert!(content("", ""));
    for (right, wrong) in [
        ("> 0.05", "> 0.5"),
        ("* 1000 > 2000", "> 2000"),
        ("(0.95,", "(0.5,"),
        ("for: 5m", "for: 0m"),
        ("status=\"unhealthy\"", "status=\"degraded\""),
        ("severity: critical", "severity: warning"),
    ] {
        assert!(!content(right, wrong), "{right} → {wrong}");
    }
}

#[test]
fn the_operators_object_has_the_same_rules() {
    let object = yaml("kubernetes/prometheus-rule.yaml");
    let groups: Vec<Value> = RULES
        .iter()
        .flat_map(|file| yaml(file)["groups"].as_array().cloned())
        .flatten()
        .collect();
    assert_eq!(object["spec"]["groups"], Value::Array(groups));
}
