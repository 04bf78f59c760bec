//! Rules over a real recorder, with time as an argument.

use std::sync::Mutex;

use watchkeep_metrics::{HistoryLimits, Recorder, Selector};

use super::*;
use crate::file::RuleFile;
use crate::rule::Rule;

const MINUTE: i64 = 60_000;

struct Bench {
    recorder: Recorder,
    engine: Engine,
    now: i64,
}

impl Bench {
    fn new(rules: &str) -> Self {
        Self::with(Engine::builder(), rules)
    }

    fn with(builder: EngineBuilder, rules: &str) -> Self {
        Self {
            recorder: Recorder::default(),
            engine: builder.build(groups(rules)).unwrap(),
            now: 1_000 * MINUTE,
        }
    }

    /// Evaluates, and lets a minute pass; what fires and what ended, by name.
    fn minute(&mut self) -> Vec<String> {
        let now = Timestamp::from_millis(self.now);
        let found = self.engine.evaluate(now, &self.recorder.snapshot());
        self.now += MINUTE;
        let said = found.iter().map(|transition| match transition {
            Transition::Fire(alert) => format!("+{}", alert.name()),
            Transition::Resolve(alert) => format!("-{}", alert.name()),
        });
        said.collect()
    }

    fn alert(&mut self) -> Alert {
        let now = Timestamp::from_millis(self.now);
        let found = self.engine.evaluate(now, &self.recorder.snapshot());
        self.now += MINUTE;
        match <[Transition; 1]>::try_from(found) {
            Ok([Transition::Fire(alert)]) => alert,
            other => panic!("one alert fires, not {other:?}"),
        }
    }

    fn set(&self, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<metrics::Label> = labels
            .iter()
            .map(|(name, value)| metrics::Label::new((*name).to_owned(), (*value).to_owned()))
            .collect();
        metrics::with_local_recorder(&self.recorder, || metrics::gauge!("m", labels).set(value));
    }

    fn failures(&self) -> Vec<String> {
        let statuses = self.engine.statuses();
        let failures = statuses.filter_map(|status| Some(status.failure?.to_string()));
        failures.collect()
    }
}

fn groups(rules: &str) -> Vec<Group> {
    let text = format!("groups: [{{name: g, rules: [{rules}]}}]");
    RuleFile::parse(&text)
        .unwrap_or_else(|error| panic!("{error}"))
        .into_groups()
}

const NOTHING: [&str; 0] = [];

#[test]
fn fires_above_the_threshold_and_ends_when_the_window_has_passed() {
    let rule = Rule::error_ratio(
        "Ratio",
        Selector::new("errors_total"),
        Selector::new("all_total"),
    )
    .above(0.05)
    .with_summary("{{ $value | humanizePercentage }}")
    .with_annotation("error_rate", "{{ $value }}")
    .build()
    .unwrap();
    let mut bench = Bench::new("");
    bench.engine = Engine::new(vec![Group::new("g", vec![rule]).unwrap()]).unwrap();
    let count = |bench: &Bench, all, errors| {
        metrics::with_local_recorder(&bench.recorder, || {
            metrics::counter!("all_total").increment(all);
            metrics::counter!("errors_total").increment(errors);
        });
    };
    count(&bench, 0, 0);
    assert_eq!(bench.minute(), NOTHING);
    count(&bench, 40, 2);
    assert_eq!(bench.minute(), NOTHING, "not at the threshold");
    count(&bench, 0, 1);
    let alert = bench.alert();
    assert_eq!((alert.message(), alert.level()), ("7.5%", Level::Warning));
    assert_eq!(alert.annotations()["error_rate"], "0.075");
    assert_eq!(alert.labels()["alertname"], "Ratio");
    for _ in 0..2 {
        assert_eq!(bench.minute(), ["+Ratio"]);
    }
    // The window is without its first moment, so five minutes later the growth lies before it.
    assert_eq!(bench.minute(), ["+Ratio"]);
    assert_eq!(bench.minute(), ["-Ratio"]);
    assert_eq!(bench.minute(), NOTHING, "a share of nothing is no verdict");
}

#[test]
fn each_series_is_an_alert_of_its_own_with_its_own_labels() {
    let mut bench = Bench::new(
        "{alert: High, expr: m > 1, labels: {severity: critical, of: '{{ $labels.a }}!'}, annotations: {summary: '{{ $labels.a }} has {{ $value }}', more: x}}",
    );
    bench.set(&[("a", "1")], 2.0);
    let alert = bench.alert();
    assert_eq!(alert.level(), Level::Critical);
    assert_eq!(alert.message(), "1 has 2");
    assert_eq!((&*alert.labels()["a"], &*alert.labels()["of"]), ("1", "1!"));
    assert_eq!(alert.annotations()["more"], "x");
    bench.set(&[("a", "2")], 3.0);
    assert_eq!(bench.minute(), ["+High", "+High"]);
    bench.set(&[("a", "1")], 0.0);
    assert_eq!(bench.minute(), ["-High", "+High"]);
}

