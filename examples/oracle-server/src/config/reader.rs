//! Reads values by name, and collects every problem instead of stopping at the first.

use std::ops::RangeInclusive;
use std::time::Duration;

use watchkeep::logging::one_line;

use super::secret::Secret;

/// Reads values by name. What cannot be read is `None`, and a line among the problems.
pub(crate) struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(lookup: &'a dyn Fn(&str) -> Option<String>, problems: Vec<String>) -> Self {
        Self { lookup, problems }
    }

    pub(crate) fn into_problems(self) -> Vec<String> {
        self.problems
    }

    /// The value as it stands.
    pub(crate) fn raw(&self, name: &str) -> Option<String> {
        (self.lookup)(name)
    }

    pub(crate) fn refuse(&mut self, name: &str, reason: &str) {
        self.problems.push(one_line(&format!("{name}: {reason}")));
    }

    /// A value with a default. Set but empty, it is refused: nobody means that.
    pub(crate) fn parsed<T>(
        &mut self,
        name: &str,
        default: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.raw(name).unwrap_or_else(|| default.to_owned());
        let parsed = if text.is_empty() {
            Err(format!("is empty; unset it for the default, {default}"))
        } else {
            parse(&text)
        };
        self.kept(name, parsed)
    }

    /// A value without a default: unset and empty mean none.
    #[expect(
        clippy::option_option,
        reason = "outside: could it be read; inside: is there one"
    )]
    pub(crate) fn optional<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        match self.raw(name) {
            None => Some(None),
            Some(text) if text.is_empty() => Some(None),
            Some(text) => {
                let parsed = parse(&text);
                self.kept(name, parsed).map(Some)
            }
        }
    }

    /// What stands for a name that is not set.
    pub(crate) fn built_in<T>(&mut self, name: &str, made: Result<T, String>) -> Option<T> {
        self.kept(name, made)
    }

    pub(crate) fn seconds(
        &mut self,
        name: &str,
        default: f64,
        range: RangeInclusive<f64>,
    ) -> Option<Duration> {
        self.parsed(name, &default.to_string(), |text| seconds(text, &range))
    }

    pub(crate) fn number(
        &mut self,
        name: &str,
        default: f64,
        range: RangeInclusive<f64>,
    ) -> Option<f64> {
        self.parsed(name, &default.to_string(), |text| number(text, &range))
    }

    /// The operators' token: unset is none, but an empty one is a mistake that would lock, or let, everybody in.
    #[expect(
        clippy::option_option,
        reason = "outside: could it be read; inside: is there one"
    )]
    pub(crate) fn ops_token(&mut self) -> Option<Option<Secret<String>>> {
        match self.raw("OPS_TOKEN") {
            None => Some(None),
            Some(token) if token.is_empty() => {
                self.refuse("OPS_TOKEN", "is empty; unset it, or set a token");
                None
            }
            // A header carries nothing else, so such a token could never be given.
            Some(token) if !token.chars().all(|character| character.is_ascii_graphic()) => {
                self.refuse(
                    "OPS_TOKEN",
                    "has a blank, or a character that is not printable ASCII",
                );
                None
            }
            Some(token) => Some(Some(Secret::new(token))),
        }
    }

    fn kept<T>(&mut self, name: &str, parsed: Result<T, String>) -> Option<T> {
        parsed.map_err(|reason| self.refuse(name, &reason)).ok()
    }
}

/// A number within a range.
pub(crate) fn number(text: &str, range: &RangeInclusive<f64>) -> Result<f64, String> {
    let value: f64 = text
        .trim()
        .parse()
        .map_err(|_| format!("`{text}` is no number"))?;
    if range.contains(&value) {
        Ok(value)
    } else {
        Err(format!(
            "{text} is not from {} to {}",
            range.start(),
            range.end()
        ))
    }
}

/// A number of seconds within a range.
pub(crate) fn seconds(text: &str, range: &RangeInclusive<f64>) -> Result<Duration, String> {
    number(text, range).map(Duration::from_secs_f64)
}
