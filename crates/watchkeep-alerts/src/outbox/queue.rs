//! The notices of one lane: one under way, the others by level and age.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::clock::Now;
use crate::level::Level;
use crate::outbox::LaneSettings;
use crate::outbox::bucket::Bucket;
use crate::outbox::item::Item;

/// The notices of one lane.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) settings: LaneSettings,
    pub(super) bucket: Option<Bucket>,
    /// What waits, by its slot: for each group at most one.
    waiting: BTreeMap<String, Item>,
    /// The slots that can go as far as they are concerned, the most urgent first.
    ready: BTreeSet<(Reverse<Level>, u64, String)>,
    /// The slots that wait for their time.
    delayed: BTreeSet<(Duration, String)>,
    /// The groups that have to wait for a digest that speaks of them, with its slot.
    held: BTreeMap<String, String>,
    /// How many of those that wait say only what a dead letter says.
    echoes: usize,
    /// What is being tried.
    pub(super) under_way: Option<Item>,
    /// Failures in a row, whatever notices they were of.
    pub(super) failures: u32,
    /// The whole lane waits until then.
    pub(super) closed_until: Duration,
    /// The receiver said that it is gone for good.
    pub(super) gone: bool,
    /// It is not configured any more, and goes when what is under way has come to its end.
    pub(super) removed: bool,
}

