//! Calls over HTTP/2 that are reset in the middle, end in their headers, or end in something that is no status.

use axum::{Router, body::Body, routing::post};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Ledger, Script, Step, trailers};

const CALLS: &str = "http_server_grpc_requests_total";

type Client = h2::client::SendRequest<Bytes>;

/// A response to a call, whose status is among its headers when there is one.
fn answer(status: StatusCode, grpc: Option<&str>, body: Script) -> Response<Body> {
    let mut response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/grpc");
    if let Some(grpc) = grpc {
        response = response.header("grpc-status", grpc);
    }
    response.body(Body::new(body)).unwrap()
}

/// A service whose methods are called after how their calls end.
async fn call(request: axum::extract::Request) -> Response<Body> {
    let (ok, broken) = (StatusCode::OK, StatusCode::INTERNAL_SERVER_ERROR);
    let begin = || Step::Data("a");
    let ending = |status| Script::new([begin(), trailers(status)]);
    match request.uri().path() {
        "/a.B/Ok" => answer(ok, None, ending("0")),
        "/a.B/NoNumber" => answer(ok, None, ending("abc")),
        "/a.B/NoCode" => answer(ok, None, ending("99")),
        "/a.B/Missing" => answer(ok, None, Script::new([begin()])),
        "/a.B/TrailersOnly" => answer(ok, Some("5"), Script::new([]).eager()),
        "/a.B/TrailersOnlyNoCode" => answer(ok, Some("99"), Script::new([]).eager()),
        "/a.B/Broken" => answer(broken, None, ending("0")),
        "/a.B/Fails" => answer(ok, None, Script::new([begin(), Step::Fail])),
        "/a.B/Stands" => answer(ok, None, Script::new([begin(), Step::Wait])),
        _ => std::future::pending().await,
    }
}

async fn connect(ledger: &Ledger) -> Client {
    let app = Router::new()
        .route("/a.B/{method}", post(call))
        .layer(ledger.layer());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let tcp = TcpStream::connect(address).await.unwrap();
    let (client, connection) = h2::client::handshake(tcp).await.unwrap();
    tokio::spawn(connection);
    client
}

fn send(client: &mut Client, method: &str) -> (h2::client::ResponseFuture, h2::SendStream<Bytes>) {
    let request = Request::post(format!("http://x/a.B/{method}"))
        .header(header::CONTENT_TYPE, "application/grpc")
        .body(())
        .unwrap();
    client.send_request(request, true).unwrap()
}

/// What a client has of a call: the status as it came, and whether the stream ended well.
async fn read(client: &mut Client, method: &str) -> (Option<String>, bool) {
    let (response, _) = send(client, method);
    let Ok(response) = response.await else {
        return (None, false);
    };
    let text = |headers: &http::HeaderMap| {
        let status = headers.get("grpc-status")?;
        Some(status.to_str().unwrap().to_owned())
    };
    let in_headers = text(response.headers());
    let mut body = response.into_body();
    while let Some(data) = body.data().await {
        if data.is_err() {
            return (None, false);
        }
    }
    let trailers = body.trailers().await.unwrap();
    (in_headers.or_else(|| text(&trailers?)), true)
}

/// Checks what a client gets of a call, and what it is counted as.
async fn check(method: &str, given: Option<&str>, outcome: &str, code: &str, status: &str) {
    let ledger = Ledger::new();
    let mut client = connect(&ledger).await;
    let (read, is_whole) = read(&mut client, method).await;
    assert_eq!(read.as_deref(), given, "it passes unchanged");
    assert_eq!(is_whole, outcome == "completed");
    ledger.settle(0, &[(outcome, 1)]).await;
    // An error in the head says nothing about the path, and then the router's template counts.
    let route = match method.starts_with("TrailersOnly") {
        true => "/a.B/{method}".to_owned(),
        false => format!("/a.B/{method}"),
    };
    check_call(&ledger, &route, code);
    assert_eq!(ledger.count(&[("status", status)]), 1.0);
}

#[track_caller]
fn check_call(ledger: &Ledger, route: &str, code: &str) {
    let labels = [("route", route), ("grpc_status", code)];
    let counted = ledger.snapshot().counter(CALLS, &labels);
    assert_eq!(counted, 1.0, "{labels:?} in {}", ledger.page());
}

#[tokio::test]
async fn whatever_a_call_ends_in_is_one_of_the_codes() {
    check("Ok", Some("0"), "completed", "OK", "200").await;
    check("NoNumber", Some("abc"), "completed", "UNKNOWN", "200").await;
    check("NoCode", Some("99"), "completed", "UNKNOWN", "200").await;
    check("Missing", None, "completed", "UNKNOWN", "200").await;
    check("TrailersOnly", Some("5"), "completed", "NOT_FOUND", "200").await;
    check(
        "TrailersOnlyNoCode",
        Some("99"),
        "completed",
        "UNKNOWN",
        "200",
    )
    .await;
    check("Broken", Some("0"), "completed", "OK", "500").await;
    check("Fails", None, "body_error", "UNKNOWN", "200").await;
}

#[tokio::test]
async fn a_call_that_is_reset_is_cancelled_wherever_it_was() {
    let ledger = Ledger::new();
    let mut client = connect(&ledger).await;

    let (response, mut stream) = send(&mut client, "Stands");
    let mut body = response.await.unwrap().into_body();
    assert_eq!(body.data().await.unwrap().unwrap(), "a");
    ledger.settle(1, &[]).await;
    stream.send_reset(h2::Reason::CANCEL);
    ledger.settle(0, &[("cancelled_in_body", 1)]).await;
    check_call(&ledger, "/a.B/Stands", "CANCELLED");
    assert_eq!(ledger.count(&[("status", "200")]), 1.0);

    let (response, mut stream) = send(&mut client, "Never");
    ledger.settle(1, &[("cancelled_in_body", 1)]).await;
    stream.send_reset(h2::Reason::CANCEL);
    assert!(response.await.is_err());
    let ended = [("cancelled_in_body", 1), ("cancelled_before_response", 1)];
    ledger.settle(0, &ended).await;
    assert_eq!(ledger.count(&[("status", "none")]), 1.0);
    let cancelled = [("grpc_status", "CANCELLED")];
    assert_eq!(ledger.snapshot().counter(CALLS, &cancelled), 2.0);

    // The connection goes on.
    assert_eq!(read(&mut client, "Ok").await, (Some("0".to_owned()), true));
    ledger
        .settle(0, &[ended[0], ended[1], ("completed", 1)])
        .await;
}
