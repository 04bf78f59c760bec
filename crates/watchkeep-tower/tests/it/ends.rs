//! How the end of a response is known before its body says so.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body::{Body, Frame};
use http_body_util::{Empty, Full};
use watchkeep_tower::Outcome;

use crate::support::{Ledger, Script, Step, get, poll_frame, respond, trailers};

fn request(method: Method) -> Request<()> {
    Request::builder().method(method).body(()).unwrap()
}

/// Checks the end of a response whose body is dropped without having been read.
#[track_caller]
fn check_unread<B: Body>(method: Method, response: impl Fn() -> Response<B>, outcome: Outcome) {
    let ledger = Ledger::new();
    let response = respond(&ledger.layer(), request(method), |_| response());
    drop(response);
    ledger.check(0, &[(outcome.as_str(), 1)]);
}

fn with_status(status: u16) -> Response<Script> {
    let mut response = Response::new(Script::new([Step::Data("a")]));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

#[test]
fn a_response_without_a_body_is_completed_unread() {
    check_unread(Method::HEAD, || with_status(200), Outcome::Completed);
    check_unread(Method::HEAD, || with_status(404), Outcome::Completed);
    check_unread(Method::GET, || with_status(204), Outcome::Completed);
    check_unread(Method::GET, || with_status(304), Outcome::Completed);
    check_unread(Method::GET, || with_status(103), Outcome::Completed);
    check_unread(
        Method::GET,
        || Response::new(Empty::<&[u8]>::new()),
        Outcome::Completed,
    );
    check_unread(
        Method::GET,
        || Response::new(Full::<Bytes>::from("")),
        Outcome::Completed,
    );
    check_unread(
        Method::GET,
        || Response::new(Script::new([]).with_size(0)),
        Outcome::Completed,
    );
    check_unread(
        Method::GET,
        || {
            Response::builder()
                .header(header::CONTENT_LENGTH, 0)
                .body(Script::default())
                .unwrap()
        },
        Outcome::Completed,
    );
}

#[test]
fn a_response_with_a_body_is_cancelled_unread() {
    check_unread(Method::GET, || with_status(200), Outcome::CancelledInBody);
    check_unread(Method::GET, || with_status(205), Outcome::CancelledInBody);
    check_unread(Method::GET, || with_status(500), Outcome::CancelledInBody);
    check_unread(
        Method::GET,
        || Response::new(Full::<Bytes>::from("a")),
        Outcome::CancelledInBody,
    );
    check_unread(
        Method::CONNECT,
        || with_status(407),
        Outcome::CancelledInBody,
    );
}

#[test]
fn a_connection_handed_over_is_upgraded() {
    check_unread(Method::GET, || with_status(101), Outcome::Upgraded);
    check_unread(Method::CONNECT, || with_status(200), Outcome::Upgraded);
}

/// Checks that a body is complete exactly when its last data is out, without another poll.
#[track_caller]
fn check_last_data(response: impl Fn() -> Response<Script>) {
    let ledger = Ledger::new();
    let mut response = respond(&ledger.layer(), get("/"), |_| response());
    let _ = poll_frame(response.body_mut());
    ledger.check(1, &[]);
    let _ = poll_frame(response.body_mut());
    ledger.check(0, &[("completed", 1)]);
    drop(response);
    ledger.check(0, &[("completed", 1)]);
}

#[test]
fn a_body_whose_length_is_out_is_completed_without_another_poll() {
    let script = || Script::new([Step::Data("abc"), Step::Data("de")]);
    check_last_data(|| {
        Response::builder()
            .header(header::CONTENT_LENGTH, 5)
            .body(script())
            .unwrap()
    });
    check_last_data(|| Response::new(script().with_size(5)));
    check_last_data(|| Response::new(script().eager()));
    check_last_data(|| Response::new(Script::new([Step::Data("abc"), trailers("0")])));
}

#[test]
fn a_length_that_nobody_can_read_is_no_length() {
    for length in ["", "-1", "5 ", "0x5", "99999999999999999999"] {
        let ledger = Ledger::new();
        let response = respond(&ledger.layer(), get("/"), |_| {
            let body = Script::new([Step::Data("abcde")]);
            Response::builder()
                .header(header::CONTENT_LENGTH, length)
                .body(body)
                .unwrap()
        });
        drop(response);
        ledger.check(0, &[("cancelled_in_body", 1)]);
    }
}

/// A body that is kept as long as its token is.
struct Kept {
    script: Script,
    _token: Arc<()>,
}

impl Body for Kept {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Pin::new(&mut self.script).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.script.is_end_stream()
    }
}

#[test]
fn a_body_that_has_ended_is_dropped_whoever_keeps_the_response() {
    let script = || Script::new([Step::Data("a")]);
    for (script, polls) in [(script(), 2), (script().eager(), 1)] {
        let ledger = Ledger::new();
        let token = Arc::new(());
        let _token = Arc::clone(&token);
        let mut body = Some(Kept { script, _token });
        let mut response = respond(&ledger.layer(), get("/"), |_| {
            Response::new(body.take().unwrap())
        });
        for poll in 1..=polls {
            assert_eq!(Arc::strong_count(&token), 2, "before poll {poll}");
            assert!(poll_frame(response.body_mut()).is_ready());
        }
        assert_eq!(Arc::strong_count(&token), 1);
        assert!(response.body().is_end_stream());
        assert_eq!(response.body().size_hint().exact(), Some(0));
        assert!(matches!(poll_frame(response.body_mut()), Poll::Ready(None)));
        ledger.check(0, &[("completed", 1)]);
    }
}
