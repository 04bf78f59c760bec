//! Generated series through generated expressions and rules: the values and alerts that promtool has.
//!
//! promtool is that of Prometheus 2.42; where 3 differs is listed as [`Difference`], and left out by that name only.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, where a panic is a failure"
)]

use std::path::Path;

use proptest::test_runner::TestRunner;
use watchkeep_rules::{Finding, Outcome, RuleFile, RuleTests, Semantics};
use watchkeep_tests::programs;

use super::generate::{expression, series, several};
use super::promtool::{self, Case, Got};

/// Where Prometheus 3, whose semantics are the default here, differs from 2.42.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Difference {
    /// 2.42 counts a sample exactly at the start of a window, or five minutes old.
    ClosedWindow,
    /// `rate` and `increase` look at the counter's zero and at the limit of carrying on in another order.
    ZeroBeforeLimit,
}

/// Which differences an expression can show with samples at multiples of `interval` seconds.
fn differences(expression: &str, minute: u64, interval: u64) -> Vec<Difference> {
    let mut found = Vec::new();
    let at = i64::try_from(minute * 60).unwrap();
    let interval = i64::try_from(interval).unwrap();
    let windows = [60, 90, 120, 250, 300, 600];
    let offsets = [0, 60, 130];
    let touches = windows.iter().any(|window| {
        // A value that is read as it is looks back five minutes; the other windows are named.
        let is_named = *window == 300
            || [format!("[{window}s]"), format!("[{}m]", window / 60)]
                .iter()
                .any(|text| expression.contains(text));
        is_named
            && offsets.iter().any(|offset| {
                let is_named = *offset == 0
                    || expression.contains(if *offset == 60 {
                        "offset 1m"
                    } else {
                        "offset 130s"
                    });
                is_named && (at - window - offset) % interval == 0 && at >= window + offset
            })
    });
    if touches {
        found.push(Difference::ClosedWindow);
    }
    if expression.contains("rate(c")
        || expression.contains("increase(")
        || expression.contains("rate(h")
    {
        found.push(Difference::ZeroBeforeLimit);
    }
    found
}

/// Both have the same series, or both an error.
///
/// Where numbers are added up over series, their order is not defined, so that the last digits may differ; elsewhere no digit does.
fn agree(expression: &str, ours: &Outcome, theirs: &Got) -> bool {
    let Finding::Samples { got, .. } = &ours.finding else {
        return false;
    };
    let (ours, theirs) = match (got, theirs) {
        (Ok(ours), Ok(theirs)) => (promtool::ours(ours), theirs),
        (Err(_), Err(_)) => return true,
        _ => return false,
    };
    let in_any_order = expression.contains("sum") || expression.contains("avg");
    ours.len() == theirs.len()
        && ours.iter().zip(theirs).all(|(ours, theirs)| {
            let (left, right) = (ours.1, theirs.1);
            let near = in_any_order
                && (left - right).abs() <= 1e-12 * left.abs().max(right.abs()).max(1.0);
            ours.0 == theirs.0 && (left == right || (left.is_nan() && right.is_nan()) || near)
        })
}

fn describe(ours: &Outcome, theirs: &Got) -> String {
    format!("{ours}\n  promtool: {theirs:?}")
}

/// Writes rules and tests, and returns what promtool and we make of them, one for one.
fn both(
    program: &Path,
    rules: &str,
    cases: &[Case],
    semantics: Semantics,
) -> Vec<(String, Outcome, Got)> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yml"), rules).unwrap();
    let text = promtool::file("rules.yml", cases);
    let path = folder.path().join("tests.yml");
    std::fs::write(&path, &text).unwrap();
    let theirs = promtool::got(program, &path);
    let rules = RuleFile::parse(rules).unwrap_or_else(|error| panic!("{error}"));
    let tests = RuleTests::parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let ours = tests.run(rules.groups(), semantics).unwrap();
    assert_eq!(ours.len(), theirs.len(), "each expectation fails in both");
    let asked = cases.iter().flat_map(|case| {
        let minutes = case.minutes.iter();
        minutes.flat_map(|_| case.expressions.iter().cloned())
    });
    let pairs = asked.zip(ours).zip(theirs);
    pairs
        .map(|((asked, ours), theirs)| (asked, ours, theirs))
        .collect()
}

