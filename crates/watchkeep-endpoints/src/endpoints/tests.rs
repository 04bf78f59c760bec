//! The whole router, asked as a client would.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use watchkeep_health::{Component, Status};
use watchkeep_logging::{Console, LogConfig};

use super::*;
use crate::dashboard::Tile;
use crate::route::{ALL, Audience, POLLED_PATHS};

mod changes;

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

fn logs() -> LogHandle {
    let config = LogConfig::new("api")
        .with_console(Console::Off)
        .with_dir(None);
    let (_, guard) = config.build().expect("the settings are valid");
    guard.handle()
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
        .with_alerts(alerting.clone())
        .with_alertmanager_api(alerting)
        .with_logs(logs())
        .with_reload(|| std::future::ready(Ok(())))
        .with_dashboard(dashboard)
}

/// Every operators' route, made a path that can be asked, and what only operators get of an open one.
fn operators(endpoints: &Endpoints) -> Vec<(Method, String)> {
    let routes = endpoints.routes();
    let operators = routes
        .iter()
        .filter(|route| route.audience() == Audience::Operators)
        .map(|route| {
            let path = route.path().replace(['{', '}', '*'], "x");
            (route.method().clone(), path)
        });
    let details = (Method::GET, "/health?verbose".to_owned());
    operators.chain([details]).collect()
}

async fn ask(endpoints: &Endpoints, path: &str, headers: &[(&str, &str)]) -> Answer {
    send(endpoints, &Method::GET, path, headers).await
}

async fn send(
    endpoints: &Endpoints,
    method: &Method,
    path: &str,
    headers: &[(&str, &str)],
) -> Answer {
    send_to(endpoints.clone().router(), method, path, headers).await
}

async fn send_to(router: Router, method: &Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).expect("the request is valid");
    let response = router.oneshot(request).await.expect("a router never fails");
    let (parts, mut pieces) = response.into_parts();
    let mut body = Vec::new();
    while let Some(piece) = pieces.frame().await {
        let piece = piece.expect("the body is whole").into_data();
        body.extend_from_slice(&piece.unwrap_or_default());
    }
    Answer {
        status: parts.status,
        headers: parts.headers,
        body,
    }
}

#[tokio::test]
async fn every_route_of_the_table_is_mounted_once_by_the_parts_together() {
    let mounted = endpoints(Access::closed()).routes();
    for route in ALL {
        let times = mounted.iter().filter(|known| *known == route).count();
        assert_eq!(times, 1, "{route:?}");
    }
    assert_eq!(mounted.len(), ALL.len());
    assert!(operators(&endpoints(Access::closed())).len() > 4);
}

#[test]
fn nothing_of_the_page_is_open() {
    let page = ALL.iter().filter(|it| it.path().starts_with("/dashboard"));
    let open: Vec<_> = page.filter(|it| it.audience() == Audience::Open).collect();
    assert!(open.is_empty(), "{open:?}");
}

#[tokio::test]
async fn operators_routes_are_closed_without_the_token() {
    let endpoints = endpoints(Access::with_token("right-token"));
    for (method, path) in operators(&endpoints) {
        for headers in [
            &[("host", "localhost")][..],
            &[("authorization", "Bearer wrong-token")],
            &[("authorization", "Basic cmlnaHQtdG9rZW46")],
        ] {
            let refused = send(&endpoints, &method, &path, headers).await;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{path}");
            assert!(refused.headers.contains_key("www-authenticate"), "{path}");
        }
        let open = [("authorization", "Bearer right-token")];
        assert!(
            is_let_in(&send(&endpoints, &method, &path, &open).await),
            "{path}"
        );
    }
}

#[tokio::test]
async fn operators_routes_are_closed_off_loopback_and_to_other_hosts() {
    let public = endpoints(Access::for_listener(([0, 0, 0, 0], 80).into()));
    let loopback = endpoints(Access::for_listener(([127, 0, 0, 1], 80).into()));
    for (method, path) in operators(&loopback) {
        for (endpoints, host) in [(&public, "localhost"), (&loopback, "elsewhere.example")] {
            let answer = send(endpoints, &method, &path, &[("host", host)]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} at {host}");
        }
        let own = send(&loopback, &method, &path, &[("host", "localhost:80")]).await;
        assert!(is_let_in(&own), "{path}");
    }
}

#[tokio::test]
async fn page_of_another_site_changes_nothing_on_any_route() {
    let endpoints = endpoints(Access::for_listener(([127, 0, 0, 1], 80).into()));
    let foreign = [
        ("host", "localhost"),
        ("origin", "http://elsewhere.example"),
    ];
    for (method, path) in operators(&endpoints) {
        let answer = send(&endpoints, &method, &path, &foreign).await;
        assert_eq!(is_let_in(&answer), method.is_safe(), "{method} {path}");
    }
}

#[tokio::test]
async fn service_listener_keeps_health_and_probes_beside_an_operators_one() {
    let endpoints = endpoints(Access::with_token("right-token"));
    let token = [("authorization", "Bearer right-token")];
    for route in endpoints
        .routes()
        .iter()
        .filter(|route| !route.path().contains('{'))
    {
        let split = endpoints.clone().split();
        let stays = ["/health", "/livez", "/readyz", "/startupz"].contains(&route.path());
        let at_service = send_to(split.service, route.method(), route.path(), &token).await;
        let expected = if stays {
            StatusCode::OK
        } else {
            StatusCode::NOT_FOUND
        };
        assert_eq!(at_service.status, expected, "{route:?}");
        let there = send_to(split.operators, route.method(), route.path(), &token).await;
        assert!(is_let_in(&there), "{route:?}");
    }
    let split: Split = endpoints.split();
    let details = send_to(split.service, &Method::GET, "/health?verbose", &token).await;
    assert_eq!(details.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn everything_can_be_nested_below_a_prefix() {
    let endpoints = endpoints(Access::for_listener(([127, 0, 0, 1], 80).into()));
    for path in POLLED_PATHS {
        let nested = Router::new().nest("/internal", endpoints.clone().router());
        let path = format!("/internal{path}");
        // The stream ends with the router that is moved in.
        let answer = send_to(nested, &Method::GET, &path, &[("host", "localhost")]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
    }
    let nested = Router::new().nest("/internal", endpoints.router());
    let foreign = [("host", "elsewhere.example")];
    let answer = send_to(nested, &Method::GET, "/internal/alerts", &foreign).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

/// Whether the guard let a request through, whatever its handler made of it.
fn is_let_in(answer: &Answer) -> bool {
    ![
        StatusCode::FORBIDDEN,
        StatusCode::METHOD_NOT_ALLOWED,
        StatusCode::UNAUTHORIZED,
    ]
    .contains(&answer.status)
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
    for path in POLLED_PATHS {
        let answer = ask(&endpoints, path, &[("authorization", "Bearer right-token")]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
    }
}
