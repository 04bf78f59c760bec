//! Files, expressions and templates that nobody means: an error, never a panic, and never for long.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::time::Instant;
use watchkeep_metrics::{Recorder, Timestamp};
use watchkeep_rules::{Engine, Expression, Rule, RuleFile, RuleTests};

use super::generate::{expression, several};

/// Pieces that expressions are made of, in any order.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("("),
        Just(")"),
        Just("["),
        Just("]"),
        Just("{"),
        Just("}"),
        Just("5m"),
        Just("1e9"),
        Just(" offset "),
        Just("rate"),
        Just("sum"),
        Just(" by "),
        Just("x"),
        Just("=~"),
        Just("="),
        Just("\"a{2}\""),
        Just("'"),
        Just("`"),
        Just("-"),
        Just("+"),
        Just("^"),
        Just(" or "),
        Just(" and on"),
        Just(","),
        Just(":"),
        Just("@"),
        Just("\\"),
        Just("é"),
        Just("0x"),
        Just("NaN"),
        Just("bool"),
        Just("#"),
        Just("\n"),
        Just("histogram_quantile"),
        Just("99999999999999999999s"),
        Just("start()"),
        Just("group_left"),
        Just("topk"),
        Just("\u{0}"),
        Just("1"),
        Just(".5"),
        Just("fill(1)"),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn runner() -> TestRunner {
    TestRunner::new(Config {
        cases: 1_000,
        failure_persistence: None,
        ..Config::default()
    })
}

#[test]
fn no_text_makes_an_expression_panic_and_what_is_read_prints_itself() {
    let texts = prop_oneof![soup(), expression(), ".*"];
    let outcome = runner().run(&texts, |text| {
        if let Ok(read) = text.parse::<Expression>() {
            let printed = read.to_string();
            let again = printed
                .parse::<Expression>()
                .map_err(|error| TestCaseError::fail(format!("{printed}: {error}")))?;
            prop_assert_eq!(again.to_string(), printed);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn no_text_makes_a_file_panic() {
    let good = "groups:\n- name: g\n  interval: 1m\n  rules:\n  - alert: A\n    expr: rate(x[5m]) > 1\n    for: 5m\n    labels: {severity: error}\n    annotations: {summary: '{{ $value | humanize }}'}\n";
    let edits = proptest::collection::vec(
        (
            0..good.len(),
            prop_oneof!["[ -~]{0,3}", "\\PC{0,2}", Just("\u{0}".to_owned())],
        ),
        1..6,
    );
    let outcome = runner().run(&edits, |edits| {
        let mut text = good.to_owned();
        for (at, insert) in edits {
            let at = at.min(text.len());
            if let Some(next) = text.get(at..).and_then(|rest| rest.chars().next()) {
                text.replace_range(at..at + next.len_utf8(), &insert);
            }
        }
        if let Ok(file) = RuleFile::parse(&text) {
            let written = file.to_string();
            let again = RuleFile::parse(&written)
                .map_err(|error| TestCaseError::fail(format!("{written}: {error}")))?;
            prop_assert_eq!(again, file);
        }
        let _ = RuleTests::parse(&text);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn no_template_makes_a_rule_panic() {
    let piece = prop_oneof![
        Just("{{"),
        Just("}}"),
        Just("{{-"),
        Just("-}}"),
        Just(" "),
        Just("$value"),
        Just("$labels.a"),
        Just("|"),
        Just("printf"),
        Just("\"%.3f\""),
        Just("\"%"),
        Just("`"),
        Just("humanize"),
        Just("\\"),
        Just("é"),
        Just("%99s"),
        Just("\n"),
    ];
    let texts = proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat());
    let outcome = runner().run(&texts, |text| {
        let expression = "vector(1)".parse().expect("it is PromQL");
        if let Ok(rule) = Rule::condition("R", expression).with_summary(text).build() {
            let group = watchkeep_rules::Group::new("g", vec![rule]).expect("it has a name");
            let mut engine = Engine::new(vec![group]).expect("it is valid");
            let found = engine.evaluate(Timestamp::from_millis(0), &Recorder::default().snapshot());
            prop_assert_eq!(found.len(), 1);
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn bombs_are_refused_at_once() {
    let began = Instant::now();
    let deep = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(10_000), close.repeat(10_000))
    };
    let texts = [
        deep("(", "1", ")"),
        deep("-", "1", ""),
        deep("sum(", "x", ")"),
        deep("abs(", "x", ")"),
        format!("x{}", "[5m:1m]".repeat(2_000)),
        format!("x{}", " or x".repeat(900)),
        format!("{}x", "-".repeat(1_900)),
        format!("1{}", "^1".repeat(900)),
        format!("x{{{}}}", vec!["a=\"b\""; 10_000].join(",")),
        "x{a=~\"((a{500}){500}){500}\"}".to_owned(),
        "x{a=~\"(a*)*(b*)*(c|d|e)*\"}".to_owned(),
        format!("x{{a=~\"{}\"}}", "(".repeat(500)),
        format!("x{{a=\"{}\"}}", "a".repeat(1_000_000)),
    ];
    let refused = texts
        .iter()
        .filter(|text| text.parse::<Expression>().is_err())
        .count();
    assert_eq!(
        refused,
        texts.len() - 1,
        "all but the pattern that only looks bad"
    );
    for text in &texts {
        let file = format!("groups: [{{name: g, rules: [{{alert: A, expr: '{text}'}}]}}]");
        if let Err(error) = RuleFile::parse(&file) {
            let error = error.to_string();
            assert!(
                error.starts_with("1:"),
                "{}",
                &error[..error.len().min(100)]
            );
            assert!(error.len() < 3_000, "{} bytes", error.len());
        }
    }
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn generated_rules_over_odd_numbers_evaluate_or_fail_but_never_panic() {
    let mut runner = TestRunner::deterministic();
    for texts in several(
        &mut runner,
        &proptest::collection::vec(expression(), 10),
        30,
    ) {
        let rules = texts.iter().enumerate().map(|(number, text)| {
            let rule = Rule::condition(
                format!("R{number}"),
                text.parse()
                    .unwrap_or_else(|error| panic!("{text}: {error}")),
            );
            rule.build().unwrap_or_else(|error| panic!("{error}"))
        });
        let group = watchkeep_rules::Group::new("g", rules.collect()).unwrap();
        let mut engine = Engine::new(vec![group]).unwrap();
        let recorder = Recorder::default();
        for (round, value) in [0.0, f64::NAN, f64::INFINITY, -0.0, 1e308, -1e308, 5e-324]
            .into_iter()
            .enumerate()
        {
            metrics::with_local_recorder(&recorder, || {
                metrics::gauge!("g", "a" => "1").set(value);
                metrics::gauge!("f", "a" => "1").set(-value);
                metrics::gauge!("c", "a" => "1").set(value);
            });
            // Also a clock that goes back.
            let at = i64::try_from(round % 4).unwrap() * 60_000;
            engine.evaluate(Timestamp::from_millis(at), &recorder.snapshot());
        }
    }
}