#[test]
fn waits_as_long_as_the_rule_says_and_begins_again_after_a_gap() {
    let mut bench = Bench::new("{alert: High, expr: m > 1, for: 2m}");
    bench.set(&[], 2.0);
    assert_eq!(bench.minute(), NOTHING);
    assert_eq!(bench.minute(), NOTHING);
    bench.set(&[], 0.0);
    assert_eq!(bench.minute(), NOTHING, "what was pending is forgotten");
    bench.set(&[], 2.0);
    assert_eq!(bench.minute(), NOTHING);
    assert_eq!(bench.minute(), NOTHING);
    assert_eq!(bench.minute(), ["+High"]);
}

#[test]
fn keeps_firing_as_long_as_the_rule_says() {
    let mut bench = Bench::new("{alert: High, expr: m > 1, keep_firing_for: 2m}");
    bench.set(&[], 2.0);
    assert_eq!(bench.minute(), ["+High"]);
    bench.set(&[], 0.0);
    assert_eq!(bench.minute(), ["+High"]);
    assert_eq!(bench.minute(), ["+High"]);
    bench.set(&[], 2.0);
    assert_eq!(
        bench.minute(),
        ["+High"],
        "true again, the time begins anew"
    );
    bench.set(&[], 0.0);
    assert_eq!(bench.minute(), ["+High"]);
    assert_eq!(bench.minute(), ["+High"]);
    assert_eq!(bench.minute(), ["-High"]);
}

#[test]
fn hysteresis_ends_below_the_lower_threshold_only() {
    let expression = "m".parse().unwrap();
    let rule = Rule::threshold("High", expression)
        .above(10.0)
        .clear_below(5.0);
    let rule = rule.build().unwrap();
    let mut bench = Bench::new("");
    bench.engine = Engine::new(vec![Group::new("g", vec![rule]).unwrap()]).unwrap();
    let said: Vec<Vec<String>> = [7.0, 11.0, 7.0, 6.0, 4.0, 7.0]
        .into_iter()
        .map(|value| {
            bench.set(&[], value);
            bench.minute()
        })
        .collect();
    assert_eq!(
        said,
        [
            vec![],
            vec!["+High"],
            vec!["+High"],
            vec!["+High"],
            vec!["-High"],
            vec![]
        ]
    );
}

#[test]
fn a_failed_evaluation_keeps_the_alerts_and_raises_its_own() {
    let mut bench = Bench::new("{alert: High, expr: m > 1}, {alert: Torn, expr: m * on() m > 1}");
    bench.set(&[("a", "1")], 2.0);
    assert_eq!(bench.minute(), ["+High", "+Torn"]);
    bench.set(&[("a", "2")], 0.0);
    assert_eq!(bench.minute(), ["+High", "+RuleEvaluationFailed", "+Torn"]);
    assert_eq!(
        bench.failures(),
        ["more than one series on the right side belongs to {}"]
    );
    let failing = bench.engine.statuses().last().unwrap();
    assert_eq!(
        (failing.group, failing.rule, failing.firing),
        ("g", "Torn", 1)
    );
    let now = Timestamp::from_millis(bench.now);
    let found = bench.engine.evaluate(now, &bench.recorder.snapshot());
    let meta = found.iter().find_map(|transition| match transition {
        Transition::Fire(alert) if alert.name() == "RuleEvaluationFailed" => Some(alert),
        _ => None,
    });
    let meta = meta.unwrap();
    assert_eq!(
        (&*meta.labels()["rule"], &*meta.labels()["group"]),
        ("Torn", "g")
    );
    assert!(
        meta.message().contains("more than one series"),
        "{}",
        meta.message()
    );
    // The other series leaves the recorder, and with it the failure.
    let only = Recorder::default();
    bench.recorder = only;
    bench.now += MINUTE;
    bench.set(&[("a", "1")], 2.0);
    assert_eq!(bench.minute(), ["+High", "-RuleEvaluationFailed", "+Torn"]);
}

