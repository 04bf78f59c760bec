//! Tests of both text formats against whole texts.

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

use super::*;
use crate::Recorder;

fn text(recorder: &Recorder, format: Format) -> String {
    let mut out = Vec::new();
    recorder.render(format, &mut out);
    String::from_utf8(out).unwrap()
}

/// The text without the recorder's own families, which come from `watchkeep_` on.
#[track_caller]
fn check(recorder: &Recorder, format: Format, expected: &str) {
    let text = text(recorder, format);
    let lines: String = text
        .split_inclusive('\n')
        .filter(|line| !line.contains("watchkeep_metrics_"))
        .collect();
    assert_eq!(lines, expected);
}

fn sample() -> Recorder {
    let recorder = Recorder::builder()
        .with_buckets_for("latency_seconds", &[0.1, 1.0, 2.5e6])
        .with_global_label("env", "test")
        .build()
        .unwrap();
    metrics::with_local_recorder(&recorder, || {
        describe_counter!(
            "requests_total",
            "Requests, \"all\" of them.\nEven \\ those."
        );
        describe_gauge!("temperature_celsius", "How warm it is.");
        describe_histogram!("latency_seconds", Unit::Seconds, "How long it took.");
        describe_counter!("never_used_total", "Has no series.");
        counter!("requests_total", "route" => "/b").increment(1);
        counter!("requests_total", "route" => "/a\\\"\n").increment(u64::MAX);
        gauge!("temperature_celsius").set(-0.5);
        let latency = histogram!("latency_seconds");
        for value in [0.1, 0.5, 1.0, 3e6] {
            latency.record(value);
        }
        histogram!("latency_seconds", "le" => "x").record_many(0.25, 4);
    });
    recorder
        .float_counter("cost_usd_total", "Money.", &[])
        .increment(0.25);
    recorder
}

#[test]
fn prometheus_text_is_exactly_this() {
    check(
        &sample(),
        Format::Prometheus,
        r#"# HELP cost_usd_total Money.
# TYPE cost_usd_total counter
cost_usd_total{env="test"} 0.25
# HELP latency_seconds How long it took.
# TYPE latency_seconds histogram
latency_seconds_bucket{env="test",le="0.1"} 1
latency_seconds_bucket{env="test",le="1.0"} 3
latency_seconds_bucket{env="test",le="2.5e+06"} 3
latency_seconds_bucket{env="test",le="+Inf"} 4
latency_seconds_sum{env="test"} 3000001.6
latency_seconds_count{env="test"} 4
latency_seconds_bucket{env="test",exported_le="x",le="0.1"} 0
latency_seconds_bucket{env="test",exported_le="x",le="1.0"} 4
latency_seconds_bucket{env="test",exported_le="x",le="2.5e+06"} 4
latency_seconds_bucket{env="test",exported_le="x",le="+Inf"} 4
latency_seconds_sum{env="test",exported_le="x"} 1
latency_seconds_count{env="test",exported_le="x"} 4
# HELP requests_total Requests, "all" of them.\nEven \\ those.
# TYPE requests_total counter
requests_total{env="test",route="/a\\\"\n"} 18446744073709551615
requests_total{env="test",route="/b"} 1
# HELP temperature_celsius How warm it is.
# TYPE temperature_celsius gauge
temperature_celsius{env="test"} -0.5
"#,
    );
}

