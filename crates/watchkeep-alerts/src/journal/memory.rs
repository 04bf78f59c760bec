//! A journal in memory: what the engine goes by when nothing else is asked for.

use std::collections::BTreeMap;

use super::{Change, Durability, Journal, JournalError, Row, Table};

/// A journal that forgets everything when the process ends; its acknowledgements say so.
///
/// It holds the rows, so that an engine can be ended and begun again on them, in tests for example: clones share them.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    rows: std::sync::Arc<std::sync::Mutex<BTreeMap<(Table, String), String>>>,
}

impl Memory {
    /// Makes an empty one.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Journal for Memory {
    fn load(&mut self) -> Result<Vec<Row>, JournalError> {
        let rows = lock(&self.rows);
        let row = |((table, key), value): (&(Table, String), &String)| Row {
            table: *table,
            key: key.clone(),
            value: value.clone(),
        };
        Ok(rows.iter().map(row).collect())
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), JournalError> {
        let mut rows = lock(&self.rows);
        for Change { table, key, value } in changes {
            let at = (*table, key.clone());
            match value {
                Some(value) => drop(rows.insert(at, value.clone())),
                None => drop(rows.remove(&at)),
            }
        }
        Ok(())
    }

    fn durability(&self) -> Durability {
        Durability::Memory
    }
}

fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A map is whole whatever panicked beside it.
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
