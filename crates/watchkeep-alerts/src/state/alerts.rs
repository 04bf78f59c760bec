//! The alerts that are held, with the order in which their leases end.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::time::Duration;

use crate::fingerprint::Fingerprint;
use crate::state::stored::Stored;

/// The alerts that are held.
///
/// Every look-up and change costs the logarithm of their number.
#[derive(Debug, Default)]
pub(super) struct Alerts {
    held: BTreeMap<Fingerprint, Stored>,
    /// Fingerprints of alerts as they were raised, before the service was added.
    aliases: BTreeMap<Fingerprint, Fingerprint>,
    names: BTreeMap<String, usize>,
    leases: BTreeSet<(Duration, Fingerprint)>,
}

impl Alerts {
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    pub(super) fn of_name(&self, name: &str) -> usize {
        self.names.get(name).copied().unwrap_or(0)
    }

    pub(super) fn get(&self, fingerprint: Fingerprint) -> Option<&Stored> {
        self.held.get(&fingerprint)
    }

    /// Gives an alert to change in all but its labels, its lease and whether it fires.
    pub(super) fn get_mut(&mut self, fingerprint: Fingerprint) -> Option<&mut Stored> {
        self.held.get_mut(&fingerprint)
    }

    /// Returns the alert that was raised, or is shown, under this fingerprint.
    pub(super) fn find(&self, key: Fingerprint) -> Option<Fingerprint> {
        if self.held.contains_key(&key) {
            return Some(key);
        }
        self.aliases.get(&key).copied()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Fingerprint, &Stored)> {
        self.held.iter().map(|(fingerprint, it)| (*fingerprint, it))
    }

    /// Returns the alerts from a place on, in the order of their fingerprints.
    pub(super) fn range(
        &self,
        from: Bound<Fingerprint>,
    ) -> impl Iterator<Item = (Fingerprint, &Stored)> {
        let range = self.held.range((from, Bound::Unbounded));
        range.map(|(fingerprint, it)| (*fingerprint, it))
    }

    /// Takes an alert in, or takes another word on one.
    pub(super) fn put(&mut self, fingerprint: Fingerprint, stored: Stored) {
        self.remove(fingerprint);
        if let Some(alias) = stored.alias {
            self.aliases.insert(alias, fingerprint);
        }
        if let (true, Some(end)) = (stored.firing, stored.said.ends) {
            self.leases.insert((end.elapsed, fingerprint));
        }
        let name = stored.said.alert.name();
        match self.names.get_mut(name) {
            Some(count) => *count += 1,
            None => {
                self.names.insert(name.to_owned(), 1);
            }
        }
        self.held.insert(fingerprint, stored);
    }

    pub(super) fn remove(&mut self, fingerprint: Fingerprint) -> Option<Stored> {
        let stored = self.held.remove(&fingerprint)?;
        if let Some(alias) = stored.alias {
            self.aliases.remove(&alias);
        }
        if let Some(end) = stored.said.ends {
            self.leases.remove(&(end.elapsed, fingerprint));
        }
        let name = stored.said.alert.name();
        if let Some(count) = self.names.get_mut(name) {
            *count -= 1;
            if *count == 0 {
                self.names.remove(name);
            }
        }
        Some(stored)
    }

    /// Returns the alert whose lease ends first.
    pub(super) fn first_lease(&self) -> Option<(Duration, Fingerprint)> {
        self.leases.first().copied()
    }
}