fn cases(count: usize, expressions: usize, intervals: &[u64]) -> Vec<Case> {
    let mut runner = TestRunner::deterministic();
    (0..count)
        .map(|number| Case {
            series: several(&mut runner, &series(), 1).remove(0),
            interval_seconds: intervals[number % intervals.len()],
            expressions: several(&mut runner, &expression(), expressions),
            minutes: (0..24).step_by(2).collect(),
        })
        .collect()
}

#[test]
fn generated_expressions_have_the_values_of_prometheus_2() {
    let Some(program) = programs::require("promtool") else {
        return;
    };
    let cases = cases(60, 12, &[60, 30, 70]);
    let all = both(&program, "groups: []\n", &cases, Semantics::Prometheus2);
    let wrong: Vec<String> = all
        .iter()
        .filter(|(expression, ours, theirs)| !agree(expression, ours, theirs))
        .map(|(_, ours, theirs)| describe(ours, theirs))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        all.len(),
        wrong[..wrong.len().min(10)].join("\n")
    );
    let with_series = all
        .iter()
        .filter(|(_, _, theirs)| theirs.as_ref().is_ok_and(|got| !got.is_empty()))
        .count();
    let errors = all.iter().filter(|(_, _, theirs)| theirs.is_err()).count();
    assert!(
        with_series > all.len() / 3 && errors > 10,
        "{with_series} with series and {errors} errors of {}",
        all.len()
    );
}

#[test]
fn prometheus_3_differs_from_2_in_the_named_ways_only() {
    let Some(program) = programs::require("promtool") else {
        return;
    };
    let cases = cases(60, 12, &[70, 45]);
    let all = both(&program, "groups: []\n", &cases, Semantics::Prometheus3);
    let mut asked = cases.iter().flat_map(|case| {
        let expressions = case.expressions.len();
        let minutes = case.minutes.iter();
        minutes.flat_map(move |minute| {
            std::iter::repeat_n((*minute, case.interval_seconds), expressions)
        })
    });
    let (mut same, mut different) = (0, 0);
    for (expression, ours, theirs) in &all {
        let (minute, interval) = asked.next().unwrap();
        if agree(expression, ours, theirs) {
            same += 1;
            continue;
        }
        let named = differences(expression, minute, interval);
        assert!(!named.is_empty(), "{}", describe(ours, theirs));
        different += 1;
    }
    assert!(
        same > 9 * different,
        "{same} the same and {different} different"
    );
}

/// Rules with every part of the state machine, over generated series. None of them may fail: promtool gives up then.
const RULES: &str = r#"
groups:
- name: g
  rules:
  - {record: 'r:sum', expr: 'sum by (a) (g)', labels: {kind: recorded}}
  - {alert: Plain, expr: g > 2}
  - {alert: Held, expr: g > 0, for: 2m, labels: {severity: error}}
  - {alert: Kept, expr: g > 3, keep_firing_for: 3m}
  - {alert: Both, expr: 'sum by (b) (g) > 1', for: 1m, keep_firing_for: 2m, labels: {of: '{{ $labels.b }}'}}
  - {alert: Rate, expr: 'rate(c[5m]) > 0.05', for: 1m}
  - {alert: Recorded, expr: 'r:sum{kind="recorded"} > 0'}
  - {alert: Hysteresis, expr: 'max by (a) (g) > 5 or max by (a) (g) > 1 and on (a) ALERTS{alertname="Hysteresis",alertstate="firing"}'}
  - {alert: Absent, expr: 'absent(f{a="2"})', for: 1m}
  - {alert: Held2, expr: 'max(ALERTS{alertname="Plain",alertstate="firing"}) unless on () f'}
- name: limited
  limit: 50
  rules:
  - {alert: Limited, expr: c > 3, for: 1m}
  - {record: 'r:limited', expr: g}
"#;

#[test]
fn alerts_have_the_timeline_of_prometheus() {
    let Some(program) = programs::require("promtool") else {
        return;
    };
    let mut runner = TestRunner::deterministic();
    let cases: Vec<Case> = several(&mut runner, &series(), 40)
        .into_iter()
        .map(|series| Case {
            series,
            interval_seconds: 60,
            expressions: vec!["ALERTS".to_owned(), "{__name__=~\"r:.*\"}".to_owned()],
            minutes: (0..24).collect(),
        })
        .collect();
    let all = both(&program, RULES, &cases, Semantics::Prometheus2);
    let mut states = 0;
    for (expression, ours, theirs) in &all {
        assert!(
            agree(expression, ours, theirs),
            "{}",
            describe(ours, theirs)
        );
        states += theirs.as_ref().map_or(0, Vec::len);
    }
    assert!(states > 2_000, "{states}");
}
