//! What each lane was told of each group, with two marks: enqueued and delivered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::fingerprint::Fingerprint;
use crate::state::effect::Lane;
use crate::state::event::Outcome;
use crate::state::moment::Moment;

/// The most notices of one group that a lane has under way in the log; the outbox supersedes older ones long before.
const PENDING: usize = 8;

/// What was told, by the key of the group.
#[derive(Debug, Default)]
pub(super) struct Log {
    books: BTreeMap<Arc<str>, Book>,
    /// The books whose group is gone, by when they are forgotten.
    retired: BTreeSet<(Duration, Arc<str>)>,
}

/// What was told of one group.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// How many groups write here: one, except for twins in strict mode.
    pub(super) users: usize,
    pub(super) lanes: BTreeMap<Lane, Entry>,
    /// When it is forgotten, if its group is gone.
    pub(super) expires: Option<Moment>,
}

/// What one lane was told of one group.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Entry {
    pub(super) delivered: Option<Mark>,
    /// Notices under way, the oldest first.
    pub(super) pending: Vec<Pending>,
}

/// A notice under way.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Pending {
    pub(super) id: String,
    pub(super) mark: Mark,
}

/// What one notice said, in the order of the fingerprints.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Mark {
    pub(super) firing: Vec<Fingerprint>,
    pub(super) resolved: Vec<Fingerprint>,
    /// Told to fire by an earlier notice, and not told to be over; held back since, or begun anew where an event was.
    pub(super) muted: Vec<Fingerprint>,
    /// The flush that it belongs to.
    pub(super) at: Moment,
}

// === impl Log ===

impl Log {
    pub(super) fn book(&self, key: &str) -> Option<&Book> {
        self.books.get(key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Book)> {
        self.books.iter()
    }

    #[cfg(test)]
    pub(super) fn retired(&self) -> usize {
        self.retired.len()
    }

    /// Gives the entry of a lane to change.
    pub(super) fn entry_mut(&mut self, key: &Arc<str>, lane: &Lane) -> &mut Entry {
        let book = self.books.entry(Arc::clone(key)).or_default();
        book.lanes.entry(lane.clone()).or_default()
    }

    /// Takes note of a group that writes here.
    pub(super) fn open(&mut self, key: &Arc<str>) {
        let book = self.books.entry(Arc::clone(key)).or_default();
        book.users += 1;
        if let Some(expires) = book.expires.take() {
            self.retired.remove(&(expires.elapsed, Arc::clone(key)));
        }
    }

    /// Takes note that a group is gone; what is still open is kept until then, and lanes with nothing open are returned, and forgotten.
    pub(super) fn close(&mut self, key: &Arc<str>, until: Moment) -> Vec<Lane> {
        let Some(book) = self.books.get_mut(key) else {
            return Vec::new();
        };
        book.users = book.users.saturating_sub(1);
        if book.users > 0 {
            return Vec::new();
        }
        book.expires = Some(until);
        self.retired.insert((until.elapsed, Arc::clone(key)));
        self.tidy(key)
    }

    /// Forgets, and returns, the lanes of a retired book that have nothing open.
    pub(super) fn tidy(&mut self, key: &Arc<str>) -> Vec<Lane> {
        let Some(book) = self.books.get_mut(key) else {
            return Vec::new();
        };
        let Some(expires) = book.expires else {
            return Vec::new();
        };
        let mut gone = Vec::new();
        book.lanes.retain(|lane, entry| {
            let keep = entry.is_open();
            if !keep {
                gone.push(lane.clone());
            }
            keep
        });
        if book.lanes.is_empty() {
            self.retired.remove(&(expires.elapsed, Arc::clone(key)));
            self.books.remove(key);
        }
        gone
    }

    /// Forgets the retired book that expires first, if it has, or if there are more than `most` of them.
    pub(super) fn forget_one(&mut self, now: Duration, most: usize) -> Option<(Arc<str>, Book)> {
        let (at, _) = self.retired.first()?;
        if *at > now && self.retired.len() <= most {
            return None;
        }
        let (_, key) = self.retired.pop_first()?;
        let book = self.books.remove(&key)?;
        Some((key, book))
    }

    /// Takes a book in as it was stored.
    pub(super) fn restore(&mut self, key: &Arc<str>, lane: &Lane, entry: Entry) {
        *self.entry_mut(key, lane) = entry;
    }
}

// === impl Entry ===

impl Entry {
    /// Returns what the lane knows, or will know when what is under way has arrived.
    pub(super) fn current(&self) -> Option<&Mark> {
        let pending = self.pending.last().map(|pending| &pending.mark);
        pending.or(self.delivered.as_ref())
    }

