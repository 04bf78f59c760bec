//! Writes any text so that it stays inside its line, its string and its reading direction.

use std::io::Write;

/// Returns whether a character could end a line, drive a terminal, or make a line read differently from what it says.
const fn is_unsafe(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// What is known of a text: the sum of what its bytes may need.
pub(crate) type Class = u8;

/// Nothing in it needs anything.
pub(crate) const PLAIN: Class = 0;
/// It may have something that a JSON string escapes.
const JSON: Class = 1;
/// It may have something that free text escapes.
const TEXT: Class = 2;
/// It may have something for which a value is put in quotes.
const QUOTES: Class = 4;

static CLASSES: [Class; 256] = classes();

const fn classes() -> [Class; 256] {
    let mut classes = [PLAIN; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "it is below 256")]
        let b = byte as u8;
        classes[byte] = match b {
            b'"' => JSON | QUOTES,
            b'\\' => JSON,
            0..=0x1f | 0x7f => JSON | TEXT | QUOTES,
            b' ' | b'=' => QUOTES,
            // These begin the characters that may be unsafe.
            0xc2 | 0xd8 | 0xe2 | 0xef => JSON | TEXT | QUOTES,
            // Others may begin a kind of white space.
            0x80.. => QUOTES,
            _ => PLAIN,
        };
        byte += 1;
    }
    classes
}

/// Returns what a text may need, so that one that needs nothing is copied as it is.
pub(crate) fn class(text: &str) -> Class {
    let (blocks, rest) = text.as_bytes().as_chunks::<16>();
    let blocks = blocks
        .iter()
        .fold(PLAIN, |class, block| class | block_class(block));
    rest.iter()
        .fold(blocks, |class, byte| class | CLASSES[usize::from(*byte)])
}

/// Most blocks need nothing but quotes, and a few comparisons of sixteen bytes at once see that; branches would be slower.
fn block_class(block: &[u8; 16]) -> Class {
    let (mut wild, mut quotes) = (0, 0);
    for &byte in block {
        wild |= u8::from(byte < b' ')
            | u8::from(byte > b'~')
            | u8::from(byte == b'"')
            | u8::from(byte == b'\\');
        quotes |= u8::from(byte == b' ') | u8::from(byte == b'=');
    }
    if wild == 0 {
        return quotes * QUOTES;
    }
    block
        .iter()
        .fold(PLAIN, |class, byte| class | CLASSES[usize::from(*byte)])
}

/// Returns whether a byte begins a character that may be unsafe; most bytes do not, and are copied in runs.
const fn is_suspect(byte: u8) -> bool {
    matches!(byte, 0..=0x1f | 0x7f | 0xc2 | 0xd8 | 0xe2 | 0xef)
}

/// Copies `text`; `special` bytes get a backslash, unsafe characters go through `unsafe_char`.
fn copy(out: &mut Vec<u8>, text: &str, special: &[u8], unsafe_char: fn(&mut Vec<u8>, char)) {
    let bytes = text.as_bytes();
    let (mut done, mut at) = (0, 0);
    while at < bytes.len() {
        let byte = bytes[at];
        if special.contains(&byte) {
            out.extend_from_slice(&bytes[done..at]);
            out.extend_from_slice(&[b'\\', byte]);
            at += 1;
            done = at;
        } else if is_suspect(byte)
            && let Some(c) = text[at..].chars().next()
        {
            if is_unsafe(c) {
                out.extend_from_slice(&bytes[done..at]);
                unsafe_char(out, c);
                done = at + c.len_utf8();
            }
            at += c.len_utf8();
        } else {
            at += 1;
        }
    }
    out.extend_from_slice(&bytes[done..]);
}

fn short_escape(c: char) -> Option<&'static [u8]> {
    match c {
        '\n' => Some(b"\\n"),
        '\r' => Some(b"\\r"),
        '\t' => Some(b"\\t"),
        _ => None,
    }
}

fn text_char(out: &mut Vec<u8>, c: char) {
    match short_escape(c) {
        Some(short) => out.extend_from_slice(short),
        None => formatted(out, format_args!("\\u{{{:x}}}", u32::from(c))),
    }
}

