//! `watchkeep logs errors` over broken folders, and against servers that misbehave.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// A line of ours that is never too old.
fn line(n: u32, code: &str) -> String {
    format!(
        "{{\"@timestamp\":\"2099-01-01T00:00:{n:02}.000000Z\",\"log.level\":\"ERROR\",\"message\":\"no answer {n}\",\"error.code\":\"{code}\",\"labels\":{{\"user_id\":\"{n}\"}}}}\n"
    )
}

fn folder(lines: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("api_json.log"), lines).unwrap();
    folder
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_watchkeep"));
    command
        .args(["logs", "errors"])
        .args(arguments)
        .env_remove("ELASTICSEARCH_URL")
        .env_remove("COLUMNS");
    command
}

fn run(arguments: &[&str]) -> (bool, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = command(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.success(), text(stdout), text(stderr))
}

fn run_in(dir: &Path, arguments: &[&str]) -> (bool, String, String) {
    run(&[&["--dir", dir.to_str().unwrap()], arguments].concat())
}

#[test]
fn errors_are_counted_drawn_and_printed_as_json() {
    let hostile = line(3, "B").replace("answer 3", "answer 3\u{9b}\u{202e}");
    let folder = folder(&[line(1, "A"), line(2, "A"), hostile].concat());
    let (ok, text, complaint) = run_in(folder.path(), &[]);
    assert!(ok && complaint.is_empty(), "{complaint}");
    assert!(
        text.starts_with("3 errors, by error.code\n  A 2 ██"),
        "{text}"
    );
    assert!(text.contains("no answer 3"), "{text}");
    let (_, json, _) = run_in(folder.path(), &["--json", "--by", "labels.user_id"]);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["total"], 3);
    assert_eq!(report["by_user_id"]["2"], 1);
    assert!(!json.contains(['\u{9b}', '\u{202e}']), "{json}");
    assert_eq!(report["recent"][0]["message"], "no answer 3\u{9b}\u{202e}");
    assert_eq!(report["partial"], serde_json::json!([]));
}

#[test]
fn broken_input_is_partial_and_says_why() {
    let folder = folder(&format!("{}{}", line(1, "A"), line(2, "A").trim_end()));
    let rotated = "api_json.log.20260822T101530.123Z-0001.gz";
    // A time in the name that is too old is not even opened; this one is of the far future.
    let rotated = rotated.replace("2026", "2098");
    let bad_gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b];
    fs::write(folder.path().join(&rotated), bad_gzip).unwrap();
    fs::write(folder.path().join("api_json.log.orig"), line(3, "FOREIGN")).unwrap();
    let (ok, text, _) = run_in(folder.path(), &[]);
    assert!(ok, "{text}");
    assert!(text.starts_with("1 error, by"), "{text}");
    assert!(
        text.contains("partial: `api_json.log` has a last line without an end"),
        "{text}"
    );
    let reason = format!("partial: `{rotated}` ends in the middle of its compressed data");
    assert!(text.contains(&reason), "{text}");
}

#[test]
fn what_cannot_be_meant_is_refused_with_the_value() {
    let empty = tempfile::tempdir().unwrap();
    let (ok, _, complaint) = run_in(empty.path(), &[]);
    assert!(!ok && complaint.contains("no JSON log file"), "{complaint}");
    let (ok, _, complaint) = run(&["--dir", "/no/such/folder"]);
    assert!(!ok && complaint.contains("/no/such/folder"), "{complaint}");
    let (ok, _, complaint) = run_in(empty.path(), &["--since", "never"]);
    assert!(
        !ok && complaint.contains("`never`") && complaint.contains("1h"),
        "{complaint}"
    );
    let (ok, _, complaint) = run(&["--elasticsearch", "http://u:hunter2@"]);
    assert!(
        !ok && complaint.contains("URL of Elasticsearch"),
        "{complaint}"
    );
    assert!(!complaint.contains("hunter2"), "{complaint}");
}

#[test]
fn what_contradicts_itself_is_refused() {
    let folder = folder(&line(1, "A"));
    let dir = folder.path().to_str().unwrap();
    for (arguments, words) in [
        (
            ["--elasticsearch", "http://127.0.0.1:9"].as_slice(),
            "--elasticsearch",
        ),
        (&["--tail", "--since", "1h"], "--since"),
        (&["--since", "-1h"], "`-1h`"),
    ] {
        let (ok, _, complaint) = run_in(folder.path(), arguments);
        assert!(
            !ok && complaint.contains(words),
            "{arguments:?}: {complaint}"
        );
    }
    let with = |url: &str, arguments: &[&str]| {
        let mut command = command(arguments);
        command.env("ELASTICSEARCH_URL", url).current_dir(&folder);
        command.output().unwrap()
    };
    let nowhere = "http://127.0.0.1:9";
    let followed = with(nowhere, &["--tail"]);
    let complaint = String::from_utf8(followed.stderr).unwrap();
    assert!(
        !followed.status.success() && complaint.contains("--dir"),
        "{complaint}"
    );
    assert!(
        with(nowhere, &["--dir", dir]).status.success(),
        "the folder was named"
    );
    let odd = std::os::unix::ffi::OsStrExt::from_bytes(b"http://\xff");
    let mut no_text = command(&[]);
    no_text.env::<_, &std::ffi::OsStr>("ELASTICSEARCH_URL", odd);
    let complaint = String::from_utf8(no_text.output().unwrap().stderr).unwrap();
    assert!(complaint.contains("is no text"), "{complaint}");
    let empty = with("", &[]);
    let complaint = String::from_utf8(empty.stderr).unwrap();
    assert!(complaint.contains("cannot read `logs`"), "{complaint}");
}

