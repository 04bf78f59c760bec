//! The labels of a kept series, shared by everybody who looks at them.

use std::fmt;
use std::sync::Arc;

/// The label that a series' name is kept under, as in Prometheus.
const NAME: &str = "__name__";

/// Names and values, sorted by name; cloning shares them. The series' own name is the label `__name__`.
///
/// A label with an empty value is as good as absent, and is left out.
///
/// ```
/// use watchkeep_metrics::SeriesLabels;
///
/// let labels = SeriesLabels::new([("__name__", "up"), ("job", "api"), ("zone", "")]);
/// assert_eq!(labels.to_string(), r#"up{job="api"}"#);
/// assert_eq!(labels.get("zone"), "");
/// ```
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SeriesLabels(Arc<[(Arc<str>, Arc<str>)]>);

impl SeriesLabels {
    /// Creates labels; of two with the same name the last one counts.
    #[must_use]
    pub fn new<N: Into<Arc<str>>, V: Into<Arc<str>>>(
        labels: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let labels = labels
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        Self::sorted(labels.collect())
    }

    fn sorted(mut labels: Vec<(Arc<str>, Arc<str>)>) -> Self {
        labels.sort_by(|(left, _), (right, _)| left.cmp(right));
        // Sorting is stable, so the last of equal names is the last given.
        let mut kept: Vec<(Arc<str>, Arc<str>)> = Vec::with_capacity(labels.len());
        for label in labels {
            match kept.last_mut() {
                Some(last) if last.0 == label.0 => *last = label,
                _ => kept.push(label),
            }
        }
        kept.retain(|(_, value)| !value.is_empty());
        Self(kept.into())
    }

    /// Returns the value of a label, empty when there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        let at = self.0.binary_search_by(|(known, _)| (**known).cmp(name));
        at.map_or("", |at| &self.0[at].1)
    }

    /// Returns the series' name, empty when it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.get(NAME)
    }

    /// Returns names and values, sorted by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Returns how many labels there are, `__name__` among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether there is no label.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the labels whose names pass; the same ones where all do.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(&str) -> bool) -> Self {
        if self.0.iter().all(|(name, _)| keep(name)) {
            return self.clone();
        }
        let kept = self.0.iter().filter(|(name, _)| keep(name)).cloned();
        Self(kept.collect())
    }

    /// Returns the labels without the series' name.
    #[must_use]
    pub fn without_name(&self) -> Self {
        self.filtered(|name| name != NAME)
    }

    /// Returns the labels with one more, or another value of one; an empty value takes it away.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut labels = self.0.to_vec();
        labels.push((name.into(), value.into()));
        Self::sorted(labels)
    }
}

impl Default for SeriesLabels {
    fn default() -> Self {
        Self(Arc::new([]))
    }
}

/// As PromQL writes a series: the name, then the other labels.
impl fmt::Display for SeriesLabels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        let mut separator = "{";
        for (name, value) in self.iter().filter(|(name, _)| *name != NAME) {
            let mut escaped = String::new();
            crate::label::escape_value(value, &mut escaped);
            write!(f, "{separator}{name}=\"{escaped}\"")?;
            separator = ",";
        }
        match (separator, self.name()) {
            ("{", "") => f.write_str("{}"),
            ("{", _) => Ok(()),
            _ => f.write_str("}"),
        }
    }
}

impl fmt::Debug for SeriesLabels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_labels_are_equal_in_any_order_and_without_empty_ones() {
        let one = SeriesLabels::new([("b", "2"), ("a", "1"), ("c", ""), ("b", "3")]);
        assert_eq!(one, SeriesLabels::new([("a", "1"), ("b", "3")]));
        assert_eq!(one.with("b", "").to_string(), r#"{a="1"}"#);
        assert_eq!(one.filtered(|name| name == "b").to_string(), r#"{b="3"}"#);
    }

    #[test]
    fn display_is_promql() {
        let labels = SeriesLabels::new([("__name__", "m"), ("Z", "\"\n")]);
        assert_eq!(labels.to_string(), r#"m{Z="\"\n"}"#);
        assert_eq!(labels.without_name().to_string(), r#"{Z="\"\n"}"#);
        assert_eq!(SeriesLabels::default().to_string(), "{}");
        assert_eq!(SeriesLabels::new([("__name__", "m")]).to_string(), "m");
    }
}
