//! A look at the text before the grammar sees it: places, bounds, and what the grammar reads wrongly.

use std::borrow::Cow;
use std::fmt;

use super::selector::quoted;
use crate::duration;

/// The longest expression, in bytes.
const LONGEST: usize = 16 * 1_024;

/// The most tokens, which bounds how deep operators can nest.
const MOST_TOKENS: usize = 2_000;

/// How deep brackets may nest.
const DEEPEST: usize = 64;

/// Something that an expression cannot have, and where it stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) what: String,
    /// Where it stands, in characters, from one.
    pub(crate) column: usize,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at character {}", self.what, self.column)
    }
}

/// A piece of an expression.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind,
    pub(crate) text: &'a str,
    /// Where it begins, in bytes.
    at: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TokenKind {
    /// A number or a duration.
    Number,
    /// A string, with its quotes.
    Quoted,
    /// One character of anything else.
    Sign,
    /// A name or a keyword.
    Word,
}

/// The tokens of an expression that is no threat to a parser.
#[derive(Debug)]
pub(crate) struct Tokens<'a> {
    source: &'a str,
    tokens: Vec<Token<'a>>,
}

impl<'a> Tokens<'a> {
    /// Splits an expression, and refuses one that is too long, too deep, not closed, or has a duration without a unit.
    pub(crate) fn new(source: &'a str) -> Result<Self, Refusal> {
        if source.len() > LONGEST {
            return Err(Refusal {
                what: format!("an expression longer than {LONGEST} bytes"),
                column: 1,
            });
        }
        let tokens = Self {
            source,
            tokens: split(source)?,
        };
        if let Some(token) = tokens.tokens.get(MOST_TOKENS) {
            return Err(tokens.refuse(*token, format!("more than {MOST_TOKENS} words and signs")));
        }
        tokens.check_brackets()?;
        tokens.check_durations()?;
        Ok(tokens)
    }

    /// The expression with raw strings written as quoted ones, which the grammar's lexer reads rightly.
    pub(crate) fn without_raw_strings(&self) -> Cow<'a, str> {
        let is_raw =
            |token: &&Token<'_>| token.kind == TokenKind::Quoted && token.text.starts_with('`');
        if !self.tokens.iter().any(|token| is_raw(&token)) {
            return self.source.into();
        }
        let mut text = String::with_capacity(self.source.len());
        let mut at = 0;
        for token in self.tokens.iter().filter(is_raw) {
            text.push_str(&self.source[at..token.at]);
            text.push_str(&quoted(token.text.trim_matches('`')));
            at = token.at + token.text.len();
        }
        text.push_str(&self.source[at..]);
        text.into()
    }

    /// Refuses with the place of a word that is no string, or of the beginning when there is none.
    pub(crate) fn refuse_word(&self, word: &str, what: impl Into<String>) -> Refusal {
        let wanted = |token: &&Token<'_>| {
            token.kind != TokenKind::Quoted && token.text.eq_ignore_ascii_case(word)
        };
        match self.tokens.iter().find(wanted) {
            Some(token) => self.refuse(*token, what.into()),
            None => Refusal {
                what: what.into(),
                column: 1,
            },
        }
    }

    /// Refuses with the place of a label that stands before a matcher's sign, or of the beginning.
    pub(crate) fn refuse_string(&self, value: &str, what: impl Into<String>) -> Refusal {
        let wanted =
            |token: &&Token<'_>| token.kind == TokenKind::Quoted && token.text.contains(value);
        match self.tokens.iter().find(wanted) {
            Some(token) => self.refuse(*token, what.into()),
            None => Refusal {
                what: what.into(),
                column: 1,
            },
        }
    }

    fn refuse(&self, token: Token<'_>, what: String) -> Refusal {
        Refusal {
            what,
            column: column(self.source, token.at),
        }
    }

    fn check_brackets(&self) -> Result<(), Refusal> {
        let mut open: Vec<Token<'_>> = Vec::new();
        for token in self
            .tokens
            .iter()
            .filter(|token| token.kind == TokenKind::Sign)
        {
            let opening = match token.text {
                "(" | "[" | "{" => {
                    if open.len() == DEEPEST {
                        return Err(
                            self.refuse(*token, format!("more than {DEEPEST} brackets deep"))
                        );
                    }
                    open.push(*token);
                    continue;
                }
                ")" => "(",
                "]" => "[",
                "}" => "{",
                _ => continue,
            };
            if open.pop().is_none_or(|last| last.text != opening) {
                return Err(self.refuse(*token, format!("a `{}` that closes nothing", token.text)));
            }
        }
        match open.last() {
            Some(token) => {
                Err(self.refuse(*token, format!("a `{}` that is not closed", token.text)))
            }
            None => Ok(()),
        }
    }

    /// What stands where a duration has to is one: the grammar would take, or trip over, other numbers.
    fn check_durations(&self) -> Result<(), Refusal> {
        for (before, token) in self.tokens.iter().zip(self.tokens.iter().skip(1)) {
            let is_after = before.text == "["
                || (before.kind == TokenKind::Word && before.text.eq_ignore_ascii_case("offset"));
            let is_number = token.kind == TokenKind::Number;
            if is_after
                && is_number
                && duration::parse(token.text).is_none_or(|span| span.is_zero())
            {
                let what = format!("`{}` is no duration with a unit", token.text);
                return Err(self.refuse(*token, what));
            }
            if is_after && token.text == "-" {
                return Err(self.refuse(*token, "a look into the future".to_owned()));
            }
            // A duration is a number elsewhere only in versions after 3.0.
            let has_unit = is_number && duration::parse(token.text).is_some() && token.text != "0";
            if has_unit && !is_after {
                let what = format!("`{}`: a duration where a number stands", token.text);
                return Err(self.refuse(*token, what));
            }
        }
        Ok(())
    }
}

