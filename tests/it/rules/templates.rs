//! Texts of alerts beside those of promtool.

use std::fmt::Write as _;

use watchkeep_rules::{Finding, RuleFile, RuleTests, Semantics};
use watchkeep_tests::programs;

use super::promtool;

const TEMPLATES: [&str; 14] = [
    "{{ $value }}",
    "{{ .Value }} of {{ .Labels.a }}",
    "{{ humanize $value }}",
    "{{ $value | humanize1024 }}",
    "{{ humanizeDuration $value }}",
    "{{ $value | humanizePercentage }}",
    "{{ printf \"%v %g %f %e\" $value $value $value $value }}",
    "{{ printf \"%.0f|%.3g|%8.2f|%-9.1e|%3v\" $value $value $value $value $value }}",
    "{{ printf `%s %v %5s|%-5s|` $labels.a $labels.b $labels.a $labels.b }}",
    "{{ $labels.none }}{{- $labels.a -}}  {{ $labels.b | toUpper }}",
    "{{ $value | printf \"%.2f%%\" }}",
    "a \"quoted\" \\ text }} {{ \"literal\" }}",
    "{{ $value | humanize | printf \"%6s\" }}",
    "{{ printf \"%.10g\" $value }} {{ printf \"%.1g\" $value }}",
];

const VALUES: [&str; 24] = [
    "0",
    "1",
    "-1",
    "0.5",
    "2.5",
    "999",
    "1000",
    "1023.9",
    "1024",
    "12345.678",
    "1000000",
    "123456789",
    "0.001",
    "0.00001234",
    "-0.075",
    "59.99",
    "60",
    "3725.5",
    "90061",
    "1e21",
    "1e-9",
    "NaN",
    "Inf",
    "-Inf",
];

#[test]
fn texts_are_those_of_go() {
    let Some(program) = programs::require("promtool") else {
        return;
    };
    let mut rules =
        String::from("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: m\n    annotations:\n");
    for (number, template) in TEMPLATES.iter().enumerate() {
        writeln!(rules, "      t{number:02}: '{template}'").unwrap();
    }
    let mut tests = String::from("rule_files: [rules.yml]\ntests:\n- input_series:\n");
    for (number, value) in VALUES.iter().enumerate() {
        writeln!(
            tests,
            "  - {{series: 'm{{a=\"{number:02}\",b=\"é{number}\"}}', values: '{value}'}}"
        )
        .unwrap();
    }
    tests.push_str("  alert_rule_test: [{eval_time: 0m, alertname: A, exp_alerts: []}]\n");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yml"), &rules).unwrap();
    let path = folder.path().join("tests.yml");
    std::fs::write(&path, &tests).unwrap();
    let theirs = promtool::annotations(&program, &path);
    let rules = RuleFile::parse(&rules).unwrap_or_else(|error| panic!("{error}"));
    let tests = RuleTests::parse(&tests).unwrap_or_else(|error| panic!("{error}"));
    let outcomes = tests.run(rules.groups(), Semantics::default()).unwrap();
    let [outcome] = outcomes.as_slice() else {
        panic!("there is one expectation")
    };
    let Finding::Alerts { got, .. } = &outcome.finding else {
        panic!("it is about alerts")
    };
    assert_eq!((got.len(), theirs.len()), (VALUES.len(), VALUES.len()));
    for (ours, theirs) in got.iter().zip(&theirs) {
        // Beyond what an i64 holds Go's duration has no meaning.
        let mut ours = ours.annotations.clone();
        let mut theirs = theirs.clone();
        if theirs["t00"] == "1e+21" {
            ours.remove("t04");
            theirs.remove("t04");
        }
        assert_eq!(ours, theirs);
    }
}