#[test]
fn over_the_limit_all_alerts_go_and_the_rule_has_failed() {
    let text =
        "groups: [{name: g, limit: 1, rules: [{alert: High, expr: m > 1}, {record: r, expr: m}]}]";
    let mut bench = Bench::new("");
    bench.engine = Engine::builder()
        .with_failure_level(None)
        .build(RuleFile::parse(text).unwrap().into_groups())
        .unwrap();
    bench.set(&[("a", "1")], 2.0);
    assert_eq!(bench.minute(), ["+High"]);
    bench.set(&[("a", "2")], 2.0);
    assert_eq!(bench.minute(), ["-High"]);
    let limit = "it has 2 alerts, over the limit of 1";
    assert_eq!(bench.failures(), [limit, limit]);
}

#[test]
fn over_budget_is_an_error_and_no_stall() {
    for (budget, word) in [
        (
            Budget {
                series: 1,
                ..Budget::default()
            },
            "more than 1 series",
        ),
        (
            Budget {
                samples: 3,
                ..Budget::default()
            },
            "more than 3 samples",
        ),
    ] {
        let builder = Engine::builder()
            .with_budget(budget)
            .with_failure_level(None);
        let mut bench = Bench::with(builder, "{alert: High, expr: 'count(rate(m[5m])) > 5'}");
        bench.set(&[("a", "1")], 1.0);
        assert_eq!(bench.minute(), NOTHING);
        bench.set(&[("a", "2")], 1.0);
        assert_eq!(bench.minute(), NOTHING);
        bench.minute();
        assert!(bench.failures()[0].contains(word), "{:?}", bench.failures());
    }
}

#[test]
fn rules_that_take_too_long_fail_and_so_do_those_after_them_in_a_group_that_is_late() {
    // Each look at the clock costs 15 seconds.
    let time = Mutex::new(Duration::ZERO);
    let clock = move || {
        let mut time = time.lock().unwrap();
        *time += Duration::from_secs(15);
        *time
    };
    let budget = Budget {
        time: Duration::from_secs(20),
        ..Budget::default()
    };
    let builder = Engine::builder()
        .with_clock(clock)
        .with_budget(budget)
        .with_failure_level(None);
    let mut bench = Bench::with(
        builder,
        "{alert: A, expr: m}, {alert: B, expr: m + m}, {alert: C, expr: m}",
    );
    bench.set(&[], 1.0);
    bench.minute();
    let failures: Vec<String> = bench
        .engine
        .statuses()
        .map(|status| status.failure.map_or_else(String::new, ToString::to_string))
        .collect();
    assert_eq!(failures[0], "");
    assert!(failures[1].starts_with("it takes longer"), "{failures:?}");
    assert!(failures[2].starts_with("it takes longer"), "{failures:?}");
}

#[test]
fn later_rules_see_what_earlier_ones_recorded_or_raised() {
    let mut bench = Bench::new(
        "{record: 'm:double', expr: m * 2, labels: {kind: double}}, {alert: High, expr: m > 1}, {alert: Both, expr: 'm:double{kind=\"double\"} > 3 and on() ALERTS{alertname=\"High\",alertstate=\"firing\"}'}",
    );
    bench.set(&[], 2.0);
    assert_eq!(bench.minute(), ["+High", "+Both"]);
    bench.set(&[], 0.0);
    assert_eq!(
        bench.minute(),
        ["-High", "-Both"],
        "marks end what was raised at once"
    );
}

#[test]
fn groups_are_evaluated_at_their_own_intervals() {
    let text = "groups: [{name: a, interval: 1m, rules: [{alert: A, expr: vector(1)}]}, {name: b, interval: 3m, rules: [{alert: B, expr: vector(1)}]}]";
    let mut bench = Bench::new("");
    bench.engine = Engine::new(RuleFile::parse(text).unwrap().into_groups()).unwrap();
    assert_eq!(bench.engine.interval(), Duration::from_secs(60));
    let said: Vec<usize> = (0..7).map(|_| bench.minute().len()).collect();
    assert_eq!(said, [2, 1, 1, 2, 1, 1, 2]);
}

#[test]
fn a_restart_resolves_nothing_until_the_windows_are_full_again() {
    let rules = "{alert: High, expr: m > 1}, {alert: Slow, expr: 'rate(m[10m]) > 1', for: 5m}, {alert: Old, expr: m > 1}";
    let mut bench = Bench::new(rules);
    bench.set(&[], 2.0);
    assert_eq!(bench.minute(), ["+High", "+Old"]);
    let saved = SavedState::from_json(&bench.engine.state().to_json().unwrap()).unwrap();
    let mut again =
        Bench::new("{alert: High, expr: m > 1}, {alert: Slow, expr: 'rate(m[10m]) > 1', for: 5m}");
    again.now = bench.now;
    again.engine.restore(saved);
    assert_eq!(again.engine.history().row_count(), 0);
    // The metric is not there yet, and the rule `Old` is no more.
    assert_eq!(again.minute(), ["-Old", "+High"]);
    for _ in 0..4 {
        assert_eq!(again.minute(), ["+High"]);
    }
    assert_eq!(again.minute(), ["-High"], "five minutes are there again");
    assert_eq!(again.minute(), NOTHING);
}

