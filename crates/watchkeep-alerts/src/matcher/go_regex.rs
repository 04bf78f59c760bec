//! Translates a regular expression of Go's dialect into one of the `regex` crate that matches the same texts.
//!
//! Alertmanager's expressions mean what Go's `regexp/syntax` says, and the two dialects differ where people do not look:
//! `\d` is ASCII there, `[a&&b]` holds an `&`, `\Q…\E` quotes, `a**` and `a{1001}` are errors.
//! The expression is read by Go's rules, and every piece is written again in a form that has one meaning here.

use std::fmt::Write as _;

mod class;

/// The deepest nesting of groups; the parser calls itself for each.
const DEEPEST: usize = 200;
/// The largest count of a repetition, and of nested repetitions multiplied, as in Go.
const LARGEST_REPEAT: u32 = 1_000;

/// Translates an expression of Go's dialect.
///
/// # Errors
/// When Go would refuse it, with what is wrong in words.
pub(super) fn translate(expression: &str) -> Result<String, String> {
    let mut translator = Translator {
        rest: expression,
        out: String::with_capacity(expression.len() + 16),
    };
    translator.alternation(0)?;
    if !translator.rest.is_empty() {
        return Err("there is a `)` without its `(`".to_owned());
    }
    Ok(translator.out)
}

struct Translator<'a> {
    rest: &'a str,
    out: String,
}

/// The piece that a repetition would apply to.
#[derive(Clone, Copy)]
struct Atom {
    /// Where it begins in the output.
    begin: usize,
    /// Where it ends in the output; flags may stand behind it.
    end: usize,
    /// The product of the counts of the repetitions in it.
    weight: u32,
    /// Whether it is a repetition itself.
    is_repetition: bool,
    /// Whether what comes next stands directly behind it.
    is_next: bool,
}

struct Repeat<'a> {
    text: &'a str,
    weight: u32,
}

impl<'a> Translator<'a> {
    /// Reads alternatives up to the end or a `)`, and returns their weight.
    fn alternation(&mut self, depth: usize) -> Result<u32, String> {
        if depth > DEEPEST {
            return Err(format!("groups are nested more than {DEEPEST} deep"));
        }
        let mut weight = 1;
        let mut last: Option<Atom> = None;
        while let Some(next) = self.rest.chars().next() {
            if next == ')' {
                break;
            }
            if let Some(repeat) = self.repeat()? {
                let atom = last.ok_or("a repetition has nothing to repeat")?;
                let repeated = self.repeated(atom, &repeat)?;
                weight = weight.max(repeated.weight);
                last = Some(repeated);
                continue;
            }
            if let Some(atom) = &mut last {
                atom.is_next = false;
            }
            let begin = self.out.len();
            match next {
                '|' => {
                    self.take(1);
                    self.out.push('|');
                    last = None;
                }
                '(' => {
                    if let Some(inner) = self.group(depth)? {
                        weight = weight.max(inner);
                        last = Some(self.atom(begin, inner));
                    }
                }
                '\\' if self.rest.starts_with("\\Q") => {
                    if let Some(begin) = self.quoted() {
                        last = Some(self.atom(begin, 1));
                    }
                }
                _ => {
                    self.single(next)?;
                    last = Some(self.atom(begin, 1));
                }
            }
        }
        Ok(weight)
    }

    fn atom(&self, begin: usize, weight: u32) -> Atom {
        Atom {
            begin,
            end: self.out.len(),
            weight,
            is_repetition: false,
            is_next: true,
        }
    }

    /// Writes a repetition behind its atom, before the flags that may have come since.
    fn repeated(&mut self, mut atom: Atom, repeat: &Repeat<'_>) -> Result<Atom, String> {
        if atom.is_repetition && atom.is_next {
            return Err("a repetition is repeated without a group around it".to_owned());
        }
        let weight = atom.weight.saturating_mul(repeat.weight).max(1);
        if weight > LARGEST_REPEAT {
            return Err(too_often());
        }
        if atom.is_repetition {
            // Flags stood between the two; directly behind it, a `?` would make it lazy.
            self.out.insert(atom.end, ')');
            self.out.insert_str(atom.begin, "(?:");
            atom.end += 4;
        }
        self.out.insert_str(atom.end, repeat.text);
        Ok(Atom {
            end: atom.end + repeat.text.len(),
            weight,
            is_repetition: true,
            is_next: true,
            ..atom
        })
    }

    /// Reads one character, class or assertion.
    fn single(&mut self, next: char) -> Result<(), String> {
        match next {
            '.' | '^' | '$' => {
                self.take(1);
                self.out.push(next);
            }
            '[' => self.class()?,
            '\\' => self.backslash()?,
            _ => {
                self.take(next.len_utf8());
                self.literal(next);
            }
        }
        Ok(())
    }

    fn backslash(&mut self) -> Result<(), String> {
        let assertion = match self.rest.as_bytes().get(1) {
            Some(b'A') => Some("\\A"),
            Some(b'z') => Some("\\z"),
            Some(b'b') => Some("(?-u:\\b)"),
            Some(b'B') => Some("(?-u:\\B)"),
            _ => None,
        };
        if let Some(assertion) = assertion {
            self.take(2);
            self.out.push_str(assertion);
            return Ok(());
        }
        if let Some(class) = self.perl_class() {
            self.out.push_str(class);
            return Ok(());
        }
        if let Some(class) = self.unicode_class()? {
            self.out.push_str(&class);
            return Ok(());
        }
        let character = self.escape()?;
        self.literal(character);
        Ok(())
    }

