//! The classes and escapes of Go's dialect.

use super::{Translator, write_literal};

/// The names that Go knows in `[:name:]`.
const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// The general categories that Go knows in `\p{…}`.
const CATEGORIES: [&str; 36] = [
    "C", "Cc", "Cf", "Co", "Cs", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N",
    "Nd", "Nl", "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So",
    "Z", "Zl", "Zp", "Zs",
];

impl Translator<'_> {
    /// Reads a class in brackets.
    pub(super) fn class(&mut self) -> Result<(), String> {
        self.take(1);
        self.out.push('[');
        if self.rest.starts_with('^') {
            self.take(1);
            self.out.push('^');
        }
        let mut first = true;
        while first || !self.rest.starts_with(']') {
            first = false;
            if self.rest.is_empty() {
                return Err("there is a `[` without its `]`".to_owned());
            }
            self.class_item()?;
        }
        self.take(1);
        self.out.push(']');
        Ok(())
    }

    fn class_item(&mut self) -> Result<(), String> {
        if let Some(posix) = self.posix_class()? {
            self.out.push_str(&posix);
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
        let low = self.class_character()?;
        write_literal(&mut self.out, low);
        let range = self.rest.strip_prefix('-');
        if range.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(']')) {
            self.take(1);
            let high = self.class_character()?;
            if high < low {
                return Err("a range of a class ends before it begins".to_owned());
            }
            self.out.push('-');
            write_literal(&mut self.out, high);
        }
        Ok(())
    }

    fn class_character(&mut self) -> Result<char, String> {
        match self.rest.chars().next() {
            Some('\\') => self.escape(),
            Some(character) => {
                self.take(character.len_utf8());
                Ok(character)
            }
            None => Err("there is a `[` without its `]`".to_owned()),
        }
    }

    /// Reads `[:name:]` or `[:^name:]`.
    fn posix_class(&mut self) -> Result<Option<String>, String> {
        let inside = self
            .rest
            .strip_prefix("[:")
            .and_then(|r| r.split_once(":]"));
        let Some((name, _)) = inside else {
            return Ok(None);
        };
        if !POSIX.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return Err("there is no class `[:…:]` of that name".to_owned());
        }
        Ok(Some(self.take(name.len() + 4).to_owned()))
    }

    /// Reads `\d`, `\s` or `\w`, or what they leave out; they are ASCII, and `\s` has no vertical tab.
    pub(super) fn perl_class(&mut self) -> Option<&'static str> {
        let class = match self.rest.as_bytes().get(..2)? {
            b"\\d" => "[0-9]",
            b"\\D" => "[^0-9]",
            b"\\s" => "[\\t\\n\\f\\r\\x20]",
            b"\\S" => "[^\\t\\n\\f\\r\\x20]",
            b"\\w" => "[0-9A-Za-z_]",
            b"\\W" => "[^0-9A-Za-z_]",
            _ => return None,
        };
        self.take(2);
        Some(class)
    }

    /// Reads `\pL`, `\p{Greek}`, `\p{^Greek}` or `\P…`.
    pub(super) fn unicode_class(&mut self) -> Result<Option<String>, String> {
        let mut negated = match self.rest.as_bytes().get(..2) {
            Some(b"\\p") => false,
            Some(b"\\P") => true,
            _ => return Ok(None),
        };
        self.take(2);
        let name = match self.rest.strip_prefix('{') {
            Some(behind) => {
                let (name, _) = behind.split_once('}').ok_or("a `\\p{` does not end")?;
                self.take(name.len() + 2);
                name
            }
            None => self.take(self.rest.chars().next().map_or(0, char::len_utf8)),
        };
        let name = name
            .strip_prefix('^')
            .inspect(|_| negated = !negated)
            .unwrap_or(name);
        let escape = if negated { "\\P" } else { "\\p" };
        match name {
            "Any" => Ok(Some(format!("{escape}{{Any}}"))),
            _ if CATEGORIES.contains(&name) => Ok(Some(format!("{escape}{{{name}}}"))),
            _ if looks_like_script(name) => Ok(Some(format!("{escape}{{Script={name}}}"))),
            _ => Err("there is no class `\\p{…}` of that name".to_owned()),
        }
    }

    /// Reads a backslash and what it escapes.
    pub(super) fn escape(&mut self) -> Result<char, String> {
        self.take(1);
        let escaped = self
            .rest
            .chars()
            .next()
            .ok_or("a `\\` ends the expression")?;
        self.take(escaped.len_utf8());
        match escaped {
            'a' => Ok('\x07'),
            'f' => Ok('\x0C'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'v' => Ok('\x0B'),
            'x' => self.hexadecimal(),
            '0' => self.octal(0),
            // One digit alone would refer back to a group.
            '1'..='7' if self.rest.starts_with(|c: char| c.is_digit(8)) => {
                self.octal(u32::from(escaped) - u32::from('0'))
            }
            _ if escaped.is_ascii() && !escaped.is_ascii_alphanumeric() => Ok(escaped),
            _ => Err("there is an unknown escape".to_owned()),
        }
    }

    fn octal(&mut self, first: u32) -> Result<char, String> {
        let mut code = first;
        for _ in 0..2 {
            let Some(digit) = self.rest.chars().next().and_then(|c| c.to_digit(8)) else {
                break;
            };
            self.take(1);
            code = code * 8 + digit;
        }
        char::from_u32(code).ok_or_else(|| "there is an unknown escape".to_owned())
    }

    fn hexadecimal(&mut self) -> Result<char, String> {
        let digits = match self.rest.strip_prefix('{') {
            Some(behind) => {
                let (digits, _) = behind.split_once('}').ok_or("a `\\x{` does not end")?;
                self.take(digits.len() + 2);
                digits
            }
            None => match self.rest.get(..2) {
                Some(_) => self.take(2),
                None => "",
            },
        };
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let code = plain
            .then(|| u32::from_str_radix(digits, 16).ok())
            .flatten();
        code.and_then(char::from_u32)
            .ok_or_else(|| "there is a `\\x` that is no character".to_owned())
    }
}

/// Says whether a name is written as Go writes scripts: capitalized words. Whether there is one of the name, the compiler says.
fn looks_like_script(name: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.chars().all(|c| c.is_ascii_alphabetic())
    };
    name.len() > 2 && name.split('_').all(|part| word(part) || part == "S")
}
