//! Files that were broken at random: never a panic, and nothing is taken that amtool refuses for what we check too.

use serde_json::{Map, Value, json};
use watchkeep_alerts::config::Config;

use super::amtool::Amtool;
use super::{pick, random, rounds};

/// A file with a bit of everything, valid for amtool 0.25 and for us.
fn good() -> Value {
    json!({
        "global": {
            "resolve_timeout": "5m", "smtp_from": "a@b", "smtp_smarthost": "c:25", "smtp_require_tls": true,
            "slack_api_url": "https://a/b", "pagerduty_url": "https://a/c", "telegram_api_url": "https://d",
        },
        "route": {
            "receiver": "a", "group_by": ["alertname", "service"], "group_wait": "30s", "group_interval": "5m",
            "repeat_interval": "4h",
            "routes": [
                {"receiver": "b", "matchers": ["severity=critical", "team=~\"web|api\""], "continue": true,
                    "mute_time_intervals": ["nights"], "routes": [
                        {"receiver": "c", "match": {"service": "db"}, "group_by": ["..."]},
                        {"match_re": {"service": "x.*"}, "active_time_intervals": ["days"]},
                ]},
                {"receiver": "d", "matchers": ["team!=web"], "group_wait": "0s"},
            ],
        },
        "receivers": [
            {"name": "a"},
            {"name": "b", "webhook_configs": [{"url": "http://a/b", "max_alerts": 3}], "email_configs": [{"to": "x@y"}]},
            {"name": "c", "slack_configs": [{"channel": "#c", "send_resolved": true}], "pagerduty_configs": [{"routing_key": "k"}]},
            {"name": "d", "telegram_configs": [{"bot_token": "t", "chat_id": -5}], "discord_configs": [{"webhook_url": "https://e"}]},
        ],
        "inhibit_rules": [
            {"source_matchers": ["severity=critical"], "target_matchers": ["severity=~\"info|error\""], "equal": ["service"]},
            {"source_match": {"a": "b"}, "target_match_re": {"c": "d|e"}},
        ],
        "time_intervals": [
            {"name": "nights", "time_intervals": [{
                "times": [{"start_time": "22:00", "end_time": "24:00"}], "weekdays": ["monday:friday"],
                "days_of_month": ["1:5", "-3:-1"], "months": ["1:3", "december"], "years": ["2020:2030"],
                "location": "Europe/Berlin",
            }]},
            {"name": "days", "time_intervals": []},
        ],
    })
}

/// What a value may become.
const VALUES: &[&str] = &[
    "\"\"",
    "0",
    "\"0\"",
    "1",
    "-1",
    "true",
    "false",
    "\"a\"",
    "\"z\"",
    "\"5m\"",
    "\"1.5m\"",
    "\"...\"",
    "[]",
    "{}",
    "[\"a\"]",
    "[\"a\",\"a\"]",
    "{\"a\":\"b\"}",
    "\"http://x\"",
    "\"x:1\"",
    "\"(\"",
    "\"a=~(\"",
    "[[]]",
    "\"nights\"",
    "\"monday\"",
    "\"3:1\"",
    "{\"name\":\"a\"}",
];

const FIELDS: &[&str] = &[
    "name",
    "receiver",
    "matchers",
    "match",
    "match_re",
    "routes",
    "continue",
    "group_by",
    "url",
    "foo",
    "times",
    "equal",
    "api_url",
    "to",
    "mute_time_intervals",
    "time_intervals",
    "receivers",
    "group_interval",
    "webhook_configs",
    "source_match",
];

/// Reasons of amtool for what is right with us: newer grammars.
const NEWER: &[&str] = &[
    "bad matcher format",
    "invalid label name",
    "is not a valid label name",
];

/// What amtool says when a null erases an address that has a default; with us it stays.
const ERASED: &str = "no global PagerDuty URL set";

/// Our reasons for what amtool takes, though it can never hold.
const STRICTER: &[&str] = &["a month is not january to december"];

/// Changes one thing, somewhere.
fn mutate(random: &mut fastrand::Rng, value: &mut Value) {
    let deeper = random.u8(0..8) > 0;
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let at = random.usize(..fields.len());
            let name = fields.keys().nth(at).cloned().unwrap_or_default();
            match fields.get_mut(&name) {
                Some(inner) if deeper => mutate(random, inner),
                _ => change_field(random, fields, &name),
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let at = random.usize(..items.len());
            match random.u8(0..8) {
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                2 => items.swap(0, at),
                _ => mutate(random, &mut items[at]),
            }
        }
        _ => *value = serde_json::from_str(pick(random, VALUES)).expect("they are JSON"),
    }
}

fn change_field(random: &mut fastrand::Rng, fields: &mut Map<String, Value>, name: &str) {
    let value = fields.remove(name).unwrap_or_default();
    match random.u8(0..4) {
        0 => {}
        1 => drop(fields.insert(pick(random, FIELDS).to_owned(), value)),
        2 => drop(fields.insert(name.to_owned(), Value::Null)),
        _ => {
            fields.insert(pick(random, FIELDS).to_owned(), value.clone());
            fields.insert(name.to_owned(), value);
        }
    }
}

/// Returns the file with one to three things changed.
pub(super) fn mutated(random: &mut fastrand::Rng) -> String {
    let mut file = good();
    for _ in 0..random.usize(1..4) {
        mutate(random, &mut file);
    }
    file.to_string()
}

/// Compares verdicts, and returns how many files both refused.
#[track_caller]
fn compare(amtool: &Amtool, files: &[String], seed: u64) -> usize {
    let mut refused = 0;
    let mut wrong = Vec::new();
    for (text, theirs) in files.iter().zip(amtool.verdicts(files)) {
        match (Config::from_yaml(text), theirs) {
            (Ok(_), Ok(())) => {}
            (Err(_), Err(_)) => refused += 1,
            (Err(error), Ok(())) if error.is_unsupported() => {}
            (Err(error), Ok(())) if STRICTER.iter().any(|known| error.reason().contains(known)) => {
            }
            (Ok(_), Err(reason)) if reason == ERASED => {}
            (Ok(_), Err(reason)) if NEWER.iter().any(|newer| reason.contains(newer)) => {}
            (ours, theirs) => wrong.push(format!(
                "{text}\n amtool says {theirs:?}, we {:?}",
                ours.err()
            )),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} (seed {seed}):\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
    refused
}

#[test]
fn files_with_changed_fields_have_the_verdict_of_amtool() {
    let Some(amtool) = Amtool::find() else {
        return;
    };
    let (mut random, seed) = random();
    let mut files = vec![good().to_string()];
    assert_eq!(compare(&amtool, &files, seed), 0, "the file is valid");
    for _ in 0..rounds(1_200) {
        files.push(mutated(&mut random));
    }
    let refused = compare(&amtool, &files, seed);
    let share = refused as f64 / files.len() as f64;
    assert!(
        (0.2..0.95).contains(&share),
        "{share} of the files are refused"
    );
}
