//! The way of a line out of the server's files through real shippers: each arrives exactly once, whatever happens on the way.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, where a panic is a failure"
)]

use std::fs;
use std::ops::Range;
use std::path::PathBuf;

use futures_util::{StreamExt as _, stream};
use watchkeep_tests::oracle::Oracle;
use watchkeep_tests::sink::{Reply, Sink};

mod collector;
mod rsyslog;

const BINARY: &str = env!("CARGO_BIN_EXE_oracle");

/// Every fourth message fails, which makes an error.
const FAILS_EVERY: usize = 4;

/// A server that writes small JSON files and rotates them all the time, and whose engine fails as its message says.
async fn small_files() -> Oracle {
    let engine = Sink::start(|body| {
        if body.contains("fail") {
            return Reply::Answer(500, "no".to_owned());
        }
        Reply::ok(r#"{"category":"greeting","reply":"Hello.","tokens_used":12}"#)
    })
    .await;
    let environment = [
        ("LOG_JSON", "true"),
        ("LOG_MAX_BYTES", "20000"),
        // No file goes before it was shipped.
        ("LOG_BACKUPS", "1000"),
        ("AI_ENGINE_URL", engine.url()),
    ];
    Oracle::start(BINARY, &environment).await
}

/// Sends messages, eight at a time.
async fn talk(oracle: &Oracle, messages: Range<usize>) {
    let sent = messages.map(|number| async move {
        let (text, expected) = match number % FAILS_EVERY {
            0 => (format!("fail {number}"), 502),
            _ => (format!("hello {number}"), 200),
        };
        let (status, answer) = oracle.message(7, &text).await.unwrap();
        assert_eq!(status, expected, "{answer}");
    });
    stream::iter(sent).buffer_unordered(8).collect::<()>().await;
}

fn log_path(oracle: &Oracle) -> PathBuf {
    oracle.folder().join("logs/oracle_json.log")
}

/// The JSON log, active and rotated, one text a file.
fn files(oracle: &Oracle) -> Vec<String> {
    let entries = fs::read_dir(oracle.folder().join("logs")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with("oracle_json.log")
        })
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

/// Lets a server end, so that its files are whole; returns their lines, sorted, and checks that there were rotations.
async fn final_lines(mut oracle: Oracle) -> (Oracle, Vec<String>) {
    oracle.signal("TERM").await;
    assert_eq!(oracle.ended().await.code(), Some(0));
    let files = files(&oracle);
    assert!(files.len() > 10, "only {} files", files.len());
    let mut lines: Vec<String> = files
        .iter()
        .flat_map(|text| text.lines())
        .map(str::to_owned)
        .collect();
    lines.sort_unstable();
    (oracle, lines)
}
