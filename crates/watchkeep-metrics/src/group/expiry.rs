//! Forgetting series that nobody records into, except those that somebody could still record into.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{Ordering::Acquire, fence};
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use super::{Group, Readers, State};
use crate::Timestamp;
use crate::cell::Cell;
use crate::index::Index;
use crate::series::Series;
use crate::sync::lock;

/// Who refers to a series that nobody holds: the set of the group, and the list of its readers.
const OWN_REFERENCES: usize = 2;

impl<C: Cell> Group<C> {
    /// Forgets what was idle for `timeout` and is held by nobody; returns it.
    ///
    /// A series goes in three steps, so that no recording is lost: its keys leave the index, from where it could be had
    /// without a lock of this group; then, under that lock, nobody else may hold it and nothing may have been recorded;
    /// then it leaves the group. Whoever asks for it again gets a new one.
    pub(crate) fn expire(
        &self,
        index: &Index<C>,
        timeout: Duration,
        now: Timestamp,
    ) -> Vec<Arc<Series<C>>> {
        let mut readers = lock(&self.readers);
        self.refresh(&mut readers);
        let idle = readers.idle(timeout, now);
        if idle.is_empty() {
            return Vec::new();
        }
        let forgotten = index.forget(|series| idle.contains(&address(series)));
        let mut state = lock(&self.state);
        state.indexed = state.indexed.saturating_sub(forgotten);
        readers.remove(&mut state, &idle)
    }
}

impl<C: Cell> Readers<C> {
    /// Looks at every series, and returns the addresses of those that have been idle for long.
    fn idle(&mut self, timeout: Duration, now: Timestamp) -> HashSet<usize> {
        let mut idle = HashSet::new();
        let mut seen = HashMap::with_capacity(self.sorted.len());
        for series in self.sorted.iter() {
            let (address, mark) = (address(series), series.cell.mark());
            let known = self.seen.get(&address);
            let known = known.filter(|(known, since)| *known == mark && *since <= now);
            let since = known.map_or(now, |(_, since)| *since);
            seen.insert(address, (mark, since));
            let is_held = Arc::strong_count(series) > OWN_REFERENCES + 1;
            if known.is_some() && !is_held && now.saturating_sub(since) >= timeout {
                idle.insert(address);
            }
        }
        self.seen = seen;
        idle
    }

    fn remove(
        &mut self,
        state: &mut MutexGuard<'_, State<C>>,
        idle: &HashSet<usize>,
    ) -> Vec<Arc<Series<C>>> {
        let sorted = Arc::clone(&self.sorted);
        let (gone, kept): (Vec<_>, Vec<_>) = sorted
            .iter()
            .partition(|series| idle.contains(&address(series)) && self.is_over(series));
        for series in &gone {
            state.series.remove(series.labels().text());
            self.seen.remove(&address(series));
        }
        self.sorted = kept.into_iter().cloned().collect();
        gone.into_iter().cloned().collect()
    }

    /// Tells whether nobody holds the series, and nobody who held it has recorded anything since it was last looked at.
    fn is_over(&self, series: &Arc<Series<C>>) -> bool {
        if Arc::strong_count(series) > OWN_REFERENCES {
            return false;
        }
        // Who gave their handle up did so after they recorded, and this makes that visible here.
        fence(Acquire);
        let known = self.seen.get(&address(series));
        known.is_some_and(|(mark, _)| *mark == series.cell.mark())
    }
}

fn address<C>(series: &Arc<Series<C>>) -> usize {
    Arc::as_ptr(series).addr()
}

#[cfg(test)]
mod tests;
