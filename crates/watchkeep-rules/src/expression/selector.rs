//! The choice of series: a name and matchers, as PromQL writes them.

use std::fmt;
use std::time::Duration;

use regex::Regex;
use watchkeep_metrics::SeriesLabels;

use super::pattern;
use crate::duration::Shown;

/// Chooses series by name and labels, as they were some time ago.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Selector {
    /// None where a matcher says it, if anything does.
    pub(crate) name: Option<String>,
    pub(crate) matchers: Vec<Matcher>,
    pub(crate) offset: Duration,
}

/// What a label has to be.
#[derive(Clone, Debug)]
pub(crate) struct Matcher {
    name: String,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    Equal(String),
    NotEqual(String),
    Matches(String, Regex),
    MatchesNot(String, Regex),
}

// === impl Selector ===

impl Selector {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            matchers: Vec::new(),
            offset: Duration::ZERO,
        }
    }

    pub(crate) fn with(mut self, matcher: Matcher) -> Self {
        self.matchers.push(matcher);
        self
    }

    /// The labels that a series chosen by this is sure to have: what `absent` answers with.
    pub(crate) fn known_labels(&self) -> SeriesLabels {
        let mut labels = SeriesLabels::default();
        let mut seen: Vec<&str> = Vec::new();
        for matcher in self
            .matchers
            .iter()
            .filter(|matcher| matcher.name != "__name__")
        {
            match &matcher.test {
                Test::Equal(value) if !seen.contains(&matcher.name.as_str()) => {
                    labels = labels.with(&matcher.name, value);
                    seen.push(&matcher.name);
                }
                // A label that is spoken of twice, or by a pattern, is not sure.
                _ => labels = labels.with(&matcher.name, ""),
            }
        }
        labels
    }
}

/// A choice of the metrics crate: the same series, not summed.
impl From<&watchkeep_metrics::Selector> for Selector {
    fn from(selector: &watchkeep_metrics::Selector) -> Self {
        let wanted = selector
            .labels()
            .map(|(name, value)| Matcher::equal(name, value));
        let unwanted = selector
            .unwanted()
            .map(|(name, value)| Matcher::not_equal(name, value));
        Self {
            matchers: wanted.chain(unwanted).collect(),
            ..Self::new(selector.name())
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Chosen(self), Offset(self.offset))
    }
}

/// A selector without its offset.
pub(crate) struct Chosen<'a>(pub(crate) &'a Selector);

impl fmt::Display for Chosen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(selector) = self;
        if let Some(name) = &selector.name {
            f.write_str(name)?;
        }
        if selector.matchers.is_empty() {
            return Ok(());
        }
        let mut separator = "{";
        for matcher in &selector.matchers {
            write!(f, "{separator}{matcher}")?;
            separator = ",";
        }
        f.write_str("}")
    }
}

/// ` offset 5m`, or nothing.
pub(crate) struct Offset(pub(crate) Duration);

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_zero() {
            return Ok(());
        }
        write!(f, " offset {}", Shown(self.0))
    }
}

// === impl Matcher ===

impl Matcher {
    pub(crate) fn equal(name: &str, value: &str) -> Self {
        Self::new(name, Test::Equal(value.to_owned()))
    }

    pub(crate) fn not_equal(name: &str, value: &str) -> Self {
        Self::new(name, Test::NotEqual(value.to_owned()))
    }

    pub(crate) fn matches(name: &str, pattern: &str) -> Result<Self, String> {
        let regex = pattern::compile(pattern)?;
        Ok(Self::new(name, Test::Matches(pattern.to_owned(), regex)))
    }

    pub(crate) fn matches_not(name: &str, pattern: &str) -> Result<Self, String> {
        let regex = pattern::compile(pattern)?;
        Ok(Self::new(name, Test::MatchesNot(pattern.to_owned(), regex)))
    }

    fn new(name: &str, test: Test) -> Self {
        Self {
            name: name.to_owned(),
            test,
        }
    }

    /// The name that it asks for, where it is a matcher of the name for just one.
    pub(crate) fn as_metric_name(&self) -> Option<&str> {
        match &self.test {
            Test::Equal(value) if self.name == "__name__" && !value.is_empty() => Some(value),
            _ => None,
        }
    }

    /// Name and value, where it asks for just one.
    pub(crate) fn as_label(&self) -> Option<(&str, &str)> {
        match &self.test {
            Test::Equal(value) => Some((&self.name, value)),
            Test::Matches(..) | Test::MatchesNot(..) | Test::NotEqual(_) => None,
        }
    }

    pub(crate) fn accepts(&self, labels: &SeriesLabels) -> bool {
        let value = labels.get(&self.name);
        match &self.test {
            Test::Equal(wanted) => value == wanted,
            Test::NotEqual(unwanted) => value != unwanted,
            Test::Matches(_, regex) => regex.is_match(value),
            Test::MatchesNot(_, regex) => !regex.is_match(value),
        }
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        // The compiled form says nothing that the text does not.
        self.to_string() == other.to_string()
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (operator, value) = match &self.test {
            Test::Equal(value) => ("=", value),
            Test::NotEqual(value) => ("!=", value),
            Test::Matches(pattern, _) => ("=~", pattern),
            Test::MatchesNot(pattern, _) => ("!~", pattern),
        };
        write!(f, "{}{operator}{}", self.name, quoted(value))
    }
}

/// A string as PromQL and Go write it.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            control if control.is_control() => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_promql() {
        let selector = Selector {
            offset: Duration::from_secs(300),
            ..Selector::new("m")
        };
        let selector = selector
            .with(Matcher::equal("a", "\"\\\n"))
            .with(Matcher::not_equal("b", "é\u{7}"))
            .with(Matcher::matches("c", "5..").unwrap());
        assert_eq!(
            selector.to_string(),
            "m{a=\"\\\"\\\\\\n\",b!=\"é\\u0007\",c=~\"5..\"} offset 5m"
        );
    }

    #[test]
    fn absent_knows_labels_asked_for_once_and_exactly() {
        let selector = Selector::new("m")
            .with(Matcher::equal("a", "1"))
            .with(Matcher::equal("b", "1"))
            .with(Matcher::equal("b", "2"))
            .with(Matcher::not_equal("c", "1"))
            .with(Matcher::equal("__name__", "x"));
        assert_eq!(selector.known_labels().to_string(), r#"{a="1"}"#);
    }

    #[test]
    fn an_absent_label_is_an_empty_one() {
        let labels = SeriesLabels::new([("a", "1")]);
        assert!(Matcher::equal("b", "").accepts(&labels));
        assert!(Matcher::matches("b", ".*").unwrap().accepts(&labels));
        assert!(!Matcher::matches_not("a", "1|2").unwrap().accepts(&labels));
        assert!(Matcher::not_equal("b", "x").accepts(&labels));
    }
}
