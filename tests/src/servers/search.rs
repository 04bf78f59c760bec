//! A real server that speaks Elasticsearch's language, in memory.

use std::path::Path;

use serde_json::Value;
use tokio::process::Command;

use super::{Real, free_port};
use crate::client::client;

/// Starts an osmem-server.
///
/// # Panics
/// When it does not start.
pub async fn search_server(program: &Path) -> Real {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let port = free_port();
    let mut command = Command::new(program);
    // Else it ends with its standard input, of which there is none.
    command.current_dir(folder.path()).args([
        "-addr",
        &format!("127.0.0.1:{port}"),
        "-no-stdin-watch",
    ]);
    Real::start(folder, port, command).await
}

/// Puts lines of JSON into an index, which is searched from then on.
///
/// # Panics
/// When the server does not take all of them.
pub async fn index_lines(server: &Real, index: &str, lines: &str) {
    let bulk: String = lines
        .lines()
        .map(|line| format!("{{\"create\":{{}}}}\n{line}\n"))
        .collect();
    let path = format!("{index}/_bulk?refresh=true");
    let answer = search_request(server, reqwest::Method::POST, &path, bulk).await;
    assert_eq!(answer["errors"], false, "{answer}");
}

/// Sends a request to its API.
///
/// # Panics
/// When it does not answer with JSON.
pub async fn search_request(
    server: &Real,
    method: reqwest::Method,
    path: &str,
    body: String,
) -> Value {
    let url = format!("http://127.0.0.1:{}/{path}", server.port());
    let request = client().request(method, url).body(body);
    let answer = request.header("content-type", "application/json").send();
    let answer = answer.await.expect("it answers");
    answer.json().await.expect("it answers with JSON")
}
