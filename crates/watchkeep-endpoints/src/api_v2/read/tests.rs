//! Bodies as clients write them, and as they should not.

use super::*;

fn alert(text: &str) -> Result<PostedAlert<'_>, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

#[test]
fn names_of_fields_are_read_in_any_case_and_the_last_one_counts() {
    let text = r#"{"Labels":{"a":"1"},"x":[{}],"GENERATORurl":"/g","labels":{"a":"2","b":null,"a":"3"},"annotations":null}"#;
    let alert = alert(text).unwrap();
    let labels = alert.labels.unwrap();
    // Of the names of one object the engine takes the last.
    let wanted = [("a", "2"), ("b", ""), ("a", "3")];
    assert_eq!(
        labels,
        wanted.map(|(name, value)| (name.into(), value.into()))
    );
    assert_eq!(alert.generator_url, "/g");
    assert!(alert.annotations.is_empty());
}

#[test]
fn an_escaped_name_is_a_name() {
    assert!(alert(r#"{"l\u0061bels":{}}"#).unwrap().labels.is_some());
}

#[test]
fn what_is_of_another_type_is_refused() {
    for text in [
        r#"{"labels":{"a":1}}"#,
        r#"{"labels":[]}"#,
        r#"{"startsAt":5}"#,
        r#"{"startsAt":"x"}"#,
        "[]",
        "\"x\"",
    ] {
        assert!(alert(text).is_err(), "{text}");
    }
}

#[test]
fn a_bomb_of_labels_is_refused_while_it_is_read() {
    let labels = |count: usize| {
        let labels: Vec<_> = (0..count).map(|n| format!("\"l{n}\":\"\"")).collect();
        let text = format!("{{\"labels\":{{{}}}}}", labels.join(","));
        alert(&text).map(drop)
    };
    assert!(labels(MOST).is_ok());
    assert!(
        labels(MOST + 1)
            .unwrap_err()
            .contains("more than 1000 names")
    );
}

#[test]
fn a_silence_is_read() {
    let text = r#"{"ID":"x","comment":"c","createdBy":"b","startsAt":"2020-01-01T00:00:00Z","matchers":[{"name":"a","value":"b","isRegex":false},null]}"#;
    let silence: PostedSilence = serde_json::from_str(text).unwrap();
    assert_eq!(silence.id.as_deref(), Some("x"));
    assert_eq!(silence.ends_at, None);
    let matchers = silence.matchers.unwrap();
    let first = matchers[0].as_ref().unwrap();
    assert_eq!((first.is_regex, first.is_equal), (Some(false), None));
    assert!(matchers[1].is_none());
}
