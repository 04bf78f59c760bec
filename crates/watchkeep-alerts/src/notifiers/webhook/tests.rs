//! Tests of the body and the headers on the wire.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::*;
use crate::alert::Alert;
use crate::level::Level;
use crate::notifiers::sink::{Request, Sink, answer};
use crate::timestamp::Timestamp;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn notification(state: Status) -> Notification {
    let alert = Alert::new(
        "HighErrorRate",
        Level::Warning,
        "High error rate detected: 7.5%",
    )
    .with_label("service", "oracle")
    .with_detail("error_rate", "</b>\"\u{0}0.075");
    let mut view = Notification::test("hook", "oracle").alerts()[0].clone();
    view.fingerprint = alert.fingerprint();
    view.labels = alert.labels().clone();
    view.annotations = alert.annotations().clone();
    view.state = state;
    view.starts_at = Timestamp::from_millis(1_787_393_730_123);
    view.ends_at = Some(Timestamp::from_millis(1_787_393_790_000));
    Notification::new("msg_1".to_owned(), "hook".to_owned(), view)
}

async fn sent(secret: Option<&str>, state: Status) -> Request {
    let mut sink = Sink::start(&[&answer("200 OK", "", "")]).await;
    let mut webhook = Webhook::new(format!("{}/hook", sink.address))
        .unwrap()
        .with_external_url("http://oracle.example/");
    if let Some(secret) = secret {
        webhook = webhook.with_secret(secret).unwrap();
    }
    webhook.notify(&notification(state)).await.unwrap();
    sink.request().await
}

#[tokio::test]
async fn the_body_is_alertmanager_s_version_4() {
    let request = sent(None, Status::Firing).await;
    assert_eq!(request.line, "POST /hook HTTP/1.1");
    assert_eq!(request.headers["content-type"], "application/json");
    let labels =
        json!({ "alertname": "HighErrorRate", "service": "oracle", "severity": "warning" });
    let annotations = json!({
        "error_rate": "</b>\"\u{0}0.075",
        "summary": "High error rate detected: 7.5%",
    });
    let expected = json!({
        "receiver": "hook",
        "status": "firing",
        "alerts": [{
            "status": "firing",
            "labels": labels,
            "annotations": annotations,
            "startsAt": "2026-08-22T10:15:30.123Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "",
            "fingerprint": notification(Status::Firing).alerts()[0].fingerprint.to_string(),
        }],
        "groupLabels": labels,
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": "http://oracle.example/",
        "version": "4",
        "groupKey": r#"{}:{alertname="HighErrorRate", service="oracle", severity="warning"}"#,
        "truncatedAlerts": 0,
    });
    assert_eq!(
        serde_json::from_slice::<Value>(&request.body).unwrap(),
        expected
    );
}

#[tokio::test]
async fn a_resolved_notice_carries_its_end() {
    let request = sent(None, Status::Resolved).await;
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["status"], "resolved");
    assert_eq!(body["alerts"][0]["status"], "resolved");
    assert_eq!(body["alerts"][0]["endsAt"], "2026-08-22T10:16:30.000Z");
}

#[tokio::test]
async fn the_signature_verifies_over_id_time_and_body() {
    let request = sent(Some(SECRET), Status::Firing).await;
    let header = |name: &str| request.headers[name].as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(&SECRET[6..]).unwrap()).unwrap();
    for part in [
        header("webhook-id"),
        b".",
        header("webhook-timestamp"),
        b".",
        &request.body,
    ] {
        mac.update(part);
    }
    let signature = STANDARD
        .decode(&request.headers["webhook-signature"][3..])
        .unwrap();
    mac.verify_slice(&signature).unwrap();
    assert!(request.headers["webhook-signature"].starts_with("v1,"));
    assert_eq!(request.headers["webhook-id"], "msg_1");
    let seconds: i64 = request.headers["webhook-timestamp"].parse().unwrap();
    assert!((clock::wall().as_millis() / 1_000 - seconds).abs() <= 5);
}

#[tokio::test]
async fn without_a_secret_there_is_no_signature() {
    let request = sent(None, Status::Firing).await;
    assert!(!request.headers.contains_key("webhook-signature"));
    assert_eq!(request.headers["webhook-id"], "msg_1");
}

#[tokio::test]
async fn a_refusal_is_an_error_of_the_right_kind() {
    let sink = Sink::start(&[
        &answer("503 Service Unavailable", "retry-after: 9\r\n", "later"),
        &answer("410 Gone", "", ""),
    ])
    .await;
    let webhook = Webhook::new(&sink.address).unwrap();
    let error = webhook
        .notify(&notification(Status::Firing))
        .await
        .unwrap_err();
    assert_eq!(error.retry_after(), Some(std::time::Duration::from_secs(9)));
    let error = webhook
        .notify(&notification(Status::Firing))
        .await
        .unwrap_err();
    assert!(error.is_permanent());
}

#[test]
fn neither_address_nor_secret_show() {
    let webhook = Webhook::new("https://user:hunter2@host.example/hunter2?k=hunter2").unwrap();
    let webhook = webhook.with_secret(SECRET).unwrap();
    let shown = format!("{webhook:?}");
    assert!(
        !shown.contains("hunter2") && !shown.contains(&SECRET[6..]),
        "{shown}"
    );
    let error = webhook.with_secret("whsec_hunter2hunter2").unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}