fn json_char(out: &mut Vec<u8>, c: char) {
    match short_escape(c) {
        Some(short) => out.extend_from_slice(short),
        // No unsafe character lies beyond the basic plane, so four digits are enough.
        None => formatted(out, format_args!("\\u{:04x}", u32::from(c))),
    }
}

/// Writing to a vector cannot fail.
pub(crate) fn formatted(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

/// Free text of a line for people: the message, the target.
pub(crate) fn text(out: &mut Vec<u8>, text: &str, class: Class) {
    if class & TEXT == 0 {
        out.extend_from_slice(text.as_bytes());
    } else {
        copy(out, text, b"", text_char);
    }
}

/// The content of a JSON string, without its quotes.
pub(crate) fn json(out: &mut Vec<u8>, text: &str, class: Class) {
    if class & JSON == 0 {
        out.extend_from_slice(text.as_bytes());
    } else {
        copy(out, text, b"\"\\", json_char);
    }
}

/// The value of a `key=value` pair: bare where that is unambiguous, else in quotes.
pub(crate) fn value(out: &mut Vec<u8>, value: &str, class: Class) {
    if class & QUOTES == 0 && !value.is_empty() {
        out.extend_from_slice(value.as_bytes());
    } else {
        value_with_care(out, value);
    }
}

#[cold]
fn value_with_care(out: &mut Vec<u8>, value: &str) {
    let bare = !value.is_empty()
        && !value
            .chars()
            .any(|c| c.is_whitespace() || matches!(c, '"' | '=') || is_unsafe(c));
    if bare {
        out.extend_from_slice(value.as_bytes());
    } else if is_quoted(value) {
        // What `Debug` made of a string is quoted already.
        copy(out, value, b"", text_char);
    } else {
        out.push(b'"');
        copy(out, value, b"\"\\", text_char);
        out.push(b'"');
    }
}

/// The key of a pair: one word.
pub(crate) fn key(out: &mut Vec<u8>, key: &str) {
    if class(key) & QUOTES == 0 {
        out.extend_from_slice(key.as_bytes());
        return;
    }
    for c in key.chars() {
        let c = if c.is_whitespace() || matches!(c, '"' | '=') || is_unsafe(c) {
            '_'
        } else {
            c
        };
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// Appends the text that a JSON string or number of ours stands for.
pub(crate) fn unjson(out: &mut String, value: &[u8]) {
    let text = std::str::from_utf8(value).unwrap_or_default();
    let inner = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let mut rest = inner.unwrap_or(text);
    while let Some((before, escape)) = rest.split_once('\\') {
        out.push_str(before);
        let mut chars = escape.chars();
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                let code = u32::from_str_radix(&digits, 16).ok();
                out.extend(code.and_then(char::from_u32));
            }
            other => out.extend(other),
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
}

/// Returns a text so that it stays on its line: what would end the line, drive a terminal or turn the reading direction is escaped (`\\n`, `\\u{1b}`).
#[must_use]
pub fn one_line(value: &str) -> String {
    let mut out = Vec::with_capacity(value.len());
    text(&mut out, value, TEXT);
    String::from_utf8_lossy(&out).into_owned()
}

/// Returns JSON so that it is the same value on one line, and harmless in a terminal, as [`one_line`] is.
///
/// It is taken for JSON: between its tokens, where nothing can be escaped, there are spaces afterwards.
#[must_use]
pub fn one_line_json(json: &str) -> String {
    let mut out = Vec::with_capacity(json.len());
    copy(&mut out, json, b"", |out, c| match c {
        '\t' | '\n' | '\r' => out.push(b' '),
        c => json_char(out, c),
    });
    String::from_utf8_lossy(&out).into_owned()
}

/// A value from outside, short and harmless, for an error message.
pub(crate) fn shown(value: &str) -> String {
    let end = boundary(value, 100);
    let mut out = one_line(&value[..end]);
    if end < value.len() {
        out.push('…');
    }
    out
}

/// Returns the longest length up to `max` at which a text can be cut.
pub(crate) fn boundary(text: &str, max: usize) -> usize {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

fn is_quoted(value: &str) -> bool {
    let Some(inner) = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return false;
    };
    let mut escaped = false;
    for c in inner.chars() {
        match c {
            '"' if !escaped => return false,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    !escaped
}

#[cfg(test)]
mod tests;
