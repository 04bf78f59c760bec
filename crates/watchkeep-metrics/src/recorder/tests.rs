//! Tests of recording through the facade: readings, refusals, handles, threads, hooks.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

use metrics::{counter, gauge, histogram, with_local_recorder};

use super::*;
use crate::{Kind, Selector, Value};

#[track_caller]
fn rejected(recorder: &Recorder, reason: &str, expected: f64) {
    let labels = [("reason", reason)];
    let count = recorder
        .snapshot()
        .counter("watchkeep_metrics_rejected_total", &labels);
    assert_eq!(count, expected, "rejected for {reason}");
}

#[test]
fn recorded_numbers_are_read_back_by_any_part_of_their_labels() {
    let recorder = Recorder::default();
    with_local_recorder(&recorder, || {
        counter!("c_total", "a" => "1", "b" => "x").increment(2);
        counter!("c_total", "a" => "1", "b" => "y").increment(3);
        counter!("c_total", "a" => "2", "b" => "x").increment(4);
        gauge!("g", "a" => "1").set(1.5);
        gauge!("g", "a" => "2").decrement(0.5);
        histogram!("h_seconds", "a" => "1").record(0.02);
        histogram!("h_seconds", "a" => "2").record_many(20.0, 2);
    });
    let snapshot = recorder.snapshot();
    assert_eq!(snapshot.counter("c_total", &[]), 9.0);
    assert_eq!(snapshot.counter("c_total", &[("a", "1")]), 5.0);
    assert_eq!(snapshot.counter("c_total", &[("b", "x"), ("a", "1")]), 2.0);
    assert_eq!(snapshot.counter("c_total", &[("a", "3")]), 0.0);
    assert_eq!(snapshot.counter("c_total", &[("c", "")]), 9.0);
    assert_eq!(snapshot.counter("absent_total", &[]), 0.0);
    assert_eq!(snapshot.gauge("g", &[]), Some(1.0));
    assert_eq!(snapshot.gauge("g", &[("a", "3")]), None);
    assert_eq!(
        snapshot.gauge("c_total", &[]),
        None,
        "a counter is no gauge"
    );
    let all = snapshot.histogram("h_seconds", &[]).unwrap();
    assert_eq!((all.count, all.sum), (3, 40.02));
    assert_eq!((all.buckets[2], all.buckets[14]), (1, 2));
    assert_eq!(snapshot.histogram("h_seconds", &[("a", "3")]), None);
}

#[test]
fn selectors_reach_the_parts_of_a_histogram() {
    let recorder = Recorder::default();
    with_local_recorder(&recorder, || {
        histogram!("h_seconds", "a" => "1").record(0.02);
        histogram!("h_seconds", "a" => "2").record_many(20.0, 2);
    });
    let snapshot = recorder.snapshot();
    let value = |name: &str| snapshot.value(&Selector::new(name));
    assert_eq!(value("h_seconds_sum"), Some(40.02));
    assert_eq!(value("h_seconds_count"), Some(3.0));
    assert_eq!(value("h_seconds"), None);
    assert_eq!(value("h_seconds_bucket"), None);
    let bucket = Selector::new("h_seconds_bucket").with_label("a", "1");
    for (le, expected) in [
        ("0.01", Some(0.0)),
        ("0.025", Some(1.0)),
        ("1", Some(1.0)),
        ("1.0", Some(1.0)),
        ("+Inf", Some(1.0)),
        ("0.3", None),
        ("x", None),
    ] {
        let selector = bucket.clone().with_label("le", le);
        assert_eq!(snapshot.value(&selector), expected, "{selector}");
    }
}

#[test]
fn selectors_leave_series_out() {
    let recorder = Recorder::default();
    with_local_recorder(&recorder, || {
        for (status, count) in [("200", 1), ("404", 2), ("500", 4)] {
            counter!("c_total", "status" => status).increment(count);
            histogram!("h").record(0.02);
            histogram!("h", "status" => status).record(0.02);
        }
        counter!("c_total").increment(8);
    });
    let snapshot = recorder.snapshot();
    let selector = Selector::new("c_total").without_label("status", "500");
    assert_eq!(snapshot.value(&selector), Some(11.0));
    let selector = selector.without_label("status", "");
    assert_eq!(snapshot.value(&selector), Some(3.0), "those without it too");
    let selector = selector.with_label("status", "500");
    assert_eq!(snapshot.value(&selector), None);
    let count = Selector::new("h_count").without_label("status", "500");
    assert_eq!(snapshot.value(&count), Some(5.0));
    let whole = Selector::new("h").without_label("status", "");
    assert_eq!(snapshot.histogram_of(&whole).unwrap().count, 3);
}

