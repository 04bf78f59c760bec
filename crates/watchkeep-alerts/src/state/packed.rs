//! The texts of an alert that is held, in one piece of memory.

use std::cmp::Ordering;

use serde::{Serialize, Serializer};

use crate::alert::{Alert, Labels};
use crate::level::Level;
use crate::texts::Texts;

/// A length is written as characters of so many of its bits each, the lowest first; all are below the surrogates.
const DIGIT_BITS: u32 = 13;
/// Says that another digit of the length follows.
const MORE: usize = 1 << DIGIT_BITS;

/// An alert's labels, annotations and source, in one piece: maps of texts take five times as much.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Packed {
    /// Names and values of the labels, then of the annotations, each after its length; then the source.
    text: Box<str>,
    labels_end: usize,
    annotations_end: usize,
    level: Level,
}

/// Names and values, in the order of the names.
#[derive(Clone, Debug)]
pub(crate) struct Pairs<'a> {
    rest: &'a str,
}

// === impl Packed ===

impl Packed {
    pub(super) fn of(alert: &Alert) -> Self {
        Self::from_texts(alert.labels(), alert.annotations(), alert.level())
    }

    /// Packs labels that are asked about, and belong to no alert.
    pub(super) fn of_labels(labels: &Labels) -> Self {
        Self::from_texts(labels, &Labels::new(), Level::Info)
    }

    /// Packs texts; those of a source come with [`with_source`](Self::with_source).
    pub(crate) fn from_texts(labels: &impl Texts, annotations: &impl Texts, level: Level) -> Self {
        let texts = labels.each().chain(annotations.each());
        let length = texts.fold(0, |sum, (name, value)| {
            sum + length_bytes(name) + name.len() + length_bytes(value) + value.len()
        });
        let mut text = String::with_capacity(length);
        put(&mut text, labels);
        let labels_end = text.len();
        put(&mut text, annotations);
        let annotations_end = text.len();
        Self {
            text: text.into_boxed_str(),
            labels_end,
            annotations_end,
            level,
        }
    }

    /// Says where it comes from: an address, or nothing.
    pub(crate) fn with_source(mut self, url: &str) -> Self {
        let mut text = self.text.into_string();
        text.truncate(self.annotations_end);
        text.reserve_exact(url.len());
        text.push_str(url);
        self.text = text.into_boxed_str();
        self
    }

    /// Returns how many bytes it takes.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(crate) fn labels(&self) -> Pairs<'_> {
        Pairs {
            rest: &self.text[..self.labels_end],
        }
    }

    pub(crate) fn annotations(&self) -> Pairs<'_> {
        Pairs {
            rest: &self.text[self.labels_end..self.annotations_end],
        }
    }

    /// Returns where the alert comes from: an address, or nothing.
    pub(crate) fn generator_url(&self) -> &str {
        &self.text[self.annotations_end..]
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

    pub(super) fn has_labels_of(&self, other: &Self) -> bool {
        self.labels().rest == other.labels().rest
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

fn put(packed: &mut String, texts: &impl Texts) {
    for (name, value) in texts.each() {
        for text in [name, value] {
            put_length(packed, text.len());
            packed.push_str(text);
        }
    }
}

fn put_length(packed: &mut String, length: usize) {
    let mut rest = length;
    while rest >= MORE {
        packed.push(digit(rest % MORE + MORE));
        rest /= MORE;
    }
    packed.push(digit(rest));
}

fn digit(value: usize) -> char {
    let value = u32::try_from(value).ok();
    value
        .and_then(char::from_u32)
        .expect("a digit is below twice what says that more follow")
}

/// Returns at least as many bytes as the length of a text takes.
const fn length_bytes(text: &str) -> usize {
    match text.len() {
        0..0x80 => 1,
        0x80..0x800 => 2,
        0x800..MORE => 3,
        _ => 15,
    }
}

/// Reads what was put, and what follows it.
fn take(packed: &str) -> Option<(&str, &str)> {
    let mut rest = packed.chars();
    let (mut length, mut shift) = (0, 0);
    loop {
        let digit = rest.next()? as usize;
        length |= (digit % MORE) << shift;
        shift += DIGIT_BITS;
        if digit < MORE {
            return rest.as_str().split_at_checked(length);
        }
    }
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
        let (name, rest) = take(self.rest)?;
        let (value, rest) = take(rest)?;
        self.rest = rest;
        Some((name, value))
    }
}

impl Texts for Pairs<'_> {
    fn value_of(&self, name: &str) -> &str {
        self.clone().value(name)
    }

    fn each(&self) -> impl Iterator<Item = (&str, &str)> {
        self.clone()
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
        Packed::of(&alert).with_source(url)
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
    fn texts_of_every_length_come_back() {
        for length in [0, 1, 127, 128, 2_047, 2_048, MORE - 1, MORE, 200_000] {
            let text = "x".repeat(length);
            let packed = packed(&[("a", &text), ("b", "y")], &[("c", &text)], "url");
            assert!(packed.labels().eq([("a", text.as_str()), ("b", "y")]));
            assert!(packed.annotations().eq([("c", text.as_str())]));
            assert_eq!(packed.generator_url(), "url");
        }
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
