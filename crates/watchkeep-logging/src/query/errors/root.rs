//! The value of a root key in a line of ours, found without reading the line as JSON.

use memchr::memchr2;

/// The line is not as ours are, or the value has escapes: it must be read as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unclear;

/// Returns the text that stands under a root key; `None`: the key does not stand there.
///
/// A line is walked over from key to key, which is a twentieth of the work of reading it.
pub(super) fn root_text<'a>(line: &'a [u8], key: &str) -> Result<Option<&'a str>, Unclear> {
    let mut rest = line.strip_prefix(b"{").ok_or(Unclear)?;
    if line.last() != Some(&b'}') {
        return Err(Unclear);
    }
    loop {
        let (name, has_escapes, behind) = string(rest)?;
        if has_escapes {
            return Err(Unclear);
        }
        let value = behind.strip_prefix(b":").ok_or(Unclear)?;
        if name == key.as_bytes() {
            let (text, has_escapes, _) = string(value)?;
            return match std::str::from_utf8(text) {
                Ok(text) if !has_escapes => Ok(Some(text)),
                _ => Err(Unclear),
            };
        }
        rest = behind_value(value)?;
        match rest.split_first() {
            Some((b',', more)) => rest = more,
            Some((b'}', [])) => return Ok(None),
            _ => return Err(Unclear),
        }
    }
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
        assert_eq!(root_text(line.as_bytes(), "error.code"), expected, "{line}");
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
            r#"{"error.code":7}"#,
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
                let _ = root_text(&broken, "error.code");
                let _ = root_text(&broken[..=end], "error.code");
            }
        }
    }
}
