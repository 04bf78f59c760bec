//! `printf` with the verbs that are simple: numbers as `%v`, `%g`, `%f` and `%e`, texts as `%v` and `%s`.

use super::action::Text;
use crate::number;

/// The widest field, and the most digits.
const MOST: usize = 64;

/// A format whose verbs fit its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Format(Vec<Part>);

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Verb(Verb),
}

#[derive(Clone, Debug, PartialEq)]
struct Verb {
    to_the_left: bool,
    width: usize,
    precision: Option<usize>,
    verb: char,
}

impl Format {
    /// Parses a format for arguments of these kinds: a number, or else a text.
    pub(super) fn parse(format: &str, are_numbers: &[bool]) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut kinds = are_numbers.iter();
        let mut rest = format;
        while let Some((before, after)) = rest.split_once('%') {
            text.push_str(before);
            if let Some(after) = after.strip_prefix('%') {
                text.push('%');
                rest = after;
                continue;
            }
            let (verb, after) = Verb::parse(after)?;
            let fits = match kinds.next() {
                None => return Err(format!("`%{}` has no argument", verb.verb)),
                Some(true) => "vgfe".contains(verb.verb),
                Some(false) => "vs".contains(verb.verb) && verb.precision.is_none(),
            };
            if !fits {
                return Err(format!("`%{}` does not suit its argument", verb.verb));
            }
            parts.push(Part::Text(std::mem::take(&mut text)));
            parts.push(Part::Verb(verb));
            rest = after;
        }
        text.push_str(rest);
        parts.push(Part::Text(text));
        if kinds.next().is_some() {
            return Err("`printf` has more arguments than verbs".to_owned());
        }
        Ok(Self(parts))
    }

    pub(super) fn write(&self, values: &[Text]) -> String {
        let mut out = String::new();
        let mut values = values.iter();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Verb(verb) => {
                    if let Some(value) = values.next() {
                        out.push_str(&verb.write(value));
                    }
                }
            }
        }
        out
    }
}

impl Verb {
    fn parse(text: &str) -> Result<(Self, &str), String> {
        let (to_the_left, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (width, rest) = digits(rest)?;
        let (precision, rest) = match rest.strip_prefix('.') {
            Some(rest) => {
                let (precision, rest) = digits(rest)?;
                (Some(precision), rest)
            }
            None => (None, rest),
        };
        let mut characters = rest.chars();
        let Some(verb) = characters.next() else {
            return Err("a `%` at the end of the format".to_owned());
        };
        let parsed = Self {
            to_the_left,
            width,
            precision,
            verb,
        };
        Ok((parsed, characters.as_str()))
    }

    fn write(&self, value: &Text) -> String {
        let text = match value {
            Text::Number(value) => match self.verb {
                'f' => number::fixed(*value, self.precision),
                'e' => number::scientific(*value, self.precision),
                _ => number::general(*value, self.precision),
            },
            Text::Text(text) => text.clone(),
        };
        if self.to_the_left {
            format!("{text:<width$}", width = self.width)
        } else {
            format!("{text:>width$}", width = self.width)
        }
    }
}

/// Leading digits as a number, none as zero; a leading zero is a flag that is not understood.
fn digits(text: &str) -> Result<(usize, &str), String> {
    let length = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(length);
    if digits.is_empty() {
        return Ok((0, rest));
    }
    let number = digits.parse().ok().filter(|number| *number <= MOST);
    match number {
        Some(number) if digits == "0" || !digits.starts_with('0') => Ok((number, rest)),
        _ => Err(format!("`{digits}` in a format is not from 0 to {MOST}")),
    }
}
