//! Fields keep distinct keys, find their place, and stay bounded.

use super::*;

fn fields(pairs: &[(&'static str, &str)]) -> Fields {
    let mut fields = Fields::default();
    for (key, value) in pairs {
        fields.push(key, value);
    }
    fields
}

#[track_caller]
fn check(fields: &Fields, text: &str, json: &str) {
    let (mut as_text, mut as_json) = (Vec::new(), Vec::new());
    fields.write_text(&mut as_text);
    fields.write_json(&mut as_json);
    assert_eq!(String::from_utf8(as_text).unwrap(), text);
    assert_eq!(String::from_utf8(as_json).unwrap(), json);
}

#[test]
fn known_keys_stand_at_the_root_in_a_fixed_order_and_others_under_labels() {
    check(
        &fields(&[
            ("user.id", "7"),
            ("error.code", "E1"),
            ("http.response.status_code", "503"),
            ("trace.id", "ab"),
        ]),
        " user.id=7 error.code=E1 http.response.status_code=503 trace.id=ab",
        r#","trace.id":"ab","http.response.status_code":503,"error.code":"E1","labels":{"user_id":"7"}"#,
    );
}

#[test]
fn text_where_a_number_belongs_becomes_a_label() {
    for value in ["x", "-1", "007", "1e9", "", "9999999999999999999"] {
        let mut out = Vec::new();
        fields(&[("event.duration", value)]).write_json(&mut out);
        let expected = format!(r#","labels":{{"event_duration":"{value}"}}"#);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
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
    let mut own = fields(&[("a", "own")]);
    own.inherit(&fields(&[("a", "outer"), ("b", "outer")]));
    check(
        &own,
        " a=own b=outer",
        r#","labels":{"a":"own","b":"outer"}"#,
    );
}

#[test]
fn recording_the_same_field_for_ever_needs_no_more_room() {
    let mut span = fields(&[("a", "0"), ("b", "0")]);
    for _ in 0..1000 {
        span.update(&fields(&[("a", "1"), ("c", "2")]));
    }
    check(
        &span,
        " a=1 b=0 c=2",
        r#","labels":{"a":"1","b":"0","c":"2"}"#,
    );
    assert!(span.bytes.len() < 100);
}

#[test]
fn too_many_bytes_are_left_out_and_the_line_says_so() {
    const KEYS: [&str; 20] = [
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r",
        "s", "t",
    ];
    let value = "x".repeat(MAX_VALUE_BYTES);
    let mut huge = fields(&KEYS.map(|key| (key, value.as_str())));
    huge.finish();
    assert!(huge.bytes.len() < MAX_FIELD_BYTES + 4 * MAX_VALUE_BYTES);
    let mut out = Vec::new();
    huge.write_text(&mut out);
    assert!(out.ends_with(b" truncated=true"));
}
