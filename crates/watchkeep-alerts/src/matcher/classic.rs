//! The classic grammar of matchers: that of Alertmanager up to 0.26.

use super::{MatchOp, MatcherError, Piece};

/// Reads matchers between commas, in braces or without.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece>, MatcherError> {
    let inside = text.strip_prefix('{').unwrap_or(text);
    let inside = inside.strip_suffix('}').unwrap_or(inside);
    split(inside).into_iter().map(piece).collect()
}

/// Splits at the commas that are not in quotes; what stands behind the last comma may be blank.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut begin, mut quoted, mut escaped) = (0, false, false);
    for (at, character) in text.char_indices() {
        match character {
            ',' if !quoted => {
                parts.push(&text[begin..at]);
                begin = at + 1;
            }
            // A comma in quotes leaves a backslash before it in force, as it does in Alertmanager.
            ',' => {}
            '"' if escaped => escaped = false,
            '"' => quoted = !quoted,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    let last = text[begin..].trim();
    if !last.is_empty() {
        parts.push(last);
    }
    parts
}

/// Reads one matcher: a name of ASCII letters, an operator, and a value that may stand in quotes.
pub(super) fn piece(text: &str) -> Result<Piece, MatcherError> {
    let blank = |c: char| matches!(c, '\t' | '\n' | '\x0C' | '\r' | ' ');
    let text = text.trim_matches(blank);
    let first = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | ':');
    let more = |c: char| first(c) || c.is_ascii_digit();
    let end = text.find(|c| !more(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if !name.starts_with(first) {
        return Err(MatcherError::new(
            "a matcher does not begin with a label name",
        ));
    }
    let rest = rest.trim_start_matches(blank);
    let (op, length) = match rest.as_bytes() {
        [b'=', b'~', ..] => (MatchOp::Regex, 2),
        [b'=', ..] => (MatchOp::Equal, 1),
        [b'!', b'=', ..] => (MatchOp::NotEqual, 2),
        [b'!', b'~', ..] => (MatchOp::NotRegex, 2),
        _ => {
            return Err(MatcherError::new(
                "a label name is not followed by =, !=, =~ or !~",
            ));
        }
    };
    Ok(Piece {
        name: name.to_owned(),
        op,
        value: value(rest[length..].trim_start_matches(blank))?,
    })
}

fn value(raw: &str) -> Result<String, MatcherError> {
    let (raw, mut opened) = match raw.strip_prefix('"') {
        Some(inside) => (inside, true),
        None => (raw, false),
    };
    let mut value = String::with_capacity(raw.len());
    let mut characters = raw.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some('n')) => {
                characters.next();
                value.push('\n');
            }
            ('\\', Some(&escaped @ ('"' | '\\'))) => {
                characters.next();
                value.push(escaped);
            }
            ('"', None) if opened => opened = false,
            ('"', _) => {
                return Err(MatcherError::new(
                    "a value has a double quote that is not escaped",
                ));
            }
            _ => value.push(character),
        }
    }
    if opened {
        return Err(MatcherError::new("a value in quotes does not end"));
    }
    Ok(value)
}
