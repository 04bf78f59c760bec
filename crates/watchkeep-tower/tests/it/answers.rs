//! A panic that the layer answers.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::{
    panics::{check_panicked, panics_in_call, panics_in_poll},
    support::{Ledger, get, respond},
};

#[tokio::test]
async fn a_panic_can_be_answered() {
    let ledger = Ledger::new();
    let layer = ledger.builder().with_panic_response().build();
    let request = || {
        Request::builder()
            .header("x-request-id", "order-17")
            .body(())
            .unwrap()
    };
    let in_call = layer
        .layer(service_fn(panics_in_call))
        .oneshot(request())
        .await
        .unwrap();
    let in_poll = layer
        .layer(service_fn(panics_in_poll))
        .oneshot(request())
        .await
        .unwrap();
    for response in [in_call, in_poll] {
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()["x-request-id"], "order-17");
        assert_eq!(
            response.headers()["content-type"],
            "text/plain; charset=utf-8"
        );
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "internal server error");
    }
    check_panicked(&ledger, 2);
    assert_eq!(ledger.count(&[("status", "500")]), 2.0);
}

#[test]
fn an_answered_panic_that_nobody_reads_is_still_a_panic() {
    let ledger = Ledger::new();
    let layer = ledger.builder().with_panic_response().build();
    let mut service = layer.layer(service_fn(panics_in_call));
    drop(service.call(get("/")));
    check_panicked(&ledger, 1);
}

#[test]
fn a_layer_that_answers_leaves_all_others_alone() {
    let ledger = Ledger::new();
    let layer = ledger.builder().with_panic_response().build();
    let response = respond(&layer, get("/"), |_| Response::new(Full::<Bytes>::from("")));
    assert_eq!(response.status(), StatusCode::OK);
    ledger.check(0, &[("completed", 1)]);
}
