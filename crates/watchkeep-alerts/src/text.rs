//! Text that others wrote: made printable, and bounded.

/// Cuts a text to at most `bytes` bytes, at a character, and marks the cut with `…`.
pub(crate) fn bounded(mut text: String, bytes: usize) -> String {
    const MARK: char = '…';
    if text.len() <= bytes {
        return text;
    }
    let mut end = bytes.saturating_sub(MARK.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.push(MARK);
    text
}

/// Returns the text on one line: control characters and those that turn the reading direction become escapes.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// Says whether a character could forge a line or hide what is written.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_fall_on_characters_and_keep_the_bound() {
        for bytes in 3..12 {
            let cut = bounded("a😀é—tail".to_owned(), bytes);
            assert!(cut.len() <= bytes, "{cut:?} at {bytes}");
            assert!(cut.ends_with('…'));
        }
        assert_eq!(bounded("short".to_owned(), 5), "short");
    }

    #[test]
    fn hidden_characters_become_escapes() {
        assert_eq!(
            printable("a\r\nb\u{202e}c\u{0}é"),
            "a\\r\\nb\\u{202e}c\\u{0}é"
        );
    }
}