/// The column of a byte, in characters, from one.
fn column(source: &str, at: usize) -> usize {
    source.get(..at).map_or(0, |before| before.chars().count()) + 1
}

fn split(source: &str) -> Result<Vec<Token<'_>>, Refusal> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = source[at..].chars().next() {
        let rest = &source[at..];
        let (kind, length) = match first {
            '#' => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            _ if first.is_whitespace() => {
                at += first.len_utf8();
                continue;
            }
            '"' | '\'' | '`' => match string_length(rest, first) {
                Some(length) => (TokenKind::Quoted, length),
                None => {
                    return Err(Refusal {
                        what: "a string that is not closed".to_owned(),
                        column: column(source, at),
                    });
                }
            },
            _ if is_word(first) && !first.is_ascii_digit() => (TokenKind::Word, run(rest, is_word)),
            _ if first.is_ascii_digit() || (first == '.' && starts_digit(&rest[1..])) => {
                (TokenKind::Number, number_length(rest))
            }
            _ => (TokenKind::Sign, first.len_utf8()),
        };
        tokens.push(Token {
            kind,
            text: &rest[..length],
            at,
        });
        at += length;
    }
    Ok(tokens)
}

const fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | ':')
}

fn starts_digit(text: &str) -> bool {
    text.starts_with(|character: char| character.is_ascii_digit())
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|character| !belongs(character))
        .unwrap_or(text.len())
}

/// The length of a number, the sign of its exponent with it, or of a duration.
fn number_length(text: &str) -> usize {
    let belongs = |character: char| character.is_ascii_alphanumeric() || character == '.';
    let length = run(text, belongs);
    let is_hex = text.starts_with("0x") || text.starts_with("0X");
    if !is_hex
        && text[..length].ends_with(['e', 'E'])
        && text[length..].starts_with(['+', '-'])
        && starts_digit(&text[length + 1..])
    {
        return length + 1 + run(&text[length + 1..], belongs);
    }
    length
}

fn string_length(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if character == '\\' && quote != '`' {
            escaped = true;
        } else if character == quote {
            return Some(at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_as_promql_does() {
        let source = "sum(rate(m:x{a=\"b)\\\"\"}[1h30m])) > 1.5e-3 # (comment\n+ .5";
        let tokens = Tokens::new(source).unwrap();
        let texts: Vec<_> = tokens.tokens.iter().map(|token| token.text).collect();
        assert_eq!(
            texts,
            [
                "sum",
                "(",
                "rate",
                "(",
                "m:x",
                "{",
                "a",
                "=",
                "\"b)\\\"\"",
                "}",
                "[",
                "1h30m",
                "]",
                ")",
                ")",
                ">",
                "1.5e-3",
                "+",
                ".5"
            ]
        );
    }

    #[test]
    fn refuses_with_the_place() {
        let deep = format!("{}1{}", "(".repeat(900), ")".repeat(900));
        let chain = format!("1{}", "+1".repeat(5_000));
        for (source, what, column) in [
            ("rate(x[5m", "a `[` that is not closed", 7),
            ("é + (1", "a `(` that is not closed", 5),
            ("(1]", "a `]` that closes nothing", 3),
            ("1)", "a `)` that closes nothing", 2),
            ("m{a=\"x}", "a string that is not closed", 5),
            ("rate(x[300])", "`300` is no duration with a unit", 8),
            ("rate(x[1e300])", "`1e300` is no duration with a unit", 8),
            ("x offset -5m", "a look into the future", 10),
            (
                "x offset 5000000000000s",
                "`5000000000000s` is no duration with a unit",
                10,
            ),
            ("x > 5m", "`5m`: a duration where a number stands", 5),
            (&deep, "more than 64 brackets deep", 65),
            (&chain, "more than 2000 words and signs", 2_001),
            (
                &"x".repeat(20_000),
                "an expression longer than 16384 bytes",
                1,
            ),
        ] {
            let refusal = Tokens::new(source).unwrap_err();
            assert_eq!((refusal.what.as_str(), refusal.column), (what, column));
        }
    }
}
