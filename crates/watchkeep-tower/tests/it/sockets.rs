//! What clients do to connections: streams that are reset, requests behind requests, and a storm of everything at once.

use std::{
    convert::Infallible,
    future::pending,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::Body,
    routing::{any, get},
};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body::Frame;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::support::{Ledger, PANICS};

/// A body that gives data for ever.
struct Endless;

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 4096])))))
    }
}

/// A body that fails after its first frame.
struct Failing(bool);

impl http_body::Body for Failing {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let failed = std::mem::replace(&mut self.0, true);
        Poll::Ready(Some(match failed {
            false => Ok(Frame::data(Bytes::from_static(b"begin"))),
            true => Err(std::io::Error::other("the disk is gone")),
        }))
    }
}

async fn panics() -> &'static str {
    panic!("the handler panics")
}

async fn upgrade() -> Response<Body> {
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, "other")
        .body(Body::empty())
        .unwrap()
}

async fn serve(ledger: &Ledger) -> std::net::SocketAddr {
    let app = Router::new()
        .route("/", any(|| async { "hello" }))
        .route("/none", get(|| async { StatusCode::NO_CONTENT }))
        .route("/broken", get(|| async { StatusCode::BAD_GATEWAY }))
        .route("/endless", get(|| async { Body::new(Endless) }))
        .route("/failing", get(|| async { Body::new(Failing(false)) }))
        .route("/forever", get(pending::<&'static str>))
        .route("/panics", get(panics))
        .route("/upgrade", get(upgrade))
        .layer(ledger.builder().with_panic_response().build());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

fn of(path: &str) -> Request<()> {
    Request::builder()
        .uri(format!("http://x{path}"))
        .body(())
        .unwrap()
}

#[tokio::test]
async fn a_stream_that_is_reset_is_cancelled_and_its_connection_goes_on() {
    let ledger = Ledger::new();
    let address = serve(&ledger).await;
    let tcp = TcpStream::connect(address).await.unwrap();
    let (mut client, connection) = h2::client::handshake(tcp).await.unwrap();
    tokio::spawn(connection);

    let (response, mut stream) = client.send_request(of("/forever"), true).unwrap();
    ledger.settle(1, &[]).await;
    stream.send_reset(h2::Reason::CANCEL);
    assert!(response.await.is_err());
    ledger.settle(0, &[("cancelled_before_response", 1)]).await;

    let (response, mut stream) = client.send_request(of("/endless"), true).unwrap();
    let mut body = response.await.unwrap().into_body();
    body.data().await.unwrap().unwrap();
    stream.send_reset(h2::Reason::CANCEL);
    let mut ended = vec![("cancelled_before_response", 1), ("cancelled_in_body", 1)];
    ledger.settle(0, &ended).await;

    for (method, path) in [
        ("GET", "/"),
        ("HEAD", "/"),
        ("GET", "/none"),
        ("GET", "/nowhere"),
    ] {
        let mut request = of(path);
        *request.method_mut() = method.parse().unwrap();
        let (response, _) = client.send_request(request, true).unwrap();
        let mut body = response.await.unwrap().into_body();
        while let Some(data) = body.data().await {
            data.unwrap();
        }
    }
    ended.push(("completed", 4));
    ledger.settle(0, &ended).await;

    let (response, _) = client.send_request(of("/failing"), true).unwrap();
    // The reset may overtake the head of the response.
    if let Ok(response) = response.await {
        let mut body = response.into_body();
        while let Some(Ok(_)) = body.data().await {}
    }
    ended.push(("body_error", 1));
    ledger.settle(0, &ended).await;
}

#[tokio::test]
async fn a_client_whose_next_request_hides_that_it_left_is_cancelled_once() {
    let ledger = Ledger::new();
    let address = serve(&ledger).await;
    let mut client = TcpStream::connect(address).await.unwrap();
    let request = |path| format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    let pipelined = request("/endless") + &request("/") + &request("/");
    client.write_all(pipelined.as_bytes()).await.unwrap();
    client.read_exact(&mut [0; 64 * 1024]).await.unwrap();
    ledger.check(1, &[]);
    drop(client);
    ledger.settle(0, &[("cancelled_in_body", 1)]).await;
}

#[tokio::test]
async fn pipelined_requests_are_counted_each() {
    let ledger = Ledger::new();
    let address = serve(&ledger).await;
    let mut client = TcpStream::connect(address).await.unwrap();
    let head = |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\n{more}\r\n");
    let all = head("/", "") + &head("/none", "") + &head("/", "connection: close\r\n");
    client.write_all(all.as_bytes()).await.unwrap();
    let mut answers = String::new();
    client.read_to_string(&mut answers).await.unwrap();
    assert_eq!(answers.matches("HTTP/1.1 2").count(), 3, "{answers}");
    ledger.settle(0, &[("completed", 3)]).await;
}

/// How a client of the storm behaves, and what its request then is.
const KINDS: [(&str, &str, &str); 10] = [
    ("GET", "/", "completed"),
    ("HEAD", "/", "completed"),
    ("FOO7", "/", "completed"),
    ("GET", "/none", "completed"),
    ("GET", "/broken", "completed"),
    ("GET", "/panics", "panicked"),
    ("GET", "/upgrade", "upgraded"),
    ("GET", "/failing", "body_error"),
    ("GET", "/endless", "cancelled_in_body"),
    ("GET", "/forever", "cancelled_before_response"),
];

/// Sends one request on a connection of its own, and leaves after its answer has begun or ended.
async fn ask(address: std::net::SocketAddr, method: &str, path: &str) {
    let mut client = TcpStream::connect(address).await.unwrap();
    let more = match path {
        "/upgrade" => "connection: upgrade\r\nupgrade: other\r\n",
        _ => "connection: close\r\n",
    };
    let head = format!("{method} {path} HTTP/1.1\r\nhost: x\r\n{more}\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    if path == "/forever" {
        // It leaves without an answer.
        drop(client);
    } else if path == "/endless" || path == "/upgrade" {
        client.read_exact(&mut [0; 64]).await.unwrap();
    } else {
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        // A body that fails may take the head with it.
        assert!(
            path == "/failing" || answer.starts_with(b"HTTP/1.1 "),
            "{method} {path}"
        );
    }
}

/// Counters, spans and lines agree one to one; 200,000 requests where the slow tests are asked for.
#[tokio::test]
async fn a_storm_of_every_kind_is_counted_and_logged_one_to_one() {
    let rounds: u32 = match std::env::var_os("RUN_SLOW_TESTS") {
        Some(_) => 20_000,
        None => 20,
    };
    let lines = crate::lines::Lines::capture();
    let ledger = Ledger::new();
    let address = serve(&ledger).await;
    let mut logged = std::collections::BTreeMap::<String, u32>::new();
    let mut spans = std::collections::HashSet::new();
    let mut log = |line: &crate::lines::Line| {
        assert_eq!(line.spans.len(), 1);
        if line.fields["message"] == "request finished" {
            *logged.entry(line.fields["outcome"].clone()).or_default() += 1;
            spans.insert(line.spans[0].1["span.id"].clone());
        }
    };
    for _ in 0..rounds {
        let clients = KINDS.map(|(method, path, _)| tokio::spawn(ask(address, method, path)));
        for client in clients {
            client.await.unwrap();
        }
        lines.take().iter().for_each(&mut log);
    }
    let ended = [
        ("completed", 5 * rounds),
        ("panicked", rounds),
        ("upgraded", rounds),
        ("body_error", rounds),
        ("cancelled_in_body", rounds),
        ("cancelled_before_response", rounds),
    ];
    ledger.settle(0, &ended).await;
    assert_eq!(ledger.snapshot().counter(PANICS, &[]), f64::from(rounds));
    lines.take().iter().for_each(&mut log);
    let logged: Vec<_> = logged
        .iter()
        .map(|(outcome, count)| (outcome.as_str(), *count))
        .collect();
    let mut expected = ended;
    expected.sort_unstable();
    assert_eq!(logged, expected);
    assert_eq!(spans.len(), KINDS.len() * rounds as usize);
}
