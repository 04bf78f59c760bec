//! The identity of an alert: a hash of its labels.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::alert::Labels;
use crate::texts::Texts;

/// The identity of an alert: FNV-1a over its labels in the order of their names, as Alertmanager computes it.
///
/// Printed as 16 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// Computes the identity of an alert with these labels.
    pub fn of(labels: &Labels) -> Self {
        Self::of_texts(labels)
    }

    pub(crate) fn of_texts(labels: &impl Texts) -> Self {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let mut hash = OFFSET;
        let mut add = |bytes: &[u8]| {
            for byte in bytes {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
            }
        };
        for (name, value) in labels.each() {
            add(name.as_bytes());
            add(&[0xff]);
            add(value.as_bytes());
            add(&[0xff]);
        }
        Self(hash)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16)
            .map(Self)
            .map_err(|_| D::Error::custom("a fingerprint is not 16 hexadecimal digits"))
    }
}

/// What names an alert when it is resolved: its [`Fingerprint`] or its labels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AlertKey(pub(crate) Fingerprint);

impl From<Fingerprint> for AlertKey {
    fn from(fingerprint: Fingerprint) -> Self {
        Self(fingerprint)
    }
}

impl From<&Fingerprint> for AlertKey {
    fn from(fingerprint: &Fingerprint) -> Self {
        Self(*fingerprint)
    }
}

impl From<&Labels> for AlertKey {
    fn from(labels: &Labels) -> Self {
        Self(Fingerprint::of(labels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(labels: &[(&str, &str)], expected: &str) {
        let labels = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(Fingerprint::of(&labels).to_string(), expected);
    }

    #[test]
    fn fingerprints_are_those_of_alertmanager() {
        check(&[], "cbf29ce484222325");
        check(
            &[("severity", "critical"), ("alertname", "foo")],
            "8fa107ec8feba4bc",
        );
    }
}
