//! Many who watch at once, and one who never reads.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::oracle::Oracle;

use super::BINARY;

/// As many as may watch.
const VIEWERS: usize = 64;

/// How many refreshes they watch.
const WATCHED: f64 = 4.0;

/// What a process takes more of or less from one moment to the next, in bytes.
const NOISE: f64 = 6.0 * 1024.0 * 1024.0;

async fn watch(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("it accepts");
    let request = format!("GET /dashboard/events HTTP/1.1\r\nhost: {address}\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .await
        .expect("it is sent");
    stream
}

/// The number of the newest snapshot.
async fn sequence(oracle: &Oracle) -> f64 {
    let snapshot = oracle.json("/dashboard/api/snapshot").await;
    let snapshot = snapshot.expect("it answers");
    snapshot["sequence"].as_f64().expect("a number")
}

/// The resident memory of the server, in bytes.
async fn memory(oracle: &Oracle) -> f64 {
    let answer = oracle.get("/metrics").await.expect("it answers");
    let text = answer.text().await.expect("it is text");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
    line.expect("it is measured").parse().expect("a number")
}

#[tokio::test]
async fn many_viewers_cost_what_one_costs_and_the_next_one_is_refused() {
    let mut oracle = Oracle::start(BINARY, &[]).await;
    oracle.ready().await;
    let address = oracle.base().trim_start_matches("http://").to_owned();
    let never_reads = watch(&address).await;
    let mut readers = Vec::new();
    for _ in 1..VIEWERS {
        let mut stream = watch(&address).await;
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.expect("it answers");
        assert_eq!(&first, b"HTTP/1.1 200");
        readers.push(tokio::spawn(async move {
            let mut seen = Vec::new();
            stream.read_to_end(&mut seen).await.map(|_| seen)
        }));
    }
    let refused = oracle.get("/dashboard/events").await.expect("it answers");
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "5");
    assert_eq!(
        oracle.get("/dashboard").await.expect("it answers").status(),
        200
    );

    let first = sequence(&oracle).await;
    let began = Instant::now();
    let before = memory(&oracle).await;
    let taken = eventually(60, "they watch several refreshes", || async {
        let taken = sequence(&oracle).await - first;
        if taken >= WATCHED {
            Ok(taken)
        } else {
            Err(taken)
        }
    })
    .await;
    let expected = began.elapsed().as_secs_f64() / 2.0;
    let after = memory(&oracle).await;
    assert!(after - before < NOISE, "{before} became {after}");
    // As many snapshots as without anybody: one each two seconds.
    assert!(
        (taken - expected).abs() <= 1.5,
        "{taken} snapshots, not {expected}"
    );

    oracle.signal("TERM").await;
    let told = Instant::now();
    for reader in readers {
        let seen = timeout(Duration::from_secs(1), reader).await;
        let seen = seen
            .expect("streams end within a second")
            .expect("it is read");
        let seen = String::from_utf8(seen.expect("it ends well")).expect("it is text");
        assert!(seen.matches("event: snapshot").count() >= 4, "{seen}");
    }
    assert!(
        told.elapsed() < Duration::from_secs(1),
        "{:?}",
        told.elapsed()
    );
    assert_eq!(oracle.ended().await.code(), Some(0));
    drop(never_reads);
}
