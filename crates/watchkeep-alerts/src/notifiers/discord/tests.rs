//! Tests of the embed, its escapes and bounds, and of how long Discord asks to wait.

use super::*;
use crate::notifiers::readback;
use crate::notifiers::samples::{down, endless, hostile, notice};
use crate::notifiers::sink::{Sink, answer};

#[tokio::test]
async fn a_notice_is_one_embed_that_pings_nobody() {
    let mut sink = Sink::start(&["HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"]).await;
    let discord = Discord::new(format!("{}/api/webhooks/1/secret", sink.address)).unwrap();
    discord
        .notify(&notice(&[(&down(), Status::Firing)]))
        .await
        .unwrap();
    let request = sink.request().await;
    assert_eq!(request.line, "POST /api/webhooks/1/secret HTTP/1.1");
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["allowed_mentions"], serde_json::json!({ "parse": [] }));
    let embed = &body["embeds"][0];
    assert_eq!(embed["title"], "[CRITICAL] Database connection failed");
    assert!(
        embed["description"]
            .as_str()
            .unwrap()
            .contains("error: connection refused")
    );
    assert!(!format!("{discord:?}").contains("secret"));
}

#[test]
fn hostile_text_is_no_markup() {
    let body = message(&notice(&[(&hostile(), Status::Resolved)]));
    let text = body["embeds"][0]["description"].as_str().unwrap();
    for (at, _) in text.match_indices(['@', '<', '*']) {
        assert_eq!(&text[at - 1..at], "\\", "{text}");
    }
    assert!(text.contains(r"\[x\](http://evil)"), "{text}");
}

#[test]
fn long_texts_are_cut_as_discord_counts() {
    for c in ["*", "x", "😀"] {
        let body = message(&endless(c));
        let units = |field: &str| {
            let text = body["embeds"][0][field].as_str().unwrap();
            assert!(text.ends_with('…') || text.ends_with("more)"), "{text}");
            text.encode_utf16().count()
        };
        assert!(
            (DESCRIPTION_UNITS - 3..=DESCRIPTION_UNITS).contains(&units("description")),
            "{c}"
        );
        assert!(units("title") <= TITLE_UNITS, "{c}");
    }
}

#[tokio::test]
async fn the_longest_wait_that_is_asked_for_counts() {
    let cases = [
        (
            "429 Too Many",
            "retry-after: 1\r\n",
            r#"{"retry_after": 2.5}"#,
            Some(2_500),
        ),
        (
            "429 Too Many",
            "x-ratelimit-remaining: 0\r\nx-ratelimit-reset-after: 3.25\r\n",
            "{}",
            Some(3_250),
        ),
        (
            "429 Too Many",
            "retry-after: soon\r\n",
            r#"{"retry_after": "x"}"#,
            None,
        ),
        (
            "429 Too Many",
            "retry-after: -1\r\n",
            r#"{"retry_after": 1e300}"#,
            None,
        ),
        ("500 Oops", "", "", None),
    ];
    for (status, headers, said, wait) in cases {
        let sink = Sink::start(&[&answer(status, headers, said)]).await;
        let discord = Discord::new(&sink.address).unwrap();
        let error = discord
            .notify(&notice(&[(&down(), Status::Firing)]))
            .await
            .unwrap_err();
        assert!(!error.is_permanent());
        assert_eq!(
            error.retry_after().map(|it| it.as_millis()),
            wait,
            "{headers} {said}"
        );
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_cut_is_within_any_bound_and_never_within_an_escape(parts in readback::parts()) {
        readback::check_text(bound(1).size, escape, &parts);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_notice_fits_and_reads_as_it_was_written(notification in readback::notices()) {
        let message = message(&notification);
        let field = |name: &str| message["embeds"][0][name].as_str().unwrap();
        assert!(field("title").encode_utf16().count() <= TITLE_UNITS);
        assert!(field("description").encode_utf16().count() <= DESCRIPTION_UNITS);
        readback::read(escape, "[]", field("title"));
        readback::check_notice(escape, "[]", field("description"), &notification);
    }
}