#[test]
fn open_metrics_text_is_exactly_this() {
    check(
        &sample(),
        Format::OpenMetrics,
        r#"# HELP cost_usd Money.
# TYPE cost_usd counter
cost_usd_total{env="test"} 0.25
# HELP latency_seconds How long it took.
# TYPE latency_seconds histogram
# UNIT latency_seconds seconds
latency_seconds_bucket{env="test",le="0.1"} 1
latency_seconds_bucket{env="test",le="1.0"} 3
latency_seconds_bucket{env="test",le="2.5e+06"} 3
latency_seconds_bucket{env="test",le="+Inf"} 4
latency_seconds_sum{env="test"} 3000001.6
latency_seconds_count{env="test"} 4
latency_seconds_bucket{env="test",exported_le="x",le="0.1"} 0
latency_seconds_bucket{env="test",exported_le="x",le="1.0"} 4
latency_seconds_bucket{env="test",exported_le="x",le="2.5e+06"} 4
latency_seconds_bucket{env="test",exported_le="x",le="+Inf"} 4
latency_seconds_sum{env="test",exported_le="x"} 1
latency_seconds_count{env="test",exported_le="x"} 4
# HELP requests Requests, \"all\" of them.\nEven \\ those.
# TYPE requests counter
requests_total{env="test",route="/a\\\"\n"} 18446744073709551615
requests_total{env="test",route="/b"} 1
# HELP temperature_celsius How warm it is.
# TYPE temperature_celsius gauge
temperature_celsius{env="test"} -0.5
# EOF
"#,
    );
}

#[test]
fn exemplars_and_creation_times_stand_in_open_metrics_only() {
    let recorder = Recorder::builder()
        .with_buckets(&[0.1, 1.0])
        .with_exemplars(
            || crate::TraceId::new(0xabc),
            || crate::Timestamp::from_millis(1_520_879_607_789),
        )
        .with_created_timestamps(|| crate::Timestamp::from_millis(1_500))
        .build()
        .unwrap();
    metrics::with_local_recorder(&recorder, || {
        histogram!("h_seconds", "l" => "v").record(0.25);
        histogram!("h_seconds", "l" => "v").record_many(0.05, 0);
        counter!("c_total").increment(1);
        counter!("taken_total").increment(1);
        gauge!("taken_created").set(1.0);
    });
    let prometheus = text(&recorder, Format::Prometheus);
    assert!(
        !prometheus.contains(" # ") || !prometheus.contains("trace_id"),
        "{prometheus}"
    );
    assert!(!prometheus.contains("c_created"));
    check(
        &recorder,
        Format::OpenMetrics,
        r#"# TYPE c counter
c_total 1
c_created 1.5
# TYPE h_seconds histogram
h_seconds_bucket{l="v",le="0.1"} 0
h_seconds_bucket{l="v",le="1.0"} 1 # {trace_id="00000000000000000000000000000abc"} 0.25 1520879607.789
h_seconds_bucket{l="v",le="+Inf"} 1
h_seconds_sum{l="v"} 0.25
h_seconds_count{l="v"} 1
h_seconds_created{l="v"} 1.5
# TYPE taken counter
taken_total 1
# TYPE taken_created gauge
taken_created 1
# EOF
"#,
    );
}

#[test]
fn a_sum_that_may_go_down_is_not_in_open_metrics() {
    let recorder = Recorder::builder()
        .with_buckets(&[1.0])
        .with_buckets_for("cold", &[-1.0, 1.0])
        .build()
        .unwrap();
    metrics::with_local_recorder(&recorder, || {
        histogram!("cold").record(3.0);
        histogram!("fell").record(-3.0);
    });
    let open = text(&recorder, Format::OpenMetrics);
    assert!(
        !open.contains("cold_sum") && !open.contains("fell_sum"),
        "{open}"
    );
    assert!(open.contains("cold_count 1\n") && open.contains("fell_count 1\n"));
    let prometheus = text(&recorder, Format::Prometheus);
    assert!(prometheus.contains("cold_sum 3\n") && prometheus.contains("fell_sum -3\n"));
}

#[test]
fn own_families_start_at_zero_and_are_described() {
    let text = text(&Recorder::default(), Format::Prometheus);
    for reason in ["families", "kind", "name", "negative", "not_finite"] {
        let line = format!("watchkeep_metrics_rejected_total{{reason=\"{reason}\"}} 0\n");
        assert!(text.contains(&line), "{text}");
    }
    assert!(text.contains("# HELP watchkeep_metrics_rejected_total "));
    assert!(text.contains("\nwatchkeep_metrics_hook_panics_total 0\n"));
    assert!(!text.contains("overflow"), "nothing overflowed: {text}");
}

