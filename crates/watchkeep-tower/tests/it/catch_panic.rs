//! Panics beside another layer that catches them, panics that are no text, and panics while another one unwinds.

use std::{
    any::Any,
    convert::Infallible,
    future::{self, Future},
    panic,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::{Event, Subscriber, subscriber};
use tracing_subscriber::{Registry, layer::SubscriberExt};

use crate::{
    panics::{check_panicked, panics_in_call, panics_in_poll},
    support::{
        Ledger, PANICS, Script, Step, caught, get, panic_text, poll_frame, poll_once, respond,
    },
};

type Answer = Result<Response<Full<Bytes>>, Infallible>;

async fn panics_with_a_number(_: Request<()>) -> Answer {
    panic::panic_any(17_u32)
}

/// Asks a service that has a catching layer around it or inside of it, and returns its answer.
async fn answered<S, B>(service: S) -> Response<Bytes>
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
    B: Body<Error: std::fmt::Debug>,
{
    let response = service.oneshot(get("/")).await.unwrap();
    let (parts, body) = response.into_parts();
    Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
}

#[tokio::test]
async fn a_layer_outside_that_catches_answers_what_was_counted_as_a_panic() {
    let ledger = Ledger::new();
    let catching = (CatchPanicLayer::new(), ledger.layer());
    let in_call = answered(catching.layer(service_fn(panics_in_call))).await;
    check_panicked(&ledger, 1);
    let in_poll = answered(catching.layer(service_fn(panics_in_poll))).await;
    check_panicked(&ledger, 2);
    for response in [in_call, in_poll] {
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.body(), "Service panicked");
        assert!(!response.headers().contains_key("x-request-id"));
    }
    assert_eq!(ledger.count(&[("status", "none")]), 2.0);
}

#[tokio::test]
async fn a_layer_inside_that_catches_leaves_an_answer_like_any_other() {
    let ledger = Ledger::new();
    let catching = (ledger.layer(), CatchPanicLayer::new());
    let in_call = answered(catching.layer(service_fn(panics_in_call))).await;
    let in_poll = answered(catching.layer(service_fn(panics_in_poll))).await;
    for response in [in_call, in_poll] {
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.body(), "Service panicked");
        assert!(response.headers().contains_key("x-request-id"));
    }
    ledger.check(0, &[("completed", 2)]);
    assert_eq!(ledger.count(&[("status", "500")]), 2.0);
    assert_eq!(ledger.snapshot().counter(PANICS, &[]), 0.0);
}

#[tokio::test]
async fn a_panic_in_a_body_is_caught_by_no_layer() {
    async fn begins(_: Request<()>) -> Result<Response<Script>, Infallible> {
        Ok(Response::new(Script::new([Step::Data("a"), Step::Panic])))
    }

    let ledger = Ledger::new();
    let service = (CatchPanicLayer::new(), ledger.layer()).layer(service_fn(begins));
    let mut body = service.oneshot(get("/")).await.unwrap().into_body();
    assert!(poll_frame(&mut body).is_ready());
    ledger.check(1, &[]);
    caught(|| poll_frame(&mut body));
    drop(body);
    check_panicked(&ledger, 1);
}

#[tokio::test]
async fn a_panic_that_is_no_text_reaches_who_catches_it_unchanged() {
    fn tell(payload: Box<dyn Any + Send>) -> Response<Full<Bytes>> {
        let number = payload.downcast::<u32>().ok();
        Response::new(Full::from(format!("{number:?}")))
    }

    let ledger = Ledger::new();
    let catching = (CatchPanicLayer::custom(tell), ledger.layer());
    let response = answered(catching.layer(service_fn(panics_with_a_number))).await;
    assert_eq!(response.body(), "Some(17)");
    check_panicked(&ledger, 1);

    let layer = ledger.builder().with_panic_response().build();
    let response = answered(layer.layer(service_fn(panics_with_a_number))).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    check_panicked(&ledger, 2);
}

/// A subscriber that panics whenever a request ends.
struct PanicsAtEvents;

impl<S: Subscriber> tracing_subscriber::Layer<S> for PanicsAtEvents {
    fn on_event(&self, _: &Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        panic!("the subscriber panics")
    }
}

/// Fails the test by an abort, where one panic meets another outside of a place that catches it.
#[test]
fn a_subscriber_that_panics_while_a_panic_unwinds_does_not_abort() {
    let _default = subscriber::set_default(Registry::default().with(PanicsAtEvents));
    let ledger = Ledger::new();
    let layer = ledger.layer();
    let payload = caught(|| {
        let mut service = layer.layer(service_fn(|_: Request<()>| future::pending::<Answer>()));
        let mut before = Box::pin(service.call(get("/")));
        assert!(poll_once(before.as_mut()).is_pending());
        let _inside = respond(&layer, get("/"), |_| {
            Response::new(Script::new([Step::Data("a")]))
        });
        ledger.check(2, &[]);
        panic!("somebody else panics");
    });
    assert_eq!(panic_text(&*payload), "somebody else panics");
    ledger.check(
        0,
        &[("cancelled_before_response", 1), ("cancelled_in_body", 1)],
    );
    assert_eq!(ledger.snapshot().counter(PANICS, &[]), 0.0);
}

/// A future and a body that panic when they are dropped.
struct PanicsInDrop;

impl Drop for PanicsInDrop {
    fn drop(&mut self) {
        panic!("the drop panics");
    }
}

impl Future for PanicsInDrop {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Answer> {
        Poll::Pending
    }
}

impl Body for PanicsInDrop {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

#[test]
fn a_drop_that_panics_is_counted_once_and_goes_on() {
    let ledger = Ledger::new();
    let layer = ledger.layer();
    let mut service = layer.layer(service_fn(|_: Request<()>| PanicsInDrop));
    let mut future = Box::pin(service.call(get("/")));
    assert!(poll_once(future.as_mut()).is_pending());
    assert_eq!(panic_text(&*caught(|| drop(future))), "the drop panics");
    ledger.check(0, &[("cancelled_before_response", 1)]);

    let response = respond(&layer, get("/"), |_| Response::new(PanicsInDrop));
    ledger.check(1, &[("cancelled_before_response", 1)]);
    assert_eq!(panic_text(&*caught(|| drop(response))), "the drop panics");
    ledger.check(
        0,
        &[("cancelled_before_response", 1), ("cancelled_in_body", 1)],
    );
}
