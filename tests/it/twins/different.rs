//! Requests that are answered in another way than Alertmanager's, on purpose: the table of `docs/alerting.md`, each row seen on both sides.

use reqwest::Method;

use super::requests::{CONFIG, RECEIVERS};
use super::{Asked, both, url_of};

/// What the documentation says of a row, the request, and the status of theirs (none: the connection is dropped) and of ours.
fn rows() -> Vec<(&'static str, Asked, Option<u16>, u16)> {
    let alerts = "/api/v2/alerts";
    let post = |body: &str| Asked::post(alerts, body);
    let unknown = Asked::get("/api/v2/silence/00000000-0000-4000-8000-000000000000");
    let mut label = Vec::from(*br#"[{"labels":{"a":"?"}}]"#);
    label[17] = 0xff;
    let null_matcher = r#"{"matchers":[null],"startsAt":"2020-01-01T00:00:00Z","endsAt":"2097-01-01T00:00:00Z","createdBy":"","comment":""}"#;
    let long = format!(r#"[{{"labels":{{"a":"{}"}}}}]"#, "x".repeat(17 * 1024));
    let labels: Vec<_> = (0..65).map(|n| format!(r#""l{n}":"x""#)).collect();
    let many = format!(r#"[{{"labels":{{{}}}}}]"#, labels.join(","));
    let huge = format!("[{}]", " ".repeat(8 * 1024 * 1024));
    vec![
        (
            "a null among the alerts or matchers",
            post("[null]"),
            None,
            422,
        ),
        (
            "a null among the alerts or matchers",
            Asked::post("/api/v2/silences", null_matcher),
            None,
            422,
        ),
        (
            "a text that is no Unicode",
            Asked::post(alerts, label),
            Some(200),
            400,
        ),
        (
            "a text that is no Unicode",
            post(r#"[{"labels":{"a":"\ud800"}}]"#),
            Some(200),
            400,
        ),
        (
            "the end of a silence that nobody knows",
            unknown.method(Method::DELETE),
            Some(500),
            404,
        ),
        (
            "names and values of the newer grammar in `filter`",
            Asked::get("/api/v2/alerts?filter=%22a.b%22%3Dc"),
            Some(400),
            200,
        ),
        (
            "`HEAD`",
            Asked::get(alerts).method(Method::HEAD),
            Some(405),
            200,
        ),
        (
            "a path that ends with a slash",
            Asked::get("/api/v2/alerts/"),
            Some(200),
            404,
        ),
        (
            "over 64 labels or annotations, or 16 KiB of text, in one alert",
            post(&long),
            Some(200),
            400,
        ),
        (
            "over 64 labels or annotations, or 16 KiB of text, in one alert",
            post(&many),
            Some(200),
            400,
        ),
        (
            "a body over 8 MiB, or over 10,000 alerts in one",
            post(&huge),
            Some(200),
            413,
        ),
    ]
}

#[tokio::test]
async fn what_is_answered_otherwise_is_in_the_documentation() {
    let Some((theirs, ours)) = both(CONFIG, &RECEIVERS).await else {
        return;
    };
    let client = watchkeep_tests::client::client();
    let guide = include_str!("../../../docs/alerting.md");
    for (row, asked, expected, own) in rows() {
        assert!(
            guide.contains(&format!("| {row} |")),
            "{row} is in the table"
        );
        let answer = asked.ask(&client, &url_of(&theirs)).await.ok();
        assert_eq!(answer.map(|it| it.status), expected, "theirs: {row}");
        let answer = asked.ask(&client, &ours.url()).await.expect("ours answers");
        assert_eq!(answer.status, own, "ours: {row}: {}", answer.body);
    }
}
