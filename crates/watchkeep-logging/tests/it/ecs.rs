//! What a line of ECS must have, and all that it may have: the types of its index, and no key twice anywhere.
//!
//! The types are those of ECS 8.17; the order of the first keys is that of the specification of ECS logging.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

const FIRST: [&str; 4] = ["@timestamp", "log.level", "message", "ecs.version"];
const LEVELS: [&str; 5] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"];
const KEYWORDS: [&str; 18] = [
    "message",
    "ecs.version",
    "service.name",
    "service.version",
    "service.environment",
    "service.node.name",
    "event.dataset",
    "log.logger",
    "process.thread.name",
    "error.code",
    "error.message",
    "error.stack_trace",
    "error.type",
    "http.request.id",
    "http.request.method",
    "span.id",
    "trace.id",
    "transaction.id",
];

/// Reads a line; everything that Elasticsearch or Filebeat would stumble over is a panic.
#[track_caller]
pub(crate) fn parse(line: &str) -> Map<String, Value> {
    match check(line) {
        Ok(object) => object,
        Err(problem) => panic!("{problem}: {line}"),
    }
}

pub(crate) fn check(line: &str) -> Result<Map<String, Value>, String> {
    if line.chars().any(char::is_control) {
        return Err("a raw control character".to_owned());
    }
    let Distinct(keys) = serde_json::from_str(line).map_err(|error| error.to_string())?;
    if !keys.iter().map(String::as_str).take(4).eq(FIRST) {
        return Err(format!("begins with {keys:?}"));
    }
    let object: Map<String, Value> = serde_json::from_str(line).map_err(|e| e.to_string())?;
    for (key, value) in &object {
        if !fits(key, value) {
            return Err(format!("`{key}` is no such thing in ECS: {value}"));
        }
    }
    Ok(object)
}

fn fits(key: &str, value: &Value) -> bool {
    match key {
        "@timestamp" => value.as_str().is_some_and(|text| {
            text.len() == 27 && text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok()
        }),
        "log.level" => LEVELS.iter().any(|level| value == level),
        "url.path" => value.is_string(),
        "process.pid" | "event.duration" | "http.response.status_code" => value.is_i64(),
        "log.origin" => is_origin(value),
        "labels" => has_labels(value, Value::is_string),
        "numeric_labels" => has_labels(value, |value| value.is_i64() || value.is_f64()),
        _ => KEYWORDS.contains(&key) && value.is_string(),
    }
}

fn is_origin(value: &Value) -> bool {
    let only = |value: &Value, keys: &[&str]| {
        let object = value.as_object();
        object.is_some_and(|object| object.keys().all(|key| keys.contains(&key.as_str())))
    };
    let file = &value["file"];
    only(value, &["file"])
        && only(file, &["name", "line"])
        && file["name"].is_string()
        && file["line"].is_i64()
}

fn has_labels(value: &Value, fits: fn(&Value) -> bool) -> bool {
    value.as_object().is_some_and(|labels| {
        !labels.is_empty()
            && labels.values().all(fits)
            && labels
                .keys()
                .all(|key| !key.trim().is_empty() && !key.contains(['.', '*', '\\']))
    })
}

/// The keys of a value that is an object, in their order; a key that comes twice in any object is an error.
struct Distinct(Vec<String>);

struct Reader;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Distinct;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Distinct, A::Error> {
        let mut keys: Vec<String> = Vec::new();
        while let Some((key, Distinct(_))) = map.next_entry::<String, Distinct>()? {
            if keys.contains(&key) {
                return Err(de::Error::custom(format!("key `{key}` comes twice")));
            }
            keys.push(key);
        }
        Ok(Distinct(keys))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Distinct, A::Error> {
        while items.next_element::<Distinct>()?.is_some() {}
        Ok(Distinct(Vec::new()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Distinct, E> {
        Ok(Distinct(Vec::new()))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Distinct, E> {
        Ok(Distinct(Vec::new()))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Distinct, E> {
        Ok(Distinct(Vec::new()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Distinct, E> {
        Ok(Distinct(Vec::new()))
    }

    fn visit_str<E>(self, _: &str) -> Result<Distinct, E> {
        Ok(Distinct(Vec::new()))
    }

    fn visit_unit<E>(self) -> Result<Distinct, E> {
        Ok(Distinct(Vec::new()))
    }
}

const GOOD: &str = r#"{"@timestamp":"2026-08-22T10:15:30.123456Z","log.level":"INFO","message":"m","ecs.version":"8.17.0","#;

#[test]
fn good_lines_pass() {
    for rest in [
        r#""trace.id":"t"}"#,
        r#""labels":{"a":"1"},"event.duration":7}"#,
        r#""numeric_labels":{"a":1,"b":-0.5}}"#,
        r#""log.origin":{"file":{"name":"a.rs","line":1}}}"#,
    ] {
        parse(&format!("{GOOD}{rest}"));
    }
}

#[test]
fn lines_that_an_index_or_a_shipper_refuses_are_refused_here() {
    for rest in [
        r#""trace.id":7}"#,
        r#""trace.id":"t","trace.id":"t"}"#,
        r#""labels":{"a":"1","a":"2"}}"#,
        r#""labels":{"a":1}}"#,
        r#""labels":{"a.b":"1"}}"#,
        r#""labels":{}}"#,
        r#""labels":{"":"1"}}"#,
        r#""numeric_labels":{"a":"1"}}"#,
        r#""event.duration":"7"}"#,
        r#""event.duration":18446744073709551615}"#,
        r#""host":"h"}"#,
        r#""@metadata":{}}"#,
        r#""log.origin":"a.rs"}"#,
        r#""trace.id":null}"#,
    ] {
        assert!(check(&format!("{GOOD}{rest}")).is_err(), "{rest}");
    }
    let late = r#"{"log.level":"INFO","@timestamp":"2026-08-22T10:15:30.123456Z","message":"m","ecs.version":"8"}"#;
    assert!(check(late).is_err());
}
