//! Which ids a request has, and who gets to know them.

use http::{HeaderValue, Request, Response};
use watchkeep_tower::{RequestContext, TraceContext};

use crate::support::{Ledger, Script, respond};

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Checks the id that service and client see.
#[track_caller]
fn check_id(values: &[&[u8]], kept: Option<&str>) {
    let ledger = Ledger::new();
    let mut request = Request::new(());
    for value in values {
        request
            .headers_mut()
            .append("x-request-id", HeaderValue::from_bytes(value).unwrap());
    }
    let mut seen = None;
    let response = respond(&ledger.layer(), request, |request| {
        let headers: Vec<_> = request
            .headers()
            .get_all("x-request-id")
            .iter()
            .cloned()
            .collect();
        seen = Some((
            RequestContext::current().unwrap().request_id().clone(),
            headers,
        ));
        // A service's own idea of the id does not win.
        Response::builder()
            .header("x-request-id", "one")
            .header("x-request-id", "two")
            .body(Script::default())
            .unwrap()
    });
    let (id, headers) = seen.unwrap();
    assert_eq!(
        headers,
        [id.to_header()],
        "the service's header says the same"
    );
    let echoed: Vec<_> = response.headers().get_all("x-request-id").iter().collect();
    assert_eq!(echoed, [id.as_str()], "{values:?}");
    match kept {
        Some(kept) => assert_eq!(id.as_str(), kept),
        None => {
            assert_eq!(id.as_str().len(), 32, "{values:?}");
            assert!(id.as_str().bytes().all(|byte| byte.is_ascii_hexdigit()));
        }
    }
}

#[test]
fn a_valid_id_is_kept_and_any_other_replaced() {
    check_id(&[b"order-17_A"], Some("order-17_A"));
    check_id(&[&[b'x'; 128]], Some(&"x".repeat(128)));
    check_id(&[], None);
    check_id(&[b""], None);
    check_id(&[&[b'x'; 129]], None);
    check_id(&[b"<script>"], None);
    check_id(&[b"a\tb"], None);
    check_id(&[b"\xe2\x80\xae"], None);
    check_id(&[b"a", b"b"], None);
}

#[track_caller]
fn check_trace(values: &[&[u8]], parent: Option<&str>) {
    let ledger = Ledger::new();
    let mut request = Request::new(());
    for value in values {
        request
            .headers_mut()
            .append("traceparent", HeaderValue::from_bytes(value).unwrap());
    }
    let mut seen = None;
    respond(&ledger.layer(), request, |_| {
        let context = RequestContext::current();
        seen = context.map(|context| *context.trace_context());
        Response::new(Script::default())
    });
    let context = seen.unwrap();
    let told: Vec<_> = values
        .iter()
        .filter_map(|value| str::from_utf8(value).ok())
        .collect();
    match parent.and_then(TraceContext::parse) {
        Some(parent) => {
            assert_eq!(context.trace_id(), parent.trace_id());
            assert_eq!(context.flags(), parent.flags());
            assert_ne!(
                context.span_id(),
                parent.span_id(),
                "the request is a span of its own"
            );
        }
        None => {
            let id = context.trace_id().to_string();
            assert!(
                told.iter().all(|value| !value.contains(&id)),
                "{told:?} was continued"
            );
        }
    }
    assert_eq!(
        TraceContext::parse(context.to_header().to_str().unwrap()),
        Some(context)
    );
}

#[test]
fn a_valid_trace_is_continued_and_any_other_begun_anew() {
    let later = format!("{}-what", TRACE.replacen("00", "42", 1));
    check_trace(&[TRACE.as_bytes()], Some(TRACE));
    check_trace(&[later.as_bytes()], Some(TRACE));
    check_trace(
        &[TRACE.replace("-01", "-03").as_bytes()],
        Some(&TRACE.replace("-01", "-03")),
    );
    check_trace(&[], None);
    check_trace(&[b"00-ab-cd-01"], None);
    check_trace(&[TRACE.to_uppercase().as_bytes()], None);
    check_trace(&[TRACE.replacen("00", "ff", 1).as_bytes()], None);
    check_trace(&[format!("{TRACE}-").as_bytes()], None);
    check_trace(&[&TRACE.as_bytes()[..54]], None);
    check_trace(&[TRACE.as_bytes(), TRACE.as_bytes()], None);
    check_trace(&[&[b'0'; 65_536]], None);
    check_trace(
        &[b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0\xff"],
        None,
    );
}
