//! The routes of a real axum router.

use axum::{Router, body::Body, routing::get};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::support::{Ledger, REQUESTS};

async fn hello() -> &'static str {
    "hello"
}

fn app(ledger: &Ledger) -> Router {
    let inner = Router::new()
        .route("/{order}", get(hello))
        .route("/{order}/items/{item}", get(hello));
    Router::new()
        .route("/", get(hello))
        .route("/users/{id}", get(hello).delete(hello))
        .route("/files/{*path}", get(hello))
        .nest("/orders", inner.clone())
        .nest_service("/service", inner)
        .merge(Router::new().route("/merged", get(hello)))
        .layer(ledger.layer())
}

async fn ask(app: &Router, method: &str, path: &str) -> StatusCode {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .body(Body::empty())
        .unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    assert!(response.headers().contains_key("x-request-id"), "{path}");
    let status = response.status();
    response.into_body().collect().await.unwrap();
    status
}

#[tokio::test]
async fn the_matched_route_is_the_label() {
    let ledger = Ledger::new();
    let app = app(&ledger);
    let mut asked = 0;
    for (method, path, route, status) in [
        ("GET", "/", "/", "200"),
        ("GET", "/users/7", "/users/{id}", "200"),
        ("DELETE", "/users/7", "/users/{id}", "200"),
        ("HEAD", "/users/7", "/users/{id}", "200"),
        ("POST", "/users/7", "/users/{id}", "405"),
        ("GET", "/files/a/b/c", "/files/{*path}", "200"),
        ("GET", "/orders/7", "/orders/{order}", "200"),
        (
            "GET",
            "/orders/7/items/8",
            "/orders/{order}/items/{item}",
            "200",
        ),
        ("GET", "/merged", "/merged", "200"),
        ("GET", "/nothing", "_unmatched", "404"),
        ("GET", "/orders/7/nothing", "_unmatched", "404"),
        // Which route matched inside of another service cannot be seen from outside.
        ("GET", "/service/7", "_unmatched", "200"),
    ] {
        let labels = [("method", method), ("route", route), ("status", status)];
        let before = ledger.count(&labels);
        assert_eq!(
            ask(&app, method, path).await.as_str(),
            status,
            "{method} {path}"
        );
        assert_eq!(
            ledger.count(&labels),
            before + 1.0,
            "{method} {path} as {labels:?}"
        );
        asked += 1;
    }
    ledger.check(0, &[("completed", asked)]);
}

#[tokio::test]
async fn scanners_add_no_series() {
    let ledger = Ledger::new();
    let app = app(&ledger);
    for number in 0..300 {
        ask(&app, "GET", &format!("/wp-admin/{number}.php")).await;
        ask(&app, "GET", &format!("/users/{number}")).await;
        ask(&app, &format!("FOO{number}"), "/users/1").await;
    }
    ledger.check(0, &[("completed", 900)]);
    assert_eq!(ledger.series(REQUESTS), 3);
}

#[tokio::test]
async fn a_route_function_comes_before_the_matched_path() {
    let ledger = Ledger::new();
    let layer = ledger
        .builder()
        .with_route(|head| (head.uri.path() == "/users/1").then(|| "first".into()))
        .with_panic_response()
        .build();
    let app = Router::new().route("/users/{id}", get(hello)).layer(layer);
    ask(&app, "GET", "/users/1").await;
    ask(&app, "GET", "/users/2").await;
    assert_eq!(ledger.count(&[("route", "first")]), 1.0);
    assert_eq!(ledger.count(&[("route", "/users/{id}")]), 1.0);
}

#[tokio::test]
async fn a_handler_that_panics_is_answered() {
    async fn panics() -> &'static str {
        panic!("no luck")
    }

    let ledger = Ledger::new();
    let layer = ledger.builder().with_panic_response().build();
    let app = Router::new().route("/", get(panics)).layer(layer);
    assert_eq!(
        ask(&app, "GET", "/").await,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    ledger.check(0, &[("panicked", 1)]);
}
