//! A layer over a folder of its own, and strict readers for what it writes.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::fs;
use std::time::Duration;

use serde_json::{Map, Value};
use tempfile::TempDir;
use tracing_subscriber::layer::SubscriberExt;
use watchkeep_logging::{Console, LogConfig, LogGuard};

pub(crate) const LONG: Duration = Duration::from_secs(30);

pub(crate) struct Bench {
    pub(crate) folder: TempDir,
    pub(crate) guard: LogGuard,
}

/// Runs `work` with a layer, and returns the folder with everything written.
pub(crate) fn logged(work: impl FnOnce()) -> Bench {
    logged_with(|config| config, |_| work())
}

pub(crate) fn logged_with(
    configure: impl FnOnce(LogConfig) -> LogConfig,
    work: impl FnOnce(&Bench),
) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let config = LogConfig::new("app")
        .with_console(Console::Off)
        .with_dir(Some(folder.path().to_owned()))
        .with_json(true);
    let (layer, guard) = configure(config).build().unwrap();
    let bench = Bench { folder, guard };
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || work(&bench));
    assert!(bench.guard.flush(LONG).is_complete());
    bench
}

impl Bench {
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// The text lines from the level on.
    pub(crate) fn text(&self) -> Vec<String> {
        let text = self.read("app.log");
        text.lines().map(|line| line[28..].to_owned()).collect()
    }

    /// The JSON lines, each checked against what every line must have.
    pub(crate) fn json(&self) -> Vec<Map<String, Value>> {
        self.read("app_json.log").lines().map(parse).collect()
    }

    pub(crate) fn only(&self) -> Map<String, Value> {
        let mut lines = self.json();
        assert_eq!(lines.len(), 1);
        lines.remove(0)
    }
}

#[track_caller]
fn parse(line: &str) -> Map<String, Value> {
    assert!(!line.chars().any(char::is_control), "{line}");
    let keys = top_keys(line);
    assert_eq!(
        &keys[..4],
        ["@timestamp", "log.level", "message", "ecs.version"],
        "{line}"
    );
    let object: Map<String, Value> = serde_json::from_str(line).unwrap();
    assert_eq!(keys.len(), object.len(), "a key comes twice: {line}");
    for (key, value) in &object {
        let fits = match key.as_str() {
            "process.pid" | "event.duration" | "http.response.status_code" => value.is_u64(),
            "labels" => value
                .as_object()
                .is_some_and(|labels| labels.values().all(Value::is_string)),
            _ => value.is_string(),
        };
        assert!(fits, "{key}: {line}");
    }
    if let Some(labels) = object.get("labels").and_then(Value::as_object) {
        let start = line.find("\"labels\":{").unwrap() + "\"labels\":".len();
        let end = line.len() - 1;
        assert_eq!(top_keys(&line[start..end]).len(), labels.len(), "{line}");
        assert!(
            labels.keys().all(|key| !key.contains(['.', '*', '\\'])),
            "{line}"
        );
    }
    object
}

/// The keys of an object in their order, also those that come twice; parsers forget both.
fn top_keys(object: &str) -> Vec<String> {
    let (mut keys, mut depth, mut key_next) = (Vec::new(), 0, false);
    let mut rest = object;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '{' => (depth, key_next) = (depth + 1, depth == 0),
            '}' => depth -= 1,
            ',' => key_next = depth == 1,
            '"' => {
                let bytes = rest.as_bytes();
                let mut end = 0;
                while bytes[end] != b'"' {
                    end += if bytes[end] == b'\\' { 2 } else { 1 };
                }
                if key_next && depth == 1 {
                    keys.push(rest[..end].to_owned());
                    key_next = false;
                }
                rest = &rest[end + 1..];
            }
            _ => {}
        }
    }
    keys
}
