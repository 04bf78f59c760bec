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
/// A field is one of them when its last words are: `password`, `user.password`, `DB_PASSWORD` and `dbPassword`, but neither
/// `passwords_tried` nor `tokens`.
#[derive(Clone, Debug)]
pub(crate) struct Redaction {
    /// In lower case, without what separates words.
    names: Vec<String>,
    /// A bit for each pair of last letters, because hardly any field has one of the names.
    ends: [u32; 32],
}

// === impl Redaction ===

impl Redaction {
    pub(crate) fn add(&mut self, name: &str) {
        let name: String = letters(name).collect();
        match *name.as_bytes() {
            [] => return,
            // Whatever stands before it.
            [last] => self.ends[low(last)] = u32::MAX,
            [.., before, last] => self.ends[low(last)] |= 1 << low(before),
        }
        self.names.push(name);
    }

    pub(crate) fn covers(&self, key: &str) -> bool {
        let is_near = match *key.as_bytes() {
            [] => false,
            [last] => self.ends[low(last)] != 0,
            [.., before, last] => {
                let ends = self.ends[low(last)];
                // A separator says nothing of what stands before it.
                ends & (1 << low(before)) != 0
                    || !before.is_ascii_alphanumeric()
                    || !last.is_ascii_alphanumeric()
            }
        };
        is_near && self.covers_slowly(key)
    }

    #[cold]
    fn covers_slowly(&self, key: &str) -> bool {
        self.names.iter().any(|name| ends_with_words(key, name))
    }
}

impl Default for Redaction {
    fn default() -> Self {
        let mut redaction = Self {
            names: Vec::new(),
            ends: [0; 32],
        };
        for name in NAMES {
            redaction.add(name);
        }
        redaction
    }
}

/// What is the same for a letter in either case; other characters share it with some letter, which only costs a closer look.
fn low(byte: u8) -> usize {
    usize::from(byte % 32)
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
