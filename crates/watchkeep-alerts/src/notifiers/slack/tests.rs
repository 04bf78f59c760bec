//! Tests of the message on the wire, its escapes and bounds, and of Slack's own refusals.

use super::*;
use crate::alert::{Alert, Labels};
use crate::level::Level;
use crate::notifiers::readback;
use crate::notifiers::sink::{Sink, answer};
use crate::timestamp::Timestamp;
use crate::view::Status;

fn notification(alert: &Alert, state: Status) -> Notification {
    let mut view = Notification::test("slack", "oracle").alerts()[0].clone();
    view.labels = alert.labels().clone();
    view.annotations = alert.annotations().clone();
    view.level = alert.level();
    view.state = state;
    view.starts_at = Timestamp::from_millis(1_787_393_730_123);
    view.ends_at = Some(Timestamp::from_millis(1_787_393_790_000));
    Notification::new("msg_1".to_owned(), "slack".to_owned(), view)
}

fn timeout() -> Alert {
    Alert::new("AiTimeout", Level::Error, "AI processing timeout")
        .with_label("service", "oracle")
        .with_detail("user_id", 424_242)
        .with_detail("duration", "1.0 s")
}

#[tokio::test]
async fn a_notice_is_one_json_text_with_level_message_details_and_time() {
    let mut sink = Sink::start(&[&answer("200 OK", "", "ok")]).await;
    let slack = Slack::new(format!("{}/services/T0/B0/secret", sink.address)).unwrap();
    slack
        .notify(&notification(&timeout(), Status::Firing))
        .await
        .unwrap();
    let request = sink.request().await;
    assert_eq!(request.line, "POST /services/T0/B0/secret HTTP/1.1");
    assert_eq!(request.headers["content-type"], "application/json");
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    let text = "[ERROR] AiTimeout: AI processing timeout\n\
                time: 2026-08-22T10:15:30.123Z\n\
                service: oracle\n\
                duration: 1.0 s\n\
                user_id: 424242";
    assert_eq!(body, serde_json::json!({ "text": text }));
}

#[test]
fn a_resolved_notice_says_so_and_when() {
    let text = message(&notification(&timeout(), Status::Resolved));
    assert!(text.starts_with("RESOLVED [ERROR] AiTimeout: "), "{text}");
    assert!(
        text.contains("\nresolved: 2026-08-22T10:16:30.000Z\n"),
        "{text}"
    );
}

#[test]
fn hostile_text_can_neither_ping_nor_link_nor_forge_lines() {
    let alert = Alert::new("A", Level::Error, "<!channel> a&b\ntime: forged \u{202e}x")
        .with_label("host", "<https://evil.example|login>")
        .with_detail("user", "</b><script>&amp;");
    let text = message(&notification(&alert, Status::Firing));
    assert!(
        text.contains(r"A: &lt;!channel&gt; a&amp;b\ntime: forged \u{202e}x"),
        "{text}"
    );
    assert!(
        text.contains("\nhost: &lt;https://evil.example|login&gt;"),
        "{text}"
    );
    assert!(
        text.contains("\nuser: &lt;/b&gt;&lt;script&gt;&amp;amp;"),
        "{text}"
    );
    assert!(!text.contains(['<', '>']), "{text}");
    assert_eq!(text.lines().count(), 4);
}

#[test]
fn a_long_message_is_cut_between_escapes() {
    for padding in 0..6 {
        let value = format!("{}{}", "x".repeat(padding), "&".repeat(2_000));
        let alert = Alert::new("A", Level::Error, "text").with_detail("detail", value);
        let text = message(&notification(&alert, Status::Firing));
        assert!((TEXT_CHARS - 5..=TEXT_CHARS).contains(&text.chars().count()));
        assert!(text.ends_with("&amp;…"), "{}", &text[text.len() - 20..]);
    }
}

#[test]
fn a_text_that_just_fits_is_not_cut() {
    let bound = Bound {
        most: TEXT_CHARS,
        size: written_chars,
    };
    let mut text = Text::new(bound, escape);
    text.own(&"é".repeat(TEXT_CHARS - 1));
    text.own("xyz");
    let text = text.finish();
    assert_eq!(text.chars().count(), TEXT_CHARS);
    assert!(text.ends_with("é…"));
}

fn heard(status: u16, body: &str) -> Result<(), NotifyError> {
    check(&Answer {
        status: reqwest::StatusCode::from_u16(status).unwrap(),
        retry_after: Some(Duration::from_secs(7)),
        body: body.as_bytes().to_vec(),
        broke_off: false,
    })
}

#[test]
fn refusals_with_status_200_are_failures() {
    for body in ["ok", "ok\n", "", r#"{"ok":true}"#, r#"{"success":true}"#] {
        heard(200, body).unwrap();
    }
    for body in ["invalid_payload", r#"{"ok":false,"error":"x"}"#] {
        assert!(heard(200, body).unwrap_err().is_permanent(), "{body}");
    }
}

#[test]
fn slack_s_own_words_are_shown_and_no_others() {
    let error = heard(404, "no_service").unwrap_err();
    assert_eq!(error.to_string(), "the receiver answered 404: no_service");
    assert!(error.is_permanent());
    let error = heard(404, "<p>no /services/T0/secret here</p>").unwrap_err();
    assert_eq!(error.to_string(), "the receiver answered 404");
    let error = heard(429, "rate_limited").unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}

#[test]
fn missing_texts_leave_gaps_and_nothing_else() {
    let mut alert = notification(&timeout(), Status::Firing).alerts()[0].clone();
    alert.labels = Labels::new();
    alert.annotations = Labels::new();
    let notification = Notification::new("msg_1".to_owned(), "slack".to_owned(), alert);
    assert_eq!(
        message(&notification),
        "[ERROR] : \ntime: 2026-08-22T10:15:30.123Z"
    );
}

#[test]
fn the_address_does_not_show_in_debug() {
    let slack = Slack::new("https://hooks.slack.example/services/T0/B0/secret").unwrap();
    assert!(!format!("{slack:?}").contains("secret"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_cut_is_within_any_bound_and_never_within_an_escape(parts in readback::parts()) {
        readback::check_text(written_chars, escape, &parts);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_notice_fits_and_reads_as_it_was_written(notification in readback::notices()) {
        let written = message(&notification);
        assert!(written.chars().count() <= TEXT_CHARS);
        readback::check_notice(escape, "", &written, &notification);
    }
}
