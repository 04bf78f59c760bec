//! What is not in the journal yet, because it cannot be written.

use std::collections::{BTreeMap, HashSet};

use crate::journal::{Change, Journal, JournalError, Table};

/// The rows that should be in the journal, and those of them that are not known to be.
///
/// Bounded by what the engine holds: a row that is deleted while the journal cannot be written leaves nothing here.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    live: HashSet<(Table, String)>,
    dirty: BTreeMap<(Table, String), String>,
}

/// A look at the backlog for the thread that writes it.
pub(super) struct Catchup {
    live: HashSet<(Table, String)>,
    dirty: Vec<Change>,
}

impl Backlog {
    pub(super) fn new(live: HashSet<(Table, String)>) -> Self {
        Self {
            live,
            dirty: BTreeMap::new(),
        }
    }

    /// Takes note of changes, whether they get written or not.
    pub(super) fn note(&mut self, changes: &[Change]) {
        for Change { table, key, value } in changes {
            let at = (*table, key.clone());
            if value.is_some() {
                self.live.insert(at);
            } else {
                self.live.remove(&at);
            }
        }
    }

    /// Keeps changes that were not written, or perhaps not.
    pub(super) fn keep(&mut self, changes: Vec<Change>) {
        for Change { table, key, value } in changes {
            let at = (table, key);
            match value {
                Some(value) => drop(self.dirty.insert(at, value)),
                None => drop(self.dirty.remove(&at)),
            }
        }
    }

    /// Keeps changes that turn out not to be written, where nothing newer is known.
    pub(super) fn keep_older(&mut self, changes: Vec<Change>) {
        for Change { table, key, value } in changes.into_iter().rev() {
            let at = (table, key);
            if let Some(value) = value
                && self.live.contains(&at)
            {
                self.dirty.entry(at).or_insert(value);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.dirty.len()
    }

    pub(super) fn catchup(&self) -> Catchup {
        let change = |((table, key), value): (&(Table, String), &String)| Change {
            table: *table,
            key: key.clone(),
            value: Some(value.clone()),
        };
        Catchup {
            live: self.live.clone(),
            dirty: self.dirty.iter().map(change).collect(),
        }
    }

    /// Takes note that a catch-up was written; what changed since stays.
    pub(super) fn caught_up(&mut self, written: &[Change]) {
        for Change { table, key, value } in written {
            let at = (*table, key.clone());
            if self.dirty.get(&at) == value.as_ref() {
                self.dirty.remove(&at);
            }
        }
    }
}

impl Catchup {
    /// Brings the journal up to date, also where it is not known what it took; returns what it was given.
    pub(super) fn write(mut self, journal: &mut dyn Journal) -> Result<Vec<Change>, JournalError> {
        let rows = journal.load()?;
        let stale = rows
            .into_iter()
            .map(|row| (row.table, row.key))
            .filter(|at| !self.live.contains(at));
        let delete = |(table, key)| Change {
            table,
            key,
            value: None,
        };
        self.dirty.extend(stale.map(delete));
        journal.commit(&self.dirty)?;
        Ok(self.dirty)
    }
}
