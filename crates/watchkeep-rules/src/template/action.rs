//! What stands between `{{` and `}}`: a value, a label, and functions over them.

use super::printf::Format;
use super::{BLANKS, Subject, humanize};

/// Something that has a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    Apply(Humanize, Box<Self>),
    /// `toUpper` or `toLower`.
    Case {
        upper: bool,
        of: Box<Self>,
    },
    Label(String),
    Literal(String),
    Printf(Format, Vec<Self>),
    Value,
}

/// A number in a form for people.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Humanize {
    Duration,
    Percentage,
    Plain,
    Powers,
}

/// A value while a template is rendered.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Text {
    Number(f64),
    Text(String),
}

/// A piece of an action.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Pipe,
    String(String),
    Word(String),
}

/// Where the action ends that `text` begins with, strings in it left out.
pub(super) fn end(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some('"') if character == '\\' => escaped = true,
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None if matches!(character, '"' | '`') => quote = Some(character),
            None if text[at..].starts_with("}}") => return Some(at),
            None => {}
        }
    }
    None
}

pub(super) fn parse(action: &str) -> Result<Term, String> {
    let pieces = pieces(action)?;
    let mut piped: Option<Term> = None;
    for command in pieces.split(|piece| *piece == Piece::Pipe) {
        piped = Some(parse_command(command, piped)?);
    }
    piped.ok_or_else(|| "there is nothing in it".to_owned())
}

fn parse_command(command: &[Piece], piped: Option<Term>) -> Result<Term, String> {
    let Some((first, rest)) = command.split_first() else {
        return Err("a value or a function is missing".to_owned());
    };
    let name = match first {
        Piece::Word(word) if !word.starts_with(['$', '.']) => word.as_str(),
        Piece::Word(_) | Piece::String(_) | Piece::Pipe => {
            return match (rest, piped) {
                ([], None) => operand(first),
                _ => Err("a value takes no arguments".to_owned()),
            };
        }
    };
    let mut arguments: Vec<Term> = rest.iter().map(operand).collect::<Result<_, _>>()?;
    arguments.extend(piped);
    if name == "printf" {
        return printf(arguments);
    }
    let [argument] =
        <[Term; 1]>::try_from(arguments).map_err(|_| format!("`{name}` takes one argument"))?;
    let of = Box::new(argument);
    let humanize = match name {
        "humanize" => Humanize::Plain,
        "humanize1024" => Humanize::Powers,
        "humanizeDuration" => Humanize::Duration,
        "humanizePercentage" => Humanize::Percentage,
        "toLower" | "toUpper" if !of.is_number() => {
            let upper = name == "toUpper";
            return Ok(Term::Case { upper, of });
        }
        "toLower" | "toUpper" => return Err(format!("`{name}` takes a text, not a number")),
        _ => {
            return Err(format!(
                "`{name}` is outside the subset that means the same everywhere"
            ));
        }
    };
    if !of.is_number() {
        return Err(format!("`{name}` takes a number, not a text"));
    }
    Ok(Term::Apply(humanize, of))
}

fn printf(mut arguments: Vec<Term>) -> Result<Term, String> {
    if arguments.is_empty() {
        return Err("`printf` has no format".to_owned());
    }
    let Term::Literal(format) = arguments.remove(0) else {
        return Err("the format of `printf` is no string".to_owned());
    };
    let kinds: Vec<bool> = arguments.iter().map(Term::is_number).collect();
    Ok(Term::Printf(Format::parse(&format, &kinds)?, arguments))
}

fn operand(piece: &Piece) -> Result<Term, String> {
    let word = match piece {
        Piece::Pipe => return Err("a value is missing".to_owned()),
        Piece::String(text) => return Ok(Term::Literal(text.clone())),
        Piece::Word(word) => word,
    };
    if word == "$value" || word == ".Value" {
        return Ok(Term::Value);
    }
    let label = word
        .strip_prefix("$labels.")
        .or_else(|| word.strip_prefix(".Labels."));
    match label {
        Some(label) if crate::expression::is_label(label) => Ok(Term::Label(label.to_owned())),
        _ => Err(format!(
            "`{word}` is outside the subset that means the same everywhere"
        )),
    }
}

fn pieces(action: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = action.trim_start_matches(BLANKS);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '|' => {
                pieces.push(Piece::Pipe);
                1
            }
            '"' | '`' => {
                let (text, length) = string(rest, first)?;
                pieces.push(Piece::String(text));
                length
            }
            _ => {
                let ends =
                    |character: char| BLANKS.contains(&character) || "|\"`".contains(character);
                let length = rest.find(ends).unwrap_or(rest.len());
                pieces.push(Piece::Word(rest[..length].to_owned()));
                length
            }
        };
        rest = rest[length..].trim_start_matches(BLANKS);
    }
    Ok(pieces)
}

/// A string's text and how long it is with its quotes.
fn string(source: &str, quote: char) -> Result<(String, usize), String> {
    let mut text = String::new();
    let mut characters = source.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            _ if character == quote => return Ok((text, at + 1)),
            '\\' if quote == '"' => match characters.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, escaped @ ('"' | '\\'))) => text.push(escaped),
                _ => return Err("an escape other than \\n, \\t, \\\" and \\\\".to_owned()),
            },
            _ => text.push(character),
        }
    }
    Err("a string that is not closed".to_owned())
}

// === impl Term ===

impl Term {
    const fn is_number(&self) -> bool {
        matches!(self, Self::Value)
    }

    pub(super) fn evaluate(&self, subject: Subject<'_>) -> Text {
        match self {
            Self::Apply(humanize, of) => match of.evaluate(subject) {
                Text::Number(value) => Text::Text(humanize::write(*humanize, value)),
                text @ Text::Text(_) => text,
            },
            Self::Case { upper, of } => match of.evaluate(subject) {
                Text::Text(text) if *upper => Text::Text(text.to_uppercase()),
                Text::Text(text) => Text::Text(text.to_lowercase()),
                number @ Text::Number(_) => number,
            },
            Self::Label(name) => Text::Text(subject.labels.get(name).to_owned()),
            Self::Literal(text) => Text::Text(text.clone()),
            Self::Printf(format, arguments) => {
                let values: Vec<Text> = arguments
                    .iter()
                    .map(|argument| argument.evaluate(subject))
                    .collect();
                Text::Text(format.write(&values))
            }
            Self::Value => Text::Number(subject.value),
        }
    }
}
