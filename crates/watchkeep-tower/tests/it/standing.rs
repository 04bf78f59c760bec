//! A stream of events that stands for an hour, over a socket, beside requests that take no time at all.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use http::{Response, header};
use http_body::Frame;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, Interval, interval},
};

use crate::{
    lines::Lines,
    support::{DURATION, FIRST_BYTE, Ledger},
};

const EVENT: &[u8] = b"data: tick\n\n";
const HOUR: Duration = Duration::from_secs(3_600);

/// An event each ten seconds, for as long as somebody listens.
struct Ticks(Interval);

impl http_body::Body for Ticks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = |_| Some(Ok(Frame::data(Bytes::from_static(EVENT))));
        self.0.poll_tick(context).map(frame)
    }
}

async fn events() -> Response<Body> {
    Response::builder()
        .header(header::CONTENT_TYPE, "text/event-stream")
        .body(Body::new(Ticks(interval(Duration::from_secs(10)))))
        .unwrap()
}

async fn connect(address: std::net::SocketAddr, path: &str) -> TcpStream {
    let mut client = TcpStream::connect(address).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    client.write_all(head.as_bytes()).await.unwrap();
    client
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_stands_for_an_hour_leaves_the_durations_alone() {
    let ledger = Ledger::new();
    let lines = Lines::capture();
    let app = Router::new()
        .route("/", get(|| async { "hello" }))
        .route("/events", get(events))
        .layer(ledger.layer());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let durations = || ledger.snapshot().histogram(DURATION, &[]);

    for _ in 0..20 {
        let mut answer = String::new();
        let mut client = connect(address, "/").await;
        client.read_to_string(&mut answer).await.unwrap();
    }
    ledger.settle(0, &[("completed", 20)]).await;
    let before = durations();

    let begun = Instant::now();
    let mut stream = connect(address, "/events").await;
    let mut told = Vec::new();
    while begun.elapsed() < HOUR {
        assert_ne!(stream.read_buf(&mut told).await.unwrap(), 0);
    }
    let events = told.windows(EVENT.len()).filter(|part| *part == EVENT);
    assert!(
        events.count() >= 360,
        "the stream went on for all of the hour"
    );
    ledger.check_counts(1, &[("completed", 20)]);
    assert_eq!(ledger.timed(FIRST_BYTE), 21, "how long it took to begin");
    drop(stream);
    let ended = [("completed", 20), ("cancelled_in_body", 1)];
    ledger.settle_counts(0, &ended).await;
    assert_eq!(
        durations(),
        before,
        "neither while it stands nor at its end"
    );
    assert_eq!(ledger.timed(FIRST_BYTE), 21);
    assert_eq!(lines.take().len(), 21);
}