impl Queue {
    pub(super) fn new(settings: LaneSettings) -> Self {
        Self {
            bucket: settings.rate.map(Bucket::new),
            settings,
            waiting: BTreeMap::new(),
            ready: BTreeSet::new(),
            delayed: BTreeSet::new(),
            held: BTreeMap::new(),
            echoes: 0,
            under_way: None,
            failures: 0,
            closed_until: Duration::ZERO,
            gone: false,
            removed: false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len() + usize::from(self.under_way.is_some())
    }

    /// Returns how many are to be settled still; what says the same as a dead letter is, in a way.
    pub(super) fn outstanding(&self) -> usize {
        self.len() - self.echoes
    }

    /// Returns what waits, in no order that matters.
    pub(super) fn items(&self) -> impl Iterator<Item = &Item> {
        self.waiting.values()
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Puts a notice where it waits; there is none in its slot.
    pub(super) fn put(&mut self, now: Now, item: Item) {
        let slot = item.slot();
        for member in &item.members {
            self.held.insert(member.group_key.clone(), slot.clone());
            self.unrank(&member.group_key);
        }
        self.echoes += usize::from(item.echo);
        self.waiting.insert(slot.clone(), item);
        self.rank(now, &slot);
    }

    /// Takes out what waits in a slot.
    pub(super) fn take(&mut self, slot: &str) -> Option<Item> {
        self.unrank(slot);
        let item = self.waiting.remove(slot)?;
        self.echoes -= usize::from(item.echo);
        Some(item)
    }

    /// Lets go what had to wait for a digest that is given up.
    fn release(&mut self, now: Now, item: &Item) {
        for member in &item.members {
            self.held.remove(&member.group_key);
            self.rank(now, &member.group_key);
        }
    }

    /// Takes out everything that waits, the most urgent first.
    pub(super) fn take_all(&mut self) -> Vec<Item> {
        self.ready.clear();
        self.delayed.clear();
        self.held.clear();
        self.echoes = 0;
        let mut items: Vec<_> = std::mem::take(&mut self.waiting).into_values().collect();
        items.sort_by_key(|item| (Reverse(item.job.level), item.sequence));
        items
    }

    /// Takes out what is least urgent.
    pub(super) fn take_last(&mut self, now: Now) -> Option<Item> {
        let ready = self.ready.last().map(|(_, _, slot)| slot);
        let delayed = self.delayed.last().map(|(_, slot)| slot);
        let is_echo = |slot: &&String| self.waiting.get(*slot).is_some_and(|item| item.echo);
        let slot = delayed.filter(is_echo).or(ready).or(delayed)?.clone();
        let item = self.take(&slot)?;
        self.release(now, &item);
        Some(item)
    }

    /// Takes out what is given up because its time is over.
    pub(super) fn take_expired(&mut self, now: Now) -> Vec<Item> {
        let expired = |item: &Item| item.deadline <= now.elapsed;
        let late = self.waiting.iter().filter(|(_, item)| expired(item));
        let slots: Vec<_> = late.map(|(slot, _)| slot.clone()).collect();
        let items: Vec<_> = slots.iter().filter_map(|slot| self.take(slot)).collect();
        for item in &items {
            self.release(now, item);
        }
        items
    }

    /// Returns when the next notice can go; nothing while one is under way.
    pub(super) fn ready_at(&self) -> Option<Duration> {
        if self.under_way.is_some() {
            return None;
        }
        let item = if self.ready.is_empty() {
            self.delayed.first().map(|(at, _)| *at)?
        } else {
            Duration::ZERO
        };
        let bucket = self
            .bucket
            .as_ref()
            .map_or(Duration::ZERO, Bucket::ready_at);
        Some(item.max(bucket).max(self.closed_until))
    }

    /// Takes out the most urgent notice, if one can go; what a digest speaks of goes on waiting for it.
    fn next(&mut self, now: Now) -> Option<Item> {
        if self.ready_at()? > now.elapsed {
            return None;
        }
        self.wake(now);
        let (_, _, slot) = self.ready.first()?.clone();
        self.take(&slot)
    }

    /// Takes out the most urgent notice for good, if one could go.
    pub(super) fn take_first(&mut self, now: Now) -> Option<Item> {
        let item = self.next(now)?;
        self.release(now, &item);
        Some(item)
    }

    /// Lets the most urgent notice go, if one can.
    pub(super) fn depart(&mut self, now: Now) -> Option<&Item> {
        let item = self.next(now)?;
        if let Some(bucket) = &mut self.bucket {
            bucket.take(now.elapsed);
        }
        Some(self.under_way.insert(item))
    }

    /// Takes back what was under way, if it is this.
    pub(super) fn arrive(&mut self, now: Now, id: &str) -> Option<Item> {
        let mut item = self.under_way.take_if(|item| item.job.id == id)?;
        item.echo = false;
        self.release(now, &item);
        Some(item)
    }

    /// Returns the slots that can go now, the most urgent first.
    pub(super) fn ready_slots(&mut self, now: Now) -> Vec<(Level, String)> {
        self.wake(now);
        let slot = |(level, _, slot): &(Reverse<Level>, u64, String)| (level.0, slot.clone());
        self.ready.iter().map(slot).collect()
    }

    pub(super) fn waits(&self, slot: &str) -> bool {
        self.waiting.contains_key(slot)
    }

    /// Says whether a digest is waiting.
    pub(super) fn has_digest(&self) -> bool {
        !self.held.is_empty()
    }

    /// Moves what has waited long enough.
    fn wake(&mut self, now: Now) {
        while let Some((at, _)) = self.delayed.first() {
            if *at > now.elapsed {
                return;
            }
            let Some((_, slot)) = self.delayed.pop_first() else {
                return;
            };
            if let Some(item) = self.waiting.get(&slot) {
                self.ready.insert(place(item, slot));
            }
        }
    }

    /// Lets what waits in a slot go in its turn, unless a digest has to go before it.
    fn rank(&mut self, now: Now, slot: &str) {
        let Some(item) = self.waiting.get(slot) else {
            return;
        };
        if self.held.contains_key(slot) {
            return;
        }
        if item.not_before > now.elapsed {
            self.delayed.insert((item.not_before, slot.to_owned()));
        } else {
            self.ready.insert(place(item, slot.to_owned()));
        }
    }

    fn unrank(&mut self, slot: &str) {
        if let Some(item) = self.waiting.get(slot) {
            self.delayed.remove(&(item.not_before, slot.to_owned()));
            self.ready.remove(&place(item, slot.to_owned()));
        }
    }
}

fn place(item: &Item, slot: String) -> (Reverse<Level>, u64, String) {
    (Reverse(item.job.level), item.sequence, slot)
}
