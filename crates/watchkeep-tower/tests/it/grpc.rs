//! gRPC calls: their routes and their status.

use http::{Method, Request, Response, header};
use tracing::Level;

use crate::{
    lines::Lines,
    support::{Ledger, Script, Step, poll_frame, respond, trailers},
};

const CALLS: &str = "http_server_grpc_requests_total";

fn call(path: &str) -> Request<()> {
    Request::builder()
        .method(Method::POST)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/grpc")
        .body(())
        .unwrap()
}

fn answer(trailers_only: Option<&str>, steps: impl IntoIterator<Item = Step>) -> Response<Script> {
    let mut response = Response::builder().header(header::CONTENT_TYPE, "application/grpc+proto");
    if let Some(status) = trailers_only {
        response = response.header("grpc-status", status);
    }
    response.body(Script::new(steps)).unwrap()
}

/// Checks what a call counts as, after its body was read that far.
#[track_caller]
fn check(
    answer: impl Fn() -> Response<Script>,
    frames: usize,
    outcome: &str,
    code: &str,
    level: Level,
) {
    let ledger = Ledger::new();
    let lines = Lines::capture();
    let mut response = respond(&ledger.layer(), call("/a.B/C"), |_| answer());
    for _ in 0..frames {
        let _ = poll_frame(response.body_mut());
    }
    drop(response);
    ledger.check(0, &[(outcome, 1)]);
    let counted = ledger.snapshot().counter(CALLS, &[("grpc_status", code)]);
    assert_eq!(counted, 1.0, "{}", ledger.page());
    assert_eq!(ledger.series(CALLS), 1);
    let [line] = &lines.take()[..] else {
        panic!("one line");
    };
    assert_eq!(line.fields["rpc.response.status_code"], code);
    assert_eq!(line.level, level);
}

#[test]
fn the_status_is_in_the_trailers() {
    let data = || Step::Data("a");
    check(
        || answer(None, [data(), trailers("0")]),
        2,
        "completed",
        "OK",
        Level::INFO,
    );
    check(
        || answer(None, [data(), trailers("5")]),
        2,
        "completed",
        "NOT_FOUND",
        Level::INFO,
    );
    check(
        || answer(None, [data(), trailers("13")]),
        2,
        "completed",
        "INTERNAL",
        Level::WARN,
    );
    check(
        || answer(None, [data(), trailers("abc")]),
        2,
        "completed",
        "UNKNOWN",
        Level::WARN,
    );
    check(
        || answer(None, [data(), trailers("99")]),
        2,
        "completed",
        "UNKNOWN",
        Level::WARN,
    );
}

#[test]
fn or_in_the_headers_of_a_response_without_a_body() {
    let of = |status: &'static str| move || answer(Some(status), []).map(Script::eager);
    check(of("0"), 0, "completed", "OK", Level::INFO);
    check(of("16"), 0, "completed", "UNAUTHENTICATED", Level::INFO);
    check(of("14"), 0, "completed", "UNAVAILABLE", Level::WARN);
}

#[test]
fn what_the_trailers_say_comes_last_and_counts() {
    let both = |status| move || answer(Some("5"), [Step::Data("a"), trailers(status)]);
    check(both("0"), 2, "completed", "OK", Level::INFO);
    check(both("13"), 2, "completed", "INTERNAL", Level::WARN);
    check(both("abc"), 2, "completed", "UNKNOWN", Level::WARN);
}

#[test]
fn a_missing_status_is_unknown_and_a_client_that_leaves_cancels() {
    let data = || Step::Data("a");
    check(
        || answer(None, [data()]),
        2,
        "completed",
        "UNKNOWN",
        Level::WARN,
    );
    check(
        || answer(None, [data(), data()]),
        1,
        "cancelled_in_body",
        "CANCELLED",
        Level::INFO,
    );
    check(
        || answer(None, [data(), Step::Fail]),
        2,
        "body_error",
        "UNKNOWN",
        Level::WARN,
    );
}

#[test]
fn the_last_byte_is_not_the_end_where_a_status_is_to_come() {
    let sized = || answer(None, [Step::Data("a"), trailers("0")]).map(|body| body.with_size(1));
    check(sized, 2, "completed", "OK", Level::INFO);
    check(sized, 1, "cancelled_in_body", "CANCELLED", Level::INFO);
}

#[test]
fn a_server_error_of_http_is_one_whatever_grpc_says() {
    let broken = || {
        let mut response = answer(None, [trailers("0")]);
        *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
        response
    };
    check(broken, 1, "completed", "OK", Level::WARN);
}

#[test]
fn only_methods_that_exist_become_routes() {
    let ledger = Ledger::new();
    let layer = ledger.builder().with_max_routes(2).build();
    let ask = |path: &str, status: &'static str| {
        drop(respond(&layer, call(path), |_| {
            answer(Some(status), []).map(Script::eager)
        }));
    };
    for number in 0..100 {
        ask(&format!("/a.B/Invented{number}"), "12");
    }
    for (path, status) in [
        ("/a.B/C", "0"),
        ("/a.B/C", "12"),
        ("/a.B/D", "7"),
        ("/a.B/D", "0"),
        ("/a.B/E", "0"),
    ] {
        ask(path, status);
    }
    drop(respond(&layer, call("/page"), |_| {
        Response::new(Script::new([]).eager())
    }));
    for (route, count) in [
        ("_unmatched", 102.0),
        ("/a.B/C", 2.0),
        ("/a.B/D", 1.0),
        ("_overflow", 1.0),
    ] {
        assert_eq!(ledger.count(&[("route", route)]), count, "{route}");
    }
    ledger.check(0, &[("completed", 106)]);
}

#[test]
fn a_request_that_is_no_call_has_no_such_status() {
    let ledger = Ledger::new();
    drop(respond(&ledger.layer(), crate::support::get("/"), |_| {
        answer(Some("0"), [])
    }));
    assert!(ledger.snapshot().family(CALLS).is_none());
}

#[test]
fn calls_that_are_refused_at_once_make_no_routes() {
    let ledger = Ledger::new();
    let layer = ledger.layer();
    for number in 0..20 {
        // As an interceptor that asks who calls before anybody looks for the method.
        let path = format!("/a.B/Invented{number}");
        respond(&layer, call(&path), |_| answer(Some("16"), []));
    }
    assert_eq!(ledger.series(CALLS), 1, "{}", ledger.page());
    respond(&layer, call("/a.B/C"), |_| answer(Some("0"), []));
    respond(&layer, call("/a.B/C"), |_| answer(Some("16"), []));
    let snapshot = ledger.snapshot();
    let counted = |code| snapshot.counter(CALLS, &[("route", "/a.B/C"), ("grpc_status", code)]);
    assert_eq!([counted("OK"), counted("UNAUTHENTICATED")], [1.0, 1.0]);
}
