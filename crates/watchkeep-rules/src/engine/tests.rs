//! Rules over a real recorder, with time as an argument.

use watchkeep_alerts::Level;
use watchkeep_metrics::{Recorder, Selector};

use super::*;

const MINUTE: i64 = 60_000;

struct Bench {
    recorder: Recorder,
    engine: Engine,
    now: i64,
}

impl Bench {
    fn new(rule: Rule) -> Self {
        let recorder = Recorder::builder().build().expect("the defaults are valid");
        let engine = Engine::new(vec![rule]).expect("the rule is valid");
        let mut bench = Self {
            recorder,
            engine,
            now: 1_000 * MINUTE,
        };
        bench.minute();
        bench
    }

    /// Evaluates, and lets a minute pass.
    fn minute(&mut self) -> Vec<Transition> {
        let found = self
            .engine
            .evaluate(Timestamp::from_millis(self.now), &self.recorder.snapshot());
        self.now += MINUTE;
        found
    }

    fn count(&self, name: &'static str, by: u64) {
        metrics::with_local_recorder(&self.recorder, || metrics::counter!(name).increment(by));
    }
}

fn ratio() -> Rule {
    Rule::error_ratio(
        "HighErrorRate",
        Selector::new("errors_total"),
        Selector::new("messages_total"),
    )
    .above(0.05)
    .with_value_detail("error_rate")
    .with_summary("High error rate detected: {{ $value | humanizePercentage }}")
    .expect("the template is valid")
}

#[track_caller]
fn fired(transitions: &[Transition]) -> &Alert {
    match transitions {
        [Transition::Fire(alert)] => alert,
        other => panic!("one alert fires, not {other:?}"),
    }
}

#[test]
fn fires_above_the_threshold_and_ends_when_the_window_has_passed() {
    let mut bench = Bench::new(ratio());
    bench.count("messages_total", 40);
    bench.count("errors_total", 3);
    let found = bench.minute();
    let alert = fired(&found);
    assert_eq!(
        alert.annotations()["summary"],
        "High error rate detected: 7.5%"
    );
    assert_eq!(alert.annotations()["error_rate"], "0.075");
    assert_eq!(alert.labels()["alertname"], "HighErrorRate");
    assert_eq!(alert.labels()["severity"], "warning");
    for _ in 0..4 {
        fired(&bench.minute());
    }
    assert!(matches!(
        bench.minute().as_slice(),
        [Transition::Resolve(_)]
    ));
    assert!(bench.minute().is_empty());
}

#[test]
fn does_not_fire_at_the_threshold_or_without_traffic() {
    let mut bench = Bench::new(ratio());
    assert!(bench.minute().is_empty());
    bench.count("messages_total", 40);
    bench.count("errors_total", 2);
    assert!(bench.minute().is_empty());
}

#[test]
fn a_share_of_nothing_is_no_verdict() {
    let mut bench = Bench::new(ratio());
    bench.count("messages_total", 0);
    bench.count("errors_total", 3);
    assert!(bench.minute().is_empty());
}

#[test]
fn waits_as_long_as_the_rule_says() {
    let mut bench = Bench::new(ratio().lasting(Duration::from_secs(120)));
    bench.count("messages_total", 10);
    bench.count("errors_total", 10);
    assert!(bench.minute().is_empty());
    assert!(bench.minute().is_empty());
    fired(&bench.minute());
}

#[test]
fn average_is_of_the_window_and_scaled() {
    let rule = Rule::average(
        "SlowResponses",
        Selector::new("response_time_seconds"),
        1_000.0,
    )
    .above(2_000.0)
    .with_summary("Slow response times: {{ printf \"%.0f\" $value }}ms average")
    .expect("the template is valid");
    assert_eq!(
        rule.promql(),
        "sum(increase(response_time_seconds_sum[5m])) / sum(increase(response_time_seconds_count[5m])) * 1000 > 2000"
    );
    let mut bench = Bench::new(rule);
    metrics::with_local_recorder(&bench.recorder, || {
        metrics::histogram!("response_time_seconds").record(2.0);
        metrics::histogram!("response_time_seconds").record(3.0);
    });
    let found = bench.minute();
    let alert = fired(&found);
    assert_eq!(
        alert.annotations()["summary"],
        "Slow response times: 2500ms average"
    );
}

#[test]
fn component_down_reads_the_health_metric_and_names_the_error() {
    let rule = Rule::component_down("DatabaseDown", "database")
        .with_detail_from("error", || Some("connection refused".to_owned()));
    assert_eq!(
        rule.promql(),
        "watchkeep_health_status{component=\"database\",status=\"unhealthy\"} > 0"
    );
    let mut bench = Bench::new(rule);
    let set = |bench: &Bench, value: f64| {
        metrics::with_local_recorder(&bench.recorder, || {
            metrics::gauge!("watchkeep_health_status", "component" => "database", "status" => "unhealthy").set(value);
        });
    };
    set(&bench, 0.0);
    assert!(bench.minute().is_empty());
    set(&bench, 1.0);
    let found = bench.minute();
    let alert = fired(&found);
    assert_eq!(alert.level(), Level::Critical);
    assert_eq!(alert.annotations()["error"], "connection refused");
    set(&bench, 0.0);
    assert!(matches!(
        bench.minute().as_slice(),
        [Transition::Resolve(_)]
    ));
}

#[test]
fn bad_rules_are_refused_by_name() {
    let bad = [
        (vec![ratio(), ratio()], "HighErrorRate"),
        (vec![ratio().above(f64::NAN)], "NaN"),
        (vec![ratio().over(Duration::from_secs(7_200))], "7200"),
        (vec![Rule::component_down("no-name", "x")], "no-name"),
        (vec![Rule::component_down("", "x")], "``"),
    ];
    for (rules, word) in bad {
        let error = Engine::new(rules).expect_err(word).to_string();
        assert!(error.contains(word), "{error}");
    }
}
