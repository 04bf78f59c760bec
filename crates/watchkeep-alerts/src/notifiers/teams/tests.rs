//! Tests of the card, its escapes and bounds, and of errors that look like successes.

use super::*;
use crate::notifiers::readback;
use crate::notifiers::samples::{down, endless, hostile, notice};
use crate::notifiers::sink::{Sink, answer};

#[tokio::test]
async fn a_notice_is_an_adaptive_card() {
    let mut sink = Sink::start(&[&answer("202 Accepted", "", "")]).await;
    let teams = Teams::new(format!("{}/workflows/secret", sink.address)).unwrap();
    teams
        .notify(&notice(&[(&down(), Status::Firing)]))
        .await
        .unwrap();
    let body: serde_json::Value = serde_json::from_slice(&sink.request().await.body).unwrap();
    let attachment = &body["attachments"][0];
    assert_eq!(
        attachment["contentType"],
        "application/vnd.microsoft.card.adaptive"
    );
    let blocks = &attachment["content"]["body"];
    assert_eq!(blocks[0]["text"], "[CRITICAL] Database connection failed");
    assert_eq!(blocks[0]["color"], "Attention");
    assert!(
        blocks[1]["text"]
            .as_str()
            .unwrap()
            .contains("\n\nerror: connection refused")
    );
    assert!(!format!("{teams:?}").contains("secret"));
}

#[test]
fn hostile_text_is_no_markup_and_the_longest_card_is_below_28_kb() {
    let body = message(&notice(&[(&hostile(), Status::Firing)])).to_string();
    assert!(
        !body.contains("<script>") && !body.contains("[x]("),
        "{body}"
    );
    for c in ["*", "&", "\u{0}", "😀", "é"] {
        let size = message(&endless(c)).to_string().len();
        assert!((4_000..28_000).contains(&size), "{c}: {size}");
    }
}

#[tokio::test]
async fn an_error_in_the_body_of_a_success_is_an_error() {
    let cases = [
        ("200 OK", "1", None),
        ("202 Accepted", "", None),
        (
            "200 OK",
            "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId",
            Some(false),
        ),
        ("200 OK", "… returned HTTP error 503", Some(false)),
        ("200 OK", "… returned HTTP error 404", Some(true)),
        ("200 OK", "HTTP error ", Some(true)),
        ("410 Gone", "", Some(true)),
    ];
    for (status, said, permanent) in cases {
        let sink = Sink::start(&[&answer(status, "", said)]).await;
        let teams = Teams::new(&sink.address).unwrap();
        let result = teams.notify(&notice(&[(&down(), Status::Firing)])).await;
        assert_eq!(
            result.err().map(|error| error.is_permanent()),
            permanent,
            "{status} {said}"
        );
    }
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
        let message = message(&notification);
        // 28 KB is what Teams takes.
        assert!(message.to_string().len() <= 28 * 1_024);
        let body = &message["attachments"][0]["content"]["body"];
        let title = body[0]["text"].as_str().unwrap();
        assert!(title.chars().count() <= TITLE_CHARS);
        readback::read(escape, "[]", title);
        // Each line end of ours is said twice.
        let text = body[1]["text"].as_str().unwrap().replace("\n\n", "\n");
        assert!(text.chars().count() <= TEXT_CHARS);
        readback::check_notice(escape, "[]", &text, &notification);
    }
}
