//! Values that no line may show, by the names of their fields.

/// What stands in the place of such a value.
pub(crate) const REDACTED: &str = "[redacted]";

/// What is always left out, whatever a program adds.
const NAMES: [&str; 8] = [
    "apikey",
    "authorization",
    "cookie",
    "passphrase",
    "passwd",
    "password",
    "secret",
    "token",
];

/// The names of fields whose values are left out.
///
/// A field is one of them when its last words are: `password`, `user.password`, `DB_PASSWORD`, `dbPassword` and `password2`, but
/// neither `passwords_tried` nor `tokens`.
#[derive(Clone, Debug)]
pub(crate) struct Redaction {
    /// In lower case, without what separates words.
    names: Vec<String>,
}

// === impl Redaction ===

impl Redaction {
    pub(crate) fn add(&mut self, name: &str) {
        let name: String = letters(name).collect();
        if !name.is_empty() {
            self.names.push(name);
        }
    }

    pub(crate) fn covers(&self, key: &str) -> bool {
        let numbered = key.trim_end_matches(|c: char| c.is_ascii_digit());
        let is_covered =
            |name: &String| ends_with_words(key, name) || ends_with_words(numbered, name);
        self.names.iter().any(is_covered)
    }
}

impl Default for Redaction {
    fn default() -> Self {
        let mut redaction = Self { names: Vec::new() };
        for name in NAMES {
            redaction.add(name);
        }
        redaction
    }
}

fn is_separator(c: char) -> bool {
    !c.is_alphanumeric()
}

fn letters(text: &str) -> impl DoubleEndedIterator<Item = char> {
    text.chars()
        .filter(|c| !is_separator(*c))
        .map(|c| c.to_ascii_lowercase())
}

/// Returns whether the last words of a key, written in whatever way, are `name`.
fn ends_with_words(key: &str, name: &str) -> bool {
    let mut wanted = name.chars().rev().peekable();
    let mut rest = key.char_indices().rev();
    let mut start = key.len();
    let (mut first, mut second) = (' ', ' ');
    while let Some(next) = wanted.peek() {
        let Some((at, c)) = rest.next() else {
            return false;
        };
        if is_separator(c) {
            continue;
        }
        if c.to_ascii_lowercase() != *next {
            return false;
        }
        wanted.next();
        (start, first, second) = (at, c, first);
    }
    // A word begins at the start, behind what is no letter, or with a capital, unless that goes on in capitals.
    match key[..start].chars().next_back() {
        None => true,
        Some(before) => {
            !before.is_alphabetic()
                || first.is_uppercase() && (before.is_lowercase() || second.is_lowercase())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(key: &str, expected: bool) {
        assert_eq!(Redaction::default().covers(key), expected, "{key}");
    }

    #[test]
    fn last_words_decide_in_any_spelling() {
        for key in [
            "password",
            "PASSWORD",
            "user.password",
            "db_password",
            "dbPassword",
            "access-token",
            "accessToken",
            "api_key",
            "apiKey",
            "x-api-key",
            "http.request.headers.authorization",
            "set-cookie",
            "client.secret",
            "DBPassword",
            "XApiKey",
            "oauth2Token",
            "password2",
            "token_01",
            "step2secret",
            "user/password",
            "form[password]",
            "$password",
            "p.a-s s:w_o/r+d",
        ] {
            check(key, true);
        }
    }

    #[test]
    fn similar_words_are_shown() {
        for key in [
            "",
            "tokens",
            "tokens_used",
            "token_count",
            "passwords",
            "mypassword",
            "MYPASSWORD",
            "OMyTokens",
            "notasecret",
            "key",
            "monkey",
            "secretary",
            "error.code",
        ] {
            check(key, false);
        }
    }

    #[test]
    fn program_can_add_names() {
        let mut redaction = Redaction::default();
        redaction.add("Card-Number");
        redaction.add("");
        redaction.add("größe");
        for key in ["card_number", "user.cardNumber", "CARDNUMBER", "die_größe"] {
            assert!(redaction.covers(key), "{key}");
        }
        assert!(!redaction.covers("number"));
        assert!(!redaction.covers("discardnumber"));
    }
}