#[test]
fn a_restored_alert_that_is_true_again_is_an_alert_like_others() {
    let mut bench = Bench::new("{alert: High, expr: m > 1, for: 3m}");
    bench.set(&[], 2.0);
    bench.minute();
    bench.minute();
    let saved = bench.engine.state();
    let mut again = Bench::new("{alert: High, expr: m > 1, for: 3m}");
    again.now = bench.now;
    again.engine.restore(saved);
    assert_eq!(again.minute(), NOTHING, "held, and still pending");
    again.set(&[], 2.0);
    assert_eq!(again.minute(), ["+High"], "three minutes since it began");
    again.set(&[], 0.0);
    assert_eq!(again.minute(), ["-High"], "it is no longer held");
}

#[test]
fn a_saved_state_that_is_none_is_refused() {
    for text in [
        "",
        "[]",
        "{\"alerts\":[{}]}",
        "{\"other\":1}",
        "{\"alerts\":[]} x",
    ] {
        let error = SavedState::from_json(text).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the saved state of the rules cannot be read"
        );
    }
    assert_eq!(
        SavedState::from_json("{\"alerts\":[]}").unwrap(),
        SavedState::default()
    );
}

#[test]
fn loading_again_keeps_the_alerts_of_rules_that_stay() {
    let mut bench =
        Bench::new("{alert: High, expr: m > 1, labels: {team: a}}, {alert: Gone, expr: m > 1}");
    bench
        .engine
        .annotate("High", "error", || Some("it broke".to_owned()));
    bench.set(&[], 2.0);
    assert_eq!(bench.minute(), ["+High", "+Gone"]);
    let two = groups("{alert: A, expr: m}");
    assert!(
        bench.engine.reload([two.clone(), two].concat()).is_err(),
        "two groups of one name"
    );
    assert_eq!(
        bench.minute(),
        ["+High", "+Gone"],
        "a bad load changes nothing"
    );
    bench
        .engine
        .reload(groups("{alert: High, expr: m > 1.5, labels: {team: a}}"))
        .unwrap();
    assert_eq!(bench.minute(), ["-Gone", "+High"]);
    assert_eq!(bench.alert().annotations()["error"], "it broke");
    bench
        .engine
        .reload(groups("{alert: High, expr: m > 1, labels: {team: b}}"))
        .unwrap();
    assert_eq!(
        bench.minute(),
        ["-High", "+High"],
        "another label is another alert"
    );
}

#[test]
fn annotations_that_only_the_process_knows_are_added() {
    let mut bench = Bench::new("{alert: High, expr: m > 1}");
    bench
        .engine
        .annotate("High", "error", || Some("connection refused".to_owned()));
    bench.engine.annotate("High", "nothing", || None);
    bench.set(&[], 2.0);
    let alert = bench.alert();
    assert_eq!(alert.annotations()["error"], "connection refused");
    assert!(!alert.annotations().contains_key("nothing"));
}

#[test]
fn the_history_keeps_what_the_rules_name_and_no_longer() {
    let limits = HistoryLimits {
        series: 2,
        ..HistoryLimits::default()
    };
    let builder = Engine::builder().with_history_limits(limits);
    let mut bench = Bench::with(
        builder,
        "{alert: High, expr: 'sum(rate(m{a=~\"x.*\"}[7m])) > 100'}",
    );
    for a in ["x1", "x2", "x3", "y"] {
        bench.set(&[("a", a)], 1.0);
    }
    for _ in 0..20 {
        assert_eq!(bench.minute(), NOTHING);
    }
    let history = bench.engine.history();
    assert_eq!((history.series_count(), history.refused()), (2, 20));
    // Seven minutes, and a millisecond for those that count the first moment.
    assert_eq!(history.row_count(), 8);
}

#[test]
fn what_only_a_prometheus_can_run_is_said() {
    let engine = Engine::new(groups(
        "{alert: Long, expr: 'rate(m[2h]) > 1'}, {alert: Up, expr: up == 0}",
    ))
    .unwrap();
    assert_eq!(engine.rule_count(), 1);
    assert_eq!(
        engine.notices(),
        [
            "rule `Long` looks back 2h, over the 1h of the history: it runs on a Prometheus only",
            "rule `Up`: only a Prometheus makes the series `up`; in the process there is none",
        ]
    );
}
