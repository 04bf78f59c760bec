//! What a subscriber sees of a request.

use std::{
    convert::Infallible,
    future::{self, Future},
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Frame;
use tower::{Layer, Service, service_fn};
use tracing::Level;
use watchkeep_tower::{RequestContext, TraceContext};

use crate::{
    lines::Lines,
    support::{Ledger, Script, Step, get, poll_frame, poll_once, respond},
};

#[test]
fn a_request_ends_in_one_line_with_its_ids() {
    let ledger = Ledger::new();
    let lines = Lines::capture();
    let mut ids = None;
    let mut response = respond(&ledger.layer(), get("/secret?token=1"), |_| {
        let context = RequestContext::current().unwrap();
        ids = Some((context.request_id().to_string(), *context.trace_context()));
        Response::builder()
            .status(StatusCode::CREATED)
            .body(Script::new([Step::Data("a")]))
            .unwrap()
    });
    assert_eq!(
        lines.take().len(),
        0,
        "the line comes at the end of the body"
    );
    let _ = poll_frame(response.body_mut());
    let _ = poll_frame(response.body_mut());
    drop(response);

    let (id, trace) = ids.unwrap();
    let [line] = &lines.take()[..] else {
        panic!("one line");
    };
    assert_eq!(
        (line.level, line.target.as_str()),
        (Level::INFO, "watchkeep_tower")
    );
    assert_eq!(line.fields["message"], "request finished");
    assert_eq!(line.fields["http.response.status_code"], "201");
    assert_eq!(line.fields["outcome"], "completed");
    assert!(line.fields["event.duration"].parse::<u64>().unwrap() > 0);
    assert_eq!(line.fields["http.response.body.bytes"], "1");
    assert_eq!(line.fields.len(), 5, "{line:?}");

    let [(name, fields)] = &line.spans[..] else {
        panic!("one span");
    };
    assert_eq!(*name, "request");
    assert_eq!(fields["trace.id"], trace.trace_id().to_string());
    assert_eq!(fields["span.id"], trace.span_id().to_string());
    assert_eq!(fields["http.request.id"], id);
    assert_eq!(fields["http.request.method"], "GET");
    assert_eq!(fields["http.route"], "_unmatched");
    assert_eq!(fields.len(), 5, "{line:?}");
    assert!(
        !format!("{line:?}").contains("secret"),
        "neither path nor query is logged"
    );
}

#[test]
fn what_the_service_says_is_in_the_span_wherever_it_says_it() {
    struct Drops(&'static str);

    impl Drop for Drops {
        fn drop(&mut self) {
            tracing::info!("{} dropped", self.0);
        }
    }

    let ledger = Ledger::new();
    let lines = Lines::capture();
    let mut service = ledger.layer().layer(service_fn(|_: Request<()>| {
        tracing::info!("called");
        let drops = Drops("future");
        async move {
            let _drops = drops;
            tracing::info!("polled");
            future::pending::<Result<Response<Script>, Infallible>>().await
        }
    }));
    let mut future = Box::pin(service.call(get("/")));
    assert!(poll_once(future.as_mut()).is_pending());
    drop(future);
    let lines = lines.take();
    assert_eq!(
        lines.len(),
        4,
        "called, polled, dropped, finished: {lines:?}"
    );
    for line in &lines {
        assert_eq!(line.spans.len(), 1, "{line:?}");
        assert_eq!(line.spans[0].1["http.request.id"].len(), 32);
    }
    assert_eq!(lines[3].fields["outcome"], "cancelled_before_response");
    assert!(!lines[3].fields.contains_key("http.response.status_code"));
}

#[test]
fn what_the_body_says_is_in_the_span() {
    struct Last(Script);

    impl Drop for Last {
        fn drop(&mut self) {
            tracing::info!("dropped");
        }
    }

    impl http_body::Body for Last {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
            assert!(TraceContext::current().is_some());
            Pin::new(&mut self.0).poll_frame(context)
        }
    }

    let ledger = Ledger::new();
    let lines = Lines::capture();
    let mut response = respond(&ledger.layer(), get("/"), |_| {
        Response::new(Last(Script::new([Step::Say("polled"), Step::Wait])))
    });
    let _ = poll_frame(response.body_mut());
    drop(response);
    let lines = lines.take();
    assert_eq!(lines.len(), 3, "polled, dropped, finished: {lines:?}");
    for line in &lines {
        assert_eq!(line.spans.len(), 1, "{line:?}");
    }
    assert_eq!(lines[2].fields["outcome"], "cancelled_in_body");
}

#[test]
fn the_context_is_known_while_the_service_works_and_in_the_request_on_demand() {
    let ledger = Ledger::new();
    for is_extension in [false, true] {
        let builder = match is_extension {
            true => ledger.builder().with_extension(),
            false => ledger.builder(),
        };
        let mut seen = None;
        let response = respond(&builder.build(), get("/"), |request| {
            let given = request.extensions().get::<RequestContext>().cloned();
            seen = Some((given, RequestContext::current()));
            Response::new(Script::default())
        });
        let (given, current) = seen.unwrap();
        let current = current.unwrap();
        assert_eq!(given.is_some(), is_extension);
        if let Some(given) = given {
            assert_eq!(given.request_id(), current.request_id());
            assert_eq!(given.trace_context(), current.trace_context());
        }
        assert!(RequestContext::current().is_none());
        assert_eq!(TraceContext::current(), None);
        drop(response);
    }
}

#[track_caller]
fn check_level(status: u16, slow: Duration, level: Level) {
    let ledger = Ledger::new();
    let lines = Lines::capture();
    let layer = ledger.builder().with_slow(slow).build();
    drop(respond(&layer, get("/"), |_| {
        Response::builder()
            .status(status)
            .body(Script::new([]).eager())
            .unwrap()
    }));
    let lines = lines.take();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].level, level, "{lines:?}");
}

