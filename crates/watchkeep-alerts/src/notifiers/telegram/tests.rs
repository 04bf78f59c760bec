//! Tests of the message on the wire, its escapes and bounds, and of Telegram's own refusals.

use serde_json::json;

use super::*;
use crate::notifier::NotifyErrorKind;
use crate::notifiers::readback;
use crate::notifiers::samples::{down, endless, hostile, notice};
use crate::notifiers::sink::{Sink, answer};
use crate::view::Status;

const TOKEN: &str = "123:telegram-secret";
const OK: &str = r#"{"ok":true,"result":{}}"#;

fn refusal(status: &str, body: &Value) -> String {
    answer(status, "", &body.to_string())
}

fn body(request: &crate::notifiers::sink::Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

#[tokio::test]
async fn a_notice_is_html_in_a_chat() {
    let mut sink = Sink::start(&[&answer("200 OK", "", OK)]).await;
    let telegram = Telegram::with_address(TOKEN, 42, &sink.address)
        .unwrap()
        .with_thread(7);
    telegram
        .notify(&notice(&[(&down(), Status::Firing)]))
        .await
        .unwrap();
    let request = sink.request().await;
    assert_eq!(
        request.line,
        "POST /bot123:telegram-secret/sendMessage HTTP/1.1"
    );
    let body = body(&request);
    assert_eq!(body["chat_id"], 42);
    assert_eq!(body["parse_mode"], "HTML");
    assert_eq!(body["message_thread_id"], 7);
    let text = body["text"].as_str().unwrap();
    assert!(
        text.starts_with("[CRITICAL] DatabaseDown: Database connection failed\n"),
        "{text}"
    );
    assert!(text.contains("\ntime: 2026-08-22T10:15:30.123Z"), "{text}");
    assert!(text.contains("\nerror: connection refused"), "{text}");
}

#[test]
fn hostile_text_is_no_markup() {
    let text = text(&notice(&[(&hostile(), Status::Firing)]), escape_html);
    assert!(!text.contains(['<', '>', '\0', '\r', '\u{202e}']), "{text}");
    let entities = ["&amp;", "&lt;", "&gt;", "&quot;"];
    for (at, _) in text.match_indices('&') {
        assert!(
            entities.iter().any(|it| text[at..].starts_with(it)),
            "{}",
            &text[at..]
        );
    }
}

/// Undoes the escapes, as Telegram does before it counts.
fn read(html: &str) -> String {
    let html = html.replace("&lt;", "<").replace("&gt;", ">");
    html.replace("&quot;", "\"").replace("&amp;", "&")
}

#[test]
fn a_long_text_is_cut_after_what_people_read_and_never_in_an_entity() {
    for c in ["&", "<", "x", "é", "😀", "\u{202e}"] {
        let text = text(&endless(c), escape_html);
        let units = read(&text).encode_utf16().count();
        assert!(
            (TEXT_UNITS - 10..=TEXT_UNITS).contains(&units),
            "{c}: {units}"
        );
        assert!(text.ends_with('…'));
        let last = text.rfind('&').map_or("", |at| &text[at..]);
        assert!(last.is_empty() || last.contains(';'), "{last}");
    }
}

#[tokio::test]
async fn html_that_telegram_cannot_read_is_sent_once_more_as_plain_text() {
    let cannot = json!({"ok": false, "error_code": 400, "description": "Bad Request: can't parse entities: x"});
    let mut sink = Sink::start(&[
        &refusal("400 Bad Request", &cannot),
        &answer("200 OK", "", OK),
    ])
    .await;
    let telegram = Telegram::with_address(TOKEN, 42, &sink.address).unwrap();
    telegram
        .notify(&notice(&[(&hostile(), Status::Firing)]))
        .await
        .unwrap();
    sink.request().await;
    let plain = body(&sink.request().await);
    assert_eq!(plain.get("parse_mode"), None);
    assert!(plain["text"].as_str().unwrap().contains("<script>"));
}

#[tokio::test]
async fn a_group_that_became_a_supergroup_is_followed() {
    let moved = json!({"ok": false, "error_code": 400, "description": "Bad Request: group chat was upgraded", "parameters": {"migrate_to_chat_id": -100_123}});
    let answers = [
        refusal("400 Bad Request", &moved),
        answer("200 OK", "", OK),
        answer("200 OK", "", OK),
    ];
    let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
    let mut sink = Sink::start(&answers).await;
    let telegram = Telegram::with_address(TOKEN, 42, &sink.address).unwrap();
    for expected in [&[42, -100_123][..], &[-100_123]] {
        telegram
            .notify(&notice(&[(&down(), Status::Firing)]))
            .await
            .unwrap();
        for id in expected {
            assert_eq!(body(&sink.request().await)["chat_id"], *id);
        }
    }
}

#[tokio::test]
async fn refusals_are_sorted_and_the_token_shows_nowhere() {
    let cases = [
        (
            "429 Too Many Requests",
            json!({"ok": false, "description": "Too Many Requests: retry after 9", "parameters": {"retry_after": 9}}),
            NotifyErrorKind::Transient,
            Some(9),
        ),
        (
            "401 Unauthorized",
            json!({"ok": false, "description": format!("Unauthorized {TOKEN}")}),
            NotifyErrorKind::Permanent,
            None,
        ),
        (
            "200 OK",
            json!({"ok": false, "description": "no"}),
            NotifyErrorKind::Permanent,
            None,
        ),
        (
            "502 Bad Gateway",
            json!("nonsense"),
            NotifyErrorKind::Transient,
            None,
        ),
        (
            "429 Too Many Requests",
            json!({"ok": false, "parameters": {"retry_after": -5}}),
            NotifyErrorKind::Transient,
            None,
        ),
    ];
    for (status, said, kind, wait) in cases {
        let sink = Sink::start(&[&refusal(status, &said)]).await;
        let telegram = Telegram::with_address(TOKEN, 42, &sink.address).unwrap();
        let error = telegram
            .notify(&notice(&[(&down(), Status::Firing)]))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {said}");
        assert_eq!(error.retry_after().map(|it| it.as_secs()), wait, "{said}");
        let text = format!("{error} {error:?} {telegram:?}");
        assert!(!text.contains("telegram-secret"), "{text}");
    }
    let nobody = Telegram::with_address(TOKEN, 42, "http://127.0.0.1:1").unwrap();
    let error = nobody
        .notify(&notice(&[(&down(), Status::Firing)]))
        .await
        .unwrap_err();
    assert!(!format!("{error} {error:?}").contains("telegram-secret"));
    for bad in [
        "",
        "hunter2",
        "1:",
        ":hunter2",
        "1:hunter2/../x",
        "1:hunter2?x",
        "a:hunter2",
    ] {
        let error = Telegram::new(bad, 1).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{bad}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_cut_is_within_any_bound_and_never_within_an_escape(parts in readback::parts()) {
        readback::check_text(said_units, escape_html, &parts);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_notice_fits_and_reads_as_it_was_written(notification in readback::notices()) {
        let written = text(&notification, escape_html);
        let read = readback::read(escape_html, "", &written);
        assert!(read.encode_utf16().count() <= TEXT_UNITS);
        readback::check_notice(escape_html, "", &written, &notification);
        // What is sent when Telegram cannot read the HTML.
        let plain = text(&notification, |_| None);
        assert!(plain.encode_utf16().count() <= TEXT_UNITS);
        readback::check_prefix(&plain, &readback::said(&notification));
    }
}
