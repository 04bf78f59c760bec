//! The UTF-8 grammar of matchers: that of Alertmanager since 0.27.

use super::{MatchOp, MatcherError, Piece, quote};

/// Reads matchers between commas, in braces or without.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece>, MatcherError> {
    let mut tokens = Tokens { text, at: 0 };
    let mut pieces = Vec::new();
    let braces = tokens.eat(&Token::Open)?;
    loop {
        let end = match tokens.next()? {
            None => !braces,
            Some((Token::Close, _)) => braces,
            Some((token, at)) => {
                pieces.push(tokens.piece(&token, at)?);
                match tokens.next()? {
                    Some((Token::Comma, _)) => continue,
                    None => !braces,
                    Some((Token::Close, _)) => braces,
                    Some((_, at)) => return Err(wrong("there is no comma between matchers", at)),
                }
            }
        };
        if !end {
            return Err(wrong(
                "an opening and a closing brace belong together",
                tokens.at,
            ));
        }
        return match tokens.next()? {
            None => Ok(pieces),
            Some((_, at)) => Err(wrong("there is something behind the closing brace", at)),
        };
    }
}

/// Reads one matcher, without braces around it or a comma behind it.
pub(super) fn piece(text: &str) -> Result<Piece, MatcherError> {
    let mut tokens = Tokens { text, at: 0 };
    let Some((token, at)) = tokens.next()? else {
        return Err(MatcherError::new("there is no matcher"));
    };
    let piece = tokens.piece(&token, at)?;
    match tokens.next()? {
        None => Ok(piece),
        Some((_, at)) => Err(wrong("there is something behind the matcher", at)),
    }
}

#[derive(Debug, Eq, PartialEq)]
enum Token {
    Close,
    Comma,
    Op(MatchOp),
    Open,
    Text(String),
}

struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

fn wrong(reason: &str, at: usize) -> MatcherError {
    MatcherError::at(reason, at)
}

impl Tokens<'_> {
    /// Reads the rest of a matcher that begins with this token.
    fn piece(&mut self, first: &Token, at: usize) -> Result<Piece, MatcherError> {
        let Token::Text(name) = first else {
            return Err(wrong("a matcher does not begin with a label name", at));
        };
        let Some((Token::Op(op), _)) = self.next()? else {
            let reason = "a label name is not followed by =, !=, =~ or !~";
            return Err(wrong(reason, self.at));
        };
        let Some((Token::Text(value), _)) = self.next()? else {
            return Err(wrong("an operator is not followed by a value", self.at));
        };
        Ok(Piece {
            name: name.clone(),
            op,
            value,
        })
    }

    fn eat(&mut self, wanted: &Token) -> Result<bool, MatcherError> {
        let before = self.at;
        match self.next()? {
            Some((token, _)) if token == *wanted => Ok(true),
            _ => {
                self.at = before;
                Ok(false)
            }
        }
    }

    /// Reads the next token and where it begins, in bytes.
    fn next(&mut self) -> Result<Option<(Token, usize)>, MatcherError> {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start();
        let begin = self.at + rest.len() - trimmed.len();
        let Some(first) = trimmed.chars().next() else {
            self.at = self.text.len();
            return Ok(None);
        };
        let (token, length) = match first {
            '{' => (Token::Open, 1),
            '}' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '=' if trimmed.starts_with("=~") => (Token::Op(MatchOp::Regex), 2),
            '=' => (Token::Op(MatchOp::Equal), 1),
            '!' if trimmed.starts_with("!=") => (Token::Op(MatchOp::NotEqual), 2),
            '!' if trimmed.starts_with("!~") => (Token::Op(MatchOp::NotRegex), 2),
            '"' => quoted(trimmed, begin)?,
            _ if is_reserved(first) => {
                return Err(wrong(
                    "a name or value with such a character stands in quotes",
                    begin,
                ));
            }
            _ => {
                let end = trimmed.find(is_reserved).unwrap_or(trimmed.len());
                (Token::Text(trimmed[..end].to_owned()), end)
            }
        };
        self.at = begin + length;
        Ok(Some((token, begin)))
    }
}

/// Reads a text in quotes, and returns it with its length in the source.
fn quoted(text: &str, begin: usize) -> Result<(Token, usize), MatcherError> {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '"' if !escaped => {
                let value = quote::unquote(&text[1..at])
                    .ok_or_else(|| wrong("a text in quotes has a bad escape", begin))?;
                return Ok((Token::Text(value), at + 1));
            }
            _ => escaped = character == '\\' && !escaped,
        }
    }
    Err(wrong("a text in quotes does not end", begin))
}

/// Says whether a character may only stand in quotes.
pub(super) fn is_reserved(character: char) -> bool {
    character.is_whitespace() || "{}!=~,\\\"'`".contains(character)
}
