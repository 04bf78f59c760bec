//! What counts as a valid `traceparent`, and what it becomes.

use super::*;

const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[track_caller]
fn check(value: &str, header: Option<&str>) {
    let parsed = TraceContext::parse(value).map(|context| context.to_string());
    assert_eq!(parsed.as_deref(), header, "{value:?}");
}

#[test]
fn valid_headers_are_read_and_written_back() {
    check(VALID, Some(VALID));
    let unsampled = VALID.replace("-01", "-00");
    check(&unsampled, Some(&unsampled));
    assert!(!TraceContext::parse(&unsampled).unwrap().is_sampled());
}

#[test]
fn the_random_flag_is_kept_and_undefined_flags_are_cleared() {
    check(
        &VALID.replace("-01", "-03"),
        Some(&VALID.replace("-01", "-03")),
    );
    check(
        &VALID.replace("-01", "-02"),
        Some(&VALID.replace("-01", "-02")),
    );
    check(
        &VALID.replace("-01", "-ff"),
        Some(&VALID.replace("-01", "-03")),
    );
}

#[test]
fn a_later_version_is_read_as_far_as_it_is_known() {
    check(&VALID.replacen("00", "01", 1), Some(VALID));
    // What the other flags mean there is not known.
    check(
        &VALID.replacen("00", "01", 1).replace("-01", "-03"),
        Some(VALID),
    );
    check(
        &format!("{}-more", VALID.replacen("00", "fe", 1)),
        Some(VALID),
    );
    check(&format!("{}-", VALID.replacen("00", "cc", 1)), Some(VALID));
    check(&format!("{}.more", VALID.replacen("00", "cc", 1)), None);
    check(&format!("{}0", VALID.replacen("00", "cc", 1)), None);
}

#[test]
fn invalid_headers_are_refused() {
    let long = "0".repeat(65_536);
    for value in [
        "",
        "00-ab-cd-01",
        long.as_str(),
        &VALID[..54],
        &format!("{VALID}0"),
        &format!("{VALID}-"),
        &format!("{VALID}-more"),
        &format!(" {VALID}"),
        &format!("{VALID} "),
        &VALID.to_uppercase(),
        &VALID.replacen("00", "ff", 1),
        &VALID.replacen("00", "0g", 1),
        &VALID.replacen("00", "+0", 1),
        &VALID.replace("4bf9", "4Bf9"),
        &VALID.replace("4bf9", "+bf9"),
        &VALID.replace("4bf9", "4é9"),
        &VALID.replace("-01", "-0x"),
        &VALID.replace("-01", "-+1"),
        &VALID.replace('-', "_"),
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
    ] {
        check(value, None);
    }
}

#[track_caller]
fn check_headers(values: &[&[u8]], continued: bool) {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(&HEADER, HeaderValue::from_bytes(value).unwrap());
    }
    assert_eq!(
        TraceContext::from_headers(&headers).is_some(),
        continued,
        "{values:?}"
    );
}

#[test]
fn exactly_one_header_is_continued() {
    check_headers(&[VALID.as_bytes()], true);
    check_headers(&[], false);
    check_headers(&[VALID.as_bytes(), VALID.as_bytes()], false);
    check_headers(&[&[0xff; LENGTH]], false);
}

#[test]
fn a_child_keeps_the_trace_and_changes_the_span() {
    let parent = TraceContext::parse(VALID).unwrap();
    let child = parent.child();
    assert_eq!(child.trace_id(), parent.trace_id());
    assert_ne!(child.span_id(), parent.span_id());
    assert_eq!(child.flags(), parent.flags());
}

#[test]
fn generated_contexts_are_valid_and_differ() {
    let (one, other) = (TraceContext::generate(), TraceContext::generate());
    check(&one.to_string(), Some(&one.to_string()));
    assert_ne!(one.trace_id(), other.trace_id());
    assert!(one.is_sampled());
}
