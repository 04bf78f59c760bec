//! Tests of the limits, and of names that collide or clash.

use metrics::{counter, gauge, histogram, with_local_recorder};

use crate::Recorder;

#[track_caller]
fn rejected(recorder: &Recorder, reason: &str, expected: f64) {
    let labels = [("reason", reason)];
    let count = recorder
        .snapshot()
        .counter("watchkeep_metrics_rejected_total", &labels);
    assert_eq!(count, expected, "rejected for {reason}");
}

#[test]
fn series_over_the_limit_share_one_and_are_counted() {
    let recorder = Recorder::builder()
        .with_max_series_per_family(3)
        .with_global_label("env", "test")
        .build()
        .unwrap();
    with_local_recorder(&recorder, || {
        for user in 0..1_000 {
            counter!("c_total", "user" => user.to_string()).increment(1);
        }
        counter!("c_total", "user" => "1").increment(1);
        histogram!("h", "user" => "1").record(1);
    });
    let snapshot = recorder.snapshot();
    assert_eq!(snapshot.counter("c_total", &[]), 1_001.0);
    assert_eq!(snapshot.counter("c_total", &[("user", "1")]), 2.0);
    let overflow = [("overflow", "true"), ("env", "test")];
    assert_eq!(snapshot.counter("c_total", &overflow), 997.0);
    assert_eq!(snapshot.family("c_total").unwrap().series().len(), 4);
    let counted = snapshot.family("watchkeep_metrics_overflow_total").unwrap();
    assert_eq!(counted.series().len(), 1);
    let metric = [("metric", "c_total")];
    assert_eq!(
        snapshot.counter("watchkeep_metrics_overflow_total", &metric),
        997.0
    );
}

#[test]
fn remembered_keys_are_bounded_though_all_clean_to_one_series() {
    let recorder = Recorder::builder()
        .with_max_series_per_family(2)
        .build()
        .unwrap();
    with_local_recorder(&recorder, || {
        for alias in 0..100_u8 {
            let name = format!("l{}", "?".repeat(usize::from(alias)));
            counter!("c_total", name.clone() => "", "a" => "x").increment(1);
        }
    });
    let snapshot = recorder.snapshot();
    assert_eq!(snapshot.counter("c_total", &[("a", "x")]), 100.0);
    let debug = format!("{:?}", recorder.registry());
    assert!(debug.contains("counters: Index { keys: 4 }"), "{debug}");
}

#[test]
fn families_over_the_limit_do_nothing_and_are_counted() {
    let recorder = Recorder::builder().with_max_families(2).build().unwrap();
    with_local_recorder(&recorder, || {
        for name in 0..10 {
            metrics::describe_counter!(format!("m{name}_total"), "Help.");
            counter!(format!("m{name}_total")).increment(1);
        }
    });
    rejected(&recorder, "families", 8.0);
    let snapshot = recorder.snapshot();
    assert_eq!(snapshot.families().count(), 4, "two and two of our own");
    assert_eq!(snapshot.counter("m1_total", &[]), 1.0);
}

#[test]
fn names_and_labels_that_collide_after_cleaning_are_one_series() {
    let recorder = Recorder::default();
    with_local_recorder(&recorder, || {
        counter!("a.b", "x.y" => "1", "z" => "2").increment(1);
        counter!("a_b", "z" => "2", "x_y" => "1").increment(2);
        counter!("a-b", "x-y" => "1", "z" => "2", "none" => "").increment(4);
    });
    let snapshot = recorder.snapshot();
    assert_eq!(snapshot.family("a_b").unwrap().series().len(), 1);
    assert_eq!(snapshot.counter("a_b", &[("x_y", "1")]), 7.0);
}

#[test]
fn the_first_kind_of_a_name_stays() {
    let recorder = Recorder::default();
    with_local_recorder(&recorder, || {
        counter!("m").increment(1);
        gauge!("m").set(5);
        histogram!("m").record(5);
        gauge!("watchkeep_metrics_rejected_total").set(5);
    });
    assert_eq!(recorder.snapshot().counter("m", &[]), 1.0);
    rejected(&recorder, "kind", 3.0);
}

#[test]
fn names_of_a_histograms_samples_are_taken() {
    let recorder = Recorder::default();
    with_local_recorder(&recorder, || {
        histogram!("h").record(1);
        counter!("h_count").increment(1);
        gauge!("h_sum").set(1);
        gauge!("x_bucket").set(1);
        histogram!("x").record(1);
    });
    rejected(&recorder, "name", 3.0);
    assert!(recorder.snapshot().family("x").is_none());
}

#[test]
fn a_host_that_uses_the_overflow_label_itself_shares_that_series() {
    let recorder = Recorder::builder()
        .with_max_series_per_family(1)
        .build()
        .unwrap();
    with_local_recorder(&recorder, || {
        for label in ["true", "false", "maybe"] {
            counter!("c_total", "overflow" => label).increment(1);
        }
    });
    let snapshot = recorder.snapshot();
    assert_eq!(snapshot.family("c_total").unwrap().series().len(), 1);
    assert_eq!(snapshot.counter("c_total", &[("overflow", "true")]), 3.0);
}

#[test]
fn keys_with_values_that_were_cut_are_not_remembered() {
    let recorder = Recorder::default();
    with_local_recorder(&recorder, || {
        for more in 0..10 {
            let value = "x".repeat(2_000 + more);
            gauge!("g", "l" => value).increment(1.0);
        }
    });
    assert_eq!(
        recorder.snapshot().gauge("g", &[("l", &"x".repeat(1_024))]),
        Some(10.0)
    );
    let debug = format!("{:?}", recorder.registry());
    assert!(debug.contains("gauges: Index { keys: 0 }"), "{debug}");
}

#[test]
fn long_names_are_cut_and_their_keys_not_remembered() {
    let recorder = Recorder::default();
    with_local_recorder(&recorder, || {
        for more in 1..10 {
            counter!("n".repeat(1_024 + more)).increment(1);
        }
    });
    assert_eq!(recorder.snapshot().counter(&"n".repeat(1_024), &[]), 9.0);
    let debug = format!("{:?}", recorder.registry());
    assert!(debug.contains("counters: Index { keys: 0 }"), "{debug}");
}
