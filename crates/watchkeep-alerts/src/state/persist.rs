//! Which rows are written when.

use std::sync::Arc;

use crate::clock::Now;
use crate::fingerprint::Fingerprint;
use crate::journal::{Change, Table};
use crate::state::State;
use crate::state::effect::{Effect, Lane};
use crate::state::groups::Group;
use crate::state::moment::Moment;
use crate::state::rows::{self, AlertRowOf, EntryRow, GroupRow, SilenceRow};

/// What the row of an alert has beside its texts, in bytes; where it is more, the row's text grows once.
const BESIDE_TEXTS: usize = 320;

/// Returns the row of a group.
pub(super) fn group(group: &Group) -> Change {
    rows::write(
        Table::Groups,
        group.row_key.to_string(),
        &GroupRow::of(group),
    )
}

/// Returns the change that deletes the row of a group.
pub(super) fn no_group(group: &Group) -> Change {
    rows::delete(Table::Groups, group.row_key.to_string())
}

impl State {
    /// Writes an alert, or forgets it when it is over and no group has to do with it any more.
    pub(super) fn persist_alert(
        &mut self,
        now: Now,
        fingerprint: Fingerprint,
        effects: &mut Vec<Effect>,
    ) {
        let Some(stored) = self.alerts.get(fingerprint) else {
            return;
        };
        let key = rows::alert_key(stored.row);
        let change = if stored.groups.is_empty() && stored.said.is_resolved(now.elapsed) {
            self.alerts.remove(fingerprint);
            rows::delete(Table::Alerts, key)
        } else {
            let row = AlertRowOf::new(fingerprint, stored, &self.groups);
            let bytes = stored.said.alert.len() + BESIDE_TEXTS;
            rows::write_long(Table::Alerts, key, &row, bytes)
        };
        effects.push(Effect::Persist(change));
    }

    /// Writes what a lane was told of a group.
    pub(super) fn persist_entry(&self, key: &str, lane: &Lane, effects: &mut Vec<Effect>) {
        let Some(book) = self.log.book(key) else {
            return;
        };
        let Some(entry) = book.lanes.get(lane) else {
            return;
        };
        let row = EntryRow::of(key, lane, entry, book.expires);
        let key = rows::entry_key(key, lane);
        effects.push(Effect::Persist(rows::write(Table::Notified, key, &row)));
    }

    pub(super) fn persist_silence(&self, id: &str, effects: &mut Vec<Effect>) {
        if let Some(silence) = self.silences.get(id) {
            let row = SilenceRow::of(silence);
            let change = rows::write(Table::Silences, id.to_owned(), &row);
            effects.push(Effect::Persist(change));
        }
    }

    /// Keeps what is open of a group that is gone until then, and forgets the rest.
    pub(super) fn close_book(&mut self, key: &Arc<str>, until: Moment, effects: &mut Vec<Effect>) {
        let forgotten = self.log.close(key, until);
        forget(key, &forgotten, effects);
        let kept: Vec<_> = match self.log.book(key) {
            Some(book) => book.lanes.keys().cloned().collect(),
            None => Vec::new(),
        };
        for lane in kept {
            self.persist_entry(key, &lane, effects);
        }
    }

    /// Forgets silences and logs that are kept no longer.
    pub(super) fn forget_old(&mut self, now: Now, effects: &mut Vec<Effect>) {
        while let Some(id) = self.silences.forget_one(now.wall) {
            effects.push(Effect::Persist(rows::delete(Table::Silences, id)));
        }
        let most = self.settings.limits.groups;
        while let Some((key, book)) = self.log.forget_one(now.elapsed, most) {
            let lanes: Vec<_> = book.lanes.into_keys().collect();
            forget(&key, &lanes, effects);
        }
    }
}

/// Deletes the rows of what these lanes were told.
pub(super) fn forget(key: &str, lanes: &[Lane], effects: &mut Vec<Effect>) {
    for lane in lanes {
        let change = rows::delete(Table::Notified, rows::entry_key(key, lane));
        effects.push(Effect::Persist(change));
    }
}
