//! The paths below `/alerts`, asked as a client would.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Method, Request};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;
use watchkeep_alerts::testing::Recorder;
use watchkeep_alerts::{Alert, Level, NotifyError};

use super::*;
use crate::{Access, Endpoints};

fn engine(error: Option<NotifyError>) -> Alerting {
    let (chat, recorded) = Recorder::new();
    if let Some(error) = error {
        recorded.fail(error);
    }
    let engine = Alerting::builder("oracle").notifier("chat", chat);
    let engine = engine.route(Level::Error, &["chat"]).build();
    engine.expect("the engine is valid")
}

/// Asks the whole router, and returns status, type and body.
async fn send(
    alerting: &Alerting,
    method: Method,
    path: &str,
    body: &str,
) -> (u16, String, String) {
    let endpoints = Endpoints::new(Access::with_token("t")).with_alerts(alerting.clone());
    let router: Router = endpoints.router();
    let request = Request::builder().method(method).uri(path);
    let request = request.header("authorization", "Bearer t");
    let request = match path.contains("words") {
        true => request.header("accept", "text/plain"),
        false => request,
    };
    let request = request
        .body(Body::from(body.to_owned()))
        .expect("the request is valid");
    let response = router.oneshot(request).await.expect("a router never fails");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("the body is whole").to_bytes();
    let kind = parts
        .headers
        .get("content-type")
        .and_then(|it| it.to_str().ok());
    let text = String::from_utf8(body.to_vec()).expect("the body is text");
    (
        parts.status.as_u16(),
        kind.unwrap_or_default().to_owned(),
        text,
    )
}

async fn get(alerting: &Alerting, path: &str) -> (u16, Value) {
    let (status, _, text) = send(alerting, Method::GET, path, "").await;
    (status, serde_json::from_str(&text).unwrap_or_default())
}

async fn post(alerting: &Alerting, path: &str, body: &str) -> (u16, Value) {
    let (status, _, text) = send(alerting, Method::POST, path, body).await;
    (status, serde_json::from_str(&text).unwrap_or_default())
}

/// Raises an alert, and waits until its notice is settled.
async fn settle(alerting: &Alerting) {
    let alert = Alert::new("A", Level::Error, "text");
    alerting.trigger(alert).await.expect("the engine takes it");
    let settled = async {
        loop {
            let alerts = alerting.active().await;
            if alerts
                .iter()
                .flat_map(|it| &it.deliveries)
                .any(|it| it.outcome.is_final())
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), settled)
        .await
        .expect("it is settled");
}

