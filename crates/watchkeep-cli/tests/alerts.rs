//! The command as people start it: each channel gets one test alert, and no secret is printed.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};
use std::thread;

use serde_json::Value;

/// A part of every secret here.
const SECRET: &str = "hunter2";
const ROUTING_KEY: &str = "hunter2hunter2hunter2hunter2hunt";
const TOKEN: &str = "123:hunter2";

/// Runs `watchkeep alerts <channel>` with these variables, and no others of ours.
fn run(channel: &str, variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_watchkeep"))
        .args(["alerts", channel])
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

/// Takes one request, and gives this answer.
fn serve_once(answer: &'static str) -> (String, thread::JoinHandle<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let request = read(&stream);
        stream.write_all(answer.as_bytes()).unwrap();
        request
    });
    (url, served)
}

/// Reads one request; returns its path and its JSON.
fn read(stream: &TcpStream) -> (String, Value) {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_lowercase());
    }
    let length = head
        .iter()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let path = head[0].split(' ').nth(1).unwrap().to_owned();
    (path, serde_json::from_slice(&body).unwrap())
}

const OK: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
const REFUSED: &str = "HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Checks that a channel gets the test alert; `variables` are made from the address of the receiver.
#[track_caller]
fn check(
    channel: &str,
    variables: impl Fn(&str) -> Vec<(&'static str, String)>,
    path: &str,
    is_it: impl Fn(&Value) -> bool,
) {
    for answer in [OK, REFUSED] {
        let (url, served) = serve_once(answer);
        let variables = variables(&url);
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let output = run(channel, &variables);
        let (asked, body) = served.join().unwrap();
        assert_eq!(asked, path);
        assert!(is_it(&body), "{body}");
        let printed = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        let (code, said) = match answer {
            OK => (0, "delivered"),
            _ => (1, "the receiver answered 403"),
        };
        assert_eq!(output.status.code(), Some(code), "{printed}");
        assert!(printed.contains(said), "{printed}");
        assert!(!printed.contains(SECRET), "{printed}");
    }
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

const MESSAGE: &str = "This is a test notice";

#[test]
fn slack_gets_a_test_alert() {
    let variables = |url: &str| vec![("SLACK_WEBHOOK_URL", format!("{url}/hunter2"))];
    check("slack", variables, "/hunter2", |body| {
        text_of(&body["text"]).contains(MESSAGE)
    });
}

#[test]
fn a_webhook_gets_a_test_alert() {
    let variables = |url: &str| vec![("ALERT_WEBHOOK_URL", format!("{url}/hunter2"))];
    check("webhook", variables, "/hunter2", |body| {
        text_of(&body["alerts"][0]["annotations"]["summary"]).contains(MESSAGE)
    });
}

#[test]
fn pagerduty_gets_a_test_incident() {
    let variables = |url: &str| {
        vec![
            ("PAGERDUTY_URL", url.to_owned()),
            ("PAGERDUTY_ROUTING_KEY", ROUTING_KEY.to_owned()),
        ]
    };
    check("pagerduty", variables, "/v2/enqueue", |body| {
        body["routing_key"] == ROUTING_KEY
            && body["event_action"] == "trigger"
            && body["payload"]["severity"] == "info"
    });
}

#[test]
fn telegram_gets_a_test_alert_in_a_group() {
    let variables = |url: &str| {
        vec![
            ("TELEGRAM_API_URL", url.to_owned()),
            ("TELEGRAM_BOT_TOKEN", TOKEN.to_owned()),
            ("TELEGRAM_CHAT_ID", "-100".to_owned()),
        ]
    };
    let path = "/bot123:hunter2/sendmessage";
    check("telegram", variables, path, |body| {
        body["chat_id"] == -100 && text_of(&body["text"]).contains(MESSAGE)
    });
}

#[test]
fn discord_gets_a_test_alert() {
    let variables = |url: &str| vec![("DISCORD_WEBHOOK_URL", format!("{url}/hunter2"))];
    check("discord", variables, "/hunter2", |body| {
        text_of(&body["embeds"][0]["description"]).contains(MESSAGE)
    });
}

#[test]
fn teams_gets_a_test_alert() {
    let variables = |url: &str| vec![("TEAMS_WEBHOOK_URL", format!("{url}/hunter2"))];
    check("teams", variables, "/hunter2", |body| {
        body.to_string().contains(MESSAGE)
    });
}

#[test]
fn an_alertmanager_gets_a_test_alert_even_if_a_peer_is_down() {
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let variables = |url: &str| vec![("ALERTMANAGER_URL", format!("http://{closed},{url}"))];
    // That the first cannot be reached is worth more than that the second refuses: it may come back.
    let (url, served) = serve_once(OK);
    let output = run(
        "alertmanager",
        &[("ALERTMANAGER_URL", &variables(&url)[0].1)],
    );
    let (path, body) = served.join().unwrap();
    assert_eq!(path, "/api/v2/alerts");
    assert_eq!(body[0]["labels"]["alertname"], "TestNotification");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn a_letter_goes_to_a_mail_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let served = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        letter(&stream)
    });
    let output = run(
        "email",
        &[
            ("SMTP_URL", &url),
            ("ALERT_FROM", "oracle@example.org"),
            ("ADMIN_EMAIL", "admin@example.org"),
        ],
    );
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let letter = served.join().unwrap();
    assert!(letter.contains("RCPT TO:<admin@example.org>"), "{letter}");
    assert!(letter.contains(MESSAGE), "{letter}");
}

