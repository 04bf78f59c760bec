//! Tests of rows, marks, bounds and clocks that jump, over a real recorder.

use super::*;
use crate::Recorder;

const MINUTE: i64 = 60_000;

fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(minute * MINUTE)
}

fn history(limits: HistoryLimits) -> (SeriesHistory, Selection) {
    let mut history = SeriesHistory::new(Duration::from_secs(600), limits);
    let all = history.watch(Some("m"), |_| true);
    (history, all)
}

fn of(label: &str) -> SeriesLabels {
    SeriesLabels::new([("__name__", "m"), ("l", label)])
}

/// The samples of each series of a choice, in minutes, with `None` for a mark.
fn samples(
    history: &SeriesHistory,
    selection: Selection,
) -> Vec<(String, Vec<(i64, Option<f64>)>)> {
    let rows = history.rows(at(-1_000), at(1_000_000));
    let series = history.selected(selection).map(|series| {
        let samples = series.within(rows).map(|(at, value)| {
            let value = (!is_stale(value)).then_some(value);
            (at.as_millis() / MINUTE, value)
        });
        (series.labels().to_string(), samples.collect())
    });
    series.collect()
}

#[test]
fn only_chosen_series_are_kept_and_histograms_as_their_parts() {
    let recorder = Recorder::builder().with_buckets(&[1.0]).build().unwrap();
    let mut history = SeriesHistory::new(Duration::from_secs(600), HistoryLimits::default());
    let buckets = history.watch(Some("h_bucket"), |labels| labels.get("route") == "/a");
    let counters = history.watch(Some("c_total"), |_| true);
    let everything_b = history.watch(None, |labels| labels.get("route") == "/b");
    metrics::with_local_recorder(&recorder, || {
        metrics::histogram!("h", "route" => "/a").record_many(0.5, 2);
        metrics::histogram!("h", "route" => "/a").record(3.0);
        metrics::histogram!("h", "route" => "/b").record(0.25);
        metrics::counter!("c_total").increment(7);
        metrics::counter!("other_total").increment(1);
    });
    history.record(at(1), &recorder.snapshot());
    let one = |name: &str, value| (name.to_owned(), vec![(1, Some(value))]);
    assert_eq!(
        samples(&history, buckets),
        [
            one(r#"h_bucket{le="1.0",route="/a"}"#, 2.0),
            one(r#"h_bucket{le="+Inf",route="/a"}"#, 3.0),
        ]
    );
    assert_eq!(samples(&history, counters), [one("c_total", 7.0)]);
    assert_eq!(
        samples(&history, everything_b),
        [
            one(r#"h_bucket{le="1.0",route="/b"}"#, 1.0),
            one(r#"h_bucket{le="+Inf",route="/b"}"#, 1.0),
            one(r#"h_sum{route="/b"}"#, 0.25),
            one(r#"h_count{route="/b"}"#, 1.0),
        ]
    );
    assert_eq!(history.series_count(), 7);
}

#[test]
fn a_series_that_leaves_the_recorder_ends_with_one_mark_and_may_come_back() {
    let (mut history, all) = history(HistoryLimits::default());
    let with = Recorder::default();
    metrics::with_local_recorder(&with, || metrics::gauge!("m", "l" => "x").set(1.0));
    let without = Recorder::default();
    for (minute, recorder) in [(1, &with), (2, &without), (3, &without), (4, &with)] {
        history.record(at(minute), &recorder.snapshot());
    }
    let expected = vec![(1, Some(1.0)), (2, None), (4, Some(1.0))];
    assert_eq!(
        samples(&history, all),
        [(r#"m{l="x"}"#.to_owned(), expected)]
    );
}

#[test]
fn rows_are_without_the_first_moment_and_with_the_last() {
    let (mut history, all) = history(HistoryLimits::default());
    for minute in 1..=5 {
        history.advance(at(minute));
        assert!(history.put(&of("x"), minute as f64));
    }
    let within = |from, to| {
        let rows = history.rows(at(from), at(to));
        let series = history.selected(all).next().unwrap();
        series
            .within(rows)
            .map(|(_, value)| value)
            .collect::<Vec<_>>()
    };
    assert_eq!(within(2, 4), [3.0, 4.0]);
    assert_eq!(within(0, 100), [1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(within(4, 2), [] as [f64; 0]);
}

#[test]
fn old_rows_go_with_the_series_that_only_they_had() {
    let (mut history, all) = history(HistoryLimits::default());
    history.advance(at(0));
    history.put(&of("old"), 1.0);
    for minute in 1..=9 {
        history.advance(at(minute));
        history.put(&of("new"), 2.0);
    }
    assert_eq!(history.series_count(), 2);
    history.advance(at(10));
    assert_eq!((history.oldest(), history.row_count()), (Some(at(1)), 10));
    assert_eq!(history.series_count(), 1, "the span is open at its start");
    assert_eq!(samples(&history, all)[0].1.len(), 9);
    assert_eq!(history.value_count(), 9);
    history.put(&of("again"), 3.0);
    assert_eq!(history.selected(all).len(), 2, "a free place is used again");
}

#[test]
fn series_beyond_the_limit_are_refused_and_counted() {
    let (mut history, all) = history(HistoryLimits {
        series: 2,
        ..HistoryLimits::default()
    });
    history.advance(at(1));
    let put = ["a", "b", "c"].map(|label| history.put(&of(label), 1.0));
    assert_eq!(put, [true, true, false]);
    assert_eq!((history.refused(), history.selected(all).len()), (1, 2));
    assert!(history.put(&of("b"), 2.0), "those that are there go on");
}

#[test]
fn rows_and_values_have_a_bound() {
    let (mut rows, _) = history(HistoryLimits {
        rows: 3,
        ..HistoryLimits::default()
    });
    let (mut values, _) = history(HistoryLimits {
        values: 4,
        ..HistoryLimits::default()
    });
    for second in 0..100 {
        for history in [&mut rows, &mut values] {
            history.advance(Timestamp::from_millis(second * 1_000));
            history.put(&of("a"), 1.0);
            history.put(&of("b"), 1.0);
        }
    }
    assert_eq!(rows.row_count(), 3);
    // Four are let go at the beginning of a row, before its own two come.
    assert!(values.value_count() <= 6, "{}", values.value_count());
    assert!(values.row_count() >= 2);
}

#[test]
fn a_clock_set_back_drops_rows_of_the_future() {
    let (mut history, all) = history(HistoryLimits::default());
    for (minute, value) in [(1, 1.0), (5, 2.0), (6, 3.0), (5, 4.0), (5, 5.0)] {
        history.advance(at(minute));
        history.put(&of("x"), value);
    }
    let expected = vec![(1, Some(1.0)), (5, Some(5.0))];
    assert_eq!(samples(&history, all)[0].1, expected);
    assert_eq!(history.value_count(), 2);
    history.advance(Timestamp::from_millis(i64::MAX));
    history.advance(Timestamp::from_millis(i64::MIN));
    assert_eq!(history.row_count(), 1);
}

#[test]
fn a_value_that_looks_like_a_mark_is_none() {
    let (mut history, all) = history(HistoryLimits::default());
    assert!(!history.put(&of("x"), 1.0), "there is no row yet");
    history.advance(at(1));
    history.put(&of("x"), f64::from_bits(STALE));
    history.put(&of("y"), f64::from_bits(MISSING));
    history.end_series(&of("nobody"));
    for (_, samples) in samples(&history, all) {
        assert!(samples[0].1.unwrap().is_nan());
    }
    history.end_series(&of("x"));
    assert_eq!(samples(&history, all)[0].1, [(1, None)]);
    assert_eq!(history.series_count(), 2);
}

#[test]
fn a_choice_made_later_finds_what_is_kept_already() {
    let (mut history, _) = history(HistoryLimits::default());
    history.advance(at(1));
    history.put(&of("x"), 1.0);
    let later = history.watch(None, |labels| labels.get("l") == "x");
    assert_eq!(history.selected(later).len(), 1);
}
