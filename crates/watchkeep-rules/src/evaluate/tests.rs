//! Tests of values where the versions of Prometheus differ, and of the smaller rules of PromQL.
//!
//! What both have in common is tested beside promtool, over generated series.

use watchkeep_metrics::HistoryLimits;

use super::*;

/// Evaluates over series with a value each half minute; a second word of a name is a label.
fn evaluate(
    expression: &str,
    at_seconds: i64,
    series: &[(&str, &[f64])],
    semantics: Semantics,
) -> Result<Vec<(String, f64)>, EvaluationError> {
    let mut history = SeriesHistory::new(Duration::from_secs(86_400), HistoryLimits::default());
    let expression: Expression = expression.parse().unwrap();
    let query = Query::bind(expression, &mut history, &mut Watched::new());
    let rows = series
        .iter()
        .map(|(_, values)| values.len())
        .max()
        .unwrap_or(0);
    for row in 0..rows {
        history.advance(Timestamp::from_millis(i64::try_from(row).unwrap() * 30_000));
        for (name, values) in series {
            let (name, label) = name.split_once(' ').unwrap_or((name, ""));
            let labels = SeriesLabels::new([("__name__", name), ("l", label)]);
            if let Some(value) = values.get(row) {
                history.put(&labels, *value);
            }
        }
    }
    let now = Timestamp::from_millis(at_seconds * 1_000);
    let samples = query.evaluate(&history, now, semantics, Budget::default(), &|| {
        Duration::ZERO
    })?;
    Ok(samples
        .into_iter()
        .map(|sample| (sample.labels.to_string(), sample.value))
        .collect())
}

#[track_caller]
fn check(
    expression: &str,
    at_seconds: i64,
    series: &[(&str, &[f64])],
    two: Option<f64>,
    three: Option<f64>,
) {
    for (semantics, expected) in [
        (Semantics::Prometheus2, two),
        (Semantics::Prometheus3, three),
    ] {
        let found = evaluate(expression, at_seconds, series, semantics).unwrap();
        let found = found.first().map(|(_, value)| *value);
        assert_eq!(found, expected, "{expression}, {semantics:?}");
    }
}

#[test]
fn windows_and_the_lookback_are_open_at_their_start_since_3() {
    let m: &[(&str, &[f64])] = &[("m", &[1.0, 2.0, 3.0, 4.0, 5.0])];
    check("count_over_time(m[1m])", 120, m, Some(3.0), Some(2.0));
    check("count_over_time(m[61s])", 120, m, Some(3.0), Some(3.0));
    check("m", 419, m, Some(5.0), Some(5.0));
    check("m", 420, m, Some(5.0), None);
    check("m", 421, m, None, None);
    check("m offset 1m", 120, m, Some(3.0), Some(3.0));
}

#[test]
fn a_rate_is_carried_on_to_the_borders_of_its_window() {
    // Three samples in the window of 3, four in that of 2.42; each is half a minute after the other.
    let m: &[(&str, &[f64])] = &[("m", &[100.0, 110.0, 120.0, 130.0])];
    check("increase(m[90s])", 90, m, Some(30.0), Some(30.0));
    check(
        "rate(m[90s])",
        90,
        m,
        Some(30.0 * (1.0 / 90.0)),
        Some(20.0 * (90.0 / 60.0 / 90.0)),
    );
    check("delta(m[90s])", 90, m, Some(30.0), Some(30.0));
    check("irate(m[90s])", 90, m, Some(10.0 / 30.0), Some(10.0 / 30.0));
    check("rate(m[20s])", 90, m, None, None);
}

#[test]
fn a_border_is_the_series_own_up_to_1_1_distances_and_else_half_a_distance_away() {
    let m: &[(&str, &[f64])] = &[("m", &[0.0, 10.0, 20.0, 30.0])];
    let carried = |by: f64| Some(20.0 * ((60.0 + 8.0 + by) / 60.0));
    check("delta(m[100s])", 122, m, carried(32.0), carried(32.0));
    check("delta(m[102s])", 124, m, carried(15.0), carried(15.0));
}

#[test]
fn a_counter_that_begins_anew_goes_on_counting() {
    let m: &[(&str, &[f64])] = &[("m", &[10.0, 20.0, 5.0, 15.0])];
    let grown = Some(25.0 * ((90.0 + 15.0) / 90.0));
    check("increase(m[10m])", 90, m, grown, grown);
    check("irate(m[70s])", 60, m, Some(5.0 / 30.0), Some(5.0 / 30.0));
}

