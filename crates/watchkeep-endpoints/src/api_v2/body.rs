//! Bodies: what comes in is bounded in length and time, what goes out is made as it is taken.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use http_body::{Body as _, Frame};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::answer::{Problem, REQUIRED};

/// The longest body, in bytes: ten thousand alerts of ordinary length.
pub(super) const LONGEST: usize = 8 * 1024 * 1024;
/// The longest time that a body may take to come.
const LONGEST_TIME: Duration = Duration::from_secs(30);
/// A body that is longer is not read as JSON on a thread of the runtime, in bytes.
const ELSEWHERE: usize = 64 * 1024;

/// Reads a body, and makes of it what `make` does, such as to [`parse`] it.
pub(super) async fn read<T: Send + 'static>(
    what: &'static str,
    headers: &HeaderMap,
    body: Body,
    make: impl FnOnce(&[u8]) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    check_type(headers)?;
    let bytes = timeout(LONGEST_TIME, collect(body)).await;
    let late = |_| {
        Problem::coded(
            StatusCode::REQUEST_TIMEOUT,
            format!("the body did not come within {LONGEST_TIME:?}"),
        )
    };
    let bytes = bytes.map_err(late)??;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        let message = format!("{what} in body is required");
        return Err(Problem::value(REQUIRED, message));
    }
    if bytes.len() <= ELSEWHERE {
        return make(&bytes);
    }
    let parsed = tokio::task::spawn_blocking(move || make(&bytes)).await;
    parsed.unwrap_or_else(|_| {
        Err(Problem::coded(
            StatusCode::SERVICE_UNAVAILABLE,
            "the service is stopping",
        ))
    })
}

/// Reads JSON; what follows the first value is left aside, as Alertmanager does.
pub(super) fn parse<'a, T: Deserialize<'a>>(what: &str, bytes: &'a [u8]) -> Result<T, Problem> {
    // A body that is a text needs no look at each of the texts in it.
    let read = match std::str::from_utf8(bytes) {
        Ok(text) => T::deserialize(&mut serde_json::Deserializer::from_str(text)),
        Err(_) => T::deserialize(&mut serde_json::Deserializer::from_slice(bytes)),
    };
    read.map_err(|error| {
        Problem::coded(
            StatusCode::BAD_REQUEST,
            format!("parsing {what} body failed, because {error}"),
        )
    })
}

fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(CONTENT_TYPE).map_or("", |given| {
        // What is no text is no type either.
        given.to_str().unwrap_or("?")
    });
    let given = match given.split(';').next().unwrap_or_default().trim() {
        "" => "application/octet-stream",
        given => given,
    };
    if given.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let message = format!("unsupported media type {given:?}, only [application/json] are allowed");
    Err(Problem::coded(StatusCode::UNSUPPORTED_MEDIA_TYPE, message))
}

async fn collect(mut body: Body) -> Result<Vec<u8>, Problem> {
    let said = body.size_hint().lower();
    let too_long = || {
        Problem::coded(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body has more than {LONGEST} bytes"),
        )
    };
    if said > LONGEST as u64 {
        return Err(too_long());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(said).unwrap_or(0));
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let broken = |error| {
            let message = format!("the body did not come whole: {error}");
            Problem::coded(StatusCode::BAD_REQUEST, message)
        };
        let Ok(data) = frame.map_err(broken)?.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > LONGEST {
            return Err(too_long());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// The engine ended in the middle of an answer: the client is to see that it is not whole.
#[derive(Debug, thiserror::Error)]
#[error("the alert engine was shut down")]
struct Cut;

/// A body whose parts are made while it is sent; what makes them waits for who takes them.
struct Parts(mpsc::Receiver<Result<Bytes, Cut>>);

/// Where the parts of a body go.
pub(super) struct Sender(mpsc::Sender<Result<Bytes, Cut>>);

/// Makes a body and where its parts go.
pub(super) fn channel() -> (Sender, Body) {
    let (sender, receiver) = mpsc::channel(2);
    (Sender(sender), Body::new(Parts(receiver)))
}

impl Sender {
    /// Sends a part; an error when nobody takes it any more.
    pub(super) async fn send(&self, part: Vec<u8>) -> Result<(), ()> {
        if part.is_empty() {
            return Ok(());
        }
        self.0.send(Ok(part.into())).await.map_err(drop)
    }

    /// Ends the body before it is whole, so that the connection is cut.
    pub(super) async fn cut(&self) {
        // Nobody may take it any more.
        let _ = self.0.send(Err(Cut)).await;
    }
}

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let part = self.0.poll_recv(context);
        part.map(|part| part.map(|part| part.map(Frame::data)))
    }
}
