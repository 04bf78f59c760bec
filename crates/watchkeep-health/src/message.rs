//! Makes the text of an error fit to be shown: short, on one line, without passwords.

const MAX_CHARACTERS: usize = 500;
/// Characters beyond this are not even looked at.
const MAX_READ: usize = 16 * 1024;
const MASK: &str = "***";
/// `key=value` pairs of connection strings and queries whose value nobody may read.
const SECRET_KEYS: [&str; 6] = [
    "password=",
    "passwd=",
    "pwd=",
    "token=",
    "secret=",
    "api_key=",
];

/// Returns the text with secrets masked, control and bidirectional characters replaced by spaces, and cut.
pub(crate) fn clean(text: &str) -> String {
    let visible: String = text
        .chars()
        .take(MAX_READ)
        .map(|character| {
            if is_hostile(character) {
                ' '
            } else {
                character
            }
        })
        .collect();
    let masked = mask_keys(&mask_users(&visible));
    let trimmed = masked.trim();
    match trimmed.char_indices().nth(MAX_CHARACTERS) {
        Some(_) => trimmed
            .chars()
            .take(MAX_CHARACTERS - 1)
            .chain(['…'])
            .collect(),
        None => trimmed.to_owned(),
    }
}

fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Masks what stands between `://` and the last `@` of the same word.
///
/// The last one, and also beyond a slash, because the URL in an error is often there for being malformed.
fn mask_users(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(scheme) = rest.find("://") {
        let (head, tail) = rest.split_at(scheme + 3);
        let word = &tail[..tail.find(ends_word).unwrap_or(tail.len())];
        masked.push_str(head);
        rest = tail;
        if let Some(at) = word.rfind('@') {
            masked.push_str(MASK);
            rest = &tail[at..];
        }
    }
    masked + rest
}

/// Masks the values of [`SECRET_KEYS`].
fn mask_keys(text: &str) -> String {
    // ASCII only, so that every offset of one is an offset of the other.
    let lower = text.to_ascii_lowercase();
    let mut masked = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(value) = SECRET_KEYS
        .iter()
        .filter_map(|key| {
            lower[from..]
                .find(key)
                .map(|start| from + start + key.len())
        })
        .min()
    {
        masked.push_str(&text[from..value]);
        masked.push_str(MASK);
        let length = match text[value..].chars().next() {
            Some(quote @ ('"' | '\'')) => text[value + 1..].find(quote).map(|end| end + 2),
            _ => text[value..]
                .find(|character| ends_word(character) || matches!(character, '&' | ';' | ',')),
        };
        from = length.map_or(text.len(), |length| value + length);
    }
    masked + &text[from..]
}

fn ends_word(character: char) -> bool {
    character.is_whitespace() || matches!(character, '"' | '\'' | '`' | '<' | '>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(clean(text), expected);
    }

    #[test]
    fn users_and_passwords_are_masked() {
        check(
            "cannot reach postgres://oracle:pw@db:5432/x",
            "cannot reach postgres://***@db:5432/x",
        );
        check(
            "a redis://:p/w@d@cache/0 b http://u@h/ c",
            "a redis://***@cache/0 b http://***@h/ c",
        );
        check(
            "http://plain.example/path is down",
            "http://plain.example/path is down",
        );
        check(
            "host=db Password=hunter2 user=x",
            "host=db Password=*** user=x",
        );
        check("password='two words' host=db", "password=*** host=db");
        check(
            "?token=abc&x=1 and secret=",
            "?token=***&x=1 and secret=***",
        );
    }

    #[test]
    fn text_stays_on_one_line_and_is_cut() {
        check(" a\nb\u{202e}c\u{1b}[31m ", "a b c [31m");
        let long = clean(&"ü".repeat(20_000));
        assert_eq!(long.chars().count(), MAX_CHARACTERS);
        assert!(long.ends_with('…'));
        assert_eq!(
            clean(&"ü".repeat(MAX_CHARACTERS)).chars().count(),
            MAX_CHARACTERS
        );
        assert!(!clean(&"ü".repeat(MAX_CHARACTERS)).ends_with('…'));
    }
}
