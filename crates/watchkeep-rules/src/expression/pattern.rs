//! Regular expressions of matchers: Go's dialect, run by this crate's engine where both mean the same, refused where they do not.

use regex::{Regex, RegexBuilder};

/// The longest pattern, in bytes.
const LONGEST: usize = 1_024;

/// The memory that a compiled pattern may take, in bytes: what asks for more explodes.
const MOST_MEMORY: usize = 256 * 1_024;

/// The most repetitions of a counted one, Go's own limit.
const MOST_REPETITIONS: u32 = 1_000;

/// Compiles a pattern that has to match the whole value.
///
/// A dot also takes a line feed, as in Prometheus 3.
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > LONGEST {
        return Err(format!("the pattern is longer than {LONGEST} bytes"));
    }
    let translated = translate(pattern)?;
    RegexBuilder::new(&format!("^(?s:{translated})$"))
        .size_limit(MOST_MEMORY)
        .dfa_size_limit(MOST_MEMORY)
        .nest_limit(64)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                format!("`{pattern}` takes more than {MOST_MEMORY} bytes")
            }
            _ => format!("`{pattern}` is no regular expression"),
        })
}

/// Writes Go's classes in full, and refuses what the two engines read differently.
fn translate(pattern: &str) -> Result<String, String> {
    let refuse = |what: &str| {
        Err(format!(
            "`{pattern}`: {what} does not mean the same everywhere"
        ))
    };
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern.chars().peekable();
    let mut in_class = false;
    let mut after_repetition = false;
    while let Some(next) = rest.next() {
        let was_repetition = std::mem::take(&mut after_repetition);
        match next {
            '\\' => match rest.next() {
                Some('d') => out.push_str(if in_class { "0-9" } else { "[0-9]" }),
                Some('w') => out.push_str(if in_class {
                    "0-9A-Za-z_"
                } else {
                    "[0-9A-Za-z_]"
                }),
                Some('s') => out.push_str(if in_class {
                    r"\t\n\f\r "
                } else {
                    r"[\t\n\f\r ]"
                }),
                Some('D') if !in_class => out.push_str("[^0-9]"),
                Some('W') if !in_class => out.push_str("[^0-9A-Za-z_]"),
                Some('S') if !in_class => out.push_str(r"[^\t\n\f\r ]"),
                Some(escaped @ ('t' | 'n' | 'f' | 'r' | 'v' | 'a')) => {
                    out.push('\\');
                    out.push(escaped);
                }
                Some(escaped) if escaped.is_ascii_punctuation() => {
                    out.push('\\');
                    out.push(escaped);
                }
                Some(other) => return refuse(&format!("`\\{other}`")),
                None => return Err(format!("`{pattern}` ends with a backslash")),
            },
            '[' if in_class => {
                if rest.peek() == Some(&':') {
                    return refuse("a named class");
                }
                out.push_str(r"\[");
            }
            '[' => {
                in_class = true;
                out.push('[');
                if rest.peek() == Some(&'^') {
                    out.extend(rest.next());
                }
                // A bracket that comes first is a member, not the end.
                if rest.peek() == Some(&']') {
                    rest.next();
                    out.push_str(r"\]");
                }
            }
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(next);
            }
            '-' if in_class && rest.peek() == Some(&'-') => return refuse("`--` in a class"),
            '*' | '+' | '?' if !in_class => {
                // `*?` is the lazy form; anything further is an error in Go.
                if was_repetition && next != '?' {
                    return refuse("a repetition of a repetition");
                }
                after_repetition = !was_repetition;
                out.push(next);
                if was_repetition && matches!(rest.peek(), Some('*' | '+' | '?' | '{')) {
                    return refuse("a repetition of a repetition");
                }
            }
            '{' if !in_class => {
                let counted: String = rest.clone().take_while(|c| *c != '}').collect();
                match repetitions(&counted) {
                    Some(most) if most > MOST_REPETITIONS => {
                        return Err(format!(
                            "`{pattern}`: more than {MOST_REPETITIONS} repetitions"
                        ));
                    }
                    Some(_) if was_repetition => return refuse("a repetition of a repetition"),
                    Some(_) => {
                        after_repetition = true;
                        out.push('{');
                        out.push_str(&counted);
                        out.push('}');
                        rest.nth(counted.chars().count());
                    }
                    // Go takes a brace that counts nothing as itself.
                    None => out.push_str(r"\{"),
                }
            }
            '}' if !in_class => out.push_str(r"\}"),
            '(' if !in_class => {
                out.push('(');
                if rest.peek() == Some(&'?') {
                    rest.next();
                    match rest.next() {
                        Some(':') => out.push_str("?:"),
                        _ => return refuse("a group with `(?`, other than `(?:`,"),
                    }
                }
            }
            _ => out.push(next),
        }
    }
    Ok(out)
}

/// The larger number of `{n}`, `{n,}` and `{n,m}`.
fn repetitions(counted: &str) -> Option<u32> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u32::MAX))
    };
    match counted.split_once(',') {
        None => number(counted),
        Some((least, "")) => number(least),
        Some((least, most)) => Some(number(least)?.max(number(most)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, value: &str, expected: bool) {
        let regex = compile(pattern).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(regex.is_match(value), expected, "{pattern} on {value:?}");
    }

    #[test]
    fn matches_the_whole_value_as_go_does() {
        check("5..", "503", true);
        check("5..", "1503", false);
        check(r"\d+", "٣", false);
        check(r"\w", "é", false);
        check(r"\s", "\u{a0}", false);
        check(r"[\d.]+", "1.2", true);
        check("[a&&b]", "&", true);
        check("[[]", "[", true);
        check("[]a]+", "]a", true);
        check("[^]a]", "b", true);
        check("a{x}b", "a{x}b", true);
        check("a{2,}", "aaa", true);
        check("a{2}?", "aa", true);
        check("a.b", "a\nb", true);
        check("a|b", "b", true);
        check("", "", true);
        check("(?:a|b)+?", "ab", true);
        check(r"a\.b", "axb", false);
    }

    #[test]
    fn refuses_what_the_two_read_differently_or_what_explodes() {
        for (pattern, word) in [
            ("a**", "repetition of a repetition"),
            ("a+?+", "repetition of a repetition"),
            ("a{2}{3}", "repetition of a repetition"),
            ("a{1001}", "more than 1000"),
            ("((a{100}){100}){100}", "takes more than"),
            (r"\Qa\E", r"`\Q`"),
            (r"\bx", r"`\b`"),
            (r"\pL", r"`\p`"),
            ("(?i)a", "`(?`"),
            ("[[:alpha:]]", "named class"),
            ("[a--b]", "`--`"),
            ("(", "no regular expression"),
            ("a\\", "ends with a backslash"),
            (&"a".repeat(1_025), "longer than"),
        ] {
            let error = compile(pattern).expect_err(pattern);
            assert!(error.contains(word), "{error}");
        }
    }
}
