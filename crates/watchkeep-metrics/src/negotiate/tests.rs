//! Tests of negotiation with headers of real clients, and of compression.

use std::io::Read as _;

use super::*;

#[track_caller]
fn check(accept: &str, expected: Offer) {
    assert_eq!(best(Some(accept)), expected, "{accept}");
}

#[test]
fn prometheus_itself_gets_open_metrics_by_its_weights() {
    check(
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
         application/openmetrics-text;version=0.0.1;q=0.5,\
         text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
        Offer::OpenMetrics,
    );
    check(
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,\
         text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.2",
        Offer::Prometheus,
    );
}

#[test]
fn browsers_and_curl_get_the_default() {
    check(
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
        Offer::Prometheus,
    );
    check("*/*", Offer::Prometheus);
    check("", Offer::Prometheus);
    assert_eq!(best(None), Offer::Prometheus);
}

#[test]
fn the_greatest_weight_decides_then_exactness_then_our_order() {
    check("application/json", Offer::Json);
    check("application/json, text/plain, */*", Offer::Prometheus);
    check("application/json, */*", Offer::Json);
    check("application/json;q=0.5, */*;q=0.5", Offer::Json);
    check("application/json;q=0.5, */*", Offer::Prometheus);
    check("application/json;q=0.9, text/plain;q=0.8", Offer::Json);
    check("application/json;q=0.999, text/plain;q=0.998", Offer::Json);
    check("text/*", Offer::Prometheus);
    check("application/*", Offer::OpenMetrics);
    check("APPLICATION/JSON ; Q=1.0 , text/plain;q=0.1", Offer::Json);
}

#[test]
fn a_more_exact_range_overrides_a_wider_one() {
    check("*/*, text/plain;q=0", Offer::OpenMetrics);
    check("*/*, text/*;q=0.1, application/*;q=0.2", Offer::OpenMetrics);
    check(
        "application/openmetrics-text;q=0, application/*;q=0.5",
        Offer::Json,
    );
}

#[test]
fn versions_that_are_not_ours_do_not_match() {
    check(
        "application/openmetrics-text;version=2.0.0, text/plain;q=0.1",
        Offer::Prometheus,
    );
    check(
        "application/openmetrics-text;version=\"1.0.0\"",
        Offer::OpenMetrics,
    );
    check(
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        Offer::OpenMetrics,
    );
}

#[test]
fn what_cannot_be_read_or_served_is_passed_over() {
    check("application/json;q=x, text/plain;q=0.1", Offer::Prometheus);
    check(
        "application/json;q=1.5, text/plain;q=0.1",
        Offer::Prometheus,
    );
    check("application/json;q=NaN", Offer::Prometheus);
    check("application/json;q=0.0001", Offer::Prometheus);
    check("image/png", Offer::Prometheus);
    check(",;=,/,;;q", Offer::Prometheus);
    check(
        "image/png;note=\"a, application/json, b\", text/plain;q=0.1",
        Offer::Prometheus,
    );
}

#[test]
fn gzip_is_used_when_allowed() {
    for (header, expected) in [
        (None, false),
        (Some(""), false),
        (Some("gzip"), true),
        (Some("deflate, GZIP;q=0.5"), true),
        (Some("x-gzip"), true),
        (Some("*"), true),
        (Some("*;q=0"), false),
        (Some("*, gzip;q=0"), false),
        (Some("gzip;q=0.000"), false),
        (Some("br, zstd"), false),
        (Some("identity"), false),
    ] {
        assert_eq!(accepts_gzip(header), expected, "{header:?}");
    }
}

#[test]
fn gzip_reads_back_the_same() {
    for text in [String::new(), "requests_total 1\n".repeat(10_000)] {
        let packed = gzip(text.as_bytes());
        assert!(packed.len() < text.len() / 10 + 64);
        let mut back = String::new();
        flate2::read::GzDecoder::new(&*packed)
            .read_to_string(&mut back)
            .unwrap();
        assert_eq!(back, text);
    }
}
