//! Writes any text so that it stays inside its line, its string and its reading direction.

use std::io::Write;

/// Returns whether a character could end a line, drive a terminal, or make a line read differently from what it says.
const fn is_unsafe(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
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
pub(crate) fn text(out: &mut Vec<u8>, text: &str) {
    copy(out, text, b"", text_char);
}

/// The content of a JSON string, without its quotes.
pub(crate) fn json(out: &mut Vec<u8>, text: &str) {
    copy(out, text, b"\"\\", json_char);
}

/// The value of a `key=value` pair: bare where that is unambiguous, else in quotes.
pub(crate) fn value(out: &mut Vec<u8>, value: &str) {
    let bare = !value.is_empty()
        && !value
            .chars()
            .any(|c| c.is_whitespace() || matches!(c, '"' | '=') || is_unsafe(c));
    if bare {
        out.extend_from_slice(value.as_bytes());
    } else if is_quoted(value) {
        // What `Debug` made of a string is quoted already.
        text(out, value);
    } else {
        out.push(b'"');
        copy(out, value, b"\"\\", text_char);
        out.push(b'"');
    }
}

/// The key of a pair or of a label: one word.
pub(crate) fn key(out: &mut Vec<u8>, key: &str) {
    for c in key.chars() {
        let c = if c.is_whitespace() || matches!(c, '"' | '=') || is_unsafe(c) {
            '_'
        } else {
            c
        };
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// A value from outside, short and harmless, for an error message.
pub(crate) fn shown(value: &str) -> String {
    let mut out = Vec::new();
    let end = boundary(value, 100);
    text(&mut out, &value[..end]);
    if end < value.len() {
        out.extend_from_slice("…".as_bytes());
    }
    String::from_utf8_lossy(&out).into_owned()
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
