//! Notices that were given up: kept, listed, tried again on request; and who is told instead.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clock::Now;
use crate::fingerprint::Fingerprint;
use crate::journal::{Change, Table};
use crate::outbox::accept::progress_of;
use crate::outbox::item::{Item, ItemRow, json};
use crate::outbox::{Effect, NoteWhy, Outbox, Progress, Step, delete, note, settled};
use crate::state::{Lane, Outcome};
use crate::timestamp::Timestamp;
use crate::view::Status;
use std::time::Duration;

/// How long the stand-in is not told the same of a group again.
const FALLBACK_AGAIN: Duration = Duration::from_secs(4 * 3_600);

/// Why a notice was given up; prints as words.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Dead {
    /// The receiver says that it is there no more.
    Gone,
    /// No receiver of this name is configured.
    NoReceiver,
    /// Its time is over, and no try succeeded.
    OutOfTime,
    /// Too many others wait.
    QueueFull,
    /// The receiver does not want it, for this reason.
    Refused(String),
}

/// A notice that was given up.
#[derive(Clone, Debug)]
pub(crate) struct DeadLetter {
    pub(crate) item: Item,
    pub(crate) dead: Dead,
    pub(crate) at: Timestamp,
    /// When the stand-in was told of it.
    fallback_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct LetterRow {
    item: ItemRow,
    dead: Dead,
    at: Timestamp,
    fallback_at: Option<Timestamp>,
}

/// The dead letters, the oldest first.
#[derive(Debug, Default)]
pub(super) struct DeadLetters {
    letters: BTreeMap<String, DeadLetter>,
    by_age: BTreeSet<(Timestamp, String)>,
    by_group: BTreeMap<(Lane, String), BTreeSet<String>>,
}

// === impl Outbox ===

impl Outbox {
    /// Makes a notice a dead letter, and tells the stand-in.
    pub(super) fn give_up(&mut self, now: Now, item: Item, dead: Dead, effects: &mut Vec<Effect>) {
        let id = item.job.id.clone();
        effects.push(Effect::Persist(delete(Table::Deliveries, id)));
        effects.push(note(now, &item, NoteWhy::Dead(dead.clone())));
        effects.push(Effect::Progress(Progress {
            reason: Some(dead.to_string()),
            ..progress_of(&item, Step::Dead, now)
        }));
        settled(now, &item, Outcome::Dead, effects);
        let mut letter = DeadLetter {
            item,
            dead,
            at: now.wall,
            fallback_at: None,
        };
        for older in self.dead.said_by(&letter) {
            if older.says_the_same(&letter.item) {
                letter.fallback_at = letter.fallback_at.max(older.fallback_at);
            }
            let by = letter.item.job.id.clone();
            effects.push(note(now, &older.item, NoteWhy::Superseded(by)));
            effects.push(Effect::Persist(delete(
                Table::DeadLetters,
                older.item.job.id,
            )));
        }
        let told = letter.fallback_at;
        let again = told.is_none_or(|at| now.wall.since(at) >= FALLBACK_AGAIN);
        if again && self.fall_back(now, &letter, effects) {
            letter.fallback_at = Some(now.wall);
        }
        effects.push(Effect::Persist(letter.write(now)));
        self.dead.put(letter);
        self.forget_dead_letters(now, effects);
    }

    /// Hands what was given up to the stand-in, and says whether there is one.
    fn fall_back(&mut self, now: Now, letter: &DeadLetter, effects: &mut Vec<Effect>) -> bool {
        let given_up = &letter.item;
        if given_up.fallback_of.is_some() {
            return false;
        }
        let lanes = self.settings.fallback.clone();
        let lanes = lanes.into_iter().filter(|it| *it != given_up.job.lane);
        let mut told = false;
        for lane in lanes {
            if self.queues.get(&lane).is_none_or(|queue| queue.removed) {
                continue;
            }
            let mut item = given_up.clone();
            item.fallback_of = Some(given_up.job.id.clone());
            item.members.clear();
            // Another lane may have a notice of its own for the same group.
            item.job.group_key = format!(
                "fallback of {}: {}",
                given_up.job.lane.receiver, given_up.job.group_key
            );
            item.job.id = self.next_id();
            item.job.untold = true;
            item.job.created_at = now.wall;
            item.sequence = self.next_sequence();
            (item.attempts, item.failures) = (0, 0);
            (item.perhaps_told, item.replayed, item.echo) = (false, false, false);
            item.last_error = None;
            item.not_before = now.elapsed;
            item.deadline = now.elapsed.saturating_add(self.budget(item.job.level));
            let notification = Arc::make_mut(&mut item.notification);
            notification.readdress(item.job.id.clone(), lane.receiver.clone());
            item.job.lane = lane;
            self.take_in(now, item, effects);
            told = true;
        }
        told
    }

    pub(super) fn replay(&mut self, now: Now, id: &str, effects: &mut Vec<Effect>) {
        let Some(letter) = self.dead.remove(id) else {
            return;
        };
        effects.push(Effect::Found);
        effects.push(Effect::Persist(delete(Table::DeadLetters, id.to_owned())));
        let mut item = letter.item;
        item.sequence = self.next_sequence();
        item.failures = 0;
        item.replayed = true;
        item.echo = false;
        item.not_before = now.elapsed;
        item.deadline = now.elapsed.saturating_add(self.budget(item.job.level));
        self.take_in(now, item, effects);
    }

