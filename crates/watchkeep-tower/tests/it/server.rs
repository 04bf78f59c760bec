//! A real server over a real socket: what it reads of a body, and when it drops one.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use http::StatusCode;
use http_body::Frame;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use crate::support::Ledger;

/// An endless body that tells when it is dropped.
struct Endless(mpsc::UnboundedSender<()>);

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

impl Drop for Endless {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

/// Serves one connection for each request, and returns what the client reads of it until the server closes it.
async fn ask(app: Router, request: &str) -> String {
    let mut client = connect(app, request).await;
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn connect(app: Router, request: &str) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let mut client = TcpStream::connect(address).await.unwrap();
    let head = format!("{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    client
}

#[tokio::test]
async fn whatever_a_server_leaves_unread_is_completed() {
    let ledger = Ledger::new();
    let app = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/none", get(|| async { StatusCode::NO_CONTENT }))
        .route("/same", get(|| async { StatusCode::NOT_MODIFIED }))
        .layer(ledger.layer());
    let mut asked = 0;
    for (request, status) in [
        ("GET /", "200"),
        ("HEAD /", "200"),
        ("GET /none", "204"),
        ("GET /same", "304"),
        ("GET /missing", "404"),
        ("HEAD /missing", "404"),
    ] {
        let answer = ask(app.clone(), request).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request}: {answer}"
        );
        assert!(answer.contains("x-request-id: "), "{answer}");
        assert!(
            !answer.contains("transfer-encoding"),
            "the length is known: {answer}"
        );
        asked += 1;
        ledger.check(0, &[("completed", asked)]);
    }
}

#[tokio::test]
async fn a_client_that_leaves_in_the_body_is_cancelled() {
    let (dropped, mut drops) = mpsc::unbounded_channel();
    let ledger = Ledger::new();
    let app = Router::new()
        .route(
            "/",
            get(move || {
                let body = Endless(dropped.clone());
                async move { Body::new(body) }
            }),
        )
        .layer(ledger.layer());
    let mut client = connect(app, "GET /").await;
    client.read_exact(&mut [0; 64 * 1024]).await.unwrap();
    ledger.check(1, &[]);
    drop(client);
    drops.recv().await.unwrap();
    ledger.check(0, &[("cancelled_in_body", 1)]);
}

#[tokio::test]
async fn a_client_that_leaves_before_the_response_is_cancelled() {
    /// Tells when it begins and when it is dropped.
    struct Told(mpsc::UnboundedSender<()>);

    impl Told {
        fn begin(sender: &mpsc::UnboundedSender<()>) -> Self {
            sender.send(()).unwrap();
            Self(sender.clone())
        }
    }

    impl Drop for Told {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }

    let (tell, mut told) = mpsc::unbounded_channel();
    let ledger = Ledger::new();
    let app = Router::new()
        .route(
            "/",
            get(move || {
                let told = Told::begin(&tell);
                async move {
                    let _told = told;
                    std::future::pending::<&'static str>().await
                }
            }),
        )
        .layer(ledger.layer());
    let client = connect(app, "GET /").await;
    told.recv().await.unwrap();
    ledger.check(1, &[]);
    drop(client);
    told.recv().await.unwrap();
    ledger.check(0, &[("cancelled_before_response", 1)]);
}
