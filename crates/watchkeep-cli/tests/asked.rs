//! What the command asks of a server, what it prints of the answer, and with which exit code.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Output};
use std::thread;

/// What a server was asked.
struct Asked {
    head: Vec<String>,
    body: String,
}

fn run(arguments: &[&str], url: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_watchkeep"))
        .arg("alerts")
        .args(arguments)
        .env_clear()
        .envs([("WATCHKEEP_URL", url), ("OPS_TOKEN", "hunter2")])
        .output()
        .unwrap()
}

/// Runs a command against a server that gives one answer; returns what it was asked, and what was printed.
fn ask(arguments: &[&str], status: &str, answer: &str) -> (Asked, Output) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/ops", listener.local_addr().unwrap());
    let length = answer.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{answer}"
    );
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if line.trim().is_empty() {
                break;
            }
            head.push(line.trim().to_owned());
        }
        let length = head
            .iter()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        reader.read_exact(&mut body).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
        let body = String::from_utf8(body).unwrap();
        Asked { head, body }
    });
    let output = run(arguments, &url);
    (served.join().unwrap(), output)
}

#[track_caller]
fn check(arguments: &[&str], answer: (&str, &str), asked: &str, printed: &str, is_good: bool) {
    let (request, output) = ask(arguments, answer.0, answer.1);
    assert_eq!(request.head[0], format!("{asked} HTTP/1.1"));
    assert!(
        request
            .head
            .contains(&"authorization: Bearer hunter2".to_owned())
    );
    let stream = if is_good {
        &output.stdout
    } else {
        &output.stderr
    };
    assert_eq!(String::from_utf8_lossy(stream).trim_end(), printed);
    assert_eq!(output.status.success(), is_good);
}

#[test]
fn an_explanation_is_printed_as_words_or_json() {
    check(
        &["explain", "alertname=A", "at=1&2"],
        ("200 OK", "It fires.\u{1b}[31m\n"),
        "GET /ops/alerts/explain?label=alertname%3DA&label=at%3D1%262",
        "It fires.\\u{1b}[31m",
        true,
    );
    check(
        &["explain", "--json", "--at", "2026-11-27T10:00:00Z"],
        ("200 OK", "{}"),
        "GET /ops/alerts/explain?at=2026-11-27T10%3A00%3A00.000Z",
        "{}",
        true,
    );
    let (request, _) = ask(&["explain", "a=b"], "200 OK", "");
    assert!(request.head.contains(&"accept: text/plain".to_owned()));
    let (request, _) = ask(&["explain", "a=b", "--json"], "200 OK", "");
    assert!(
        request
            .head
            .contains(&"accept: application/json".to_owned())
    );
}

