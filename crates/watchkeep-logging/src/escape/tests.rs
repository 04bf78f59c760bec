//! What comes out stays in its line and in its string, whatever goes in.

use proptest::prelude::*;

use super::{class, key, one_line_json, shown};

/// What the text needs is found out by its class, and what has no class is copied as it is.
fn text(out: &mut Vec<u8>, input: &str) {
    super::text(out, input, class(input));
}

fn json(out: &mut Vec<u8>, input: &str) {
    super::json(out, input, class(input));
}

fn value(out: &mut Vec<u8>, input: &str) {
    super::value(out, input, class(input));
}

fn unjson(value: &[u8]) -> String {
    let mut out = String::new();
    super::unjson(&mut out, value);
    out
}

#[track_caller]
fn check(write: fn(&mut Vec<u8>, &str), input: &str, expected: &str) {
    let mut out = Vec::new();
    write(&mut out, input);
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn text_escapes_what_ends_lines_drives_terminals_or_turns_the_direction() {
    check(text, "plain, größer, 你好, 👩‍🚀", "plain, größer, 你好, 👩‍🚀");
    check(text, "a\nb\r\tc", "a\\nb\\r\\tc");
    check(
        text,
        "\x1b[31mred\x07\0\x7f",
        "\\u{1b}[31mred\\u{7}\\u{0}\\u{7f}",
    );
    check(text, "\u{85}\u{9b}", "\\u{85}\\u{9b}");
    check(
        text,
        "a\u{202e}b\u{2066}c\u{2028}d",
        "a\\u{202e}b\\u{2066}c\\u{2028}d",
    );
    check(
        text,
        "\u{61c}\u{200f}\u{feff}",
        "\\u{61c}\\u{200f}\\u{feff}",
    );
    check(text, r"C:\new", r"C:\new");
}

#[test]
fn json_of_others_is_the_same_value_on_one_line() {
    let odd = "{\"a\u{9b}\":\r\n\t\"\u{202e}\u{7f}ü\\n\"}";
    let harmless = one_line_json(odd);
    assert_eq!(harmless, "{\"a\\u009b\":   \"\\u202e\\u007fü\\n\"}");
    let values = [odd, &harmless].map(serde_json::from_str::<serde_json::Value>);
    assert_eq!(values[0].as_ref().unwrap(), values[1].as_ref().unwrap());
}

#[test]
fn json_reads_back_as_the_same_text() {
    for c in (0..0x3000)
        .chain(0xfe00..=0xffff)
        .filter_map(char::from_u32)
    {
        let input = format!("a{c}\"\\b");
        let mut out = b"\"".to_vec();
        json(&mut out, &input);
        out.push(b'"');
        assert!(!out.iter().any(|b| *b < 0x20), "{c:?}");
        let back: String = serde_json::from_slice(&out).unwrap();
        assert_eq!(back, input);
        assert_eq!(unjson(&out), input);
    }
}

#[test]
fn value_is_quoted_where_it_could_be_taken_for_more() {
    check(value, "7", "7");
    check(value, r"C:\new", r"C:\new");
    check(value, "", "\"\"");
    check(value, "a b", "\"a b\"");
    check(value, "x level=ERROR", "\"x level=ERROR\"");
    check(value, "say \"hi\"\n", "\"say \\\"hi\\\"\\n\"");
    check(
        value,
        r#""quoted by \"Debug\"""#,
        r#""quoted by \"Debug\"""#,
    );
    check(
        value,
        "\"a\" forged=\"b\"",
        "\"\\\"a\\\" forged=\\\"b\\\"\"",
    );
    check(value, "\u{202e}", "\"\\u{202e}\"");
}

#[test]
fn key_is_one_word() {
    check(key, "a b=c\n\"d", "a_b_c__d");
}

#[test]
fn shown_value_is_short() {
    assert_eq!(shown("a\nb"), "a\\nb");
    assert_eq!(shown(&"ä".repeat(60)), format!("{}…", "ä".repeat(50)));
}

/// Text that is likely to hold what matters.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        "[\\x00-\\x20\"\\\\=\\x7f-\u{a0}a]{0,6}",
        "[\u{61c}\u{200e}\u{200f}\u{2028}-\u{202e}\u{2066}-\u{2069}\u{feff}\u{3000}ä€😀]{0,4}",
    ];
    proptest::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

/// The text escaper once more, one character at a time.
fn plain_reference(input: &str) -> String {
    let mut out = String::new();
    for c in input.chars() {
        let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
            || ('\u{2028}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c);
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || turns => out += &format!("\\u{{{:x}}}", u32::from(c)),
            c => out.push(c),
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn json_agrees_with_a_parser_on_any_input(input in hostile()) {
        let mut out = b"\"".to_vec();
        json(&mut out, &input);
        out.push(b'"');
        prop_assert!(!out.iter().any(u8::is_ascii_control));
        let back: String = serde_json::from_slice(&out).unwrap();
        prop_assert_eq!(&back, &input);
        prop_assert_eq!(unjson(&out), input);
    }

    #[test]
    fn text_agrees_with_a_plain_reference_on_any_input(input in hostile()) {
        let mut out = Vec::new();
        text(&mut out, &input);
        prop_assert_eq!(String::from_utf8(out).unwrap(), plain_reference(&input));
    }

    #[test]
    fn value_and_key_are_one_word_or_one_quoted_string(input in hostile()) {
        let mut out = Vec::new();
        value(&mut out, &input);
        let shown = String::from_utf8(out).unwrap();
        let is_bare = !shown.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '='));
        let inner = shown.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let is_quoted = inner.is_some_and(|inner| {
            let without_pairs = inner.replace("\\\\", "").replace("\\\"", "");
            !without_pairs.contains('"')
        });
        prop_assert!((is_bare && !shown.is_empty()) || is_quoted, "{}", shown);
        let mut out = Vec::new();
        key(&mut out, &input);
        let shown = String::from_utf8(out).unwrap();
        prop_assert!(!shown.contains(|c: char| c.is_whitespace() || c.is_control() || "\"=".contains(c)));
    }
}
