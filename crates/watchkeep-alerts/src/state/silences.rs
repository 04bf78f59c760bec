//! The silences: their life cycle, and which of them match an alert.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::state::event::SilenceDraft;
use crate::state::packed::Packed;
use crate::state::settings::Limits;
use crate::state::silence::{Silence, SilenceError, SilenceState};
use crate::timestamp::Timestamp;

/// The silences.
///
/// What a silence matches never changes (other matchers are another silence), so each alert remembers its matches, and asks only about silences that are newer.
#[derive(Debug, Default)]
pub(super) struct Silences {
    held: BTreeMap<u64, Silence>,
    ids: BTreeMap<String, u64>,
    /// When each may be forgotten.
    forget: BTreeSet<(Timestamp, u64)>,
    serial: u64,
}

/// What an alert remembers of the silences that match it.
#[derive(Clone, Debug, Default)]
pub(super) struct Matched {
    /// Which silences were asked about.
    upto: u64,
    matching: Vec<u64>,
}

/// What came of an operation: the silences that changed, and the one that was asked for.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Changed {
    pub(super) id: String,
    /// All whose rows are to be written.
    pub(super) ids: Vec<String>,
}

impl Silences {
    pub(super) fn get(&self, id: &str) -> Option<&Silence> {
        self.held.get(self.ids.get(id)?)
    }

    /// Returns them all, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Silence> {
        self.held.values()
    }

    /// Takes one in as it was stored.
    pub(super) fn put(&mut self, silence: Silence, retention: Duration) {
        self.serial += 1;
        self.ids.insert(silence.id.clone(), self.serial);
        let until = silence.ends_at.after(retention);
        self.forget.insert((until, self.serial));
        self.held.insert(self.serial, silence);
    }

    /// Makes or changes one; `id` is the id of a new one, whose start is moved to now when it is past.
    pub(super) fn set(
        &mut self,
        draft: SilenceDraft,
        id: String,
        now: Timestamp,
        limits: &Limits,
        retention: Duration,
    ) -> Result<Changed, SilenceError> {
        let old = match &draft.id {
            Some(id) => Some(*self.ids.get(id).ok_or(SilenceError::Unknown)?),
            None => None,
        };
        let before = draft.id.clone();
        let mut draft = Silence::new(draft, id, now, limits.silence_bytes)?;
        if let Some(serial) = old {
            let in_place = self.held[&serial].may_become(&draft, now);
            if in_place {
                self.change(serial, retention, |silence| silence.become_like(draft, now));
                let id = before.unwrap_or_default();
                return Ok(Changed {
                    ids: vec![id.clone()],
                    id,
                });
            }
        }
        if self.held.len() >= limits.silences {
            return Err(SilenceError::Full(limits.silences));
        }
        draft.starts_at = draft.starts_at.max(now);
        let mut ids = vec![draft.id.clone()];
        if let (Some(serial), Some(id)) = (old, before)
            && self.held[&serial].state(now) != SilenceState::Expired
        {
            self.change(serial, retention, |silence| silence.expire(now));
            ids.push(id);
        }
        let id = draft.id.clone();
        self.put(draft, retention);
        Ok(Changed { id, ids })
    }

    /// Ends one now.
    pub(super) fn expire(
        &mut self,
        id: String,
        now: Timestamp,
        retention: Duration,
    ) -> Result<Changed, SilenceError> {
        let serial = *self.ids.get(&id).ok_or(SilenceError::Unknown)?;
        let mut ids = Vec::new();
        if self.held[&serial].state(now) != SilenceState::Expired {
            self.change(serial, retention, |silence| silence.expire(now));
            ids.push(id.clone());
        }
        Ok(Changed { id, ids })
    }

    /// Forgets one that is over for longer than it is kept, and returns its id.
    pub(super) fn forget_one(&mut self, now: Timestamp) -> Option<String> {
        let (until, serial) = *self.forget.first()?;
        if until > now {
            return None;
        }
        self.forget.pop_first();
        let silence = self.held.remove(&serial)?;
        self.ids.remove(&silence.id);
        Some(silence.id)
    }

    /// Brings an alert's memory up to date.
    pub(super) fn remember(&self, matched: &mut Matched, alert: &Packed) {
        if matched.upto == self.serial {
            return;
        }
        matched
            .matching
            .retain(|serial| self.held.contains_key(serial));
        let labels = alert.labels();
        for (serial, silence) in self.held.range(matched.upto + 1..) {
            if silence.matchers.take(&labels) {
                matched.matching.push(*serial);
            }
        }
        matched.upto = self.serial;
    }

    /// Returns the active silences that match an alert, the oldest first.
    pub(super) fn silencing(&self, matched: &Matched, now: Timestamp) -> Vec<String> {
        let active = |serial| {
            let silence = self.held.get(serial)?;
            (silence.state(now) == SilenceState::Active).then(|| silence.id.clone())
        };
        matched.matching.iter().filter_map(active).collect()
    }

    /// Returns the ids of those that match, whatever their time, the oldest first.
    pub(super) fn ids(&self, matched: &Matched) -> Vec<String> {
        let held = |serial| Some(self.held.get(serial)?.id.clone());
        matched.matching.iter().filter_map(held).collect()
    }

    fn change(&mut self, serial: u64, retention: Duration, change: impl FnOnce(&mut Silence)) {
        let Some(silence) = self.held.get_mut(&serial) else {
            return;
        };
        self.forget
            .remove(&(silence.ends_at.after(retention), serial));
        change(silence);
        self.forget
            .insert((silence.ends_at.after(retention), serial));
    }
}