/// Speaks SMTP until the client goes; returns all that it said.
fn letter(mut stream: &TcpStream) -> String {
    let mut said = String::new();
    let mut is_data = false;
    stream.write_all(b"220 mail.example\r\n").unwrap();
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return said;
        }
        said.push_str(&line);
        let answer = match line.trim_end() {
            "." => {
                is_data = false;
                "250 taken\r\n"
            }
            _ if is_data => continue,
            "DATA" => {
                is_data = true;
                "354 go on\r\n"
            }
            "QUIT" => return said,
            _ => "250 OK\r\n",
        };
        stream.write_all(answer.as_bytes()).unwrap();
    }
}

#[test]
fn what_is_not_configured_or_not_usable_is_said_without_the_secret() {
    for channel in [
        "alertmanager",
        "discord",
        "email",
        "pagerduty",
        "slack",
        "teams",
        "telegram",
        "webhook",
    ] {
        let output = run(channel, &[]);
        assert_eq!(output.status.code(), Some(2), "{channel}: {output:?}");
    }
    for (channel, variables) in [
        (
            "alertmanager",
            vec![("ALERTMANAGER_URL", "http://a.example,hunter2")],
        ),
        ("discord", vec![("DISCORD_WEBHOOK_URL", "ftp://hunter2")]),
        (
            "email",
            vec![
                ("SMTP_URL", "smtp://u:hunter2@mail.example"),
                ("ALERT_FROM", "a@b.example"),
                ("ADMIN_EMAIL", "c@d.example"),
            ],
        ),
        (
            "pagerduty",
            vec![("PAGERDUTY_ROUTING_KEY", "hunter2 with blanks")],
        ),
        ("teams", vec![("TEAMS_WEBHOOK_URL", "hunter2")]),
        (
            "telegram",
            vec![("TELEGRAM_BOT_TOKEN", "hunter2"), ("TELEGRAM_CHAT_ID", "1")],
        ),
    ] {
        let output = run(channel, &variables);
        assert_eq!(output.status.code(), Some(1), "{channel}: {output:?}");
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(
            !printed.is_empty() && !printed.contains(SECRET),
            "{printed}"
        );
    }
}

#[test]
fn the_help_shows_no_secret_of_the_environment() {
    for (channel, variable) in [
        ("alertmanager", "ALERTMANAGER_URL"),
        ("discord", "DISCORD_WEBHOOK_URL"),
        ("email", "SMTP_URL"),
        ("pagerduty", "PAGERDUTY_ROUTING_KEY"),
        ("slack", "SLACK_WEBHOOK_URL"),
        ("teams", "TEAMS_WEBHOOK_URL"),
        ("telegram", "TELEGRAM_BOT_TOKEN"),
        ("webhook", "ALERT_WEBHOOK_URL"),
        ("webhook", "ALERT_WEBHOOK_SECRET"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_watchkeep"))
            .args(["alerts", channel, "--help"])
            .env(variable, SECRET)
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(printed.contains(variable), "{printed}");
        assert!(!printed.contains(SECRET), "{printed}");
    }
}
