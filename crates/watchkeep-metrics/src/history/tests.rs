//! Tests of windows over counters, resets and clocks that jump.

use super::*;
use crate::Recorder;

struct Series {
    recorder: Recorder,
    history: History,
    selector: Selector,
}

impl Series {
    fn new(max_samples: usize) -> Self {
        let selector = Selector::new("value");
        let mut history = History::new(Duration::from_secs(300), max_samples);
        history.watch(selector.clone());
        Self {
            recorder: Recorder::default(),
            history,
            selector,
        }
    }

    /// A counter that restarts is a smaller value here, so a gauge stands in for it.
    fn record(&mut self, second: i64, value: f64) {
        self.recorder.set_gauge("value", &[], value);
        self.record_as_it_is(second);
    }

    fn record_as_it_is(&mut self, second: i64) {
        self.history.record(at(second), &self.recorder.snapshot());
    }

    #[track_caller]
    fn check(&self, window: u64, now: i64, expected: Option<f64>) {
        let window = Duration::from_secs(window);
        let grown = self.history.increase(&self.selector, window, at(now));
        assert_eq!(grown, expected, "over {window:?} before {now}");
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1_000)
}

#[test]
fn a_window_begins_at_the_sample_before_it() {
    let mut series = Series::new(100);
    for (second, value) in [(0, 10.0), (60, 11.0), (120, 15.0), (180, 15.0)] {
        series.record(second, value);
    }
    series.check(60, 180, Some(0.0));
    series.check(120, 180, Some(4.0));
    series.check(119, 180, Some(4.0));
    series.check(121, 180, Some(5.0));
    series.check(300, 180, Some(5.0));
    series.check(60, 120, Some(4.0));
    series.check(60, 130, Some(4.0));
}

#[test]
fn one_sample_is_no_increase() {
    let mut series = Series::new(100);
    series.check(60, 0, None);
    series.record(0, 10.0);
    series.check(60, 0, None);
    series.check(60, 1_000, None);
    series.check(60, -10, None);
    assert_eq!(series.history.latest(&series.selector), Some(10.0));
}

#[test]
fn a_counter_that_began_anew_counts_from_zero() {
    let mut series = Series::new(100);
    for (second, value) in [(0, 10.0), (10, 12.0), (20, 3.0), (30, 4.0)] {
        series.record(second, value);
    }
    series.check(60, 30, Some(2.0 + 3.0 + 1.0));
}

#[test]
fn a_series_that_appears_counts_from_zero() {
    let mut series = Series::new(100);
    series.record_as_it_is(0);
    series.check(60, 0, None);
    series.record_as_it_is(10);
    series.check(60, 10, None);
    series.record(20, 5.0);
    series.check(60, 20, Some(5.0));
}

#[test]
fn a_selector_counts_from_the_sample_after_it_was_watched() {
    let mut series = Series::new(100);
    series.record(0, 5.0);
    let late = Selector::new("late");
    series.recorder.set_gauge("late", &[], 100.0);
    assert_eq!(series.history.latest(&late), None);
    series.history.watch(late.clone());
    series.history.watch(late.clone());
    assert_eq!(series.history.latest(&late), None);
    series.record_as_it_is(10);
    let minute = Duration::from_secs(60);
    assert_eq!(series.history.increase(&late, minute, at(10)), None);
    series.recorder.set_gauge("late", &[], 101.0);
    series.record_as_it_is(20);
    assert_eq!(series.history.increase(&late, minute, at(20)), Some(1.0));
    assert_eq!(
        series.history.samples(&late).collect::<Vec<_>>(),
        [(at(10), 100.0), (at(20), 101.0)]
    );
}

#[test]
fn samples_beyond_the_span_go_but_for_one() {
    let mut series = Series::new(1_000);
    for second in 0..1_000 {
        series.record(second * 10, 1.0);
    }
    let kept: Vec<_> = series.history.samples(&series.selector).collect();
    assert_eq!(kept.len(), 31);
    assert_eq!(kept[0].0, at(9_690));
}

#[test]
fn samples_beyond_the_number_go() {
    let mut series = Series::new(3);
    for second in 0..100 {
        series.record(second, 1.0);
    }
    let kept: Vec<_> = series.history.samples(&series.selector).collect();
    assert_eq!(kept.first().unwrap().0, at(97));
    assert_eq!(kept.len(), 3);
}

