//! Tests of what builders print, and of what they refuse.

use watchkeep_metrics::Selector;

use super::*;

fn ratio() -> RuleBuilder {
    let errors = Selector::new("errors_total").without_label("kind", "client");
    Rule::error_ratio("HighErrorRate", errors, Selector::new("all_total")).above(0.05)
}

#[track_caller]
fn prints(rule: RuleBuilder, promql: &str) {
    let rule = rule.build().expect("the rule is valid");
    assert_eq!(rule.expression().to_string(), promql);
}

#[test]
fn builders_print_the_promql_that_they_mean() {
    prints(
        ratio(),
        r#"sum(rate(errors_total{kind!="client"}[5m])) / sum(rate(all_total[5m])) > 0.05"#,
    );
    prints(
        ratio()
            .by(&["service", "zone"])
            .over(Duration::from_secs(90)),
        r#"sum by (service, zone) (rate(errors_total{kind!="client"}[90s])) / sum by (service, zone) (rate(all_total[90s])) > 0.05"#,
    );
    prints(
        Rule::average("Slow", Selector::new("h"), 1_000.0).above(2_000.0),
        "sum(rate(h_sum[5m])) / sum(rate(h_count[5m])) * 1000 > 2000",
    );
    prints(
        Rule::average("Slow", Selector::new("h"), 1.0).below(0.5),
        "sum(rate(h_sum[5m])) / sum(rate(h_count[5m])) < 0.5",
    );
    prints(
        Rule::quantile("Slow", 0.95, Selector::new("h"))
            .above(5.0)
            .by(&["route"]),
        "histogram_quantile(0.95, sum by (le, route) (rate(h_bucket[5m]))) > 5",
    );
    prints(
        Rule::component_down("Down", "database"),
        r#"max(watchkeep_health_status{component="database",status="unhealthy"}) > 0"#,
    );
    prints(
        Rule::absent(
            "Gone",
            Selector::new("jobs_total").with_label("kind", "a\"b"),
        ),
        r#"absent(jobs_total{kind="a\"b"})"#,
    );
    let own = "min by (disk) (free_bytes)".parse().expect("it is PromQL");
    prints(
        Rule::threshold("Full", own)
            .below(1e6)
            .by(&["disk"])
            .clear_below(2e6),
        r#"min by (disk) (free_bytes) < 1000000 or min by (disk) (free_bytes) < 2000000 and on (disk) ALERTS{alertname="Full",alertstate="firing"}"#,
    );
}

#[test]
fn absence_is_said_in_promql_too() {
    let queue =
        || Rule::threshold("Queue", "queue_length".parse().expect("it is PromQL")).above(9.0);
    prints(
        queue().when_absent(Absent::Fire),
        "queue_length > 9 or absent(queue_length)",
    );
    prints(
        queue().when_absent(Absent::Hold),
        r#"queue_length > 9 or max(ALERTS{alertname="Queue",alertstate="firing"}) unless on () queue_length"#,
    );
    prints(queue().when_absent(Absent::Resolve), "queue_length > 9");
}

#[test]
fn burn_rates_have_the_factors_of_the_workbook() {
    let (errors, total) = (Selector::new("bad_total"), Selector::new("all_total"));
    let rules = Rule::slo_burn_rate("Budget", 0.999, &errors, &total, &BurnWindow::WORKBOOK)
        .expect("the objective is valid");
    let names: Vec<_> = rules.iter().map(Rule::name).collect();
    assert_eq!(names, ["Budget_1h", "Budget_6h", "Budget_3d"]);
    assert_eq!(
        rules[0].expression().to_string(),
        "sum(rate(bad_total[1h])) / sum(rate(all_total[1h])) > 14.4 * (1 - 0.999) and \
         sum(rate(bad_total[5m])) / sum(rate(all_total[5m])) > 14.4 * (1 - 0.999)"
    );
    let levels: Vec<_> = rules.iter().map(Rule::level).collect();
    assert_eq!(levels, [Level::Critical, Level::Critical, Level::Warning]);
    assert_eq!(BurnWindow::WORKBOOK[1].short, Duration::from_secs(30 * 60));
    assert_eq!(
        rules[2].expression().span(),
        Duration::from_secs(3 * 86_400)
    );
    for objective in [0.0, 1.0, -1.0, f64::NAN] {
        assert!(Rule::slo_burn_rate("B", objective, &errors, &total, &[]).is_err());
    }
}

#[test]
fn bad_rules_are_refused_by_name() {
    let bad = [
        (ratio().above(f64::NAN), "NaN"),
        (ratio().clear_below(f64::INFINITY), "inf"),
        (ratio().over(Duration::ZERO), "shorter than a second"),
        (
            ratio().over(Duration::from_nanos(1_500_000_001)),
            "whole number of milliseconds",
        ),
        (ratio().with_label("severity", "page"), "`page`"),
        (
            ratio().with_label("severity", "{{ $labels.x }}"),
            "severity",
        ),
        (ratio().with_label("a-b", "x"), "`a-b`"),
        (ratio().with_label("__name__", "x"), "`__name__`"),
        (ratio().with_annotation("1", "x"), "`1`"),
        (ratio().with_summary("{{ $value"), "has no"),
        (ratio().by(&["a b"]), "no PromQL"),
        (Rule::quantile("Q", 1.5, Selector::new("h")), "1.5"),
        (Rule::average("A", Selector::new("h"), f64::NAN), "scale"),
        (Rule::component_down("", "x"), "empty"),
        (Rule::absent("A", Selector::new("1x")), "1x"),
    ];
    for (builder, word) in bad {
        let error = builder.build().expect_err(word).to_string();
        assert!(error.contains(word), "{error}");
    }
    let many = (0..40).fold(ratio(), |rule, at| rule.with_label(format!("l{at}"), "x"));
    assert!(many.build().is_err());
    assert!(Rule::recording("a:b", "x".parse().unwrap()).is_ok());
    assert!(Rule::recording("a b", "x".parse().unwrap()).is_err());
}

#[test]
fn a_rule_says_what_it_is() {
    let rule = ratio()
        .lasting(Duration::from_secs(60))
        .keep_firing_for(Duration::from_secs(120))
        .with_level(Level::Error)
        .with_summary("{{ $value }}");
    let rule = rule.build().unwrap();
    assert_eq!((rule.name(), rule.level()), ("HighErrorRate", Level::Error));
    assert_eq!(rule.hold(), Duration::from_secs(60));
    assert_eq!(rule.keep_firing(), Duration::from_secs(120));
    assert_eq!(rule.annotation("summary"), Some("{{ $value }}"));
    assert_eq!(rule.annotation("other"), None);
    assert!(rule.is_alerting());
}
