//! Makes the text of an error fit to be shown: short, on one line, without secrets.

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
    let masked = mask_keys(&mask_urls(&visible));
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

/// Masks every URL but for its scheme, host and port.
fn mask_urls(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(scheme) = rest.find("://") {
        let (head, tail) = rest.split_at(scheme + 3);
        let (word, after) = tail.split_at(tail.find(ends_word).unwrap_or(tail.len()));
        masked.push_str(head);
        mask_url(word, &mut masked);
        rest = after;
    }
    masked + rest
}

/// Writes what stands behind the `://` of a URL, with the user, the password, the path and the query masked.
///
/// The user ends at the last `@`, also beyond a slash, because the URL in an error is often there for being
/// malformed. A path goes as a whole, since nobody can tell a webhook's token from a name.
fn mask_url(word: &str, masked: &mut String) {
    let word = match word.rfind('@') {
        Some(at) => {
            masked.push_str(MASK);
            &word[at..]
        }
        None => word,
    };
    // The sentence around the URL goes on after it.
    let (url, sentence) = word.split_at(word.trim_end_matches([')', ',', '.', ';', ':']).len());
    match url.find(['/', '?', '#']) {
        Some(end) if end + 1 < url.len() => {
            masked.push_str(&url[..=end]);
            masked.push_str(MASK);
        }
        _ => masked.push_str(url),
    }
    masked.push_str(sentence);
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
    fn secrets_are_masked() {
        check(
            "cannot reach postgres://oracle:pw@db:5432/x",
            "cannot reach postgres://***@db:5432/***",
        );
        check(
            "a redis://:p/w@d@cache/0 b http://u@h/ c http://u:p@h?q",
            "a redis://***@cache/*** b http://***@h/ c http://***@h?***",
        );
        check(
            "request for url (https://api.example:443/bot1:secret/getMe): timed out",
            "request for url (https://api.example:443/***): timed out",
        );
        check(
            "http://plain.example, https://[::1]:80/ and http://h#secret.",
            "http://plain.example, https://[::1]:80/ and http://h#***.",
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
        // What lies beyond is not read, wherever the text begins.
        check(&(" ".repeat(MAX_READ - 1) + "xy"), "x");
    }
}
