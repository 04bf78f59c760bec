//! An alert from outside: as Prometheus sends it, and Alertmanager's API takes it.

use std::borrow::Cow;

use crate::alert::{Labels, is_label_name, level_of};
use crate::error::{Error, Kind};
use crate::level::Level;
use crate::state::{Ends, Packed};
use crate::texts::Texts;
use crate::timestamp::Timestamp;

/// The most labels, and the most annotations.
const MOST: usize = 64;
/// All texts of one alert together, in bytes.
const BYTES: usize = 16 * 1_024;

/// An alert from outside, whose labels stay as they are: none is needed, none is added, and nothing is cut.
///
/// Its level is that of its label `severity`, or warning.
/// It is bounded: 64 labels, 64 annotations, 16 KiB of text in all.
///
/// ```
/// use watchkeep_alerts::{Incoming, Labels};
///
/// let labels = Labels::from([("alertname".to_owned(), "Disk".to_owned())]);
/// assert!(Incoming::new(labels, Labels::new()).is_ok());
/// assert!(Incoming::new(Labels::new(), Labels::new()).is_err());
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "an alert does nothing until it is handed to the engine"]
pub struct Incoming {
    alert: Packed,
    /// All its names and values together, in bytes.
    bytes: usize,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
}

/// Names and values as they came, which may be borrowed.
type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

impl Incoming {
    /// Makes one of labels, of which empty ones are dropped, and annotations.
    ///
    /// # Errors
    /// When no label is left, a name is not letters, digits and `_`, begins with a digit or is longer than 128 bytes, or there are too many or too long texts.
    pub fn new(labels: Labels, annotations: Labels) -> Result<Self, Error> {
        let pairs = |labels: Labels| {
            let pairs = labels.into_iter();
            pairs.map(|(name, value)| (name.into(), value.into()))
        };
        Self::from_pairs(pairs(labels).collect(), pairs(annotations).collect())
    }

    /// As [`new`](Self::new), of texts in any order that may be borrowed from what was received; of equal names the last counts.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_pairs<'a>(
        labels: Vec<(Cow<'a, str>, Cow<'a, str>)>,
        annotations: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    ) -> Result<Self, Error> {
        let (mut labels, annotations) = (InOrder::of(labels), InOrder::of(annotations));
        labels.0.retain(|(_, value)| !value.is_empty());
        if labels.0.is_empty() {
            return Err(invalid("at least one label pair required".to_owned()));
        }
        check(&labels, "label set")?;
        check(&annotations, "annotations")?;
        let texts = labels.each().chain(annotations.each());
        let bytes = texts.map(|(name, value)| name.len() + value.len()).sum();
        check_bytes(bytes)?;
        Ok(Self {
            alert: Packed::from_texts(&labels, &annotations, level_of(&labels)),
            bytes,
            starts_at: None,
            ends_at: None,
        })
    }

    /// Says where it comes from: an address, such as that of its rule's graph.
    ///
    /// # Errors
    /// When its texts are longer than 16 KiB with that.
    pub fn from_source(mut self, url: impl AsRef<str>) -> Result<Self, Error> {
        let url = url.as_ref();
        check_bytes(self.bytes + url.len())?;
        self.alert = self.alert.with_source(url);
        Ok(self)
    }

    /// Says when it began. Default: when it is heard of, or at its end when that is earlier.
    pub const fn starting(mut self, at: Timestamp) -> Self {
        self.starts_at = Some(at);
        self
    }

    /// Says when it ends unless more is heard of it; in the past: it is over. Default: after the configuration's `resolve_timeout`.
    pub const fn ending(mut self, at: Timestamp) -> Self {
        self.ends_at = Some(at);
        self
    }

    pub(crate) const fn level(&self) -> Level {
        self.alert.level()
    }

    pub(crate) fn into_parts(self) -> (Packed, Option<Timestamp>, Ends) {
        let ends = self.ends_at.map_or(Ends::Timeout, Ends::At);
        (self.alert, self.starts_at, ends)
    }
}

/// Texts in the order of their names, each name once.
struct InOrder<'a>(Pairs<'a>);

