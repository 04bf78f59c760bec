//! Errors whose texts are all different: none of them is a label.

use std::{convert::Infallible, io};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use tower::{Layer, ServiceExt, service_fn};
use watchkeep_tower::Names;

use crate::{
    lines::Lines,
    support::{DURATION, Ledger, REQUESTS, get},
};

const FAILURES: u32 = 500;

/// A body that fails with a text of its own after its first frame.
struct Fails {
    begun: bool,
    text: String,
}

impl http_body::Body for Fails {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, io::Error>>> {
        let begun = std::mem::replace(&mut self.begun, true);
        std::task::Poll::Ready(Some(match begun {
            false => Ok(http_body::Frame::data(Bytes::from_static(b"a"))),
            true => Err(io::Error::other(self.text.clone())),
        }))
    }
}

/// Lets services and bodies fail in as many ways, and checks how many series that made of a family.
async fn check(names: Names, requests: &str, duration: &str, error: Option<&str>) {
    let lines = Lines::capture();
    let ledger = Ledger::new();
    let layer = ledger.builder().with_names(names).build();
    for number in 0..FAILURES {
        let text = format!("failure {number}");
        let told = text.clone();
        let fails = layer.layer(service_fn(move |_: Request<()>| {
            std::future::ready(Err::<Response<Fails>, _>(io::Error::other(told.clone())))
        }));
        let given = fails.oneshot(get("/")).await.err().unwrap();
        assert_eq!(given.to_string(), text, "the error passes unchanged");

        let told = text.clone();
        let begins = layer.layer(service_fn(move |_: Request<()>| {
            let (begun, text) = (false, told.clone());
            std::future::ready(Ok::<_, Infallible>(Response::new(Fails { begun, text })))
        }));
        let body = begins.oneshot(get("/")).await.unwrap().into_body();
        assert_eq!(body.collect().await.unwrap_err().to_string(), text);
    }
    let snapshot = ledger.snapshot();
    let total = |outcome| snapshot.counter(requests, &[("outcome", outcome)]);
    assert_eq!(total("service_error"), f64::from(FAILURES));
    assert_eq!(total("body_error"), f64::from(FAILURES));
    assert_eq!(snapshot.counter(requests, &[]), f64::from(2 * FAILURES));
    assert_eq!(ledger.series(requests), 2);
    let series = snapshot.family(duration).unwrap().series();
    let mut errors: Vec<_> = series
        .iter()
        .filter_map(|series| series.label(error?))
        .collect();
    errors.sort_unstable();
    match error {
        Some(_) => assert_eq!(errors, ["body_error", "service_error"]),
        None => assert_eq!(series.len(), 1, "method and route alone"),
    }
    let lines = lines.take();
    assert_eq!(lines.len() as u32, 2 * FAILURES);
    assert!(!ledger.page().contains("failure "), "{}", ledger.page());
}

#[tokio::test]
async fn the_texts_of_errors_are_no_labels() {
    check(Names::Prometheus, REQUESTS, DURATION, None).await;
}

#[tokio::test]
async fn the_type_of_an_error_is_how_the_request_ended() {
    let (requests, duration) = ("http_server_requests", "http_server_request_duration");
    let names = Names::OpenTelemetry;
    check(names, requests, duration, Some("error_type")).await;
}