#[test]
fn a_test_says_how_each_channel_took_it() {
    check(
        &["test", "a/../b"],
        ("200 OK", r#"{"channels": [{"channel": "slack"}]}"#),
        "POST /ops/alerts/test/a%2F..%2Fb",
        "slack: delivered",
        true,
    );
    check(
        &["test", "a"],
        (
            "502 Bad Gateway",
            r#"{"channels": [{"channel": "slack", "error": "no such hook"}]}"#,
        ),
        "POST /ops/alerts/test/a",
        "slack: no such hook",
        false,
    );
    check(
        &["test", "a"],
        (
            "404 Not Found",
            r#"{"error": "there is no receiver `a`", "receivers": ["b", "c"]}"#,
        ),
        "POST /ops/alerts/test/a",
        "there is no receiver `a`; there are: b, c",
        false,
    );
}

#[test]
fn dead_letters_are_listed_replayed_and_discarded() {
    let list = r#"{"deadLetters": [{"id": "msg_1", "receiver": "chat", "level": "error", "givenUpAt": "T", "tries": 3, "reason": "refused", "notification": {"alerts": [{"labels": {"alertname": "A"}}]}}]}"#;
    let line = "msg_1  chat  error  given up T after 3 tries: refused  (A)";
    for arguments in [&["dead-letters"][..], &["dead-letters", "list"]] {
        check(
            arguments,
            ("200 OK", list),
            "GET /ops/alerts/dead-letters",
            line,
            true,
        );
    }
    let none = ("200 OK", r#"{"deadLetters": []}"#);
    check(
        &["dead-letters"],
        none,
        "GET /ops/alerts/dead-letters",
        "no dead letters",
        true,
    );
    let path = |what| format!("POST /ops/alerts/dead-letters/msg_1/{what}");
    let replay = &["dead-letters", "replay", "msg_1"];
    check(
        replay,
        ("200 OK", "{}"),
        &path("replay"),
        "msg_1 is tried again",
        true,
    );
    let missing = ("404 Not Found", "{\"error\":\"no\"}");
    check(
        replay,
        missing,
        &path("replay"),
        "{\"error\":\"no\"}",
        false,
    );
    let discard = &["dead-letters", "discard", "msg_1"];
    check(
        discard,
        ("200 OK", "{}"),
        &path("discard"),
        "msg_1 is forgotten",
        true,
    );
}

#[test]
fn a_server_that_refuses_or_is_not_there_is_said_without_its_secrets() {
    let (_, output) = ask(&["export"], "401 Unauthorized", "who are you?");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        said.trim_end(),
        "the server refuses: who are you?; say --token, or set OPS_TOKEN"
    );
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let output = run(&["explain"], &format!("http://me:hunter2@{closed}"));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.starts_with("the server could not be asked: "),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
    assert!(!output.status.success());
    let help = run(&["explain", "--help"], "http://me:hunter2@h");
    assert!(!String::from_utf8_lossy(&help.stdout).contains("hunter2"));
}

#[test]
fn a_dry_run_is_made_here_with_a_file_or_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let config = file(
        "config.yml",
        "route: {receiver: chat, group_wait: 10s}\nreceivers: [{name: chat}]\n",
    );
    let events = "events: [{at: '2026-11-27T10:00:00Z', fire: {alertname: A}}]\n";
    let events_file = file("events.yml", events);
    let here = run(&["dry-run", &events_file, "--config", &config], "");
    assert_eq!(
        String::from_utf8_lossy(&here.stdout).trim_end(),
        "From 2026-11-27T10:00:00.000Z to 2026-11-27T11:00:00.000Z:\n\
         2026-11-27T10:00:10.000Z  chat (bound)  trigger  firing {alertname=\"A\", service=\"dry-run\"}  (a notice is handed out: nothing of it was told before)"
    );
    let to = ["--to", "2026-11-27T10:00:05Z", "--json"];
    let json = run(
        &[&["dry-run", &events_file, "--config", &config][..], &to].concat(),
        "",
    );
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["notices"], serde_json::json!([]));
    let (request, output) = ask(&["dry-run", &events_file], "400 Bad Request", "no");
    assert_eq!(request.head[0], "POST /ops/alerts/dry-run HTTP/1.1");
    assert_eq!(request.body, events);
    assert!(!output.status.success());
    let bad = file("bad.yml", "events: [{at: now}]\n");
    let output = run(&["dry-run", &bad, "--config", &config], "");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("bad.yml: line 1, column 15: a time is not like"),
        "{said}"
    );
}

#[test]
fn routes_at_a_time_say_who_is_muted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yml");
    let text = "\
route:
  receiver: chat
  routes: [{matchers: [team=a], receiver: pager, mute_time_intervals: [nights]}]
receivers: [{name: chat}, {name: pager}]
time_intervals: [{name: nights, time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}]}]}]
";
    std::fs::write(&path, text).unwrap();
    let config = path.display().to_string();
    let at = |time: &str| {
        let output = run(&["routes", "--config", &config, "--at", time, "team=a"], "");
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    };
    let way = "{}: yes, by routes below it\n  {}/{team=\"a\"}: yes: to pager\n";
    assert_eq!(
        at("2026-11-27T21:59:59Z"),
        format!("{way}pager is told, in the group {{}}")
    );
    assert_eq!(
        at("2026-11-27T23:00:00+01:00"),
        format!("{way}pager is not told: muted by nights")
    );
    let output = run(&["routes", "--config", &config, "--at", "tonight"], "");
    assert!(String::from_utf8_lossy(&output.stderr).contains("a time is not like"));
}
