//! Random fields in random trees of spans, held against a plain model.

use std::fmt;

use proptest::prelude::*;
use tracing::{Span, error, info_span};

use crate::support::logged_with;

/// The names of the fields below, in their order there: some of ECS, some that become the same in a line, some that lie.
const NAMES: [&str; 12] = [
    "user",
    "a.b",
    "a_b",
    "error",
    "err",
    "trace.id",
    "event.duration",
    "http.response.status_code",
    "@timestamp",
    "db.password",
    "log.level",
    "host",
];

/// A span or an event: which fields it has, in the order of the names.
type Fields = Vec<Option<Value>>;

#[derive(Clone, Debug)]
enum Value {
    Text(String),
    Debug(String),
    Signed(i64),
    Unsigned(u64),
    Wide(i128),
    Float(f64),
    Bool(bool),
    Fails,
}

struct Shown<'a>(&'a Value);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Debug(text) => f.write_str(text),
            _ => Err(fmt::Error),
        }
    }
}

impl Value {
    /// Hands the value over as the type that it is.
    fn with<T>(&self, work: impl FnOnce(&dyn tracing::Value) -> T) -> T {
        match self {
            Self::Text(text) => work(text),
            Self::Debug(_) | Self::Fails => work(&tracing::field::debug(Shown(self))),
            Self::Signed(value) => work(value),
            Self::Unsigned(value) => work(value),
            Self::Wide(value) => work(value),
            Self::Float(value) => work(value),
            Self::Bool(value) => work(value),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Text(text) | Self::Debug(text) => text.clone(),
            Self::Signed(value) => value.to_string(),
            Self::Unsigned(value) => value.to_string(),
            Self::Wide(value) => value.to_string(),
            Self::Float(value) if value.is_finite() => "a number".to_owned(),
            Self::Float(value) => value.to_string(),
            Self::Bool(value) => value.to_string(),
            Self::Fails => "[formatting failed]".to_owned(),
        }
    }

    fn float(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value).filter(|value| value.is_finite()),
            _ => None,
        }
    }
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        ".{0,12}".prop_map(Value::Text),
        "[\\x00-\\x1f\"\\\\= \u{202e}\u{85}a-c]{0,8}".prop_map(Value::Text),
        any::<String>().prop_map(Value::Debug),
        any::<i64>().prop_map(Value::Signed),
        any::<u64>().prop_map(Value::Unsigned),
        (0..1000_u64).prop_map(Value::Unsigned),
        any::<i128>().prop_map(Value::Wide),
        any::<f64>().prop_map(Value::Float),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Fails),
    ]
}

fn fields() -> impl Strategy<Value = Fields> {
    proptest::collection::vec(proptest::option::weighted(0.3, value()), NAMES.len())
}

/// Calls a macro with all the fields at once; those that are not there are `None`.
macro_rules! with_fields {
    ($fields:expr, $macro:ident!($($before:tt)*)) => {{
        let fields: &Fields = $fields;
        let values: Vec<Option<Box<dyn tracing::Value + '_>>> =
            fields.iter().map(|value| value.as_ref().map(boxed)).collect();
        let at = |index: usize| values[index].as_deref();
        $macro!(
            $($before)*
            user = at(0),
            a.b = at(1),
            a_b = at(2),
            error = at(3),
            err = at(4),
            trace.id = at(5),
            event.duration = at(6),
            http.response.status_code = at(7),
            "@timestamp" = at(8),
            db.password = at(9),
            log.level = at(10),
            host = at(11),
        )
    }};
}

fn boxed<'a>(value: &'a Value) -> Box<dyn tracing::Value + 'a> {
    match value {
        Value::Text(text) => Box::new(text.as_str()),
        Value::Debug(_) | Value::Fails => Box::new(tracing::field::debug(Shown(value))),
        Value::Signed(value) => Box::new(*value),
        Value::Unsigned(value) => Box::new(*value),
        Value::Wide(value) => Box::new(*value),
        Value::Float(value) => Box::new(*value),
        Value::Bool(value) => Box::new(*value),
    }
}

fn span(parent: Option<&Span>, fields: &Fields) -> Span {
    let parent = parent.and_then(Span::id);
    with_fields!(fields, info_span!(parent: parent, "span",))
}

