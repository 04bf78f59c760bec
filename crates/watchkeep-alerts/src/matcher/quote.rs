//! Texts in quotes, as Go's `strconv` writes and reads them.

use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

/// What Go prints as it is: letters, marks, numbers, punctuation, symbols, and of the spaces the ASCII one.
static PRINTABLE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$").ok());

/// Writes a text in quotes, as Go's `%q` does.
pub(crate) fn write_quoted(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(out, "\\{character}")?,
            ' '..='~' => out.write_char(character)?,
            '\x07' => out.write_str("\\a")?,
            '\x08' => out.write_str("\\b")?,
            '\x0C' => out.write_str("\\f")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            '\x0B' => out.write_str("\\v")?,
            '\0'..='\x1F' | '\x7F' => write!(out, "\\x{:02x}", u32::from(character))?,
            _ if is_printable(character) => out.write_char(character)?,
            '\0'..='\u{FFFF}' => write!(out, "\\u{:04x}", u32::from(character))?,
            _ => write!(out, "\\U{:08x}", u32::from(character))?,
        }
    }
    out.write_char('"')
}

/// Writes a text in quotes, with nothing escaped but backslash, line feed and quote.
pub(super) fn write_lightly_quoted(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for character in text.chars() {
        match character {
            '\n' => out.write_str("\\n")?,
            '"' | '\\' => write!(out, "\\{character}")?,
            _ => out.write_char(character)?,
        }
    }
    out.write_char('"')
}

fn is_printable(character: char) -> bool {
    let mut buffer = [0; 4];
    let text: &str = character.encode_utf8(&mut buffer);
    PRINTABLE.as_ref().is_some_and(|regex| regex.is_match(text))
}

/// Reads what stands between two double quotes, as Go's `strconv.Unquote` does; `None` when it is not valid.
pub(super) fn unquote(inside: &str) -> Option<String> {
    // Escapes of single bytes may make up a character of several.
    let mut bytes = Vec::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        match character {
            '"' | '\n' => return None,
            '\\' => {
                let (read, behind) = escape(rest)?;
                match read {
                    Escaped::Byte(byte) => bytes.push(byte),
                    Escaped::Character(character) => push(&mut bytes, character),
                }
                rest = behind;
            }
            _ => push(&mut bytes, character),
        }
    }
    String::from_utf8(bytes).ok()
}

enum Escaped {
    Byte(u8),
    Character(char),
}

fn push(bytes: &mut Vec<u8>, character: char) {
    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

fn escape(rest: &str) -> Option<(Escaped, &str)> {
    let kind = rest.chars().next()?;
    let behind = &rest[kind.len_utf8()..];
    let byte = |byte| Some((Escaped::Byte(byte), behind));
    match kind {
        'a' => byte(7),
        'b' => byte(8),
        'f' => byte(12),
        'n' => byte(b'\n'),
        'r' => byte(b'\r'),
        't' => byte(b'\t'),
        'v' => byte(11),
        '\\' => byte(b'\\'),
        '"' => byte(b'"'),
        'x' => coded(behind, 2, 16, true),
        'u' => coded(behind, 4, 16, false),
        'U' => coded(behind, 8, 16, false),
        '0'..='7' => coded(rest, 3, 8, true),
        _ => None,
    }
}

fn coded(rest: &str, digits: usize, radix: u32, is_byte: bool) -> Option<(Escaped, &str)> {
    let (text, behind) = rest.split_at_checked(digits)?;
    if !text.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let code = u32::from_str_radix(text, radix).ok()?;
    let escaped = match is_byte {
        true => Escaped::Byte(u8::try_from(code).ok()?),
        false => Escaped::Character(char::from_u32(code)?),
    };
    Some((escaped, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(text: &str) -> String {
        let mut out = String::new();
        write_quoted(&mut out, text).unwrap();
        out
    }

    #[test]
    fn texts_are_quoted_as_go_quotes_them() {
        assert_eq!(quoted("a b\"\\"), r#""a b\"\\""#);
        assert_eq!(
            quoted("\x07\x08\x0c\n\r\t\x0b\0\x1f\x7f"),
            r#""\a\b\f\n\r\t\v\x00\x1f\x7f""#
        );
        assert_eq!(quoted("é日🙂"), "\"é日🙂\"");
        assert_eq!(
            quoted("\u{a0}\u{200b}\u{feff}\u{e000}"),
            r#""\u00a0\u200b\ufeff\ue000""#
        );
        assert_eq!(quoted("\u{e0001}"), r#""\U000e0001""#);
    }

    #[test]
    fn quoted_texts_are_read_back() {
        for text in ["", "a\"b\\c", "\x07\n\0é\u{a0}🙂\u{e0001}"] {
            let quoted = quoted(text);
            let inside = &quoted[1..quoted.len() - 1];
            assert_eq!(unquote(inside).as_deref(), Some(text));
        }
        assert_eq!(
            unquote(r"\x41\101\u00e9\U0001F642").as_deref(),
            Some("AAé🙂")
        );
        assert_eq!(unquote(r"\xc3\xa9").as_deref(), Some("é"));
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for inside in [
            r"\",
            r"\q",
            r"\'",
            r"\x4",
            r"\xé",
            r"\8",
            r"\400",
            r"\u00e",
            r"\ud800",
            r"\U00110000",
            r"\xff",
            "a\nb",
            "a\"b",
        ] {
            assert_eq!(unquote(inside), None, "{inside:?}");
        }
    }
}