#[test]
fn a_clock_set_back_drops_samples_from_the_future() {
    let mut series = Series::new(100);
    for (second, value) in [(100, 1.0), (200, 2.0), (300, 3.0), (150, 4.0), (150, 5.0)] {
        series.record(second, value);
    }
    let kept: Vec<_> = series.history.samples(&series.selector).collect();
    assert_eq!(kept, [(at(100), 1.0), (at(150), 5.0)]);
    series.check(60, 150, Some(4.0));
}

#[test]
fn values_that_are_not_finite_are_as_absent() {
    let mut series = Series::new(100);
    for (second, value) in [(0, 1.0), (10, f64::NAN), (20, 3.0)] {
        series.record(second, value);
    }
    series.check(60, 20, Some(2.0));
    series.record(30, f64::INFINITY);
    assert_eq!(series.history.latest(&series.selector), None);
}

#[test]
fn a_rate_is_the_increase_over_the_time_between_its_samples() {
    let mut series = Series::new(100);
    for (second, value) in [(0, 10.0), (30, 40.0), (60, 70.0)] {
        series.record(second, value);
    }
    let rate = |window, now| {
        let window = Duration::from_secs(window);
        series.history.rate(&series.selector, window, at(now))
    };
    assert_eq!(rate(60, 60), Some(1.0));
    assert_eq!(rate(30, 60), Some(1.0));
    assert_eq!(rate(300, 30), Some(1.0), "as far as it goes back");
    assert_eq!(rate(60, 0), None, "one sample");
}

#[test]
fn an_average_is_over_the_samples_inside_the_window() {
    let mut series = Series::new(100);
    for (second, value) in [(0, 100.0), (10, 1.0), (20, f64::NAN), (30, 3.0)] {
        series.record(second, value);
    }
    let average = |window, now| {
        let window = Duration::from_secs(window);
        series.history.average(&series.selector, window, at(now))
    };
    assert_eq!(average(30, 30), Some(2.0), "the start is outside");
    assert_eq!(average(31, 30), Some(104.0 / 3.0));
    assert_eq!(average(5, 24), None);
    assert_eq!(average(300, 0), Some(100.0));
}

#[test]
fn quantiles_are_of_what_was_observed_in_the_window() {
    let recorder = Recorder::builder()
        .with_buckets(&[1.0, 2.0, 4.0])
        .build()
        .unwrap();
    let record = |value, count| {
        metrics::with_local_recorder(&recorder, || {
            metrics::histogram!("h").record_many(value, count);
        });
    };
    let selector = Selector::new("h");
    let minute = Duration::from_secs(60);
    let mut history = History::default();
    let quantile = |history: &History, now| history.quantile(&selector, 0.5, minute, at(now));
    history.watch_histogram(selector.clone());
    history.watch_histogram(selector.clone());
    history.record(at(0), &recorder.snapshot());
    record(0.5, 100);
    history.record(at(10), &recorder.snapshot());
    assert_eq!(quantile(&history, 10), Some(0.5), "a series that appeared");
    history.record(at(100), &recorder.snapshot());
    assert_eq!(quantile(&history, 100), None, "nothing in the last minute");
    record(3.0, 2);
    history.record(at(110), &recorder.snapshot());
    assert_eq!(quantile(&history, 110), Some(3.0));
    let observed = history.observed(&selector, minute, at(110)).unwrap();
    assert_eq!((observed.count, observed.sum), (2, 6.0));
    assert_eq!(
        history.quantile(&Selector::new("g"), 0.5, minute, at(110)),
        None
    );
}

#[test]
fn a_histogram_that_began_anew_counts_from_zero() {
    let selector = Selector::new("h");
    let mut history = History::default();
    history.watch_histogram(selector.clone());
    for (second, count) in [(0, 10), (10, 3), (20, 5)] {
        let recorder = Recorder::default();
        metrics::with_local_recorder(&recorder, || {
            metrics::histogram!("h").record_many(1.0, count);
        });
        history.record(at(second), &recorder.snapshot());
    }
    let observed = history.observed(&selector, Duration::from_secs(60), at(20));
    assert_eq!(observed.unwrap().count, 3 + 2);
}

#[test]
fn the_default_keeps_an_hour() {
    let mut history = History::default();
    let selector = Selector::new("value");
    history.watch(selector.clone());
    let recorder = Recorder::default();
    recorder.set_gauge("value", &[], 1.0);
    for sample in 0..1_000 {
        history.record(at(sample * 10), &recorder.snapshot());
    }
    let kept: Vec<_> = history.samples(&selector).collect();
    assert_eq!(kept.len(), 361);
    assert_eq!(kept[0].0, at(9_990 - 3_600));
}