/// A field as it should come out.
#[derive(Clone, Debug)]
struct Field {
    name: &'static str,
    key: String,
    value: Value,
    is_count: bool,
}

impl Field {
    fn new(name: &'static str, value: &Value) -> Self {
        let value = match name {
            "db.password" => Value::Text("[redacted]".to_owned()),
            _ => value.clone(),
        };
        let (key, is_count) = place(name, &value);
        Self {
            name,
            key,
            value,
            is_count,
        }
    }

    /// A line has room for only one of them.
    fn is(&self, other: &Self) -> bool {
        self.name == other.name || self.key == other.key
    }
}

/// Of two fields that are the same, the later one counts.
fn set(own: &mut Vec<Field>, fields: &Fields) {
    for (name, value) in NAMES.iter().zip(fields) {
        if let Some(value) = value {
            let field = Field::new(name, value);
            own.retain(|old| !old.is(&field));
            own.push(field);
        }
    }
}

/// What is said nearest counts.
fn inherit(all: &mut Vec<Field>, outer: &[Field]) {
    for field in outer {
        if !all.iter().any(|known| known.is(field)) {
            all.push(field.clone());
        }
    }
}

fn place(name: &str, value: &Value) -> (String, bool) {
    let text = value.text();
    let is_count = (1..=18).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    match name {
        "error" | "err" => ("error.message".to_owned(), false),
        "trace.id" => (name.to_owned(), false),
        "event.duration" | "http.response.status_code" if is_count => (name.to_owned(), true),
        _ => (format!("labels/{}", name.replace('.', "_")), false),
    }
}

fn agrees(found: &serde_json::Value, value: &Value, is_count: bool) -> bool {
    match (value.float(), found.as_str()) {
        // However it is written, it reads back as the same number.
        (Some(number), Some(text)) => text.parse() == Ok(number),
        (None, Some(text)) => text == value.text(),
        (_, None) => is_count && found.as_u64() == value.text().parse().ok(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_line_parses_and_says_what_was_said(
        outer in fields(),
        inner in fields(),
        recorded in fields(),
        event in fields(),
        message in any::<String>(),
        is_recorded in any::<bool>(),
    ) {
        let bench = logged_with(|config| config, |_| {
            let outer_span = span(None, &outer);
            let inner_span = span(Some(&outer_span), &inner);
            if is_recorded {
                for (name, value) in NAMES.iter().zip(&recorded) {
                    if let Some(value) = value {
                        value.with(|value| outer_span.record(*name, value));
                    }
                }
            }
            with_fields!(&event, error!(parent: &inner_span, message = %message,));
        });
        let [mut expected, mut inner_fields, mut outer_fields] = [const { Vec::new() }; 3];
        set(&mut expected, &event);
        set(&mut inner_fields, &inner);
        set(&mut outer_fields, &outer);
        if is_recorded {
            set(&mut outer_fields, &recorded);
        }
        inherit(&mut expected, &inner_fields);
        inherit(&mut expected, &outer_fields);
        let line = bench.only();
        prop_assert_eq!(&line["message"], &message);
        let labels = line.get("labels").and_then(|labels| labels.as_object());
        let labels = labels.cloned().unwrap_or_default();
        prop_assert_eq!(
            labels.len(),
            expected.iter().filter(|field| field.key.starts_with("labels/")).count()
        );
        for Field { key, value, is_count, .. } in &expected {
            let found = match key.strip_prefix("labels/") {
                Some(label) => labels.get(label),
                None => line.get(key),
            };
            let found = found.unwrap_or(&serde_json::Value::Null);
            prop_assert!(agrees(found, value, *is_count), "{}: {} for {:?}", key, found, value);
        }
        let text = bench.read("app.log");
        prop_assert_eq!(text.lines().count(), 1);
        prop_assert!(!text.trim_end_matches('\n').chars().any(char::is_control));
        let turns = text.contains(['\u{202e}', '\u{2028}', '\u{feff}']);
        prop_assert!(!turns);
        prop_assert_eq!(&bench.read("app_errors.log"), &text);
        let kept = bench.guard.handle().recent();
        prop_assert_eq!(kept.len(), 1);
        prop_assert_eq!(kept[0].fields.len(), expected.len());
    }
}
