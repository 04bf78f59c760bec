//! The whole router, asked as a client would.

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use watchkeep_health::{Component, Status};

use super::*;
use crate::dashboard::Tile;

/// What is for operators; the guard must stand in front of each.
const OPERATORS: [&str; 6] = [
    "/alerts",
    "/dashboard",
    "/dashboard/api/snapshot",
    "/dashboard/script.js",
    "/dashboard/style.css",
    "/health?verbose",
];

struct Answer {
    status: StatusCode,
    headers: http::HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).map(|value| value.to_str());
        value.and_then(Result::ok).unwrap_or_default()
    }
}

fn registry() -> Registry {
    Registry::builder("1.2.3")
        .component(Component::manual("api").starting_as(Status::Healthy))
        .component(Component::manual("<b>hostile</b>").starting_as(Status::Healthy))
        .build()
        .expect("the components are valid")
}

fn endpoints(access: Access) -> Endpoints {
    let recorder = Recorder::builder().build().expect("the defaults are valid");
    ::metrics::with_local_recorder(&recorder, || {
        ::metrics::describe_counter!("messages_total", "Messages.");
        ::metrics::counter!("messages_total").increment(3);
    });
    let alerting = Alerting::builder("test")
        .build()
        .expect("the defaults are valid");
    let dashboard = Dashboard::new("A <Title>").with_tiles(|| vec![Tile::new("Messages", "3")]);
    Endpoints::new(access)
        .with_metrics(recorder)
        .with_summary(|| r#"{"total_messages":3}"#.to_owned())
        .with_health(registry())
        .with_alerts(alerting)
        .with_dashboard(dashboard)
}

async fn ask(endpoints: &Endpoints, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).expect("the request is valid");
    let router: Router = endpoints.clone().router();
    let response = router.oneshot(request).await.expect("a router never fails");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("the body is whole");
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: body.to_bytes().to_vec(),
    }
}

