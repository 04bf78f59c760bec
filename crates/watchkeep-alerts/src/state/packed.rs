//! The texts of an alert that is held, in one piece of memory.

use std::cmp::Ordering;

use serde::{Serialize, Serializer};

use crate::alert::{Alert, Labels};
use crate::level::Level;

/// Ends each text; no byte of UTF-8 is like it.
const END: u8 = 0xff;

/// An alert's labels, annotations and source, in one piece: maps of texts take five times as much.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    /// Names and values of the labels, then of the annotations, each with its end; then the source.
    bytes: Box<[u8]>,
    labels_end: usize,
    annotations_end: usize,
    level: Level,
}

/// Names and values, in the order of the names.
#[derive(Clone, Debug)]
pub(crate) struct Pairs<'a> {
    rest: &'a [u8],
}

// === impl Packed ===

impl Packed {
    pub(super) fn of(alert: &Alert) -> Self {
        let (labels, annotations) = (alert.labels(), alert.annotations());
        Self::from_parts(labels, annotations, alert.generator_url(), alert.level())
    }

    /// Packs labels that are asked about, and belong to no alert.
    pub(super) fn of_labels(labels: &Labels) -> Self {
        Self::from_parts(labels, &Labels::new(), "", Level::Info)
    }

    fn from_parts(labels: &Labels, annotations: &Labels, source: &str, level: Level) -> Self {
        let texts = [labels, annotations].into_iter().flatten();
        let length = texts.fold(source.len(), |sum, (name, value)| {
            sum + name.len() + value.len() + 2
        });
        let mut bytes = Vec::with_capacity(length);
        put(&mut bytes, labels);
        let labels_end = bytes.len();
        put(&mut bytes, annotations);
        let annotations_end = bytes.len();
        bytes.extend_from_slice(source.as_bytes());
        Self {
            bytes: bytes.into_boxed_slice(),
            labels_end,
            annotations_end,
            level,
        }
    }

    pub(crate) fn labels(&self) -> Pairs<'_> {
        Pairs {
            rest: &self.bytes[..self.labels_end],
        }
    }

    pub(crate) fn annotations(&self) -> Pairs<'_> {
        Pairs {
            rest: &self.bytes[self.labels_end..self.annotations_end],
        }
    }

    /// Returns where the alert comes from: an address, or nothing.
    pub(crate) fn generator_url(&self) -> &str {
        text(&self.bytes[self.annotations_end..])
    }

    /// Returns the value of a label; a label that is not there is empty.
    pub(crate) fn label(&self, name: &str) -> &str {
        self.labels().value(name)
    }

    pub(crate) fn name(&self) -> &str {
        self.label("alertname")
    }

    pub(crate) const fn level(&self) -> Level {
        self.level
    }

    pub(super) fn has_labels_of(&self, alert: &Alert) -> bool {
        let labels = alert.labels().iter();
        self.labels()
            .eq(labels.map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// Compares as Alertmanager lists the alerts of a group: by job, by instance, then by all labels.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let place = |packed: &Self, name| {
            let value = packed.label(name);
            (value.is_empty(), value.to_owned())
        };
        for name in ["job", "instance"] {
            let order = place(self, name).cmp(&place(other, name));
            if order.is_ne() {
                return order;
            }
        }
        self.labels().compare(&other.labels())
    }
}

fn put(bytes: &mut Vec<u8>, texts: &Labels) {
    for (name, value) in texts {
        for text in [name, value] {
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(END);
        }
    }
}

/// Reads what was a text before.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

// === impl Pairs ===

impl<'a> Pairs<'a> {
    /// Returns the value of a name; of one that is not there it is empty.
    pub(crate) fn value(mut self, name: &str) -> &'a str {
        let found = self.find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn unpacked(&self) -> Labels {
        let pairs = self.clone();
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    /// Compares as Prometheus does: fewer labels first, then by name and value; who has not the first of the names comes first.
    fn compare(&self, other: &Self) -> Ordering {
        let count = |pairs: &Self| pairs.clone().count();
        let fewer = count(self).cmp(&count(other));
        let pairs = self.clone().zip(other.clone());
        let differing = pairs.map(|((name, value), (other_name, other_value))| {
            other_name.cmp(name).then_with(|| value.cmp(other_value))
        });
        differing.fold(fewer, Ordering::then)
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let name_end = self.rest.iter().position(|byte| *byte == END)?;
        let (name, rest) = self.rest.split_at(name_end);
        let value_end = rest[1..].iter().position(|byte| *byte == END)? + 1;
        let (value, rest) = rest.split_at(value_end);
        self.rest = &rest[1..];
        Some((text(name), text(&value[1..])))
    }
}

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(labels: &[(&str, &str)], annotations: &[(&str, &str)], url: &str) -> Packed {
        let map = |pairs: &[(&str, &str)]| -> Labels {
            let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            pairs.iter().map(owned).collect()
        };
        let alert = Alert::from_parts(map(labels), map(annotations));
        Packed::of(&alert.with_generator_url(url.to_owned()))
    }

    #[test]
    fn what_is_packed_comes_back() {
        let labels = [
            ("alertname", "Ü"),
            ("empty", ""),
            ("nul", "a\0b"),
            ("z", "ÿ"),
        ];
        let packed = packed(&labels, &[("summary", "x=y\n")], "http://a/b");
        assert!(packed.labels().eq(labels));
        assert!(packed.annotations().eq([("summary", "x=y\n")]));
        assert_eq!(packed.generator_url(), "http://a/b");
        assert_eq!(packed.name(), "Ü");
        assert_eq!(packed.label("nul"), "a\0b");
        assert_eq!(packed.label("other"), "");
        assert_eq!(packed.labels().unpacked()["z"], "ÿ");
        let json = serde_json::to_string(&packed.annotations()).unwrap();
        assert_eq!(json, r#"{"summary":"x=y\n"}"#);
    }

    #[test]
    fn nothing_packed_is_nothing() {
        let packed = packed(&[], &[], "");
        assert_eq!(packed.labels().count() + packed.annotations().count(), 0);
        assert_eq!(packed.generator_url(), "");
    }

    #[track_caller]
    fn check(first: &[(&str, &str)], second: &[(&str, &str)]) {
        let (first, second) = (packed(first, &[], ""), packed(second, &[], ""));
        assert_eq!(first.compare(&second), Ordering::Less);
        assert_eq!(second.compare(&first), Ordering::Greater);
        assert_eq!(first.compare(&first), Ordering::Equal);
    }

    #[test]
    fn alerts_of_a_group_are_in_alertmanagers_order() {
        check(&[("job", "a"), ("z", "9")], &[("job", "b"), ("a", "1")]);
        check(&[("job", "a")], &[("a", "1")]);
        check(&[("instance", "1"), ("b", "2")], &[("b", "1")]);
        check(&[("a", "9")], &[("a", "1"), ("b", "1")]);
        check(&[("a", "1")], &[("a", "10")]);
        check(&[("b", "1")], &[("a", "1")]);
        check(&[("a", "1"), ("c", "1")], &[("a", "1"), ("b", "1")]);
    }
}