#[test]
fn answer_that_cannot_be_written_is_a_failure_and_an_answer_nobody_reads_is_none() {
    let folder = folder(&line(1, "A"));
    let arguments = ["--dir", folder.path().to_str().unwrap()];
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let Output { status, stderr, .. } = command(&arguments).stdout(full).output().unwrap();
    let complaint = String::from_utf8(stderr).unwrap();
    assert!(
        !status.success() && complaint.contains("cannot write"),
        "{complaint}"
    );
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let unread = command(&arguments).stdout(writer).output().unwrap();
    assert!(
        unread.status.success() && unread.stderr.is_empty(),
        "{unread:?}"
    );
}

#[test]
fn names_of_others_give_the_terminal_no_orders() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("a\u{1b}[2J_json.log")).unwrap();
    let (ok, text, complaint) = run_in(folder.path(), &[]);
    assert!(!ok && complaint.contains("\\u{1b}[2J"), "{text}{complaint}");
    assert!(!complaint.contains('\u{1b}'), "{complaint:?}");
}

/// A server that gives every request the same answer; with none it says nothing and keeps the connection.
fn answering(answer: Option<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://user:hunter2@{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let Some(answer) = &answer else {
                kept.push(stream);
                continue;
            };
            read_request(&mut stream);
            let _ = stream.write_all(answer.as_bytes());
            let _ = stream.shutdown(Shutdown::Write);
        }
    });
    url
}

/// Reads a request whole: its head says how long its body is.
fn read_request(stream: &mut TcpStream) {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink()).unwrap();
}

fn answer(status: &str, body: &str) -> Option<String> {
    let length = body.len();
    Some(format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    ))
}

#[test]
fn server_that_misbehaves_is_told_in_words_and_in_time() {
    let endless = Some(format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}",
        " ".repeat(9 * 1024 * 1024)
    ));
    for (answer, part) in [
        (
            answer("401 Unauthorized", "{}"),
            "user or the password (401)",
        ),
        (answer("503 Service Unavailable", ""), "status 503"),
        (
            answer("302 Found\r\nlocation: http://127.0.0.1:9/", ""),
            "status 302",
        ),
        (answer("200 OK", "<html>"), "no search result"),
        (answer("200 OK", "{}"), "no search result"),
        (
            Some("SSH-2.0-nonsense\r\n".to_owned()),
            "does not speak HTTP",
        ),
        (endless, "larger than 8 MiB"),
        (None, "did not answer within 10 s"),
    ] {
        let url = answering(answer);
        let (ok, text, complaint) = run(&["--elasticsearch", &url]);
        assert!(!ok, "{text}");
        assert!(complaint.contains(part), "{part}: {complaint}");
        assert!(!complaint.contains("hunter2"), "{complaint}");
    }
}

#[test]
fn tail_shows_new_errors_through_a_rotation() {
    let folder = folder(&line(1, "OLD"));
    let active = folder.path().join("api_json.log");
    let mut child = command(&["--tail", "--dir", folder.path().to_str().unwrap()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let append = |text: &str| {
        let mut file = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(&active)
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    // Until it follows, the first one is said again and again.
    let (done, is_done) = std::sync::mpsc::channel::<()>();
    let first = std::thread::scope(|scope| {
        let append = &append;
        scope.spawn(move || {
            while is_done
                .recv_timeout(Duration::from_millis(100))
                .is_err_and(|error| error == std::sync::mpsc::RecvTimeoutError::Timeout)
            {
                append(&line(2, "NEW"));
            }
        });
        let first = lines.next().unwrap().unwrap();
        drop(done);
        first
    });
    assert!(
        first.contains("NEW") && first.ends_with("no answer 2"),
        "{first}"
    );
    append(&line(3, "BEFORE"));
    fs::rename(
        &active,
        folder.path().join("api_json.log.20990101T000000.000Z-0001"),
    )
    .unwrap();
    append(&line(4, "AFTER"));
    let rest: Vec<String> = lines
        .by_ref()
        .map(Result::unwrap)
        .skip_while(|line| line.contains("NEW"))
        .take(2)
        .collect();
    assert!(
        rest[0].contains("BEFORE") && rest[1].contains("AFTER"),
        "{rest:?}"
    );
    drop(lines);
    append(&line(5, "UNREAD"));
    // Nobody reads any more, so it ends by itself, without a complaint.
    assert!(child.wait().unwrap().success());
}
