//! What comes out stays in its line and in its string, whatever goes in.

use super::{class, key, shown, unjson};

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
