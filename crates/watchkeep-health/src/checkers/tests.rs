//! The checks against servers that misbehave.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use super::*;
use crate::check::Check;
use crate::{Component, Probe, Registry, Status};

/// A server on a free port that does this with each connection; returns its address.
async fn server<F>(serve: impl Fn(TcpStream) -> F + Send + Sync + 'static) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    address
}

/// A server that answers with these bytes.
async fn says(answer: impl Into<Vec<u8>>) -> String {
    let answer = answer.into();
    server(move |mut stream| {
        let answer = answer.clone();
        async move {
            let _ = stream.read(&mut [0; 1_024]).await;
            let _ = stream.write_all(&answer).await;
        }
    })
    .await
}

async fn refused() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

/// An address that never answers to whoever connects, as behind a firewall that drops: nobody accepts, and the queue is full.
///
/// It does so for as long as what comes beside it is kept.
async fn blackhole() -> (String, (TcpListener, Vec<TcpStream>)) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    let patience = Duration::from_millis(300);
    while let Ok(stream) = timeout(patience, TcpStream::connect(address)).await {
        waiting.push(stream.unwrap());
        assert!(waiting.len() < 64, "the queue has no end");
    }
    (address.to_string(), (listener, waiting))
}

async fn http(answer: &str) -> Result<(), String> {
    let url = format!("http://{}/health?token=hunter2", says(answer).await);
    let check = Http::new(&url).unwrap();
    assert!(!format!("{check:?}").contains("hunter2"));
    check.check().await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn an_http_server_has_to_answer_as_expected() {
    assert_eq!(http("HTTP/1.1 204 No Content\r\n\r\n").await, Ok(()));
    assert_eq!(
        http("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await,
        Ok(())
    );
    for (answer, text) in [
        (
            "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n",
            "answers 500",
        ),
        (
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            "answers 302",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut",
            "cannot be read",
        ),
        ("SSH-2.0-OpenSSH\r\n", ""),
        ("", ""),
    ] {
        let error = http(answer).await.unwrap_err();
        assert!(
            error.contains(text) && !error.contains("hunter2"),
            "{error}"
        );
    }
    let huge = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(70_000));
    assert!(http(&huge).await.unwrap_err().contains("length limit"));
    let redirect = says("HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n").await;
    let expecting = Http::new(&format!("http://{redirect}")).unwrap();
    expecting.expect(302..=302).check().await.unwrap();
}

#[test]
fn a_url_that_cannot_be_asked_is_refused_without_being_told() {
    for url in [
        "",
        "x",
        "/path",
        "https://host/",
        "http://u:hunter2@host/",
        "ftp://host",
    ] {
        let error = Http::new(url).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }
}

#[tokio::test]
async fn a_server_that_drips_does_not_end_and_is_left_to_the_timeout() {
    let dripping = server(|mut stream| async move {
        while stream.write_all(b"H").await.is_ok() {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let checks: [Box<dyn Check>; 2] = [
        Box::new(Http::new(&format!("http://{dripping}")).unwrap()),
        Box::new(SmtpGreeting::new(dripping)),
    ];
    for check in checks {
        // Either it gives up by its bound, or the timeout ends it; it never passes.
        let end = timeout(Duration::from_millis(200), check.check()).await;
        assert!(!matches!(end, Ok(Ok(()))));
    }
}

#[tokio::test]
async fn a_network_that_swallows_everything_is_left_to_the_timeout() {
    let (address, _full) = blackhole().await;
    let checks: [Box<dyn Check>; 3] = [
        Box::new(Tcp::new(&address)),
        Box::new(Http::new(&format!("http://{address}")).unwrap()),
        Box::new(SmtpGreeting::new(&address)),
    ];
    for check in checks {
        let end = timeout(Duration::from_millis(100), check.check()).await;
        assert!(end.is_err(), "{end:?}");
    }
    let far = Component::new("far", Tcp::new(&address))
        .every(Duration::from_millis(50))
        .timeout(Duration::from_millis(50));
    let registry = Registry::builder("1").component(far).build().unwrap();
    let mut changes = registry.subscribe();
    let _running = registry.start();
    let change = timeout(Duration::from_secs(20), changes.next()).await;
    let change = change.unwrap().unwrap();
    assert_eq!(change.to, Status::Unhealthy);
    assert_eq!(change.message.as_deref(), Some("no answer within 50ms"));
    assert!(registry.probe(Probe::Live).ok && !registry.probe(Probe::Ready).ok);
}

#[tokio::test]
async fn a_mail_server_has_to_greet() {
    let greeting = async |line: &'static str| {
        let address = server(move |mut stream| async move {
            let _ = stream.write_all(line.as_bytes()).await;
        })
        .await;
        SmtpGreeting::new(address).check().await
    };
    greeting("220 mail.example ESMTP\r\n").await.unwrap();
    greeting("220-first\r\n220 last\r\n").await.unwrap();
    for line in ["554 go away\r\n", "2200 x\r\n", "", "SSH-2.0\r\n"] {
        let error = greeting(line).await.unwrap_err();
        assert!(error.message().contains("not with 220"), "{error}");
    }
}

#[tokio::test]
async fn a_connection_that_is_refused_fails_with_the_address() {
    let address = refused().await;
    let error = Tcp::new(&address).check().await.unwrap_err();
    assert!(error.message().contains(&address), "{error}");
    Tcp::new(says("").await).check().await.unwrap();
}

#[tokio::test]
async fn a_name_has_to_resolve() {
    Dns::new("localhost").check().await.unwrap();
    // Reserved to never exist (RFC 6761, section 6.4).
    let error = Dns::new("nobody.invalid").check().await.unwrap_err();
    assert!(
        error.message().contains("nobody.invalid does not resolve"),
        "{error}"
    );
}
