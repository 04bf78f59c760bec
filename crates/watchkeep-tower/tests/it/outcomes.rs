//! Each request ends exactly once, however it ends.

use std::{convert::Infallible, future, io};

use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Empty};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::{
    lines::Lines,
    support::{Ledger, REQUESTS, Script, Step, get, poll_frame, poll_once, respond, trailers},
};

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
fn of_a_body_that_is_dropped_those_bytes_count_that_it_gave() {
    for frames in 0..=3 {
        let ledger = Ledger::new();
        let lines = Lines::capture();
        let mut response = respond(&ledger.layer(), get("/"), |_| {
            let steps = ["a", "bc", "def", "ghij"].map(Step::Data);
            Response::new(Script::new(steps))
        });
        for _ in 0..frames {
            let _ = poll_frame(response.body_mut());
        }
        drop(response);
        ledger.check(0, &[("cancelled_in_body", 1)]);
        let [line] = &lines.take()[..] else {
            panic!("one line");
        };
        let bytes = ["0", "1", "3", "6"][frames];
        assert_eq!(line.fields["http.response.body.bytes"], bytes);
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

#[tokio::test]
async fn frames_trailers_and_sizes_pass_through() {
    let ledger = Ledger::new();
    let response = respond(&ledger.layer(), get("/"), |_| {
        Response::builder()
            .status(201)
            .header("x-own", "kept")
            .extension("kept")
            .body(Script::new([Step::Data("abc"), trailers("0")]).with_size(3))
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
