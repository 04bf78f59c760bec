//! A journal for tests that tears, loses and refuses.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};

use super::{Change, Durability, Journal, JournalError, Row, Table};

type Rows = BTreeMap<(Table, String), String>;

/// A store whose disk the test has in its hand; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faulty(Arc<Mutex<Disk>>, Arc<Condvar>);

#[derive(Debug, Default)]
struct Disk {
    /// What a crash leaves, after each commit that claimed to be done.
    rows: Rows,
    history: Vec<Rows>,
    fault: Fault,
    commits: usize,
}

/// What goes wrong from now on.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Fault {
    #[default]
    None,
    /// The disk is full: nothing is written, and the commit says so.
    Full,
    /// Commits do not come back until something else is set.
    Hangs,
    /// The commit is done, but says that it failed, as when a sync reports an error late.
    Lies,
    /// Nothing is written, and the commit says so.
    Refuses,
}

impl Faulty {
    pub(crate) fn set(&self, fault: Fault) {
        self.0.lock().unwrap().fault = fault;
        self.1.notify_all();
    }

    /// Returns how many commits were tried.
    pub(crate) fn commits(&self) -> usize {
        self.0.lock().unwrap().commits
    }

    /// Returns the store as a crash after that many durable commits leaves it.
    ///
    /// What was being written at the crash is torn away as a whole: a commit is atomic.
    pub(crate) fn crashed_after(&self, commits: usize) -> Self {
        let disk = self.0.lock().unwrap();
        let rows = match commits.checked_sub(1) {
            Some(last) => disk.history[last].clone(),
            None => Rows::new(),
        };
        let disk = Disk {
            rows,
            ..Disk::default()
        };
        Self(Arc::new(Mutex::new(disk)), Arc::default())
    }

    /// Returns how many commits were durable.
    pub(crate) fn durable(&self) -> usize {
        self.0.lock().unwrap().history.len()
    }

    /// Returns the values of one table, by their keys.
    pub(crate) fn table(&self, table: Table) -> BTreeMap<String, String> {
        let disk = self.0.lock().unwrap();
        let of = disk.rows.iter().filter(|((of, _), _)| *of == table);
        of.map(|((_, key), value)| (key.clone(), value.clone()))
            .collect()
    }
}

impl Journal for Faulty {
    fn load(&mut self) -> Result<Vec<Row>, JournalError> {
        let disk = self.0.lock().unwrap();
        let row = |((table, key), value): (&(Table, String), &String)| Row {
            table: *table,
            key: key.clone(),
            value: value.clone(),
        };
        Ok(disk.rows.iter().map(row).collect())
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), JournalError> {
        let mut disk = self.0.lock().unwrap();
        disk.commits += 1;
        disk = self
            .1
            .wait_while(disk, |disk| disk.fault == Fault::Hangs)
            .unwrap();
        match disk.fault {
            Fault::Refuses => return Err(JournalError::io("the test refuses this write")),
            Fault::Full => return Err(JournalError::full("no space left on the test's device")),
            Fault::Hangs | Fault::None | Fault::Lies => {}
        }
        for Change { table, key, value } in changes {
            let at = (*table, key.clone());
            match value {
                Some(value) => drop(disk.rows.insert(at, value.clone())),
                None => drop(disk.rows.remove(&at)),
            }
        }
        let rows = disk.rows.clone();
        disk.history.push(rows);
        match disk.fault {
            Fault::Lies => Err(JournalError::io("the test's sync fails late")),
            Fault::Full | Fault::Hangs | Fault::None | Fault::Refuses => Ok(()),
        }
    }

    fn durability(&self) -> Durability {
        Durability::Disk
    }
}