#[tokio::test]
async fn operators_surfaces_are_closed_without_the_token() {
    let endpoints = endpoints(Access::with_token("right-token"));
    for path in OPERATORS {
        let refused = ask(&endpoints, path, &[("host", "localhost")]).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(refused.headers.contains_key("www-authenticate"), "{path}");
        let open = ask(&endpoints, path, &[("authorization", "Bearer right-token")]).await;
        assert_eq!(open.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn operators_surfaces_are_closed_off_loopback_and_to_other_hosts() {
    let public = endpoints(Access::for_listener(([0, 0, 0, 0], 80).into()));
    let loopback = endpoints(Access::for_listener(([127, 0, 0, 1], 80).into()));
    for path in OPERATORS {
        for (endpoints, host, expected) in [
            (&public, "localhost", StatusCode::FORBIDDEN),
            (&loopback, "elsewhere.example", StatusCode::FORBIDDEN),
            (&loopback, "localhost:80", StatusCode::OK),
        ] {
            let answer = ask(endpoints, path, &[("host", host)]).await;
            assert_eq!(answer.status, expected, "{path} at {host}");
        }
    }
}

#[tokio::test]
async fn streams_and_actions_are_closed_without_the_token() {
    let endpoints = endpoints(Access::with_token("right-token"));
    let router: Router = endpoints.router();
    for (method, path) in [
        ("GET", "/dashboard/events"),
        ("GET", "/dashboard/silence?alert=x"),
        ("GET", "/dashboard/test?receiver=x"),
        ("GET", "/dashboard/log-level"),
        ("POST", "/dashboard/api/silence"),
        ("POST", "/dashboard/api/test"),
        ("POST", "/dashboard/api/log-level"),
    ] {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("host", "localhost").body(Body::empty());
        let request = request.expect("the request is valid");
        let answer = router.clone().oneshot(request).await;
        let status = answer.expect("a router never fails").status();
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path}");
    }
}

#[tokio::test]
async fn the_stream_is_neither_stored_nor_compressed_nor_held_back() {
    let endpoints = endpoints(Access::for_listener(([127, 0, 0, 1], 80).into()));
    let dashboard = Dashboard::new("x").with_max_viewers(1);
    let router: Router = endpoints.with_dashboard(dashboard).router();
    let events = || {
        let request = Request::get("/dashboard/events").header("host", "localhost");
        let request = request
            .header("accept-encoding", "gzip")
            .body(Body::empty());
        router
            .clone()
            .oneshot(request.expect("the request is valid"))
    };
    let first = events().await.expect("a router never fails");
    assert_eq!(first.status(), StatusCode::OK);
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-store"),
        ("x-accel-buffering", "no"),
    ] {
        assert_eq!(first.headers()[name], value);
    }
    assert!(!first.headers().contains_key("content-encoding"));
    let second = events().await.expect("a router never fails");
    assert_eq!(second.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(second.headers()["retry-after"], "5");
    drop(first);
    let third = events().await.expect("a router never fails");
    assert_eq!(third.status(), StatusCode::OK);
}

#[tokio::test]
async fn metrics_health_and_probes_are_open() {
    let endpoints = endpoints(Access::closed());
    for path in [
        "/metrics",
        "/metrics/summary",
        "/health",
        "/livez",
        "/readyz",
        "/startupz",
    ] {
        let answer = ask(&endpoints, path, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
}

#[tokio::test]
async fn metrics_come_in_the_form_that_was_asked_for() {
    let endpoints = endpoints(Access::closed());
    let plain = ask(&endpoints, "/metrics", &[]).await;
    assert_eq!(
        plain.header("content-type"),
        "text/plain; version=0.0.4; charset=utf-8"
    );
    assert!(
        plain.text().contains("messages_total 3"),
        "{}",
        plain.text()
    );
    let open = ask(
        &endpoints,
        "/metrics",
        &[("accept", "application/openmetrics-text; version=1.0.0")],
    )
    .await;
    assert!(
        open.header("content-type")
            .starts_with("application/openmetrics-text")
    );
    assert!(open.text().ends_with("# EOF\n"));
    let json = ask(&endpoints, "/metrics", &[("accept", "application/json")]).await;
    assert_eq!(
        (json.header("content-type"), json.text()),
        ("application/json", r#"{"total_messages":3}"#)
    );
    let gzip = ask(&endpoints, "/metrics", &[("accept-encoding", "gzip")]).await;
    assert_eq!(gzip.header("content-encoding"), "gzip");
    assert_eq!(gzip.body.get(..2), Some(&[0x1f, 0x8b][..]));
    assert_eq!(gzip.header("vary"), "accept, accept-encoding");
}

#[tokio::test]
async fn health_speaks_its_own_format_only_when_named() {
    let endpoints = endpoints(Access::closed());
    for (accept, content_type) in [
        ("*/*", "application/json"),
        ("application/health+json", "application/health+json"),
        (
            "text/html, application/health+json;q=0.5",
            "application/health+json",
        ),
        ("application/health+json;q=0", "application/json"),
    ] {
        let answer = ask(&endpoints, "/health", &[("accept", accept)]).await;
        assert_eq!(answer.header("content-type"), content_type, "{accept}");
    }
}

#[tokio::test]
async fn health_in_its_own_format_has_details_for_operators_only() {
    let accept = ("accept", "application/health+json");
    let endpoints = endpoints(Access::with_token("right-token"));
    let words = ask(&endpoints, "/health", &[accept]).await;
    assert!(!words.text().contains(r#""time":"#), "{}", words.text());
    let refused = ask(&endpoints, "/health?verbose", &[accept]).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let operator = ("authorization", "Bearer right-token");
    let full = ask(&endpoints, "/health?verbose", &[accept, operator]).await;
    assert_eq!(full.header("content-type"), accept.1);
    assert!(full.text().contains(r#""time":"#), "{}", full.text());
}

#[tokio::test]
async fn health_is_200_while_degraded_and_503_beyond() {
    let registry = registry();
    let endpoints = Endpoints::new(Access::closed()).with_health(registry.clone());
    for (status, expected) in [
        (Status::Degraded, StatusCode::OK),
        (Status::Unhealthy, StatusCode::SERVICE_UNAVAILABLE),
        (Status::Unknown, StatusCode::SERVICE_UNAVAILABLE),
        (Status::Healthy, StatusCode::OK),
    ] {
        registry
            .set_status("api", status, None)
            .expect("the component is the program's own");
        assert_eq!(
            ask(&endpoints, "/health", &[]).await.status,
            expected,
            "{status}"
        );
    }
}

#[tokio::test]
async fn readiness_ends_when_the_service_drains_and_liveness_does_not() {
    let registry = registry();
    let endpoints = Endpoints::new(Access::closed()).with_health(registry.clone());
    registry.begin_drain();
    assert_eq!(
        ask(&endpoints, "/readyz", &[]).await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    let live = ask(&endpoints, "/livez", &[]).await;
    assert_eq!(live.status, StatusCode::OK);
    assert!(live.body.len() < 64);
}

#[tokio::test]
async fn page_is_escaped_and_has_a_strict_policy() {
    let endpoints = endpoints(Access::for_listener(([127, 0, 0, 1], 80).into()));
    let page = ask(&endpoints, "/dashboard", &[("host", "localhost")]).await;
    assert_eq!(
        page.header("content-security-policy"),
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    );
    assert_eq!(page.header("referrer-policy"), "same-origin");
    assert!(
        page.text()
            .starts_with("<!doctype html>\n<html lang=\"en\">")
    );
    assert!(!page.text().contains("<b>hostile"), "{}", page.text());
    assert!(page.text().contains("Messages") && page.text().contains("HEALTHY"));
    let snapshot = ask(
        &endpoints,
        "/dashboard/api/snapshot",
        &[("host", "localhost")],
    )
    .await;
    let snapshot: serde_json::Value = serde_json::from_slice(&snapshot.body).expect("JSON");
    assert_eq!(snapshot["components"][1]["name"], "<b>hostile</b>");
}

#[tokio::test]
async fn a_part_that_is_not_given_has_no_paths() {
    let endpoints = Endpoints::new(Access::closed());
    for path in ["/metrics", "/health", "/alerts", "/dashboard"] {
        assert_eq!(
            ask(&endpoints, path, &[]).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

#[tokio::test]
async fn every_polled_path_is_served() {
    let endpoints = endpoints(Access::with_token("right-token"));
    for path in POLLED_PATHS
        .iter()
        .filter(|path| **path != "/dashboard/events")
    {
        let answer = ask(&endpoints, path, &[("authorization", "Bearer right-token")]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
    }
}
