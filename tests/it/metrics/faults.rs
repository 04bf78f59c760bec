//! Where metrics-exporter-prometheus 0.18 is wrong and ours differs, one fault a test: what the differential test leaves out.
//!
//! Each also fails when the other is mended, so that the list stays true.

use metrics::{Recorder as Facade, counter, histogram, with_local_recorder};
use metrics_exporter_prometheus::PrometheusBuilder;
use watchkeep_metrics::{Format, Recorder};

use super::text;

/// Our text and theirs after the same operations.
fn both(operate: impl Fn()) -> (String, String) {
    let ours = Recorder::builder()
        .with_buckets(&[1.0])
        .build()
        .expect("the bounds are valid");
    let theirs = PrometheusBuilder::new()
        .set_buckets(&[1.0])
        .expect("there are bounds")
        .build_recorder();
    for recorder in [&ours as &dyn Facade, &theirs] {
        with_local_recorder(recorder, &operate);
    }
    (text(&ours, Format::Prometheus), theirs.handle().render())
}

fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

#[test]
fn different_values_stay_different_where_theirs_become_one_series_twice() {
    let (ours, theirs) = both(|| {
        counter!("c_total", "path" => "a\\b").increment(1);
        counter!("c_total", "path" => "a\\\\b").increment(2);
    });
    assert!(ours.contains("c_total{path=\"a\\\\b\"} 1\n"), "{ours}");
    assert!(ours.contains("c_total{path=\"a\\\\\\\\b\"} 2\n"), "{ours}");
    assert_eq!(count(&theirs, "c_total{path=\"a\\\\b\"}"), 2, "{theirs}");
}

#[test]
fn names_that_collide_are_added_up_where_theirs_keep_one() {
    let (ours, theirs) = both(|| {
        counter!("a.b").increment(1);
        counter!("a_b").increment(2);
    });
    assert!(ours.contains("\na_b 3\n"), "{ours}");
    let kept = ["a_b 1\n", "a_b 2\n"].map(|line| count(&theirs, line));
    assert_eq!(kept.iter().sum::<usize>(), 1, "{theirs}");
}

#[test]
fn labels_that_collide_are_one_where_theirs_stand_twice() {
    let (ours, theirs) = both(|| counter!("c_total", "a.b" => "1", "a_b" => "2").increment(1));
    assert!(ours.contains("c_total{a_b=\"2\"} 1\n"), "{ours}");
    assert_eq!(count(&theirs, "a_b="), 2, "{theirs}");
}

#[test]
fn an_empty_label_is_no_label_where_theirs_is_another_series() {
    let (ours, theirs) = both(|| {
        counter!("c_total").increment(1);
        counter!("c_total", "l" => "").increment(2);
    });
    assert!(ours.contains("\nc_total 3\n"), "{ours}");
    assert!(theirs.contains("c_total{l=\"\"} 2\n"), "{theirs}");
}

#[test]
fn not_a_number_is_refused_where_it_spoils_their_sum_for_ever() {
    let (ours, theirs) = both(|| {
        histogram!("h").record(0.5);
        histogram!("h").record(f64::NAN);
    });
    assert!(
        ours.contains("h_sum 0.5\n") && ours.contains("h_count 1\n"),
        "{ours}"
    );
    assert!(
        ours.contains("rejected_total{reason=\"not_finite\"} 1\n"),
        "{ours}"
    );
    assert!(theirs.contains("h_sum NaN\n"), "{theirs}");
}

#[test]
fn a_leading_digit_is_kept_where_theirs_goes() {
    let (ours, theirs) = both(|| {
        counter!("9lives_total", "7" => "x").increment(1);
        counter!("8lives_total").increment(2);
    });
    assert!(ours.contains("\n_9lives_total{_7=\"x\"} 1\n"), "{ours}");
    assert!(ours.contains("\n_8lives_total 2\n"), "{ours}");
    assert!(theirs.contains("_lives_total{_=\"x\"} 1\n"), "{theirs}");
    assert!(theirs.contains("_lives_total 2\n"), "two names are one");
}

#[test]
fn infinity_is_written_as_the_format_says_where_theirs_is_what_rust_writes() {
    let (ours, theirs) = both(|| metrics::gauge!("g").set(f64::INFINITY));
    assert!(ours.contains("g +Inf\n"), "{ours}");
    assert!(theirs.contains("g inf\n"), "{theirs}");
}

#[test]
fn the_other_text_has_blank_lines_and_bounds_that_are_not_canonical() {
    let (ours, theirs) = both(|| histogram!("h").record(0.5));
    assert!(
        !ours.contains("\n\n") && ours.contains("le=\"1.0\""),
        "{ours}"
    );
    assert!(
        theirs.contains("\n\n") && theirs.contains("le=\"1\""),
        "{theirs}"
    );
}
