//! Tests of the runner: what it finds, and how it says so.

use super::*;
use crate::file::RuleFile;

const RULES: &str = "
groups:
- name: g
  interval: 7h
  rules:
  - record: job:m:sum
    expr: sum by (job) (m)
  - alert: High
    expr: job:m:sum > 2
    for: 2m
    keep_firing_for: 1m
    labels: {severity: error}
    annotations: {summary: '{{ $labels.job }}: {{ $value }}'}
";

fn run(tests: &str) -> Vec<Outcome> {
    let rules = RuleFile::parse(RULES).unwrap_or_else(|error| panic!("{error}"));
    let tests = RuleTests::parse(tests).unwrap_or_else(|error| panic!("{error}"));
    tests
        .run(rules.groups(), Semantics::default())
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn rules_are_evaluated_at_the_interval_of_the_tests() {
    let outcomes = run("
rule_files: [rules.yml]
tests:
- name: 'a test'
  interval: 30s
  input_series:
  - {series: 'm{job=\"a\",i=\"1\"}', values: '1x3 2x9 0x20'}
  - {series: 'm{job=\"a\",i=\"2\"}', values: '1x30'}
  promql_expr_test:
  - {expr: 'job:m:sum', eval_time: 2m, exp_samples: [{labels: 'job:m:sum{job=\"a\"}', value: 3}]}
  - {expr: 'ALERTS', eval_time: 2m, exp_samples: [{labels: 'ALERTS{alertname=\"High\",alertstate=\"pending\",job=\"a\",severity=\"error\"}', value: 1}]}
  - {expr: 'm / 0', eval_time: 1m, exp_samples: [{labels: '{job=\"a\",i=\"2\"}', value: .inf}, {labels: '{job=\"a\",i=\"1\"}', value: .inf}]}
  - {expr: 'm + on(job) m', eval_time: 1m}
  alert_rule_test:
  - {eval_time: 3m30s, alertname: High}
  - {eval_time: 4m30s, alertname: High, exp_alerts: [{exp_labels: {job: a, severity: error}, exp_annotations: {summary: 'a: 3'}}]}
  - {eval_time: 7m, alertname: High, exp_alerts: [{exp_labels: {job: a, severity: error}, exp_annotations: {summary: 'a: 3'}}]}
  - {eval_time: 8m, alertname: High}
");
    let wrong: Vec<String> = outcomes
        .iter()
        .filter(|outcome| !outcome.is_expected())
        .map(Outcome::to_string)
        .collect();
    assert_eq!(
        wrong,
        [
            "a test, expr: m + on (job) m, time: 1m\n  exp: nil\n  got: an error: more than one series on the right side belongs to {job=\"a\"}"
        ]
    );
    assert_eq!(outcomes.len(), 8);
}

#[test]
fn an_outcome_says_what_was_expected_and_what_came() {
    let outcomes = run("
tests:
- input_series: [{series: 'm{job=\"a\"}', values: '3x9'}]
  alert_rule_test: [{eval_time: 2m, alertname: High, exp_alerts: []}]
  promql_expr_test: [{expr: m, eval_time: 1m, exp_samples: [{labels: 'm', value: 3}]}]
");
    let said: Vec<String> = outcomes.iter().map(Outcome::to_string).collect();
    assert_eq!(
        said,
        [
            "expr: m, time: 1m\n  exp: m 3\n  got: m{job=\"a\"} 3",
            "alertname: High, time: 2m\n  exp: nil\n  got: {alertname=\"High\",job=\"a\",severity=\"error\"} {\"summary\": \"a: 3\"}",
        ]
    );
    assert!(!outcomes.iter().any(Outcome::is_expected));
}

#[test]
fn bad_tests_are_refused_where_they_stand() {
    for (text, problem) in [
        ("tests:\n- interval: 0s\n", "2:13: an interval of nothing"),
        ("evaluation_interval: 1\n", "1:22: `1` is no duration"),
        (
            "tests:\n- input_series: [{series: 'm{', values: ''}]\n",
            "2:27: a `{` that is not closed",
        ),
        (
            "tests:\n- input_series: [{series: 'm', values: 'x'}]\n",
            "2:27: `x` is no value",
        ),
        (
            "tests:\n- promql_expr_test: [{expr: 'm[', eval_time: 1m}]\n",
            "2:29: a `[`",
        ),
        (
            "tests:\n- alert_rule_test: [{eval_time: 99y, alertname: A}]\n",
            "2:33: more than",
        ),
        ("colour: red\n", "1:1: "),
    ] {
        let error = RuleTests::parse(text).expect_err(text).to_string();
        assert!(
            error.starts_with(problem),
            "{error} does not begin with {problem}"
        );
    }
}
