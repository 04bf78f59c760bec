//! The value of a key in a line of ours, found without reading the line as JSON.

use memchr::memchr2;

/// The line is not as ours are, or the value has escapes: it must be read as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unclear;

/// Returns the text, number or boolean that stands under a key, as [`Record::get`](crate::query::Record::get) does; `None`: the key does not stand there.
///
/// A line is walked over from key to key, which is a twentieth of the work of reading it.
pub(super) fn text<'a>(line: &'a [u8], key: &str) -> Result<Option<&'a str>, Unclear> {
    let mut rest = line.strip_prefix(b"{").ok_or(Unclear)?;
    if line.last() != Some(&b'}') {
        return Err(Unclear);
    }
    // The object that the longest beginning of the key names, and the rest of the key.
    let mut inside: Option<(&[u8], &str)> = None;
    loop {
        let (name, has_escapes, behind) = string(rest)?;
        if has_escapes {
            return Err(Unclear);
        }
        let value = behind.strip_prefix(b":").ok_or(Unclear)?;
        if name == key.as_bytes() {
            return scalar(value).map(Some);
        }
        rest = behind_value(value)?;
        if let Some(inner) = behind_name(key, name)
            && value.first() == Some(&b'{')
            && inside.is_none_or(|(_, shortest)| inner.len() < shortest.len())
        {
            inside = Some((&value[..value.len() - rest.len()], inner));
        }
        match rest.split_first() {
            Some((b',', more)) => rest = more,
            Some((b'}', [])) => break,
            _ => return Err(Unclear),
        }
    }
    inside.map_or(Ok(None), |(object, inner)| text(object, inner))
}

/// Returns what stands behind the name and a dot, if the key begins so.
fn behind_name<'k>(key: &'k str, name: &[u8]) -> Option<&'k str> {
    let rest = key.strip_prefix(std::str::from_utf8(name).ok()?)?;
    rest.strip_prefix('.')
}

/// Returns a value that stands in the line as it is shown.
fn scalar(value: &[u8]) -> Result<&str, Unclear> {
    let text = if value.first() == Some(&b'"') {
        let (text, has_escapes, _) = string(value)?;
        if has_escapes {
            return Err(Unclear);
        }
        text
    } else {
        let end = memchr2(b',', b'}', value).ok_or(Unclear)?;
        plain(&value[..end]).ok_or(Unclear)?
    };
    std::str::from_utf8(text).map_err(|_| Unclear)
}

/// Returns a boolean or a whole number, which JSON writes in one way only.
fn plain(value: &[u8]) -> Option<&[u8]> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    let is_number = digits.iter().all(u8::is_ascii_digit)
        && matches!(digits, [b'0'] | [b'1'..=b'9', ..])
        && digits.len() < 19
        && value != b"-0";
    (is_number || matches!(value, b"true" | b"false")).then_some(value)
}

/// Returns what stands in a string, whether it has escapes, and what stands behind it.
fn string(text: &[u8]) -> Result<(&[u8], bool, &[u8]), Unclear> {
    let inside = text.strip_prefix(b"\"").ok_or(Unclear)?;
    let (mut at, mut has_escapes) = (0, false);
    loop {
        at += memchr2(b'"', b'\\', inside.get(at..).ok_or(Unclear)?).ok_or(Unclear)?;
        if inside[at] == b'"' {
            return Ok((&inside[..at], has_escapes, &inside[at + 1..]));
        }
        has_escapes = true;
        at += 2;
    }
}

fn behind_value(text: &[u8]) -> Result<&[u8], Unclear> {
    match text.first() {
        Some(b'"') => string(text).map(|(_, _, behind)| behind),
        Some(b'{' | b'[') => behind_nested(text),
        _ => {
            let end = memchr2(b',', b'}', text).ok_or(Unclear)?;
            Ok(&text[end..])
        }
    }
}

fn behind_nested(text: &[u8]) -> Result<&[u8], Unclear> {
    let (mut rest, mut depth) = (text, 0_u32);
    loop {
        match rest.first().ok_or(Unclear)? {
            b'"' => {
                rest = string(rest)?.2;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        rest = &rest[1..];
        if depth == 0 {
            return Ok(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Result<Option<&str>, Unclear>) {
        assert_eq!(text(line.as_bytes(), "error.code"), expected, "{line}");
    }

    #[test]
    fn root_key_is_found_and_no_other() {
        check(r#"{"a":"x","error.code":"E1"}"#, Ok(Some("E1")));
        check(r#"{"a":"\"error.code\":\"no\"","b":1}"#, Ok(None));
        check(
            r#"{"labels":{"error.code":"no","x":"}"},"b":[1,"]"]}"#,
            Ok(None),
        );
        check(
            r#"{"labels":{},"n":-1.5e3,"t":true,"error.code":"\u00e4"}"#,
            Err(Unclear),
        );
        check(r#"{"error.code":"ä"}"#, Ok(Some("ä")));
        check(r#"{"x":"\\","error.code":"E2"}"#, Ok(Some("E2")));
    }

    #[test]
    fn numbers_booleans_and_what_stands_in_objects_are_found() {
        check(r#"{"error.code":7}"#, Ok(Some("7")));
        check(r#"{"error.code":-12,"a":1}"#, Ok(Some("-12")));
        check(r#"{"error.code":false}"#, Ok(Some("false")));
        check(r#"{"error":{"a":{},"code":"E3"},"b":1}"#, Ok(Some("E3")));
        // As it stands comes first.
        check(
            r#"{"error":{"code":"E3"},"error.code":"E1"}"#,
            Ok(Some("E1")),
        );
        check(r#"{"error":"code","errors":{"code":"no"}}"#, Ok(None));
        let line = br#"{"labels":{"a":{"b":"1"},"a.b":"2"}}"#;
        assert_eq!(text(line, "labels.a.b"), Ok(Some("2")));
        for line in [
            r#"{"a":{"b.c":"1"},"a.b":{"c":"2"}}"#,
            r#"{"a.b":{"c":"2"},"a":{"b.c":"1"}}"#,
        ] {
            assert_eq!(text(line.as_bytes(), "a.b.c"), Ok(Some("2")));
        }
    }

    #[test]
    fn what_is_not_as_ours_is_unclear() {
        for line in [
            "",
            "{",
            "}",
            "{}",
            "[]",
            r#"{"a"}"#,
            r#"{"a":}"#.trim_end_matches('}'),
            r#"{"a":"x""#,
            r#"{"a":"x"}}"#,
            r#"{"a": "x", "error.code": "E"}"#,
            r#"{"error.code":7.0}"#,
            r#"{"error.code":07}"#,
            r#"{"error.code":null}"#,
            r#"{"error.code":{}}"#,
            r#"{"error.code":1234567890123456789}"#,
            r#"{"\u0065rror.code":"E"}"#,
            r#"{"a":{"b":"x"}"#,
            "{\"a\":\"\\",
        ] {
            check(line, Err(Unclear));
        }
    }

    #[test]
    fn any_bytes_end_the_walk_without_a_panic() {
        let line = br#"{"@timestamp":"x","l":{"a":[1,{"b":"\\\""}]},"error.code":"E\"1"}"#;
        for end in 0..line.len() {
            for byte in [b'"', b'{', b'}', b'\\', 0xff] {
                let mut broken = line[..end].to_vec();
                broken.push(byte);
                broken.extend_from_slice(&line[end..]);
                let _ = text(&broken, "error.code");
                let _ = text(&broken[..=end], "error.code");
            }
        }
    }
}
