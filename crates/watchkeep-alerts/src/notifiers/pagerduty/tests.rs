//! Tests of the event on the wire, its bounds, and what is said of failures.

use serde_json::Value;

use super::*;
use crate::notifiers::samples::{down, endless, hostile, notice};
use crate::notifiers::sink::{Sink, answer};

const KEY: &str = "0123456789abcdef0123456789abcdef";

async fn sent(notification: &Notification) -> (String, Value) {
    let mut sink = Sink::start(&[&answer("202 Accepted", "", "{}")]).await;
    let pager = PagerDuty::with_address(KEY, &sink.address).unwrap();
    pager.notify(notification).await.unwrap();
    let request = sink.request().await;
    (request.line, serde_json::from_slice(&request.body).unwrap())
}

#[tokio::test]
async fn a_group_opens_an_incident_and_closes_it_by_the_same_key() {
    let (line, trigger) = sent(&notice(&[(&down(), Status::Firing)])).await;
    assert_eq!(line, "POST /v2/enqueue HTTP/1.1");
    assert_eq!(trigger["event_action"], "trigger");
    assert_eq!(trigger["routing_key"], KEY);
    let payload = &trigger["payload"];
    assert_eq!(payload["summary"], "Database connection failed");
    assert_eq!(payload["severity"], "critical");
    assert_eq!(payload["source"], "oracle");
    assert_eq!(payload["timestamp"], "2026-08-22T10:15:30.123Z");
    let firing = &payload["custom_details"]["firing"];
    assert_eq!(firing[0]["annotations"]["error"], "connection refused");

    let (_, resolve) = sent(&notice(&[(&down(), Status::Resolved)])).await;
    assert_eq!(resolve["event_action"], "resolve");
    assert_eq!(resolve["dedup_key"], trigger["dedup_key"]);
    assert_eq!(resolve.get("payload"), None);
    // The SHA-256 of `{}:{alertname="DatabaseDown"}`, as `sha256sum` computes it.
    let key = "3821961fee9ba99325d36ab961f8d3d09611051672e0d48ae0196730938bfd49";
    assert_eq!(trigger["dedup_key"], key);
}

#[tokio::test]
async fn one_that_still_fires_keeps_the_incident_open() {
    let other = down().with_label("instance", "b");
    let (_, event) = sent(&notice(&[
        (&down(), Status::Resolved),
        (&other, Status::Firing),
    ]))
    .await;
    assert_eq!(event["event_action"], "trigger");
    let details = &event["payload"]["custom_details"];
    assert_eq!(details["firing"].as_array().unwrap().len(), 1);
    assert_eq!(details["resolved"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_end_beside_something_muted_leaves_the_incident_alone() {
    // Nobody answers there: a request would be an error.
    let pager = PagerDuty::with_address(KEY, "http://127.0.0.1:1").unwrap();
    let end = notice(&[(&down(), Status::Resolved)]);
    pager.notify(&end.clone().keep_open()).await.unwrap();
    pager.notify(&end).await.unwrap_err();
}

#[tokio::test]
async fn an_event_that_is_too_large_loses_its_details_and_says_so() {
    let alerts: Vec<_> = (0..400)
        .map(|at| {
            crate::Alert::new(format!("A{at}"), Level::Error, "x".repeat(2_000))
                .with_label("service", "oracle")
        })
        .collect();
    let pairs: Vec<_> = alerts.iter().map(|alert| (alert, Status::Firing)).collect();
    let (_, event) = sent(&notice(&pairs)).await;
    assert!(event.to_string().len() < EVENT_BYTES);
    assert!(event["payload"]["custom_details"]["error"].is_string());
    assert!(event["payload"]["summary"].as_str().unwrap().len() <= SUMMARY_BYTES);
    assert!(sent(&endless("x")).await.1["payload"]["custom_details"]["firing"].is_array());
}

#[tokio::test]
async fn hostile_text_stays_text() {
    let (_, event) = sent(&notice(&[(&hostile(), Status::Firing)])).await;
    let summary = event["payload"]["summary"].as_str().unwrap();
    assert!(
        !summary.contains(['\n', '\r', '\0', '\u{202e}']),
        "{summary}"
    );
}

#[tokio::test]
async fn answers_are_sorted() {
    for (status, headers, permanent, wait) in [
        ("400 Bad Request", "", true, None),
        (
            "429 Too Many Requests",
            "retry-after: 7\r\n",
            false,
            Some(7),
        ),
        ("500 Oops", "", false, None),
    ] {
        let sink = Sink::start(&[&answer(status, headers, "{}")]).await;
        let pager = PagerDuty::with_address(KEY, &sink.address).unwrap();
        let error = pager
            .notify(&notice(&[(&down(), Status::Firing)]))
            .await
            .unwrap_err();
        assert_eq!(error.is_permanent(), permanent, "{status}");
        assert_eq!(error.retry_after().map(|it| it.as_secs()), wait, "{status}");
    }
}

#[tokio::test]
async fn the_key_shows_nowhere() {
    for bad in [
        "",
        "hunter2 hunter2",
        "hunter2\n\u{0}x",
        &"hunter2".repeat(20),
    ] {
        let error = PagerDuty::new(bad).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    let pager = PagerDuty::with_address(KEY, "http://127.0.0.1:1/v2/enqueue").unwrap();
    assert!(!format!("{pager:?}").contains(KEY));
    let error = pager
        .notify(&notice(&[(&down(), Status::Firing)]))
        .await
        .unwrap_err();
    assert!(!format!("{error} {error:?}").contains(KEY));
    assert!(!error.is_permanent());
}