#[tokio::test]
async fn an_explanation_is_json_or_words() {
    let alerting = engine(None);
    settle(&alerting).await;
    let (status, body) = get(&alerting, "/alerts/explain?alertname=A&at=").await;
    assert_eq!(status, 200);
    assert_eq!(body["isNow"], true);
    let alert = &body["alerts"][0];
    assert_eq!(alert["state"], "firing");
    assert_eq!(alert["targets"][0]["receiver"], "chat");
    assert_eq!(
        alert["targets"][0]["channels"][0]["delivery"]["outcome"],
        "delivered"
    );
    let (status, kind, text) = send(
        &alerting,
        Method::GET,
        "/alerts/explain?alertname=words",
        "",
    )
    .await;
    assert_eq!((status, kind.as_str()), (200, "text/plain; charset=utf-8"));
    assert!(text.contains("No such alert is known"), "{text}");
    let (_, body) = get(&alerting, "/alerts/explain?label=at%3Dx&label=a%3Db%3Dc").await;
    assert_eq!(body["asked"], json!({"at": "x", "a": "b=c"}));
    let (_, body) = get(&alerting, "/alerts/explain").await;
    assert_eq!(body["alerts"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_bad_question_is_refused_with_its_reason() {
    let alerting = engine(None);
    for (query, problem) in [
        ("at=yesterday", "`at`: a time is not like"),
        ("at=10000-01-01T00:00:00Z", "`at`: a time is not like"),
        ("label=x", "`label` is not name=value"),
        ("label==x", "`label` is not name=value"),
    ] {
        let (status, body) = get(&alerting, &format!("/alerts/explain?{query}")).await;
        assert_eq!(status, 400, "{query}");
        let words = body["error"].as_str().unwrap_or_default();
        assert!(words.starts_with(problem), "{query}: {words}");
    }
    let labels = |count| {
        (0..count)
            .map(|n| format!("l{n}=x"))
            .collect::<Vec<_>>()
            .join("&")
    };
    let path = |count| format!("/alerts/explain?{}", labels(count));
    assert_eq!(get(&alerting, &path(32)).await.0, 200);
    assert_eq!(get(&alerting, &path(33)).await.0, 400);
    for at in [
        "-009999-01-03T00:00:00Z",
        "9999-12-30T00:00:00Z",
        "1969-12-31T23:59:59Z",
    ] {
        let (status, _) = get(&alerting, &format!("/alerts/explain?alertname=A&at={at}")).await;
        assert_eq!(status, 200, "{at}");
    }
}

#[tokio::test]
async fn a_dry_run_goes_by_the_configuration_that_runs() {
    let alerting = engine(None);
    let script = r#"{"from": "2026-11-27T10:00:00Z", "events": [{"at": "+5m", "fire": {"alertname": "A", "severity": "error"}}]}"#;
    let (status, body) = post(&alerting, "/alerts/dry-run", script).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["notices"][0]["receiver"], "chat");
    assert_eq!(
        body["notices"][0]["alerts"][0]["labels"]["service"],
        "oracle"
    );
    let moved = "/alerts/dry-run?from=2026-01-01T00:00:00Z&to=2026-01-01T00:10:00Z";
    let (_, body) = post(&alerting, moved, script).await;
    assert_eq!(body["notices"][0]["at"], "2026-01-01T00:05:00.000Z");
    assert_eq!(body["to"], "2026-01-01T00:10:00.000Z");
    let (_, kind, text) = send(&alerting, Method::POST, "/alerts/dry-run?words", script).await;
    assert_eq!(kind, "text/plain; charset=utf-8");
    assert!(
        text.starts_with("From 2026-11-27T10:00:00.000Z to"),
        "{text}"
    );
    for (body, problem) in [
        ("", "the file is empty"),
        ("{\"events\": []}", "a dry run has no events"),
        ("\u{1b}", "line 1"),
    ] {
        let (status, answer) = post(&alerting, "/alerts/dry-run", body).await;
        assert_eq!(status, 400);
        let words = answer["error"].as_str().unwrap_or_default();
        assert!(words.starts_with(problem), "{words}");
    }
    let large = "#".repeat(3 << 20);
    assert_eq!(post(&alerting, "/alerts/dry-run", &large).await.0, 413);
    assert_eq!(
        post(&alerting, "/alerts/dry-run?from=x", script).await.0,
        400
    );
}

#[tokio::test]
async fn a_test_says_how_it_went_or_who_there_is() {
    let alerting = engine(None);
    let (status, body) = post(&alerting, "/alerts/test/chat", "").await;
    assert_eq!(status, 200);
    let channels = json!([{"channel": "recorder"}]);
    assert_eq!(
        body,
        json!({"receiver": "chat", "delivered": true, "channels": channels})
    );
    let failing = engine(Some(NotifyError::permanent("no such chat")));
    let (status, body) = post(&failing, "/alerts/test/chat", "").await;
    assert_eq!(status, 502);
    assert_eq!(body["channels"][0]["error"], "no such chat");
    let (status, body) = post(&alerting, "/alerts/test/p%0Ager", "").await;
    assert_eq!(status, 404);
    assert_eq!(body["receivers"], json!(["chat", "null"]));
}

#[tokio::test]
async fn dead_letters_are_listed_replayed_and_discarded_once() {
    let alerting = engine(Some(NotifyError::permanent("no such chat")));
    settle(&alerting).await;
    let (_, body) = get(&alerting, "/alerts").await;
    let id = body["deadLetters"][0]["id"]
        .as_str()
        .expect("there is one")
        .to_owned();
    assert_eq!(body["alerts"][0]["deliveries"][0]["outcome"], "failed");
    let (_, listed) = get(&alerting, "/alerts/dead-letters").await;
    assert_eq!(
        listed["deadLetters"][0]["reason"],
        body["deadLetters"][0]["reason"]
    );
    let replay = format!("/alerts/dead-letters/{id}/replay");
    assert_eq!(
        post(&alerting, &replay, "").await,
        (200, json!({"id": id, "replayed": true}))
    );
    let (status, body) = post(&alerting, &replay, "").await;
    assert_eq!(
        (status, body),
        (404, json!({"error": "no dead letter has this id"}))
    );

    let alerting = engine(Some(NotifyError::permanent("no such chat")));
    settle(&alerting).await;
    let id = alerting.dead_letters().await[0].id.clone();
    let discard = format!("/alerts/dead-letters/{id}/discard");
    assert_eq!(post(&alerting, &discard, "").await.0, 200);
    assert_eq!(post(&alerting, &discard, "").await.0, 404);
    assert!(alerting.dead_letters().await.is_empty());
    let (_, body) = get(&alerting, "/alerts/decisions").await;
    let reasons: Vec<_> = body["decisions"].as_array().into_iter().flatten().collect();
    assert_eq!(reasons[0]["reason"], "dead_letter");
}

#[tokio::test]
async fn the_export_is_a_file_with_what_it_loses() {
    let (status, kind, text) = send(&engine(None), Method::GET, "/alerts/export", "").await;
    assert_eq!(
        (status, kind.as_str()),
        (200, "application/yaml; charset=utf-8")
    );
    assert!(
        text.starts_with("# lost: route `@error to chat`: "),
        "{text}"
    );
    assert!(text.contains("\nroute:\n  receiver: \"null\"\n"), "{text}");
}

#[tokio::test]
async fn an_engine_that_is_shut_down_says_so() {
    let alerting = engine(None);
    assert!(alerting.shutdown(Duration::from_secs(5)).await);
    let (status, body) = post(&alerting, "/alerts/dead-letters/x/replay", "").await;
    assert_eq!(
        (status, body),
        (503, json!({"error": "the alert engine is shut down"}))
    );
}
