//! Labels in one piece: there may be a hundred thousand of them in the decisions.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::alert::Labels;
use crate::texts::Texts;

/// The labels of an alert as the text of their JSON; equal labels are equal texts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Packed(Box<str>);

impl Packed {
    pub(crate) fn of(labels: &Labels) -> Self {
        let text = serde_json::to_string(labels).expect("names and values are JSON");
        Self(text.into())
    }

    /// Returns the labels.
    pub(crate) fn labels(&self) -> Labels {
        serde_json::from_str(&self.0).expect("it was made of labels")
    }

    /// Says whether it has these labels; one that it has not is empty.
    pub(crate) fn has(&self, wanted: &[Self], asked: &Labels) -> bool {
        let pair = |it: &Self| self.0.contains(&it.0[1..it.0.len() - 1]);
        if !wanted.iter().all(pair) {
            return false;
        }
        let own = self.labels();
        asked
            .each()
            .all(|(name, wanted)| own.value_of(name) == wanted)
    }

    /// Returns each label that is asked for and not empty alone, to look for its text.
    pub(crate) fn each(asked: &Labels) -> Vec<Self> {
        let asked = asked.iter().filter(|(_, value)| !value.is_empty());
        let alone = |(name, value): (&String, &String)| {
            Self::of(&Labels::from([(name.clone(), value.clone())]))
        };
        asked.map(alone).collect()
    }
}

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.labels().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Labels::deserialize(deserializer).map(|labels| Self::of(&labels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn labels_are_found_by_some_of_them_and_never_by_parts() {
        let own = labels(&[("a", "x\"y"), ("bc", "d"), ("e", "{\"f\":\"g\"}")]);
        let packed = Packed::of(&own);
        assert_eq!(packed.labels(), own);
        let has = |pairs: &[(&str, &str)]| {
            let asked = labels(pairs);
            packed.has(&Packed::each(&asked), &asked)
        };
        for pairs in [&[][..], &[("a", "x\"y")], &[("bc", "d"), ("z", "")]] {
            assert!(has(pairs), "{pairs:?}");
        }
        for pairs in [
            &[("c", "d")][..],
            &[("bc", "")],
            &[("f", "g")],
            &[("a", "x")],
            &[("z", "d")],
        ] {
            assert!(!has(pairs), "{pairs:?}");
        }
    }
}
