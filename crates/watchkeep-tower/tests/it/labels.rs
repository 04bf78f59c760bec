//! What may become a label, and what may not.

use std::borrow::Cow;

use http::{Request, Response};
use watchkeep_metrics::FamilySnapshot;

use crate::support::{DURATION, Ledger, PANICS, REQUESTS, Script, get, respond};

fn ok(_: Request<()>) -> Response<Script> {
    Response::new(Script::new([]).eager())
}

#[test]
fn unknown_methods_share_one_label() {
    let ledger = Ledger::new();
    let layer = ledger.layer();
    for method in [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY",
    ] {
        respond(
            &layer,
            Request::builder().method(method).body(()).unwrap(),
            ok,
        );
        assert_eq!(ledger.count(&[("method", method)]), 1.0, "{method}");
    }
    for number in 0..100 {
        let method = format!("FOO{number}");
        respond(
            &layer,
            Request::builder().method(method.as_str()).body(()).unwrap(),
            ok,
        );
    }
    for method in ["get", "Get", "PROPFIND"] {
        respond(
            &layer,
            Request::builder().method(method).body(()).unwrap(),
            ok,
        );
    }
    assert_eq!(ledger.count(&[("method", "_OTHER")]), 103.0);
    assert_eq!(ledger.series(REQUESTS), 10);
}

#[test]
fn paths_and_hosts_add_no_series() {
    let ledger = Ledger::new();
    let layer = ledger.layer();
    for number in 0..1_000 {
        let uri = format!("http://host{number}.example/random/{number}?q={number}");
        respond(&layer, get(&uri), ok);
    }
    assert_eq!(ledger.count(&[("route", "_unmatched")]), 1_000.0);
    assert_eq!(ledger.series(REQUESTS), 1);
    assert_eq!(ledger.series(DURATION), 1);
}

#[test]
fn routes_past_the_bound_share_one_label() {
    let ledger = Ledger::new();
    let layer = ledger
        .builder()
        .with_route(|head| Some(Cow::Borrowed(head.uri.path())))
        .with_max_routes(3)
        .build();
    for round in 1..=2 {
        for number in 0..10 {
            respond(&layer, get(&format!("/{number}")), ok);
        }
        for known in ["/0", "/1", "/2"] {
            assert_eq!(
                ledger.count(&[("route", known)]),
                f64::from(round),
                "{known}"
            );
        }
        assert_eq!(
            ledger.count(&[("route", "_overflow")]),
            f64::from(7 * round)
        );
    }
    let clone = layer.clone();
    respond(&layer, get("/new"), ok);
    respond(&clone, get("/new"), ok);
    assert_eq!(ledger.count(&[("route", "_overflow")]), 16.0);
    assert_eq!(ledger.series(REQUESTS), 4);
}

#[test]
fn a_route_function_that_has_no_good_answer_harms_nobody() {
    let ledger = Ledger::new();
    let layer = ledger
        .builder()
        .with_route(|head| match head.uri.path() {
            "/none" => None,
            "/empty" => Some("".into()),
            "/long" => Some("x".repeat(513).into()),
            "/panic" => panic!("the function panics"),
            _ => Some("/{known}".into()),
        })
        .build();
    for path in ["/none", "/empty", "/panic", "/long", "/other"] {
        respond(&layer, get(path), ok);
    }
    ledger.check(0, &[("completed", 5)]);
    assert_eq!(ledger.count(&[("route", "_unmatched")]), 3.0);
    assert_eq!(ledger.count(&[("route", "_overflow")]), 1.0);
    assert_eq!(ledger.count(&[("route", "/{known}")]), 1.0);
    assert_eq!(ledger.snapshot().counter(PANICS, &[]), 0.0);
}

#[test]
fn the_families_are_there_and_explained_before_the_first_request() {
    let ledger = Ledger::new();
    let layer = ledger.layer();
    let snapshot = ledger.snapshot();
    assert_eq!(
        snapshot.gauge("http_server_requests_in_flight", &[]),
        Some(0.0)
    );
    assert_eq!(ledger.series(PANICS), 1);
    respond(&layer, get("/"), ok);
    let snapshot = ledger.snapshot();
    let own = |family: &&FamilySnapshot| family.name().starts_with("http_server_");
    assert_eq!(snapshot.families().filter(own).count(), 5);
    let page = ledger.page();
    for name in [
        "http_server_requests_total",
        DURATION,
        "http_server_requests_in_flight",
        PANICS,
    ] {
        assert!(
            page.contains(&format!("# HELP {name} ")),
            "{name} in {page}"
        );
    }
}
