//! `promtool test rules` as an oracle: with an expectation that never holds it tells what it got.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, where a panic is a failure"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use watchkeep_metrics::SeriesLabels;
use watchkeep_rules::Sample;

/// What nothing gives.
const IMPOSSIBLE: &str = "{labels: 'impossible', value: 4711}";

/// A test of some expressions at some minutes, over some series and rules.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) series: Vec<(String, String)>,
    pub(super) interval_seconds: u64,
    pub(super) expressions: Vec<String>,
    pub(super) minutes: Vec<u64>,
}

/// What promtool got for one expression at one moment: series with their values, or an error.
pub(super) type Got = Result<Vec<(String, f64)>, String>;

/// A file of tests out of cases; expectations come case by case, minute by minute, expression by expression.
pub(super) fn file(rules: &str, cases: &[Case]) -> String {
    let mut text = format!("rule_files: ['{rules}']\nevaluation_interval: 1m\ntests:\n");
    for case in cases {
        writeln!(
            text,
            "- interval: {}s\n  input_series:",
            case.interval_seconds
        )
        .unwrap();
        for (series, values) in &case.series {
            writeln!(text, "  - {{series: '{series}', values: '{values}'}}").unwrap();
        }
        text.push_str("  promql_expr_test:\n");
        for minute in &case.minutes {
            for expression in &case.expressions {
                writeln!(text, "  - {{expr: '{expression}', eval_time: {minute}m, exp_samples: [{IMPOSSIBLE}]}}").unwrap();
            }
        }
    }
    text
}

/// Runs a file of tests; returns what promtool got, in the order of the expectations.
pub(super) fn got(program: &Path, tests: &Path) -> Vec<Got> {
    let output = run(program, &["test", "rules", &tests.display().to_string()]);
    let text = said(&output);
    let mut all = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.trim_start();
        if !line.starts_with("expr: \"") {
            continue;
        }
        if let Some((_, error)) = line.split_once(", err: ") {
            all.push(Err(error.to_owned()));
            continue;
        }
        let found = lines
            .by_ref()
            .find_map(|line| line.trim_start().strip_prefix("got:"));
        all.push(Ok(samples(found.expect("what it got follows"))));
    }
    assert!(!all.is_empty(), "promtool says: {text}");
    all
}

/// `{a="1"} 2E+00, {} NaN`, or `nil`.
fn samples(text: &str) -> Vec<(String, f64)> {
    let mut samples = Vec::new();
    let mut rest = text.trim().trim_matches('"');
    while let Some(end) = rest.find("} ") {
        let labels = &rest[..=end];
        let after = &rest[end + 2..];
        let (value, next) = after.split_once(", ").unwrap_or((after, ""));
        let value = value
            .parse()
            .unwrap_or_else(|_| panic!("`{value}` in {text}"));
        samples.push((labels.to_owned(), value));
        rest = next;
    }
    samples.sort_by(|left, right| left.0.cmp(&right.0));
    samples
}

/// Our samples in promtool's form.
pub(super) fn ours(samples: &[Sample]) -> Vec<(String, f64)> {
    let mut all: Vec<(String, f64)> = samples
        .iter()
        .map(|sample| (labels(&sample.labels), sample.value))
        .collect();
    all.sort_by(|left, right| left.0.cmp(&right.0));
    all
}

fn labels(labels: &SeriesLabels) -> String {
    let labels: Vec<String> = labels
        .iter()
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    format!("{{{}}}", labels.join(", "))
}

/// Runs a file of tests; returns the annotations of every alert that promtool got, in its order.
pub(super) fn annotations(program: &Path, tests: &Path) -> Vec<BTreeMap<String, String>> {
    let output = run(program, &["test", "rules", &tests.display().to_string()]);
    let text = said(&output);
    let found = text
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("Annotations:{"));
    found
        .map(|line| {
            pairs(
                line.strip_suffix('}')
                    .unwrap_or(line)
                    .trim_end_matches("},")
                    .trim_end_matches('}'),
            )
        })
        .collect()
}

/// `a="1", b="x\n"`.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let mut pairs = BTreeMap::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once("=\"") {
        let mut value = String::new();
        let mut characters = after.char_indices();
        let mut end = after.len();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    end = at + 1;
                    break;
                }
                '\\' => match characters.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, 't')) => value.push('\t'),
                    Some((_, other)) => value.push(other),
                    None => {}
                },
                _ => value.push(character),
            }
        }
        pairs.insert(name.to_owned(), value);
        rest = after[end..].trim_start_matches(", ");
    }
    pairs
}

/// Checks a file of rules; returns what promtool complains about.
pub(super) fn check(program: &Path, rules: &Path) -> Result<(), String> {
    let output = run(
        program,
        &[
            "check",
            "rules",
            "--lint-fatal",
            &rules.display().to_string(),
        ],
    );
    if output.status.success() {
        Ok(())
    } else {
        Err(said(&output))
    }
}

fn run(program: &Path, arguments: &[&str]) -> Output {
    let output = Command::new(program).args(arguments).output();
    output.expect("promtool runs")
}

fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8(text).expect("it is UTF-8")
}
