//! Whatever a client invents of paths, methods and hosts, each request counts under the one right route.

use std::collections::BTreeMap;

use axum::{
    Router,
    body::Body,
    routing::{any, get},
};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::support::{DURATION, FIRST_BYTE, Ledger, REQUESTS};

/// What may be in a segment of a path, as far as a URI can be made of it.
const ALPHABET: &[u8] = b"abcXYZ0189-._~!$&'()*+,;=:@%{}|\"\\^";

const KNOWN: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];

async fn hello() -> &'static str {
    "hello"
}

async fn missing() -> StatusCode {
    StatusCode::NOT_FOUND
}

fn app(ledger: &Ledger) -> Router {
    let inner = Router::new()
        .route("/{order}", get(hello))
        .route("/{order}/items/{item}", any(hello));
    let own_fallback = Router::new().route("/known", get(hello)).fallback(missing);
    Router::new()
        .route("/users/{id}", get(hello))
        .route("/files/{*path}", any(hello))
        .nest("/orders", inner.clone())
        .nest("/nested", own_fallback)
        .nest_service("/service", inner)
        .merge(Router::new().route("/merged/{id}", get(hello)))
        .fallback(missing)
        .layer(ledger.layer())
}

fn segment() -> String {
    let length = fastrand::usize(1..24);
    let bytes = std::iter::repeat_with(|| char::from(ALPHABET[fastrand::usize(..ALPHABET.len())]));
    bytes.take(length).collect()
}

/// Returns a path that nobody has asked for before, and the route that it belongs to.
fn path() -> (String, &'static str) {
    let (one, other) = (segment(), segment());
    match fastrand::u8(..10) {
        0 => (format!("/users/{one}"), "/users/{id}"),
        1 => (format!("/files/{one}/{other}//"), "/files/{*path}"),
        2 => (format!("/orders/{one}"), "/orders/{order}"),
        3 => (
            format!("/orders/{one}/items/{other}"),
            "/orders/{order}/items/{item}",
        ),
        4 => (
            format!("/merged/{one}?q={}", fastrand::u64(..)),
            "/merged/{id}",
        ),
        // Which route matched inside of another service cannot be seen from outside.
        5 => (format!("/service/{one}"), "_unmatched"),
        6 => (format!("/nested/x{one}"), "_unmatched"),
        7 => (format!("/orders/{one}/{other}"), "_unmatched"),
        8 => (format!("/users/{one}/{other}"), "_unmatched"),
        _ => (format!("/x{one}/{other}/../%00%2e%2f"), "_unmatched"),
    }
}

/// Returns a method, and its label.
fn method() -> (String, &'static str) {
    match fastrand::bool() {
        true => {
            let known = KNOWN[fastrand::usize(..KNOWN.len())];
            (known.to_owned(), known)
        }
        false => (format!("FOO{}", fastrand::u32(..)), "_OTHER"),
    }
}

fn request(method: &str, path: &str) -> Request<Body> {
    let host = format!("host{}.example:{}", fastrand::u64(..), fastrand::u16(..));
    // Half of them name the host in the first line, as requests to proxies and of HTTP/2 do.
    let uri = match fastrand::bool() {
        true => format!("http://{host}{path}"),
        false => path.to_owned(),
    };
    let request = Request::builder().method(method).uri(uri);
    let request = request
        .header("host", &host)
        .header("x-forwarded-host", host);
    request.body(Body::empty()).unwrap()
}

/// 100,000 requests where the slow tests are asked for.
#[tokio::test]
async fn what_clients_invent_adds_no_series_and_changes_no_label() {
    let requests = match std::env::var_os("RUN_SLOW_TESTS") {
        Some(_) => 100_000,
        None => 10_000,
    };
    let ledger = Ledger::new();
    let app = app(&ledger);
    let mut expected = BTreeMap::<[String; 4], u32>::new();
    for _ in 0..requests {
        let ((path, route), (method, label)) = (path(), method());
        let request = request(&method, &path);
        let response = app.clone().oneshot(request).await.unwrap();
        let status = response.status().as_str().to_owned();
        response.into_body().collect().await.unwrap();
        let labels = [label, "completed", route, &status].map(String::from);
        *expected.entry(labels).or_default() += 1;
    }
    ledger.check(0, &[("completed", requests)]);

    // Eleven methods, six routes, and three answers: found, not found, not allowed.
    assert!(expected.len() <= 7 * 6 * 3, "{expected:?}");
    let snapshot = ledger.snapshot();
    let counted: BTreeMap<[String; 4], u32> = expected
        .keys()
        .map(|labels| {
            let [method, outcome, route, status] = labels.each_ref().map(String::as_str);
            let of = [
                ("method", method),
                ("outcome", outcome),
                ("route", route),
                ("status", status),
            ];
            (labels.clone(), snapshot.counter(REQUESTS, &of) as u32)
        })
        .collect();
    assert_eq!(counted, expected);
    assert_eq!(ledger.series(REQUESTS), expected.len());
    for family in [DURATION, FIRST_BYTE] {
        assert!(ledger.series(family) <= 7 * 6, "{family}");
    }
    let page = ledger.page();
    assert!(!page.contains("FOO") && !page.contains("example"), "{page}");
    for status in ["200", "404", "405"] {
        assert!(ledger.count(&[("status", status)]) > 0.0, "{status}");
    }
}

/// Routes as a user's own function may name them: full of what text formats escape.
const STRANGE: [&str; 12] = [
    r"a\b",
    r"a\\b",
    r#"a"b"#,
    r"a\",
    r#"a\"b"#,
    r"a\nb",
    "a\nb",
    "a\n",
    "{}",
    "a,b=\"c\"} 1",
    "\u{1f980}",
    "\u{202e}",
];

/// Reads a label's value, which ends in a quotation mark, as the text format says.
fn unescaped(text: &str) -> String {
    let mut value = String::new();
    let mut rest = text.chars();
    loop {
        match rest.next().unwrap() {
            '"' => return value,
            '\\' => match rest.next().unwrap() {
                'n' => value.push('\n'),
                escaped @ ('\\' | '"') => value.push(escaped),
                other => panic!("{other:?} needs no escape in {text}"),
            },
            plain => value.push(plain),
        }
    }
}

#[tokio::test]
async fn routes_of_strange_characters_are_read_back_as_they_were() {
    let ledger = Ledger::new();
    let layer = ledger
        .builder()
        .with_route(|parts| {
            let number: usize = parts.uri.path()[1..].parse().ok()?;
            Some(STRANGE[number].into())
        })
        .build();
    let app = Router::new().fallback(hello).layer(layer);
    for number in 0..STRANGE.len() {
        let request = request("GET", &format!("/{number}"));
        let response = app.clone().oneshot(request).await.unwrap();
        response.into_body().collect().await.unwrap();
    }
    ledger.check(0, &[("completed", STRANGE.len() as u32)]);
    assert_eq!(ledger.series(REQUESTS), STRANGE.len());
    let page = ledger.page();
    let counted = page.lines().filter(|line| line.starts_with(REQUESTS));
    let mut read: Vec<_> = counted
        .map(|line| unescaped(line.split_once("route=\"").unwrap().1))
        .collect();
    read.sort_unstable();
    let mut expected = STRANGE;
    expected.sort_unstable();
    assert_eq!(read, expected);
}