    /// Says whether a notice is under way, or the lane believes that something fires.
    pub(super) fn is_open(&self) -> bool {
        !self.pending.is_empty() || self.delivered.as_ref().is_some_and(Mark::is_open)
    }

    /// Enters a notice that is handed out.
    pub(super) fn enqueue(&mut self, id: String, mark: Mark) {
        if self.pending.len() >= PENDING {
            self.pending.remove(0);
        }
        self.pending.push(Pending { id, mark });
    }

    /// Enters what became of a notice, and says whether it was known.
    ///
    /// What is delivered is the new base; what is dead is as if it had not been, so that the next flush says it again.
    pub(super) fn settle(&mut self, id: &str, outcome: Outcome, told_at: Option<Moment>) -> bool {
        let Some(at) = self.pending.iter().position(|pending| pending.id == id) else {
            return false;
        };
        let settled = self.pending.remove(at);
        match outcome {
            Outcome::Delivered => {
                // A lane works in order: what is older is settled, or was superseded.
                self.pending.drain(..at);
                let mut mark = settled.mark;
                mark.at = told_at.unwrap_or(mark.at);
                self.delivered = Some(mark);
            }
            Outcome::Dead | Outcome::Superseded => {}
        }
        true
    }

    /// Forgets that the lane was told of these.
    pub(super) fn forget(&mut self, over: &[Fingerprint]) {
        let pending = self.pending.iter_mut().map(|pending| &mut pending.mark);
        for mark in pending.chain(self.delivered.as_mut()) {
            mark.forget(over);
        }
    }

    /// Lets alerts that have begun since be news to the lane, and says whether any of them would not have been; with `keeps`, the lane is still told their ends.
    pub(super) fn begin_anew(&mut self, begun: &[Fingerprint], keeps: bool) -> bool {
        let pending = self.pending.iter_mut().map(|pending| &mut pending.mark);
        let marks = pending.chain(self.delivered.as_mut());
        let changed = marks.map(|mark| mark.begin_anew(begun, keeps));
        changed.fold(false, |any, changed| any | changed)
    }
}

// === impl Mark ===

impl Mark {
    /// Says whether the lane was told that it fires, and not that it is over.
    pub(super) fn has_open(&self, fingerprint: Fingerprint) -> bool {
        has(&self.firing, fingerprint) || has(&self.muted, fingerprint)
    }

    pub(super) fn is_open(&self) -> bool {
        !self.firing.is_empty() || !self.muted.is_empty()
    }

    fn begin_anew(&mut self, begun: &[Fingerprint], keeps: bool) -> bool {
        let open = begun.iter().copied().filter(|it| self.has_open(*it));
        let mut open: Vec<_> = open.collect();
        open.sort_unstable();
        self.forget(&open);
        if keeps {
            self.muted.extend(&open);
            self.muted.sort_unstable();
        }
        !open.is_empty()
    }

    fn forget(&mut self, over: &[Fingerprint]) {
        self.firing.retain(|fingerprint| !has(over, *fingerprint));
        self.muted.retain(|fingerprint| !has(over, *fingerprint));
    }
}

/// Says whether a sorted list has this.
pub(super) fn has(sorted: &[Fingerprint], fingerprint: Fingerprint) -> bool {
    sorted.binary_search(&fingerprint).is_ok()
}
