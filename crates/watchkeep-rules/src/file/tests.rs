//! Tests of files: what is read, what is written, and what is refused where.

use super::*;

const FILE: &str = r#"# a comment
groups:
  - name: service
    interval: 30s
    limit: 10
    rules:
      - record: job:errors:rate5m
        expr: sum by (job) (rate(errors_total[5m]))
        labels:
          team: "{{ not a template"
      - alert: HighErrorRate
        expr: |
          job:errors:rate5m
            > 0.05
        for: 2m
        keep_firing_for: 1h30m
        labels: {severity: error, "on": yes-sir}
        annotations:
          summary: "{{ $labels.job }}'s errors:\n{{ $value }}"
  - name: empty
    rules: []
"#;

#[test]
fn reads_what_it_writes() {
    let file = RuleFile::parse(FILE).unwrap_or_else(|error| panic!("{error}"));
    let written = file.to_string();
    assert_eq!(
        written,
        r#"groups:
  - name: 'service'
    interval: 30s
    limit: 10
    rules:
      - record: 'job:errors:rate5m'
        expr: 'sum by (job) (rate(errors_total[5m]))'
        labels:
          'team': '{{ not a template'
      - alert: 'HighErrorRate'
        expr: 'job:errors:rate5m > 0.05'
        for: 2m
        keep_firing_for: 90m
        labels:
          'on': 'yes-sir'
          'severity': 'error'
        annotations:
          'summary': "{{ $labels.job }}'s errors:\n{{ $value }}"
  - name: 'empty'
    rules: []
"#
    );
    assert_eq!(RuleFile::parse(&written).unwrap(), file);
    let empty = RuleFile::parse("").unwrap();
    assert_eq!(empty.to_string(), "groups: []\n");
    assert_eq!(RuleFile::parse("groups: []").unwrap(), empty);
}

#[track_caller]
fn refused(text: &str, problems: &[&str]) {
    let error = RuleFile::parse(text).expect_err(text);
    let found = error.problems();
    assert_eq!(found.len(), problems.len(), "{found:#?}");
    for (found, problem) in found.iter().zip(problems) {
        assert!(
            found.starts_with(problem),
            "{found} does not begin with {problem}"
        );
        assert!(!found.contains('\n'), "{found}");
    }
}

#[test]
fn every_problem_is_found_with_its_line_and_column() {
    refused(
        "groups:
- name: g
  interval: 5
  rules:
  - alert: A
    expr: rate(x[5m
    for: soon
  - alert: B
    expr: predict_linear(x[5m], 1)
    labels: {severity: page}
    annotations:
      summary: '{{ $value | bold }}'
  - expr: x
  - record: r
    expr: x
    for: 1m
  - alert: C
    expr: x
    labels: {severity: page}
- name: g
",
        &[
            "3:13: `5` is no duration",
            "6:11: rule `A`: a `[` that is not closed, at character 7 of the expression",
            "7:10: `soon` is no duration",
            "9:11: rule `B`: `predict_linear` is outside",
            "12:16: rule `B`, `summary`: `{{ $value | bold}}`: `bold` is outside",
            "13:5: a rule has either",
            "14:13: rule `r`: `for`",
            "17:12: rule `C`: the label `severity` is `page`",
            "20:9: group `g`: there are two",
        ],
    );
}

#[test]
fn what_is_no_such_yaml_is_refused_where_it_stands() {
    for (text, problem) in [
        ("groups: [{name: g, colour: red}]", "1:20: "),
        ("groups:\n- name: g\n  rules:\n  - alert: A\n", "4:5: "),
        ("groups:\n- name: g\n  name: h\n", "3:3: "),
        ("groups: 5", "1:9: "),
        ("groups: [", "1:"),
        ("rules: []", "1:1: "),
        ("groups:\n- name: g\n  limit: -1\n", "3:10: "),
        ("groups:\n- name: ''\n", "2:9: group ``: it has no name"),
        (
            "groups:\n- name: g\n  interval: 0s\n",
            "3:13: an interval of nothing",
        ),
        ("\u{0}", "1:"),
    ] {
        refused(text, &[problem]);
    }
    let long = "#".repeat(LONGEST + 1);
    refused(&long, &["1:1: the file is longer"]);
    let deep = format!("groups: {}", "[".repeat(10_000));
    assert!(RuleFile::parse(&deep).is_err());
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ngroups: *d\n";
    assert!(RuleFile::parse(bomb).is_err());
}

#[test]
fn groups_of_one_name_are_refused() {
    let group = || Group::new("g", Vec::new()).unwrap();
    assert!(RuleFile::new(vec![group(), group()]).is_err());
    assert!(RuleFile::new(vec![group()]).is_ok());
}