#[test]
fn a_snapshot_lists_families_with_kind_help_and_series() {
    let recorder = Recorder::default();
    with_local_recorder(&recorder, || {
        metrics::describe_gauge!("b", "Help.");
        gauge!("b", "l" => "v").set(1);
        counter!("a_total").increment(1);
    });
    let snapshot = recorder.snapshot();
    let names: Vec<_> = snapshot.families().map(|family| family.name()).collect();
    assert_eq!(names[..2], ["a_total", "b"]);
    let family = snapshot.family("b").unwrap();
    assert_eq!((family.kind(), family.help()), (Kind::Gauge, Some("Help.")));
    assert_eq!(family.series()[0].label("l"), Some("v"));
    assert_eq!(*family.series()[0].value(), Value::Gauge(1.0));
}

#[test]
fn what_is_not_finite_is_counted_and_recorded_nowhere() {
    let recorder = Recorder::default();
    with_local_recorder(&recorder, || {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            histogram!("h").record(value);
            gauge!("g").increment(value);
            gauge!("g").decrement(value);
        }
        histogram!("h").record_many(f64::NAN, 5);
        histogram!("h").record(-1.0);
    });
    let snapshot = recorder.snapshot();
    let h = snapshot.histogram("h", &[]).unwrap();
    assert_eq!((h.count, h.sum), (1, -1.0));
    assert_eq!(snapshot.gauge("g", &[]), Some(0.0));
    rejected(&recorder, "not_finite", 14.0);
}

#[test]
fn a_sum_of_huge_observations_stays_finite() {
    let recorder = Recorder::default();
    with_local_recorder(&recorder, || histogram!("h").record_many(f64::MAX, 3));
    with_local_recorder(&recorder, || histogram!("h").record(f64::MAX));
    let h = recorder.snapshot().histogram("h", &[]).unwrap();
    assert_eq!((h.count, h.sum), (4, f64::MAX));
}

#[test]
fn a_float_counter_takes_fractions_and_refuses_what_goes_down() {
    let recorder = Recorder::default();
    let cost = recorder.float_counter("cost_usd_total", "Money.", &[("who", "me")]);
    for value in [0.25, 0.5, -1.0, f64::NAN, f64::INFINITY] {
        cost.increment(value);
    }
    assert_eq!(recorder.snapshot().counter("cost_usd_total", &[]), 0.75);
    cost.absolute(0.5);
    cost.absolute(1.0);
    cost.absolute(-3.0);
    with_local_recorder(&recorder, || {
        counter!("cost_usd_total", "who" => "me").increment(2);
    });
    assert_eq!(recorder.snapshot().counter("cost_usd_total", &[]), 3.0);
    rejected(&recorder, "negative", 2.0);
    rejected(&recorder, "not_finite", 2.0);
}

#[test]
fn an_absolute_counter_never_goes_down() {
    let recorder = Recorder::default();
    with_local_recorder(&recorder, || {
        counter!("c_total").absolute(7);
        counter!("c_total").absolute(5);
    });
    assert_eq!(recorder.snapshot().counter("c_total", &[]), 7.0);
}

#[test]
fn handles_keep_working_and_belong_to_their_series() {
    let recorder = Recorder::default();
    let (c, g, h) = with_local_recorder(&recorder, || {
        (
            counter!("c_total", "l" => "v"),
            gauge!("g"),
            histogram!("h"),
        )
    });
    let twin = c.clone();
    c.increment(1);
    twin.increment(1);
    g.set(2.0);
    h.record(3.0);
    with_local_recorder(&recorder, || {
        counter!("c_total", "l" => "v").increment(1);
    });
    let snapshot = recorder.snapshot();
    assert_eq!(snapshot.counter("c_total", &[("l", "v")]), 3.0);
    assert_eq!(snapshot.gauge("g", &[]), Some(2.0));
    assert_eq!(snapshot.histogram("h", &[]).unwrap().sum, 3.0);
}