#[test]
fn the_zero_of_a_counter_and_the_limit_are_looked_at_in_another_order_since_3() {
    // It would be zero 24 s before its first sample, which is within the limit of 33 s and over half a distance.
    let mut history = SeriesHistory::new(Duration::from_secs(86_400), HistoryLimits::default());
    let query = Query::bind(
        "increase(m[10m])".parse().unwrap(),
        &mut history,
        &mut Watched::new(),
    );
    for (at, value) in [(300, 8.0), (330, 18.0)] {
        history.advance(Timestamp::from_millis(at * 1_000));
        history.put(&SeriesLabels::new([("__name__", "m")]), value);
    }
    let value = |semantics| {
        let now = Timestamp::from_millis(330_000);
        let found = query.evaluate(&history, now, semantics, Budget::default(), &|| {
            Duration::ZERO
        });
        found.unwrap()[0].value
    };
    assert_eq!(value(Semantics::Prometheus2), 10.0 * (54.0 / 30.0));
    assert_eq!(value(Semantics::Prometheus3), 10.0 * (45.0 / 30.0));
}

#[test]
fn numbers_that_are_added_up_lose_nothing_since_3() {
    let m: &[(&str, &[f64])] = &[("m a", &[1e100]), ("m b", &[1.0]), ("m c", &[-1e100])];
    check("sum(m)", 0, m, Some(0.0), Some(1.0));
    check("avg(m)", 0, m, Some(0.0), Some(1.0 / 3.0));
    let large: &[(&str, &[f64])] = &[("m a", &[1e308]), ("m b", &[1e308])];
    check("avg(m)", 0, large, Some(1e308), Some(1e308));
    check("sum(m)", 0, large, Some(f64::INFINITY), Some(f64::INFINITY));
    let over: &[(&str, &[f64])] = &[("m", &[1e308, 1e308, 1e308, -1e308])];
    check("avg_over_time(m[10m])", 90, over, Some(5e307), Some(5e307));
}

#[test]
fn buckets_that_shrink_by_a_trillionth_are_forgiven_since_3() {
    let of = |semantics| {
        let sample = |le: &str, value| Sample::new(SeriesLabels::new([("le", le)]), value);
        let buckets = vec![
            sample("1", 10.0),
            sample("2", 10.0 + 1e-12),
            sample("+Inf", 20.0),
        ];
        quantile::histogram(0.500_000_000_000_01, buckets, semantics).unwrap()[0].value
    };
    assert!(of(Semantics::Prometheus2) <= 2.0);
    assert_eq!(
        of(Semantics::Prometheus3),
        2.0,
        "the second bucket has nothing of its own"
    );
}

#[test]
fn a_match_that_is_not_one_to_one_is_an_error_only_where_it_matters() {
    let two: &[(&str, &[f64])] = &[("m a", &[1.0]), ("m b", &[2.0]), ("n a", &[1.0])];
    let find = |expression| evaluate(expression, 0, two, Semantics::default());
    assert!(matches!(
        find("n + on() m"),
        Err(EvaluationError::ManyToOne { side: "right", .. })
    ));
    assert!(matches!(
        find("m + on() n"),
        Err(EvaluationError::ManyToOne { side: "left", .. })
    ));
    assert_eq!(find("m > on() n").unwrap(), [("{}".to_owned(), 2.0)]);
    assert_eq!(find("nothing + on() m").unwrap(), []);
    assert!(matches!(
        find("-{l=\"a\"}"),
        Err(EvaluationError::Duplicate(_))
    ));
    assert!(matches!(find("rate({l=\"a\"}[5m])"), Ok(none) if none.is_empty()));
    assert_eq!(
        find("m > bool 1").unwrap(),
        [("{l=\"a\"}".to_owned(), 0.0), ("{l=\"b\"}".to_owned(), 1.0)]
    );
    assert_eq!(
        find("1 < m").unwrap(),
        [("m{l=\"b\"}".to_owned(), 2.0)],
        "the value is that of the series"
    );
}

#[test]
fn dividing_by_zero_is_no_error_and_no_verdict() {
    let m: &[(&str, &[f64])] = &[("m", &[0.0]), ("n", &[3.0])];
    let find = |expression| evaluate(expression, 0, m, Semantics::default()).unwrap();
    assert!(find("m / m")[0].1.is_nan());
    assert_eq!(find("m / m > 0.05"), []);
    assert_eq!(find("n / m")[0].1, f64::INFINITY);
    assert_eq!(find("n / 0 > 5").len(), 1);
}
