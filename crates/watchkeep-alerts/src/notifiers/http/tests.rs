//! Tests of addresses, answers and what is said about failures.

use super::*;
use crate::notifiers::sink::{Sink, answer};

const SECRET: &str = "hunter2";

#[track_caller]
fn check_refused(address: &str, expected: &str) {
    let error = Endpoint::new("slack", address).unwrap_err();
    let text = format!("the address of the slack notifier is not usable: {expected}");
    assert_eq!(error.to_string(), text);
    assert!(!format!("{error:?}").contains(SECRET), "{error:?}");
}

#[test]
fn bad_addresses_are_refused_without_quoting_them() {
    check_refused("", "it is not an absolute URL");
    check_refused("/services/hunter2", "it is not an absolute URL");
    check_refused("hooks.slack.example/hunter2", "it is not an absolute URL");
    check_refused("https://", "it is not an absolute URL");
    check_refused("https://[hunter2", "it is not an absolute URL");
    check_refused("hunter2:8080/x", "its scheme is neither http nor https");
    check_refused("file:///hunter2", "its scheme is neither http nor https");
    let long = format!("https://host/{}", "x".repeat(5_000));
    check_refused(&long, "it is longer than 4,096 bytes");
}

#[test]
fn an_address_does_not_show_in_debug() {
    for address in [
        "http://host.example/hunter2",
        " https://u:hunter2@host.example/x?k=hunter2\n",
    ] {
        let endpoint = Endpoint::new("slack", address).unwrap();
        let shown = format!("{endpoint:?}");
        assert!(
            !shown.contains(SECRET) && shown.starts_with("http"),
            "{shown}"
        );
    }
}

async fn post(answers: &[&str]) -> Result<Answer, NotifyError> {
    let sink = Sink::start(answers).await;
    let endpoint = Endpoint::new("slack", &format!("{}/{SECRET}", sink.address)).unwrap();
    endpoint.post(HeaderMap::new(), b"{}".to_vec()).await
}

async fn outcome(status: &str, headers: &str) -> Result<(), NotifyError> {
    post(&[&answer(status, headers, "")]).await.unwrap().check()
}

#[tokio::test]
async fn answers_are_sorted_by_their_status() {
    for status in ["200 OK", "202 Accepted", "204 No Content"] {
        outcome(status, "").await.unwrap();
    }
    for status in [
        "408 X", "425 X", "429 X", "500 X", "502 X", "503 X", "504 X",
    ] {
        let error = outcome(status, "").await.unwrap_err();
        assert!(!error.is_permanent(), "{status}");
    }
    for status in [
        "301 X", "307 X", "400 X", "401 X", "403 X", "404 X", "410 X",
    ] {
        // Were the redirect followed, the request would go to an address that answers no more.
        let error = outcome(status, "location: /elsewhere\r\n")
            .await
            .unwrap_err();
        assert!(error.is_permanent(), "{status}");
        assert_eq!(
            error.to_string(),
            format!("the receiver answered {}", &status[..3])
        );
    }
}

#[tokio::test]
async fn retry_after_is_read_from_a_refusal() {
    let error = outcome("429 X", "retry-after: 4\r\n").await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(4)));
    let error = outcome("503 X", "retry-after: soon\r\n").await.unwrap_err();
    assert_eq!(error.retry_after(), None);
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let now = Timestamp::from_millis(784_111_777_000);
    let parse = |value| parse_retry_after(value, now).map(|after| after.as_secs());
    assert_eq!(parse("120"), Some(120));
    assert_eq!(parse(" 0 "), Some(0));
    assert_eq!(parse("1.5"), Some(1));
    assert_eq!(parse("99999999999999999999999"), Some(u64::MAX));
    assert_eq!(parse("Sun, 06 Nov 1994 08:50:07 GMT"), Some(30));
    assert_eq!(parse("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
    for garbage in ["", ".", "1.5.2", "-5", "+3", "1e3", "inf", "soon", "0x10"] {
        assert_eq!(parse(garbage), None, "{garbage}");
    }
}

#[tokio::test]
async fn failures_to_connect_or_answer_are_transient_and_name_no_address() {
    let silent = post(&[""]).await.unwrap_err();
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/{SECRET}", listener.local_addr().unwrap());
        drop(listener);
        let endpoint = Endpoint::new("slack", &address).unwrap();
        endpoint
            .post(HeaderMap::new(), Vec::new())
            .await
            .unwrap_err()
    };
    assert!(
        closed
            .to_string()
            .starts_with("the receiver could not be reached: "),
        "{closed}"
    );
    assert!(
        silent.to_string().starts_with("the request failed: "),
        "{silent}"
    );
    for error in [silent, closed] {
        assert!(!error.is_permanent());
        let shown = format!("{error} {error:?}");
        assert!(
            !shown.contains(SECRET) && !shown.contains("127.0.0.1"),
            "{shown}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_never_answers_is_given_up_after_ten_seconds() {
    // The kernel takes the connection; nobody ever reads from it.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/{SECRET}", listener.local_addr().unwrap());
    let endpoint = Endpoint::new("slack", &address).unwrap();
    let start = tokio::time::Instant::now();
    let error = endpoint
        .post(HeaderMap::new(), Vec::new())
        .await
        .unwrap_err();
    assert_eq!(start.elapsed().as_secs(), 10);
    assert!(!error.is_permanent());
    assert!(
        error
            .to_string()
            .starts_with("the receiver did not answer in time"),
        "{error}"
    );
}

#[tokio::test]
async fn a_long_answer_is_read_only_in_part() {
    let answer = post(&[&answer("200 OK", "", &"x".repeat(100_000))])
        .await
        .unwrap();
    assert_eq!(answer.body.len(), ANSWER_BYTES);
}

#[tokio::test]
async fn https_needs_no_process_wide_provider() {
    // A plain server cannot shake hands: what matters is that TLS was tried, and nothing panicked.
    let sink = Sink::start(&[]).await;
    let address = sink.address.replace("http://", "https://");
    let error = Endpoint::new("slack", &address)
        .unwrap()
        .post(HeaderMap::new(), Vec::new())
        .await;
    assert!(!error.unwrap_err().is_permanent());
}