#[test]
fn concurrent_writers_lose_nothing_while_others_read() {
    const WRITERS: u64 = 8;
    const EACH: u64 = 5_000;
    let recorder = Recorder::default();
    let start = Barrier::new(usize::try_from(WRITERS).unwrap() + 1);
    let cost = recorder.float_counter("cost_total", "", &[]);
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (recorder, start, cost) = (&recorder, &start, &cost);
            scope.spawn(move || {
                start.wait();
                with_local_recorder(recorder, || {
                    for n in 0..EACH {
                        counter!("c_total", "n" => (n % 50).to_string()).increment(1);
                        gauge!("g").increment(1.0);
                        histogram!("h").record(f64::from(u32::try_from(n % 4).unwrap()));
                        cost.increment(0.5);
                        if n == writer {
                            counter!("late_total", "w" => writer.to_string()).increment(1);
                        }
                    }
                });
            });
        }
        start.wait();
        let mut out = Vec::new();
        for _ in 0..50 {
            out.clear();
            recorder.render(Format::Prometheus, &mut out);
            let h = recorder.snapshot().histogram("h", &[]);
            assert!(h.is_none_or(|h| h.count == h.buckets.iter().sum::<u64>()));
        }
    });
    let snapshot = recorder.snapshot();
    assert_eq!(snapshot.counter("c_total", &[]), 40_000.0);
    assert_eq!(snapshot.family("c_total").unwrap().series().len(), 50);
    assert_eq!(snapshot.gauge("g", &[]), Some(40_000.0));
    let h = snapshot.histogram("h", &[]).unwrap();
    assert_eq!((h.count, h.sum), (40_000, 60_000.0));
    assert_eq!(snapshot.counter("cost_total", &[]), 20_000.0);
    assert_eq!(snapshot.family("late_total").unwrap().series().len(), 8);
}

#[test]
fn hooks_run_before_each_reading_and_their_panics_end_there() {
    let recorder = Recorder::default();
    let runs = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&runs);
    recorder.before_render(move |recorder| {
        seen.fetch_add(1, SeqCst);
        recorder.set_gauge("fresh", &[], 1.0);
        let _nested = recorder.snapshot();
    });
    recorder.before_render(|_| panic!("a hook of the test panics"));
    recorder.render(Format::Prometheus, &mut Vec::new());
    let snapshot = recorder.snapshot();
    assert_eq!(runs.load(SeqCst), 2, "not for the reading inside");
    assert_eq!(snapshot.gauge("fresh", &[]), Some(1.0));
    assert_eq!(
        snapshot.counter("watchkeep_metrics_hook_panics_total", &[]),
        2.0
    );
}

#[test]
fn recorders_are_independent_and_their_handles_outlive_them() {
    let (one, two) = (Recorder::default(), Recorder::default());
    let handle = with_local_recorder(&one, || counter!("c_total"));
    with_local_recorder(&two, || counter!("c_total").increment(5));
    handle.increment(1);
    assert_eq!(one.snapshot().counter("c_total", &[]), 1.0);
    assert_eq!(two.snapshot().counter("c_total", &[]), 5.0);
    drop(one);
    handle.increment(1);
}

#[test]
fn a_part_of_the_families_is_read_without_the_others_and_without_functions() {
    let recorder = Recorder::default();
    recorder.before_render(|_| panic!("it is not to run"));
    with_local_recorder(&recorder, || {
        counter!("a_total").increment(1);
        counter!("b_total").increment(2);
        counter!("c_total").increment(3);
    });
    let part = recorder.snapshot_of(&["c_total", "a_total", "absent", "a_total"]);
    let names: Vec<_> = part.families().map(|family| family.name()).collect();
    assert_eq!(names, ["a_total", "c_total"]);
    assert_eq!(part.counter("c_total", &[]), 3.0);
    assert_eq!(part.counter("b_total", &[]), 0.0);
}

#[test]
fn functions_run_without_a_reading_when_that_is_asked_for() {
    let recorder = Recorder::default();
    recorder.before_render(|recorder| recorder.set_gauge("fresh", &[], 1.0));
    recorder.refresh();
    let part = recorder.snapshot_of(&["fresh"]);
    assert_eq!(part.gauge("fresh", &[]), Some(1.0));
}