#[test]
fn a_counter_without_total_gets_it_in_open_metrics() {
    let recorder = Recorder::default();
    metrics::with_local_recorder(&recorder, || counter!("jobs").increment(2));
    check(
        &recorder,
        Format::Prometheus,
        "# TYPE jobs counter\njobs 2\n",
    );
    check(
        &recorder,
        Format::OpenMetrics,
        "# TYPE jobs counter\njobs_total 2\n# EOF\n",
    );
}

#[test]
fn names_that_would_stand_twice_in_open_metrics_keep_their_own_form() {
    let recorder = Recorder::default();
    metrics::with_local_recorder(&recorder, || {
        counter!("jobs").increment(1);
        counter!("jobs_total").increment(2);
        gauge!("users").set(3);
        counter!("users_total").increment(4);
        counter!("_total").increment(5);
    });
    check(
        &recorder,
        Format::OpenMetrics,
        "# TYPE _total counter\n_total_total 5\n\
         # TYPE jobs unknown\njobs 1\n\
         # TYPE jobs_total unknown\njobs_total 2\n\
         # TYPE users gauge\nusers 3\n\
         # TYPE users_total unknown\nusers_total 4\n# EOF\n",
    );
}

#[test]
fn open_metrics_sorts_by_its_own_names() {
    let recorder = Recorder::default();
    metrics::with_local_recorder(&recorder, || {
        gauge!("a_b").set(1);
        counter!("a_total").increment(2);
    });
    check(
        &recorder,
        Format::OpenMetrics,
        "# TYPE a counter\na_total 2\n# TYPE a_b gauge\na_b 1\n# EOF\n",
    );
}

#[test]
fn gauges_show_what_is_not_finite() {
    let recorder = Recorder::default();
    metrics::with_local_recorder(&recorder, || {
        gauge!("a").set(f64::NAN);
        gauge!("b").set(f64::INFINITY);
        gauge!("c").set(f64::NEG_INFINITY);
    });
    check(
        &recorder,
        Format::Prometheus,
        "# TYPE a gauge\na NaN\n# TYPE b gauge\nb +Inf\n# TYPE c gauge\nc -Inf\n",
    );
}

#[test]
fn a_unit_is_only_said_where_the_name_ends_with_it() {
    let recorder = Recorder::default();
    metrics::with_local_recorder(&recorder, || {
        describe_gauge!("a_bytes", Unit::Bytes, "A.");
        describe_gauge!("b_kb", Unit::Bytes, "B.");
        describe_counter!("c_seconds_total", Unit::Seconds, "C.");
        describe_gauge!("megabytes", Unit::Bytes, "D.");
        gauge!("megabytes").set(1);
        gauge!("a_bytes").set(1);
        gauge!("b_kb").set(1);
        counter!("c_seconds_total").increment(1);
    });
    let text = text(&recorder, Format::OpenMetrics);
    assert!(text.contains("# UNIT a_bytes bytes\n"));
    assert!(!text.contains("# UNIT b_kb"));
    assert!(!text.contains("# UNIT megabytes"));
    assert!(text.contains("# UNIT c_seconds seconds\n"));
}

#[test]
fn renderings_are_the_same_whatever_the_order_of_registration() {
    let names = ["z_total", "a_total", "m_total"];
    let build = |order: [usize; 3]| {
        let recorder = Recorder::default();
        metrics::with_local_recorder(&recorder, || {
            for at in order {
                for label in order {
                    counter!(names[at], "l" => label.to_string()).increment(1);
                }
            }
        });
        text(&recorder, Format::Prometheus)
    };
    assert_eq!(build([0, 1, 2]), build([2, 0, 1]));
}

#[test]
fn content_types_are_the_ones_scrapers_know() {
    assert_eq!(
        Format::Prometheus.content_type(),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    assert_eq!(
        Format::OpenMetrics.content_type(),
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
}
