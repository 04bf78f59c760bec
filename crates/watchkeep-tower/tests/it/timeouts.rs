//! Timeouts outside of the layer drop what it watches; timeouts inside answer, and are counted as what they answer.

use std::{convert::Infallible, future, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tower::{BoxError, Layer, Service, ServiceExt, service_fn, timeout};
use tower_http::timeout::{ResponseBodyTimeoutLayer, TimeoutLayer};

use crate::{
    lines::Lines,
    support::{FIRST_BYTE, Ledger, Script, Step, get},
};

const LIMIT: Duration = Duration::from_secs(5);

/// The timeout that is an answer.
fn answers() -> TimeoutLayer {
    TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, LIMIT)
}

/// A handler that never comes to an end.
async fn never(_: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    future::pending().await
}

/// A handler that takes half of the time that it has.
async fn in_time(_: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    tokio::time::sleep(LIMIT / 2).await;
    Ok(Response::default())
}

/// A response that begins at once and never ends.
async fn stands(_: Request<()>) -> Result<Response<Script>, Infallible> {
    Ok(Response::new(Script::new([Step::Data("a"), Step::Wait])))
}

/// Asks, and checks what the request was counted as while it went on and when it was over.
async fn check<S, B>(ledger: &Ledger, mut service: S, outcome: &str, status: &str) -> Option<u16>
where
    S: Service<Request<()>, Response = Response<B>, Error: Into<BoxError>>,
    B: Body,
{
    let lines = Lines::capture();
    let asked = service.ready().await.map_err(Into::into).unwrap();
    let asked = asked.call(get("/"));
    ledger.check(1, &[]);
    let given = asked.await.map_err(Into::into);
    let given = given.map(|response| response.status().as_u16());
    ledger.check(0, &[(outcome, 1)]);
    assert_eq!(ledger.count(&[("status", status)]), 1.0);
    let [line] = &lines.take()[..] else {
        panic!("one line");
    };
    assert_eq!(line.fields["outcome"], outcome);
    given.ok()
}

#[tokio::test(start_paused = true)]
async fn a_timeout_outside_that_fails_cancels() {
    let ledger = Ledger::new();
    let service = ledger.layer().layer(service_fn(never));
    let service = timeout::TimeoutLayer::new(LIMIT).layer(service);
    let given = check(&ledger, service, "cancelled_before_response", "none").await;
    assert_eq!(given, None);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_outside_that_answers_cancels() {
    let ledger = Ledger::new();
    let service = answers().layer(ledger.layer().layer(service_fn(never)));
    let given = check(&ledger, service, "cancelled_before_response", "none").await;
    assert_eq!(given, Some(504), "the answer is nobody's request");
    assert_eq!(ledger.timed(FIRST_BYTE), 0, "the layer never saw a head");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_inside_that_fails_is_an_error_of_the_service() {
    let ledger = Ledger::new();
    let service = timeout::TimeoutLayer::new(LIMIT).layer(service_fn(never));
    let service = ledger.layer().layer(service);
    let given = check(&ledger, service, "service_error", "none").await;
    assert_eq!(given, None);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_inside_that_answers_is_an_answer() {
    let ledger = Ledger::new();
    let service = ledger.layer().layer(answers().layer(service_fn(never)));
    let given = check(&ledger, service, "completed", "504").await;
    assert_eq!(given, Some(504));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_that_does_not_strike_changes_nothing() {
    let ledger = Ledger::new();
    let layers = (answers(), ledger.layer(), answers());
    let service = layers.layer(service_fn(in_time));
    let given = check(&ledger, service, "completed", "200").await;
    assert_eq!(given, Some(200));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_the_body_fails_inside_and_cancels_outside() {
    let limit = ResponseBodyTimeoutLayer::new(LIMIT);

    let ledger = Ledger::new();
    let inside = ledger
        .layer()
        .layer(limit.clone().layer(service_fn(stands)));
    let response = inside.oneshot(get("/")).await.unwrap();
    ledger.check(1, &[]);
    assert!(response.into_body().collect().await.is_err());
    ledger.check(0, &[("body_error", 1)]);

    let ledger = Ledger::new();
    let outside = limit.layer(ledger.layer().layer(service_fn(stands)));
    let response = outside.oneshot(get("/")).await.unwrap();
    ledger.check(1, &[]);
    assert!(response.into_body().collect().await.is_err());
    ledger.check(0, &[("cancelled_in_body", 1)]);
}