    /// Writes a character so that it stands for itself.
    fn literal(&mut self, character: char) {
        write_literal(&mut self.out, character);
    }

    /// Reads `\Q…\E`, and returns where its last character begins in the output.
    fn quoted(&mut self) -> Option<usize> {
        self.take(2);
        let (text, rest) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
        self.rest = rest;
        let mut last = None;
        for character in text.chars() {
            last = Some(self.out.len());
            self.literal(character);
        }
        last
    }

    /// Reads a group and returns its weight, or `None` for one that only sets flags.
    fn group(&mut self, depth: usize) -> Result<Option<u32>, String> {
        self.take(1);
        if self.rest.starts_with('?') {
            self.take(1);
            if !self.name()? {
                return self.flags(depth);
            }
        }
        self.out.push_str("(?:");
        self.inside(depth).map(Some)
    }

    fn inside(&mut self, depth: usize) -> Result<u32, String> {
        let weight = self.alternation(depth + 1)?;
        if !self.rest.starts_with(')') {
            return Err("there is a `(` without its `)`".to_owned());
        }
        self.take(1);
        self.out.push(')');
        Ok(weight)
    }

    /// Reads `P<name>` or `<name>`; nothing here asks what a group held, so the name goes, and two may have the same.
    fn name(&mut self) -> Result<bool, String> {
        let Some(behind) = ["P<", "<"].iter().find_map(|p| self.rest.strip_prefix(p)) else {
            return Ok(false);
        };
        let (name, rest) = behind
            .split_once('>')
            .ok_or("the name of a group does not end")?;
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(word) {
            return Err("the name of a group is not letters, digits and `_`".to_owned());
        }
        self.rest = rest;
        Ok(true)
    }

    /// Reads flags: `i`, `m`, `s` and `U`, set or after `-` cleared; `)` ends them, or `:` begins a group.
    fn flags(&mut self, depth: usize) -> Result<Option<u32>, String> {
        let (mut set, mut cleared) = (String::new(), String::new());
        let (mut clears, mut seen) = (false, false);
        loop {
            let next = self.rest.chars().next();
            self.take(next.map_or(0, char::len_utf8));
            match next {
                Some(flag @ ('i' | 'm' | 's' | 'U')) => {
                    seen = true;
                    set.retain(|other| other != flag);
                    cleared.retain(|other| other != flag);
                    if clears { &mut cleared } else { &mut set }.push(flag);
                }
                Some('-') if !clears => (clears, seen) = (true, false),
                Some(end @ (':' | ')')) if seen || !clears => {
                    let dash = if cleared.is_empty() { "" } else { "-" };
                    // Writing nothing for `(?)` leaves what came before to be repeated, as Go does.
                    if end == ':' || seen {
                        self.out.push_str(&format!("(?{set}{dash}{cleared}{end}"));
                    }
                    return match end {
                        ':' => self.inside(depth).map(Some),
                        _ => Ok(None),
                    };
                }
                _ => return Err("there is an unknown flag or kind of group".to_owned()),
            }
        }
    }

    /// Reads a repetition, when one is next: `*`, `+`, `?` or `{n,m}`, and a `?` behind it.
    ///
    /// Braces that are no repetition are characters.
    fn repeat(&mut self) -> Result<Option<Repeat<'a>>, String> {
        let (length, weight) = match self.rest.as_bytes().first() {
            Some(b'*' | b'+' | b'?') => (1, 1),
            Some(b'{') => match counted(self.rest)? {
                Some(counted) => counted,
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        let lazy = usize::from(self.rest.as_bytes().get(length) == Some(&b'?'));
        let text = self.take(length + lazy);
        Ok(Some(Repeat { text, weight }))
    }

    /// Takes that many bytes off the rest.
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken
    }
}

fn too_often() -> String {
    format!(
        "a repetition counts to more than {LARGEST_REPEAT}, or its bounds are in the wrong order"
    )
}

/// Reads `{n}`, `{n,}` or `{n,m}`, and returns its length and weight.
fn counted(text: &str) -> Result<Option<(usize, u32)>, String> {
    let Some((inside, _)) = text.get(1..).and_then(|behind| behind.split_once('}')) else {
        return Ok(None);
    };
    let (least, most) = match inside.split_once(',') {
        Some((least, "")) => (count(least), Some(None)),
        Some((least, most)) => (count(least), count(most).map(Some)),
        None => (count(inside), count(inside).map(Some)),
    };
    let (Some(least), Some(most)) = (least, most) else {
        return Ok(None);
    };
    if least > LARGEST_REPEAT || most.is_some_and(|most| most > LARGEST_REPEAT || most < least) {
        return Err(too_often());
    }
    Ok(Some((inside.len() + 2, most.unwrap_or(least))))
}

/// Reads a count; Go takes no leading zero for one.
fn count(digits: &str) -> Option<u32> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    Some(digits.parse().unwrap_or(u32::MAX))
}

fn write_literal(out: &mut String, character: char) {
    if character.is_ascii_alphanumeric() || !character.is_ascii() {
        out.push(character);
    } else {
        // A `String` takes all that is written to it.
        let _ = write!(out, "\\x{{{:X}}}", u32::from(character));
    }
}

#[cfg(test)]
mod tests;