#[test]
fn failures_and_slow_requests_are_warnings() {
    check_level(200, Duration::MAX, Level::INFO);
    check_level(404, Duration::MAX, Level::INFO);
    check_level(500, Duration::MAX, Level::WARN);
    check_level(503, Duration::MAX, Level::WARN);
    check_level(200, Duration::ZERO, Level::WARN);
}

#[test]
fn a_body_that_fails_is_a_warning_and_a_client_that_leaves_is_not() {
    let ledger = Ledger::new();
    let lines = Lines::capture();
    let layer = ledger.builder().with_slow(Duration::MAX).build();
    let failing = || Response::new(Script::new([Step::Data("a"), Step::Fail]));
    drop(respond(&layer, get("/"), |_| failing()));
    let mut response = respond(&layer, get("/"), |_| failing());
    let _ = poll_frame(response.body_mut());
    let _ = poll_frame(response.body_mut());
    let seen: Vec<_> = lines
        .take()
        .into_iter()
        .map(|line| (line.level, line.fields["outcome"].clone()))
        .collect();
    assert_eq!(
        seen,
        [
            (Level::INFO, "cancelled_in_body".to_owned()),
            (Level::WARN, "body_error".to_owned()),
        ]
    );
}

#[test]
fn a_subscriber_that_wants_only_warnings_still_sees_the_ids() {
    let ledger = Ledger::new();
    let lines = Lines::capture_at(Level::WARN);
    drop(respond(&ledger.layer(), get("/"), |_| {
        tracing::error!("no database");
        Response::builder()
            .status(503)
            .body(Script::new([]).eager())
            .unwrap()
    }));
    let lines = lines.take();
    assert_eq!(lines.len(), 2);
    for line in lines {
        assert_eq!(line.spans[0].1["http.request.id"].len(), 32);
    }
}

#[test]
fn a_skipped_request_is_neither_logged_nor_counted_but_has_its_ids() {
    let ledger = Ledger::new();
    let lines = Lines::capture();
    let layer = ledger.builder().with_skip(["/livez", "/ops/*"]).build();
    for path in ["/livez", "/livez?full=1", "/ops/", "/ops/log-level"] {
        let response = respond(&layer, get(path), |_| {
            assert!(RequestContext::current().is_some());
            tracing::info!("from inside");
            Response::new(Script::default())
        });
        assert!(response.headers().contains_key("x-request-id"), "{path}");
        drop(response);
    }
    ledger.check(0, &[]);
    let inside = lines.take();
    assert_eq!(inside.len(), 4);
    assert!(
        inside
            .iter()
            .all(|line| line.spans[0].1.contains_key("trace.id"))
    );

    for path in ["/livez/", "/livezz", "/ops", "/opsy", "/"] {
        drop(respond(&layer, get(path), |_| {
            Response::new(Script::new([]).eager())
        }));
    }
    ledger.check(0, &[("completed", 5)]);
    assert_eq!(lines.take().len(), 5);
}

/// The future is what a server needs it to be.
#[test]
fn futures_and_bodies_can_cross_threads() {
    fn check<T: Send>(_: &T) {}

    let ledger = Ledger::new();
    let mut service = ledger.layer().layer(service_fn(|_: Request<()>| async {
        Ok::<_, Infallible>(Response::new(Script::default()))
    }));
    let mut future = Box::pin(service.call(get("/")));
    check(&future);
    let Poll::Ready(Ok(response)) = poll_once(future.as_mut()) else {
        panic!("the service answers at once");
    };
    check(&response);
    fn is_future<F: Future>(_: &F) {}
    is_future(&future);
}
