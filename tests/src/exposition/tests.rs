//! Tests of the parser: it must be able to refuse.

use super::*;

#[track_caller]
fn refused(text: &str, format: Format, complaint: &str) {
    let error = parse(text, format).expect_err("it is refused");
    assert!(error.contains(complaint), "{error}");
}

#[test]
fn what_the_specifications_show_is_read() {
    let text = "# HELP foo_seconds A \\\"b\\\" \\\\ c.\n# TYPE foo_seconds histogram\n# UNIT foo_seconds seconds\n\
        foo_seconds_bucket{a=\"b\\\\\\\"\\n\",le=\"0.1\"} 8 # {trace_id=\"0af7\"} 0.05 1.5\n\
        foo_seconds_bucket{a=\"b\\\\\\\"\\n\",le=\"+Inf\"} 10\nfoo_seconds_sum{a=\"b\\\\\\\"\\n\"} 3.5e+0\n\
        foo_seconds_count{a=\"b\\\\\\\"\\n\"} 10\nfoo_seconds_created{a=\"b\\\\\\\"\\n\"} 1.25\n# EOF\n";
    let families = parse(text, Format::OpenMetrics).expect("it is right");
    let family = &families[0];
    assert_eq!(family.help.as_deref(), Some("A \"b\" \\ c."));
    assert_eq!(family.samples[0].label("a"), Some("b\\\"\n"));
    let exemplar = family.samples[0].exemplar.as_ref().expect("it has one");
    assert_eq!((exemplar.value, exemplar.at), (0.05, Some(1.5)));
    assert!(
        parse("", Format::Prometheus)
            .expect("it is right")
            .is_empty()
    );
}

#[test]
fn broken_lines_are_refused() {
    let line = |sample: &str, complaint: &str| {
        let text = format!("# TYPE a gauge\n{sample}\n");
        refused(&text, Format::Prometheus, complaint);
    };
    line("a", "no space");
    line("a 1 ", "no number");
    line("a  1", "no number");
    line("a inf", "no number");
    line("a 0x1", "no number");
    line("9a 1", "no metric name");
    line("a{} 1", "without a value");
    line("a{b=\"1\",} 1", "without a value");
    line("a{b=\"1} 1", "does not end");
    line("a{b=\"\\t\"} 1", "behind a backslash");
    line("a{__b=\"1\"} 1", "no label name");
    line("a{b:c=\"1\"} 1", "no label name");
    line("a{c=\"1\",b=\"1\"} 1", "out of order");
    line("a{b=\"1\",b=\"1\"} 1", "out of order");
    line("a{b=\"1\"}1", "no space before");
    line("a 1 # {b=\"1\"} 1", "no number");
    line("b 1", "another name");
    line("a_total 1", "suffix");
    line("", "no space");
    line("a 1\na 1", "stands twice");
    line("a 1\n# TYPE a gauge\na{b=\"1\"} 1", "does not come after");
    line("a 1\n# TYPE A gauge\nA 1", "does not come after");
    line("a 1\n# EOF", "not three words");
}

#[test]
fn broken_families_are_refused() {
    refused("a 1\n", Format::Prometheus, "before any family");
    refused("# HELP a b\na 1\n", Format::Prometheus, "before its TYPE");
    refused("# TYPE a gauge\n", Format::Prometheus, "no sample");
    refused(
        "# TYPE a gauge\n# TYPE a gauge\na 1\n",
        Format::Prometheus,
        "said twice",
    );
    refused("# TYPE a gauge\na 1", Format::Prometheus, "does not end");
    refused("# TYPE a gauge\na 1\n", Format::OpenMetrics, "no `# EOF`");
    refused(
        "# TYPE a counter\na 1\n# EOF\n",
        Format::OpenMetrics,
        "suffix",
    );
    refused(
        "# TYPE a counter\na -1\n",
        Format::Prometheus,
        "-1 in a counter",
    );
    refused(
        "# TYPE a gauge\n# UNIT a bytes\na 1\n# EOF\n",
        Format::OpenMetrics,
        "its unit",
    );
}

#[test]
fn broken_histograms_are_refused() {
    let histogram = |lines: &str, complaint: &str| {
        let text = format!("# TYPE h histogram\n{lines}\n# EOF\n");
        refused(&text, Format::OpenMetrics, complaint);
    };
    histogram("h_bucket{le=\"1.0\"} 1\nh_count 1", "no bucket for +Inf");
    histogram("h_bucket{le=\"1\"} 1", "not canonical");
    histogram(
        "h_bucket{le=\"2.0\"} 1\nh_bucket{le=\"1.0\"} 1",
        "goes down",
    );
    histogram(
        "h_bucket{le=\"1.0\"} 2\nh_bucket{le=\"+Inf\"} 1",
        "goes down",
    );
    histogram("h_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 1", "1 counted");
    histogram("h_bucket{le=\"+Inf\"} 2\nh_sum 1", "no count");
    histogram("h_bucket{le=\"+Inf\"} 2\nh_sum -1\nh_count 2", "no counter");
    histogram(
        "h_bucket{le=\"-1.0\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 1\nh_count 2",
        "no counter",
    );
    histogram(
        "h_bucket{a=\"1\",le=\"1.0\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_count 2",
        "another series",
    );
    histogram("h_bucket{le=\"1.0\"} 1 # {t=\"1\"} 2", "exemplar 2");
    histogram(
        "h_bucket{le=\"+Inf\"} 1\nh_count 1 # {t=\"1\"} 2",
        "where none may be",
    );
    let long = "x".repeat(128);
    histogram(
        &format!("h_bucket{{le=\"+Inf\"}} 1 # {{t=\"{long}\"}} 2"),
        "129 characters",
    );
}
