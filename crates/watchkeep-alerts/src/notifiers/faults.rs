//! Receivers that reset, drip, hang or ask for nonsense: each try ends in time, and says what another one would do.

use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::notifier::{Notifier, NotifyError, NotifyErrorKind};
use crate::notifiers::samples::{down, notice};
use crate::notifiers::sink::{Sink, answer, read};
use crate::notifiers::{Alertmanager, Discord, PagerDuty, Slack, Teams, Telegram, Webhook};
use crate::view::Status;

/// What no answer may take longer than.
const LIMIT: Duration = Duration::from_secs(10);

/// What a receiver does once it has read all of a request.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// A byte of this each second, for ever, after these.
    Drips(&'static str, u8),
    /// Nothing, for ever.
    Hangs,
    /// It resets the connection.
    Resets,
}

fn channels(address: &str) -> [Box<dyn Notifier>; 7] {
    let routing_key = "0123456789abcdef0123456789abcdef";
    [
        Box::new(Alertmanager::new([address]).unwrap()),
        Box::new(Discord::new(address).unwrap()),
        Box::new(PagerDuty::with_address(routing_key, address).unwrap()),
        Box::new(Slack::new(address).unwrap()),
        Box::new(Teams::new(address).unwrap()),
        Box::new(Telegram::with_address("123:secret", 42, address).unwrap()),
        Box::new(Webhook::new(address).unwrap()),
    ]
}

async fn misbehave(mut stream: TcpStream, fault: Fault) {
    read(&mut stream).await;
    match fault {
        Fault::Drips(start, byte) => {
            stream.write_all(start.as_bytes()).await.unwrap();
            // Until the client has gone.
            while stream.write_all(&[byte]).await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        Fault::Hangs => std::future::pending().await,
        Fault::Resets => stream.set_zero_linger().unwrap(),
    }
}

/// Returns how a try of each channel ended, and after how long.
async fn outcomes(fault: Fault) -> Vec<(&'static str, Result<(), NotifyError>, Duration)> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(misbehave(stream, fault));
        }
    });
    let mut outcomes = Vec::new();
    for channel in channels(&address) {
        let start = Instant::now();
        let outcome = channel.notify(&notice(&[(&down(), Status::Firing)])).await;
        outcomes.push((channel.kind(), outcome, start.elapsed()));
    }
    outcomes
}

async fn check_ambiguous(fault: Fault, message: &str, after: Duration) {
    for (kind, outcome, elapsed) in outcomes(fault).await {
        let error = outcome.expect_err(kind);
        assert_eq!(error.kind(), NotifyErrorKind::Ambiguous, "{kind}: {error}");
        assert!(error.to_string().starts_with(message), "{kind}: {error}");
        assert_eq!(elapsed.as_secs(), after.as_secs(), "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reset_after_the_body_is_ambiguous_at_once() {
    check_ambiguous(Fault::Resets, "the request failed", Duration::ZERO).await;
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_hangs_after_the_body_is_ambiguous_in_time() {
    check_ambiguous(Fault::Hangs, "the receiver did not answer in time", LIMIT).await;
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_for_ever_is_ambiguous_in_time() {
    let head = Fault::Drips("HTTP/1.1 200 OK\r\nx-slow: ", b'x');
    check_ambiguous(head, "the receiver did not answer in time", LIMIT).await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_whose_body_drips_for_ever_is_sorted_by_its_status_in_time() {
    for (status, expected) in [
        ("503 X", NotifyErrorKind::Transient),
        ("400 X", NotifyErrorKind::Permanent),
        ("410 X", NotifyErrorKind::Gone),
    ] {
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: 1000\r\n\r\n").leak();
        for (kind, outcome, elapsed) in outcomes(Fault::Drips(head, b'x')).await {
            assert_eq!(outcome.expect_err(kind).kind(), expected, "{kind}");
            assert_eq!(elapsed.as_secs(), LIMIT.as_secs(), "{kind}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_whose_body_drips_for_ever_is_taken_where_the_status_says_all() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n";
    for (kind, outcome, elapsed) in outcomes(Fault::Drips(head, b'o')).await {
        match kind {
            // The body may yet be a refusal, which half a word is not.
            "msteamsv2" | "slack" | "telegram" => {
                let error = outcome.expect_err(kind);
                assert_eq!(error.kind(), NotifyErrorKind::Ambiguous, "{error}");
            }
            _ => outcome.expect(kind),
        }
        assert_eq!(elapsed.as_secs(), LIMIT.as_secs(), "{kind}");
    }
}

#[tokio::test]
async fn a_request_for_patience_is_heeded_or_is_none() {
    for (header, expected) in [
        ("", None),
        ("retry-after: -5\r\n", None),
        ("retry-after: soon\r\n", None),
        ("retry-after: 7\r\n", Some(7)),
        ("retry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n", Some(0)),
        ("retry-after: 18446744073709551615\r\n", Some(u64::MAX)),
        ("retry-after: 99999999999999999999999\r\n", Some(u64::MAX)),
    ] {
        let refusal = answer("429 X", header, "slow down");
        let sink = Sink::start(&[refusal.as_str(); 7]).await;
        for channel in channels(&sink.address) {
            let outcome = channel.notify(&notice(&[(&down(), Status::Firing)])).await;
            let error = outcome.expect_err(channel.kind());
            assert_eq!(error.kind(), NotifyErrorKind::Transient, "{error}");
            let asked = error.retry_after().map(|after| after.as_secs());
            assert_eq!(asked, expected, "{}: {header}", channel.kind());
        }
    }
}
