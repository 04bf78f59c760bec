//! The choice of series by name and labels.

use std::fmt;

use crate::label::escape_value;

/// Chooses the series of a name by what labels they have and have not, and stands for their sum.
///
/// A histogram `h` is reached as `h_sum`, `h_count`, and as `h_bucket` with a label `le`. Its `Display` form is PromQL.
///
/// ```
/// use watchkeep_metrics::Selector;
///
/// let selector = Selector::new("oracle_errors_total").with_label("error_type", "timeout");
/// assert_eq!(selector.to_string(), r#"oracle_errors_total{error_type="timeout"}"#);
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Selector {
    name: String,
    labels: Vec<(String, String)>,
    unwanted: Vec<(String, String)>,
}

impl Selector {
    /// Creates a selector of all series of a name, as the Prometheus text shows it.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            labels: Vec::new(),
            unwanted: Vec::new(),
        }
    }

    /// Asks for a label; an empty value asks for its absence. A second value for the same name replaces the first.
    #[must_use]
    pub fn with_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.labels.retain(|(known, _)| *known != name);
        self.labels.push((name, value));
        self.labels.sort_unstable();
        self
    }

    /// Leaves out the series where a label has this value; an empty value leaves out those without the label.
    ///
    /// Several values of one name may be left out.
    #[must_use]
    pub fn without_label(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let unwanted = (name.into(), value.into());
        if let Err(at) = self.unwanted.binary_search(&unwanted) {
            self.unwanted.insert(at, unwanted);
        }
        self
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the labels that are left out, sorted.
    pub fn unwanted(&self) -> impl Iterator<Item = (&str, &str)> {
        self.unwanted
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the labels that are asked for, sorted by name.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.labels
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.labels.is_empty() && self.unwanted.is_empty() {
            return Ok(());
        }
        let wanted = self.labels.iter().map(|label| (label, "=\""));
        let unwanted = self.unwanted.iter().map(|label| (label, "!=\""));
        let mut text = String::new();
        for ((name, value), operator) in wanted.chain(unwanted) {
            text.push_str(if text.is_empty() { "{" } else { "," });
            text.push_str(name);
            text.push_str(operator);
            escape_value(value, &mut text);
            text.push('"');
        }
        write!(f, "{text}}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_is_promql_with_escaped_values_and_sorted_labels() {
        let selector = Selector::new("m")
            .with_label("z", "a\"\\\n")
            .with_label("b", "1");
        assert_eq!(selector.to_string(), "m{b=\"1\",z=\"a\\\"\\\\\\n\"}");
        assert_eq!(Selector::new("m").to_string(), "m");
    }

    #[test]
    fn what_is_left_out_comes_last_in_any_order() {
        let one = Selector::new("m")
            .without_label("a", "2")
            .with_label("b", "\n");
        let one = one.without_label("a", "1").without_label("a", "1");
        assert_eq!(one.to_string(), r#"m{b="\n",a!="1",a!="2"}"#);
        let two = Selector::new("m")
            .without_label("a", "1")
            .without_label("a", "2");
        assert_eq!(one, two.with_label("b", "\n"));
    }

    #[test]
    fn order_of_labels_does_not_matter_and_the_last_value_counts() {
        let one = Selector::new("m")
            .with_label("a", "0")
            .with_label("b", "2")
            .with_label("a", "1");
        let two = Selector::new("m").with_label("a", "1").with_label("b", "2");
        assert_eq!(one, two);
    }
}