    pub(super) fn forget_dead_letters(&mut self, now: Now, effects: &mut Vec<Effect>) {
        let (most, retention) = (
            self.settings.dead_letters,
            self.settings.dead_letter_retention,
        );
        while let Some((at, id)) = self.dead.by_age.first() {
            if self.dead.letters.len() <= most && now.wall.since(*at) < retention {
                return;
            }
            let id = id.clone();
            let Some(letter) = self.dead.remove(&id) else {
                return;
            };
            effects.push(note(now, &letter.item, NoteWhy::DeadLetterForgotten));
            effects.push(Effect::Persist(delete(Table::DeadLetters, id)));
        }
    }
}

// === impl DeadLetters ===

impl DeadLetters {
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &DeadLetter> {
        let letter = |(_, id): &(Timestamp, String)| &self.letters[id];
        self.by_age.iter().map(letter)
    }

    pub(super) fn put(&mut self, letter: DeadLetter) {
        let id = letter.item.job.id.clone();
        self.by_age.insert((letter.at, id.clone()));
        let group = self.by_group.entry(letter.group()).or_default();
        group.insert(id.clone());
        self.letters.insert(id, letter);
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<DeadLetter> {
        let letter = self.letters.remove(id)?;
        self.by_age.remove(&(letter.at, id.to_owned()));
        let group = letter.group();
        if let Some(ids) = self.by_group.get_mut(&group) {
            ids.remove(id);
            if ids.is_empty() {
                self.by_group.remove(&group);
            }
        }
        Some(letter)
    }

    /// Returns when a notice that said the same to the same lane was given up.
    pub(super) fn last_same(&self, item: &Item) -> Option<Timestamp> {
        let group = (item.job.lane.clone(), item.job.group_key.clone());
        let ids = self.by_group.get(&group)?;
        let letters = ids.iter().filter_map(|id| self.letters.get(id));
        let same = letters.filter(|letter| letter.says_the_same(item));
        same.map(|letter| letter.at).max()
    }

    /// Takes out the letters of the same group and lane of whose alerts a newer one speaks.
    fn said_by(&mut self, newer: &DeadLetter) -> Vec<DeadLetter> {
        let Some(ids) = self.by_group.get(&newer.group()) else {
            return Vec::new();
        };
        let alerts: BTreeSet<_> = newer.alerts().map(|(fingerprint, _)| fingerprint).collect();
        let said = |letter: &DeadLetter| {
            letter.item.notification.truncated() == 0
                && letter.alerts().all(|(it, _)| alerts.contains(&it))
        };
        let letters = ids.iter().filter_map(|id| self.letters.get(id));
        let old: Vec<_> = letters
            .filter(|letter| said(letter))
            .map(|letter| letter.item.job.id.clone())
            .collect();
        old.iter().filter_map(|id| self.remove(id)).collect()
    }
}

/// Returns which alerts a notice speaks of, and which of them fire.
fn told(item: &Item) -> BTreeSet<(Fingerprint, bool)> {
    let alerts = item.notification.alerts().iter();
    alerts
        .map(|alert| (alert.fingerprint, alert.state == Status::Firing))
        .collect()
}

// === impl DeadLetter ===

impl DeadLetter {
    pub(crate) fn id(&self) -> &str {
        &self.item.job.id
    }

    pub(crate) fn lane(&self) -> &Lane {
        &self.item.job.lane
    }

    pub(crate) fn level(&self) -> crate::level::Level {
        self.item.job.level
    }

    pub(crate) fn created_at(&self) -> Timestamp {
        self.item.job.created_at
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.item.attempts
    }

    pub(crate) fn notification(&self) -> &crate::notification::Notification {
        &self.item.notification
    }

    /// Returns why its last try failed, if it was tried.
    pub(crate) fn last_error(&self) -> Option<&str> {
        self.item.last_error.as_deref()
    }

    fn group(&self) -> (Lane, String) {
        (self.item.job.lane.clone(), self.item.job.group_key.clone())
    }

    fn alerts(&self) -> impl Iterator<Item = (Fingerprint, Status)> {
        let alerts = self.item.notification.alerts().iter();
        alerts.map(|alert| (alert.fingerprint, alert.state))
    }

    fn says_the_same(&self, other: &Item) -> bool {
        told(&self.item) == told(other)
    }

    fn write(&self, now: Now) -> Change {
        let row = LetterRow {
            item: self.item.row(now),
            dead: self.dead.clone(),
            at: self.at,
            fallback_at: self.fallback_at,
        };
        Change {
            table: Table::DeadLetters,
            key: self.item.job.id.clone(),
            value: Some(json(&row)),
        }
    }
}

impl LetterRow {
    pub(super) fn letter(self, now: Now) -> DeadLetter {
        DeadLetter {
            item: self.item.item(now, |_| Duration::ZERO),
            dead: self.dead,
            at: self.at,
            fallback_at: self.fallback_at,
        }
    }
}

// === impl Dead ===

impl fmt::Display for Dead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the receiver is gone for good"),
            Self::NoReceiver => f.write_str("no such receiver is configured"),
            Self::OutOfTime => f.write_str("its time is over"),
            Self::QueueFull => f.write_str("too many notices wait"),
            Self::Refused(reason) => write!(f, "refused: {reason}"),
        }
    }
}