impl<'a> InOrder<'a> {
    fn of(mut texts: Pairs<'a>) -> Self {
        let is_in_order = |two: &[(Cow<'_, str>, Cow<'_, str>)]| two[0].0 < two[1].0;
        if !texts.windows(2).all(is_in_order) {
            texts.sort_by(|(name, _), (other, _)| name.cmp(other));
            // Equal names stay in their order; from behind, the last of them is the first, and the others go.
            texts.reverse();
            texts.dedup_by(|next, kept| next.0 == kept.0);
            texts.reverse();
        }
        Self(texts)
    }
}

impl Texts for InOrder<'_> {
    fn value_of(&self, name: &str) -> &str {
        let mut texts = self.each();
        let found = texts.find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }

    fn each(&self) -> impl Iterator<Item = (&str, &str)> {
        let texts = self.0.iter();
        texts.map(|(name, value)| (name.as_ref(), value.as_ref()))
    }
}

fn check(texts: &InOrder<'_>, what: &str) -> Result<(), Error> {
    if let Some((name, _)) = texts.each().find(|(name, _)| !is_label_name(name)) {
        let name: String = name.chars().take(128).collect();
        return Err(invalid(format!("invalid {what}: invalid name {name:?}")));
    }
    match texts.0.len() > MOST {
        true => Err(invalid(format!("invalid {what}: more than {MOST} of them"))),
        false => Ok(()),
    }
}

fn check_bytes(bytes: usize) -> Result<(), Error> {
    match bytes > BYTES {
        true => Err(invalid(format!(
            "its texts have {bytes} bytes, more than {BYTES}"
        ))),
        false => Ok(()),
    }
}

fn invalid(problem: String) -> Error {
    Kind::InvalidIncoming(problem).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(count: usize, bytes: usize) -> Labels {
        let label = |n| (format!("l{n:03}"), "x".repeat(bytes));
        (0..count).map(label).collect()
    }

    #[track_caller]
    fn check(labels: Labels, annotations: Labels, problem: Option<&str>) {
        let made = Incoming::new(labels, annotations);
        let said = made.err().map(|error| error.to_string());
        assert_eq!(said.as_deref(), problem);
    }

    #[test]
    fn names_are_those_of_prometheus() {
        let one = |name: &str| Labels::from([(name.to_owned(), "x".to_owned())]);
        check(one("a_1"), one("B"), None);
        for bad in ["", "a-b", "1a", "Σ", "a:b"] {
            let problem = format!("invalid label set: invalid name {bad:?}");
            check(one(bad), Labels::new(), Some(&problem));
            let problem = format!("invalid annotations: invalid name {bad:?}");
            check(one("a"), one(bad), Some(&problem));
        }
    }

    #[test]
    fn empty_labels_are_dropped_and_empty_annotations_are_not() {
        let empty = Labels::from([("a".to_owned(), String::new())]);
        let none = "at least one label pair required";
        check(empty.clone(), Labels::new(), Some(none));
        check(Labels::new(), Labels::new(), Some(none));
        let kept = Incoming::new(labels(1, 1), empty).unwrap();
        assert!(kept.alert.annotations().eq([("a", "")]));
    }

    #[test]
    fn pairs_come_in_any_order_and_the_last_of_a_name_counts() {
        let pairs = |texts: &[(&'static str, &'static str)]| {
            let pairs = texts.iter();
            pairs
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect()
        };
        let labels = pairs(&[("b", "1"), ("a", "1"), ("c", "x"), ("b", "2"), ("c", "")]);
        let made = Incoming::from_pairs(labels, pairs(&[("z", "1"), ("z", "2")])).unwrap();
        assert!(made.alert.labels().eq([("a", "1"), ("b", "2")]));
        assert!(made.alert.annotations().eq([("z", "2")]));
    }

    #[test]
    fn there_is_an_end_to_numbers_and_lengths() {
        check(labels(MOST, 1), labels(MOST, 1), None);
        let many = "invalid label set: more than 64 of them";
        check(labels(MOST + 1, 1), Labels::new(), Some(many));
        let many = "invalid annotations: more than 64 of them";
        check(labels(1, 1), labels(MOST + 1, 1), Some(many));
        check(labels(1, BYTES - 4), Labels::new(), None);
        let long = "its texts have 16385 bytes, more than 16384";
        check(labels(1, BYTES - 3), Labels::new(), Some(long));
        let full = Incoming::new(labels(1, BYTES - 5), Labels::new()).unwrap();
        assert!(full.clone().from_source("x").is_ok());
        let over = full.from_source("xx").unwrap_err();
        assert_eq!(over.to_string(), long);
    }
}
