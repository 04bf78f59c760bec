//! A tree of YAML, and how it is written.

use std::fmt::{self, Write as _};

/// A piece of YAML.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Value {
    /// A number or a truth value, as it stands.
    Bare(String),
    List(Vec<Self>),
    Map(Vec<(&'static str, Self)>),
    Text(String),
}

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn bare(value: impl fmt::Display) -> Self {
        Self::Bare(value.to_string())
    }

    fn is_block(&self) -> bool {
        match self {
            Self::Bare(_) | Self::Text(_) => false,
            Self::List(items) => !items.is_empty(),
            Self::Map(fields) => !fields.is_empty(),
        }
    }

    /// Writes a list or a map that is not empty, each line so far to the right; the first line is begun already.
    fn block(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let line = |f: &mut fmt::Formatter<'_>, at: usize| match at {
            0 => Ok(()),
            _ => write!(f, "{:1$}", "", depth * 2),
        };
        match self {
            Self::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    line(f, at)?;
                    f.write_str("- ")?;
                    item.after(f, depth + 1)?;
                }
            }
            Self::Map(fields) => {
                for (at, (name, value)) in fields.iter().enumerate() {
                    line(f, at)?;
                    write!(f, "{name}:")?;
                    if value.is_block() {
                        write!(f, "\n{:1$}", "", (depth + 1) * 2)?;
                    } else {
                        f.write_char(' ')?;
                    }
                    value.after(f, depth + 1)?;
                }
            }
            Self::Bare(_) | Self::Text(_) => {}
        }
        Ok(())
    }

    /// Writes what comes after a dash or a name.
    fn after(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        match self {
            Self::List(items) if items.is_empty() => f.write_str("[]\n"),
            Self::Map(fields) if fields.is_empty() => f.write_str("{}\n"),
            Self::List(_) | Self::Map(_) => self.block(f, depth),
            Self::Bare(value) => writeln!(f, "{value}"),
            Self::Text(text) => {
                write_text(f, text)?;
                f.write_char('\n')
            }
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.after(f, 0)
    }
}

/// Writes a text as it stands where nobody could take it for something else, and in double quotes elsewhere.
fn write_text(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    if is_plain(text) {
        return out.write_str(text);
    }
    out.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(out, "\\{c}")?,
            '\n' => out.write_str("\\n")?,
            '\t' => out.write_str("\\t")?,
            _ if !crate::text::is_hidden(c) && !is_odd(c) => out.write_char(c)?,
            '\0'..='\u{ff}' => write!(out, "\\x{:02x}", u32::from(c))?,
            '\u{100}'..='\u{ffff}' => write!(out, "\\u{:04x}", u32::from(c))?,
            _ => write!(out, "\\U{:08x}", u32::from(c))?,
        }
    }
    out.write_char('"')
}

/// Says whether YAML does not take a character as it stands.
const fn is_odd(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{ffff}' | '\u{1fffe}'..)
}

/// Says whether a text is a word that means nothing else in YAML.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 10] = [
        "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan",
    ];
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
    // Durations begin with a digit and end with a unit; `1e5` and `0x1f` are numbers.
    let is_duration = text.strip_suffix(['y', 'w', 'd', 'h', 'm', 's']).is_some()
        && !text.starts_with("0x")
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || "ywdhms".contains(c));
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    (is_word || is_duration)
        && text.chars().all(inside)
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut out = String::new();
        write_text(&mut out, text).unwrap();
        assert_eq!(out, expected);
    }

    #[test]
    fn what_could_be_read_as_something_else_stands_in_quotes() {
        for plain in ["chat", "1h30m", "5d", "/etc/x.y", "a-b_c", "Europe/Berlin"] {
            check(plain, plain);
        }
        for quoted in [
            "", "1", "-1", "Yes", "null", "0x1d", "1e5", "a b", "~", ".inf", "#c", "a:", "22:00",
            "y", "é",
        ] {
            check(quoted, &format!("\"{quoted}\""));
        }
    }

    #[test]
    fn nothing_hidden_is_written_as_it_stands() {
        check(
            "\"\\\n\t\0\u{85}\u{202e}\u{feff}\u{e000}🙂\u{10ffff}",
            r#""\"\\\n\t\x00\x85\u202e\ufeff\ue000🙂\U0010ffff""#,
        );
    }

    #[test]
    fn blocks_nest() {
        let inner = Value::Map(vec![
            ("b", Value::List(vec![Value::text("x"), Value::bare(1)])),
            ("c", Value::Map(Vec::new())),
        ]);
        let value = Value::Map(vec![("a", Value::List(vec![inner.clone(), inner]))]);
        let item = "  - b:\n      - x\n      - 1\n    c: {}\n";
        assert_eq!(value.to_string(), format!("a:\n{item}{item}"));
    }
}
