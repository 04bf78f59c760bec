//! Fields keep distinct keys, find their place, and stay bounded.

use super::*;

/// More than a line has room for, when each is as long as a value may be.
const KEYS: [&str; 20] = [
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s",
    "t",
];

fn fields(pairs: &[(&'static str, &str)]) -> Fields {
    let mut fields = Fields::default();
    for (key, value) in pairs {
        fields.push(
            &Style::all(),
            &Key::new(&Style::all(), key),
            Value::Text(value),
        );
    }
    fields
}

/// What an event would copy from a span with these fields of its own.
fn span(fields: &Fields) -> SpanFields {
    SpanFields::new(fields, fields.count(), 0, 0, 0)
}

/// The members of an ECS line that the fields become.
fn json(fields: &Fields) -> String {
    let labels = fields.region(Region::Labels);
    let mut out = fields.region(Region::Roots).to_vec();
    if let Some((_, labels)) = labels.split_first() {
        out.extend_from_slice(b",\"labels\":{");
        out.extend_from_slice(labels);
        out.push(b'}');
    }
    String::from_utf8(out).unwrap()
}

#[track_caller]
fn check(fields: &Fields, text: &str, members: &str) {
    let as_text = fields.region(Region::Text);
    assert_eq!(std::str::from_utf8(as_text).unwrap(), text);
    assert_eq!(json(fields), members);
}

#[test]
fn known_keys_stand_at_the_root_and_others_under_labels() {
    check(
        &fields(&[
            ("user.id", "7"),
            ("error.code", "E1"),
            ("http.response.status_code", "503"),
            ("trace.id", "ab"),
        ]),
        " user.id=7 error.code=E1 http.response.status_code=503 trace.id=ab",
        r#","error.code":"E1","http.response.status_code":503,"trace.id":"ab","labels":{"user_id":"7"}"#,
    );
}

#[test]
fn text_where_a_number_belongs_becomes_a_label() {
    for value in ["x", "-1", "007", "1e9", "", "9999999999999999999"] {
        let expected = format!(r#","labels":{{"event_duration":"{value}"}}"#);
        assert_eq!(json(&fields(&[("event.duration", value)])), expected);
    }
}

#[test]
fn last_of_two_equal_keys_counts() {
    check(
        &fields(&[("a", "1"), ("b", "2"), ("a", "3")]),
        " b=2 a=3",
        r#","labels":{"b":"2","a":"3"}"#,
    );
    check(
        &fields(&[("a.b", "1"), ("a_b", "2")]),
        " a_b=2",
        r#","labels":{"a_b":"2"}"#,
    );
    check(
        &fields(&[("error", "1"), ("err", "2")]),
        " err=2",
        r#","error.message":"2""#,
    );
    check(
        &fields(&[("r#type", "1"), ("@metadata", "2"), ("host", "3")]),
        " type=1 @metadata=2 host=3",
        r#","labels":{"type":"1","@metadata":"2","host":"3"}"#,
    );
}

#[test]
fn inherited_field_does_not_replace_an_own_one() {
    let outer = span(&fields(&[
        ("a", "outer"),
        ("b", "outer"),
        ("trace.id", "t"),
    ]));
    let expected = (
        " a=own b=outer trace.id=t",
        r#","trace.id":"t","labels":{"a":"own","b":"outer"}"#,
    );
    let mut own = fields(&[("a", "own")]);
    own.inherit(&outer);
    check(&own, expected.0, expected.1);
    let mut own = fields(&[("a", "own")]);
    own.append(&outer);
    check(&own, expected.0, expected.1);
}

#[test]
fn fields_copied_at_once_are_the_same_as_those_copied_one_by_one() {
    let outer = span(&fields(&[("b", "1"), ("error", "2"), ("c.d", "3")]));
    let mut at_once = fields(&[("a", "own")]);
    at_once.append(&outer);
    let mut one_by_one = fields(&[("a", "own")]);
    one_by_one.inherit(&outer);
    assert_eq!(at_once.regions, one_by_one.regions);
    let pairs: Vec<_> = one_by_one.pairs().collect();
    let expected = [
        ("a", "\"own\""),
        ("b", "\"1\""),
        ("error", "\"2\""),
        ("c.d", "\"3\""),
    ];
    assert_eq!(pairs, expected.map(|(key, value)| (key, value.as_bytes())));
}

#[test]
fn fields_behind_one_that_is_replaced_are_still_found() {
    let replaced = fields(&[("a", "first"), ("trace.id", "t"), ("b", "2"), ("a", "3")]);
    let pairs: Vec<_> = replaced.pairs().collect();
    let expected = [("trace.id", "\"t\""), ("b", "\"2\""), ("a", "\"3\"")];
    assert_eq!(pairs, expected.map(|(key, value)| (key, value.as_bytes())));
    let mut copied = Fields::default();
    copied.inherit(&span(&replaced));
    assert_eq!(copied.regions, replaced.regions);
    check(
        &fields(&[("a", "1"), ("b", "2"), ("c", "3"), ("a", "44"), ("b", "5")]),
        " c=3 a=44 b=5",
        r#","labels":{"c":"3","a":"44","b":"5"}"#,
    );
}

#[test]
fn recorded_field_may_take_the_place_of_two() {
    let known = span(&fields(&[("event_duration", "x"), ("event.duration", "5")]));
    let mut merged = Fields::default();
    merged.merge(Some(&known), &fields(&[("event.duration", "unknown")]));
    check(
        &merged,
        " event.duration=unknown",
        r#","labels":{"event_duration":"unknown"}"#,
    );
}

#[test]
fn fields_copied_at_once_have_no_more_room_than_others() {
    let value = "x".repeat(MAX_VALUE_BYTES);
    let half = |keys: &[&'static str]| {
        let pairs: Vec<_> = keys.iter().map(|key| (*key, value.as_str())).collect();
        fields(&pairs)
    };
    let mut own = half(&KEYS[..7]);
    own.append(&span(&half(&KEYS[7..14])));
    assert!(own.truncated);
    assert!(own.bytes() < MAX_FIELD_BYTES + 3 * MAX_VALUE_BYTES);
}

#[test]
fn cleared_fields_know_nothing_of_older_ones() {
    let mut used = fields(&[("a", "1"), ("trace.id", "2")]);
    used.truncated = true;
    used.clear();
    assert_eq!(
        (used.mask, used.truncated, used.bytes(), used.count()),
        (0, false, 0, 0)
    );
}

#[test]
fn recording_the_same_field_for_ever_needs_no_more_room() {
    let mut known = span(&fields(&[("a", "0"), ("b", "0")]));
    let mut merged = Fields::default();
    for _ in 0..1000 {
        merged.merge(Some(&known), &fields(&[("a", "1"), ("c", "2")]));
        known = span(&merged);
    }
    check(
        &merged,
        " a=1 b=0 c=2",
        r#","labels":{"a":"1","b":"0","c":"2"}"#,
    );
}

#[test]
fn numbers_are_numbers_only_where_that_is_wanted() {
    let style = Style {
        numeric_labels: true,
        ..Style::all()
    };
    let mut fields = Fields::default();
    fields.push(&style, &Key::new(&style, "count"), Value::Number("7"));
    fields.push(&style, &Key::new(&style, "ratio"), Value::Number("0.5"));
    fields.push(
        &style,
        &Key::new(&style, "big"),
        Value::Plain("18446744073709551615"),
    );
    assert_eq!(fields.region(Region::Numbers), br#","count":7,"ratio":0.5"#);
    assert_eq!(
        fields.region(Region::Labels),
        br#","big":"18446744073709551615""#
    );
    fields.push(&style, &Key::new(&style, "count"), Value::Text("seven"));
    assert_eq!(fields.region(Region::Numbers), br#","ratio":0.5"#);
    assert_eq!(
        fields.region(Region::Text),
        b" ratio=0.5 big=18446744073709551615 count=seven"
    );
}

#[test]
fn secrets_are_left_out_wherever_they_come_from() {
    let outer = span(&fields(&[("db.password", "hunter2"), ("user", "u")]));
    let mut own = fields(&[("authorization", "Bearer abc")]);
    own.append(&outer);
    check(
        &own,
        " authorization=[redacted] db.password=[redacted] user=u",
        r#","labels":{"authorization":"[redacted]","db_password":"[redacted]","user":"u"}"#,
    );
}

#[test]
fn too_many_bytes_are_left_out_and_the_line_says_so() {
    let value = "x".repeat(MAX_VALUE_BYTES);
    let mut huge = fields(&KEYS.map(|key| (key, value.as_str())));
    huge.finish(&Style::all());
    assert!(huge.bytes() < 2 * MAX_FIELD_BYTES + 8 * MAX_VALUE_BYTES);
    assert!(huge.region(Region::Text).ends_with(b" truncated=true"));
    let outer = span(&huge);
    let mut own = fields(&[("own", "1")]);
    own.append(&outer);
    own.append(&span(&fields(&[("late", "1")])));
    own.finish(&Style::all());
    assert!(own.region(Region::Text).ends_with(b" truncated=true"));
}

#[test]
fn word_on_what_was_left_out_comes_once() {
    let value = "x".repeat(MAX_VALUE_BYTES);
    let keys = ["a", "b", "c", "d", "e", "f", "g", "h", "truncated", "i"];
    let huge = span(&fields(&keys.map(|key| (key, value.as_str()))));
    assert!(huge.is_truncated());
    let mut gathered = Fields::default();
    gathered.inherit_own(&huge);
    assert!(gathered.truncated);
    // Recorded anew the values are small, but what was left out is not there again.
    let mut small = Fields::default();
    small.merge(Some(&huge), &fields(&keys.map(|key| (key, "1"))));
    let mut event = Fields::default();
    event.append(&span(&small));
    event.finish(&Style::all());
    let text = String::from_utf8(event.region(Region::Text).to_vec()).unwrap();
    assert_eq!(text.matches(" truncated=").count(), 1, "{text}");
    assert!(
        text.starts_with(" a=1 b=1") && text.ends_with(" truncated=true"),
        "{text}"
    );
}

#[test]
fn fields_of_an_ancestor_that_are_left_out_are_told_too() {
    let value = "x".repeat(MAX_VALUE_BYTES);
    let mut own = Fields::default();
    for key in KEYS {
        if own.bytes() <= MAX_FIELD_BYTES {
            own.push(
                &Style::all(),
                &Key::new(&Style::all(), key),
                Value::Text(&value),
            );
        }
    }
    assert!(!own.truncated);
    own.inherit_own(&span(&fields(&[("late", "1")])));
    assert!(own.truncated);
}
