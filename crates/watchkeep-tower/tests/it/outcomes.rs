//! Each request ends exactly once, however it ends.

use std::{convert::Infallible, future, io};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt, Empty, Full};
use tower::{Layer, Service, ServiceExt, service_fn};
use watchkeep_tower::Outcome;

use crate::lines::Lines;
use crate::support::{
    DURATION, Ledger, REQUESTS, Script, Step, get, poll_frame, poll_once, respond,
};

fn request(method: Method) -> Request<()> {
    Request::builder().method(method).body(()).unwrap()
}

#[tokio::test]
async fn a_response_read_to_its_end_is_completed() {
    let ledger = Ledger::new();
    let service = ledger.layer().layer(service_fn(|_: Request<()>| async {
        Ok::<_, Infallible>(Response::new(Script::new([
            Step::Data("a"),
            Step::Data("b"),
        ])))
    }));
    let response = service.oneshot(get("/")).await.unwrap();
    ledger.check(1, &[]);
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "ab"
    );
    ledger.check(0, &[("completed", 1)]);
    assert_eq!(ledger.count(&[("status", "200"), ("method", "GET")]), 1.0);
}

#[test]
fn a_future_dropped_before_its_first_poll_is_cancelled() {
    let ledger = Ledger::new();
    let mut service = ledger.layer().layer(service_fn(|_: Request<()>| async {
        Ok::<_, Infallible>(Response::new(Script::default()))
    }));
    let future = service.call(get("/"));
    ledger.check(1, &[]);
    drop(future);
    ledger.check(0, &[("cancelled_before_response", 1)]);
    assert_eq!(ledger.count(&[("status", "none")]), 1.0);
}

#[test]
fn a_future_dropped_while_pending_is_cancelled() {
    let ledger = Ledger::new();
    let mut service = ledger.layer().layer(service_fn(|_: Request<()>| {
        future::pending::<Result<Response<Script>, Infallible>>()
    }));
    let mut future = Box::pin(service.call(get("/")));
    assert!(poll_once(future.as_mut()).is_pending());
    assert!(poll_once(future.as_mut()).is_pending());
    ledger.check(1, &[]);
    drop(future);
    ledger.check(0, &[("cancelled_before_response", 1)]);
}

#[test]
fn a_body_dropped_before_its_end_is_cancelled() {
    for steps in [
        vec![],
        vec![Step::Data("a")],
        vec![Step::Data("a"), Step::Wait],
    ] {
        let ledger = Ledger::new();
        let polls = steps.len();
        let mut steps = Some(steps);
        let mut response = respond(&ledger.layer(), get("/"), |_| {
            let more = [Step::Data("more")];
            Response::new(Script::new(steps.take().into_iter().flatten().chain(more)))
        });
        for _ in 0..polls {
            let _ = poll_frame(response.body_mut());
        }
        ledger.check(1, &[]);
        drop(response);
        ledger.check(0, &[("cancelled_in_body", 1)]);
        assert_eq!(ledger.count(&[("status", "200")]), 1.0);
    }
}

#[test]
fn a_body_that_fails_is_a_body_error() {
    let ledger = Ledger::new();
    let mut response = respond(&ledger.layer(), get("/"), |_| {
        Response::new(Script::new([Step::Data("a"), Step::Fail]))
    });
    let _ = poll_frame(response.body_mut());
    ledger.check(1, &[]);
    let _ = poll_frame(response.body_mut());
    ledger.check(0, &[("body_error", 1)]);
    drop(response);
    ledger.check(0, &[("body_error", 1)]);
}

#[tokio::test]
async fn a_service_that_fails_is_a_service_error() {
    let ledger = Ledger::new();
    let layer = ledger.layer();
    for number in 0..3 {
        let service = layer.layer(service_fn(move |_: Request<()>| async move {
            Err::<Response<Script>, _>(io::Error::other(format!("failure {number}")))
        }));
        assert!(service.oneshot(get("/")).await.is_err());
    }
    ledger.check(0, &[("service_error", 3)]);
    assert_eq!(ledger.series(REQUESTS), 1, "the error's text is no label");
}

#[test]
fn an_error_of_readiness_is_no_request() {
    use std::task::{Context, Poll, Waker};

    struct Never;

    impl Service<Request<()>> for Never {
        type Response = Response<Script>;
        type Error = io::Error;
        type Future = future::Ready<io::Result<Response<Script>>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::Error::other("overloaded")))
        }

        fn call(&mut self, _: Request<()>) -> Self::Future {
            future::ready(Ok(Response::new(Script::default())))
        }
    }

    let ledger = Ledger::new();
    let mut service = ledger.layer().layer(Never);
    assert!(matches!(
        service.poll_ready(&mut Context::from_waker(Waker::noop())),
        Poll::Ready(Err(_))
    ));
    ledger.check(0, &[]);
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
    check_last_data(|| Response::new(Script::new([Step::Data("abc"), Step::Trailers])));
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

#[tokio::test]
async fn frames_trailers_and_sizes_pass_through() {
    let ledger = Ledger::new();
    let response = respond(&ledger.layer(), get("/"), |_| {
        Response::builder()
            .status(201)
            .header("x-own", "kept")
            .extension("kept")
            .body(Script::new([Step::Data("abc"), Step::Trailers]).with_size(3))
            .unwrap()
    });
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["x-own"], "kept");
    assert_eq!(response.extensions().get::<&str>(), Some(&"kept"));
    assert_eq!(response.body().size_hint().exact(), Some(3));
    assert!(!response.body().is_end_stream());
    let collected = response.into_body().collect().await.unwrap();
    assert_eq!(collected.trailers().unwrap()["grpc-status"], "0");
    assert_eq!(collected.to_bytes(), "abc");

    let empty = respond(&ledger.layer(), get("/"), |_| {
        Response::new(Empty::<&[u8]>::new())
    });
    assert!(empty.body().is_end_stream());
    assert_eq!(empty.body().size_hint().exact(), Some(0));
}

#[test]
fn requests_at_the_same_time_are_told_apart() {
    let ledger = Ledger::new();
    let layer = ledger.layer();
    let mut open: Vec<_> = (0..10)
        .map(|_| {
            respond(&layer, get("/"), |_| {
                Response::new(Script::new([Step::Data("a")]))
            })
        })
        .collect();
    ledger.check(10, &[]);
    for response in &mut open[..4] {
        let _ = poll_frame(response.body_mut());
        let _ = poll_frame(response.body_mut());
    }
    ledger.check(6, &[("completed", 4)]);
    drop(open);
    ledger.check(0, &[("completed", 4), ("cancelled_in_body", 6)]);
}

#[test]
fn an_event_stream_is_timed_until_it_begins_and_others_until_their_end() {
    for (content_type, is_stream) in [
        ("text/event-stream", true),
        ("text/event-stream; charset=utf-8", true),
        ("text/plain", false),
    ] {
        let ledger = Ledger::new();
        let lines = Lines::capture();
        let mut response = respond(&ledger.layer(), get("/"), |_| {
            Response::builder()
                .header(header::CONTENT_TYPE, content_type)
                .body(Script::new([Step::Data("a")]))
                .unwrap()
        });
        for _ in 0..2 {
            let _ = poll_frame(response.body_mut());
        }
        ledger.check(0, &[("completed", 1)]);
        let timed = ledger.snapshot().histogram(DURATION, &[]).unwrap().sum;
        let line = &lines.take()[0];
        let logged: f64 = line.fields["event.duration"].parse().unwrap();
        let ratio = timed / (logged / 1e9);
        assert_eq!(ratio < 0.999_999, is_stream, "{content_type}: {ratio}");
    }
}
