//! The exact form of the lines.

use super::*;
use crate::fields::{Key, Style, Value};

const SERVICE: Service<'_> = Service {
    name: "api",
    version: Some("1.2.3"),
    environment: "prod\"\n",
    node_name: Some("n1"),
};

#[track_caller]
fn rendered(form: Form, level: Level, message: &str, fields: &Fields) -> String {
    let line = Line {
        time: "2026-08-22T10:15:30.123456789Z".parse().unwrap(),
        level,
        target: "api::db",
        message,
        fields,
        origin: None,
    };
    let mut out = Vec::new();
    Renderer::new(SERVICE).render(form, line, &mut ThreadParts::default(), &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn text_line_has_time_level_target_message_and_pairs() {
    let mut fields = Fields::default();
    fields.push(
        &Style::all(),
        &Key::new(&Style::all(), "user"),
        Value::Text("a b"),
    );
    assert_eq!(
        rendered(Form::Text, Level::ERROR, "it\nbroke", &fields),
        "2026-08-22T10:15:30.123456Z ERROR api::db it\\nbroke user=\"a b\"\n"
    );
    assert_eq!(
        rendered(Form::Text, Level::INFO, "", &Fields::default()),
        "2026-08-22T10:15:30.123456Z  INFO api::db\n"
    );
}

#[test]
fn json_line_has_its_keys_in_the_order_of_ecs() {
    let mut fields = Fields::default();
    fields.push(
        &Style::all(),
        &Key::new(&Style::all(), "error.code"),
        Value::Text("E1"),
    );
    fields.push(
        &Style::all(),
        &Key::new(&Style::all(), "user"),
        Value::Text("a b"),
    );
    let line = rendered(Form::Json, Level::ERROR, "it \"broke\"\n", &fields);
    let pid = std::process::id();
    let thread = std::thread::current().name().unwrap().to_owned();
    assert_eq!(
        line,
        format!(
            r#"{{"@timestamp":"2026-08-22T10:15:30.123456Z","log.level":"ERROR","message":"it \"broke\"\n","ecs.version":"8.17.0","service.name":"api","service.version":"1.2.3","service.environment":"prod\"\n","service.node.name":"n1","event.dataset":"api","log.logger":"api::db","process.pid":{pid},"process.thread.name":"{thread}","error.code":"E1","labels":{{"user":"a b"}}}}"#
        ) + "\n"
    );
}

#[test]
fn pretty_line_has_colors_only_where_they_are_wanted() {
    let fields = Fields::default();
    let plain = rendered(
        Form::Pretty { color: false },
        Level::WARN,
        "a\x1bb",
        &fields,
    );
    assert!(plain.ends_with(".123  WARN api::db a\\u{1b}b\n"), "{plain}");
    let colored = rendered(Form::Pretty { color: true }, Level::WARN, "x", &fields);
    assert!(colored.contains("\x1b[33m WARN\x1b[0m"), "{colored:?}");
}

#[test]
fn stamps_follow_the_clock_in_both_directions() {
    let mut stamps = Stamps::default();
    for text in [
        "2026-08-22T10:15:30.123456Z",
        "2026-08-22T10:15:30.000001Z",
        "2026-08-22T10:15:29.999999Z",
        "2027-01-01T00:00:00.000000Z",
        "1970-01-01T00:00:00.000000Z",
    ] {
        let stamp = stamps.utc(text.parse().unwrap());
        assert_eq!(std::str::from_utf8(stamp).unwrap(), text);
    }
    for second in ["30", "31"] {
        let time = format!("2026-08-22T10:15:{second}.123456Z")
            .parse()
            .unwrap();
        let stamp = stamps.local(time, &TimeZone::UTC);
        assert_eq!(stamp, format!("10:15:{second}.123").as_bytes());
    }
    let before = "1969-07-20T20:17:40Z".parse().unwrap();
    assert_eq!(stamps.utc(before), b"1970-01-01T00:00:00.000000Z");
}
