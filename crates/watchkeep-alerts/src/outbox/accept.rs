//! What comes in: newer notices take the place of older ones that were not told.

use crate::clock::Now;
use crate::journal::Table;
use crate::outbox::dead::Dead;
use crate::outbox::item::Item;
use crate::outbox::queue::Queue;
use crate::outbox::{Effect, LaneSettings, NoteWhy, Outbox, Progress, Step, delete, note, settled};
use crate::state::{Job, JobKind, Lane, Outcome};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long after a notice was given up the same is not tried again.
const DEAD_AGAIN: Duration = Duration::from_secs(300);

impl Outbox {
    pub(super) fn accept(&mut self, now: Now, job: Job, effects: &mut Vec<Effect>) {
        let sequence = self.next_sequence();
        let budget = self.budget(job.level);
        let mut item = Item::new(now, job, sequence, budget);
        if let Some(at) = self.dead.last_same(&item) {
            // What was given up a moment ago is not tried again at every flush.
            let wait = DEAD_AGAIN.saturating_sub(now.wall.since(at));
            item.not_before = now.elapsed.saturating_add(wait);
            item.echo = true;
        }
        self.take_in(now, item, effects);
    }

    /// Puts a notice into its lane, where it supersedes what waits of its group.
    pub(super) fn take_in(&mut self, now: Now, mut item: Item, effects: &mut Vec<Effect>) {
        let queue = self.queues.get_mut(&item.job.lane);
        let Some(queue) = queue.filter(|queue| !queue.removed) else {
            return self.give_up(now, item, Dead::NoReceiver, effects);
        };
        if queue.gone && item.not_before <= now.elapsed {
            return self.give_up(now, item, Dead::Gone, effects);
        }
        if let Some(older) = queue.take(&item.slot()) {
            let pages = queue.settings.pages;
            match self.supersede(now, older, item, pages, effects) {
                Some(newer) => item = newer,
                None => return,
            }
        }
        effects.push(Effect::Persist(item.write(now)));
        if !item.echo {
            effects.push(progress(&item, Step::Accepted, now));
        }
        let most = self.settings.queue;
        let Some(queue) = self.queues.get_mut(&item.job.lane) else {
            return;
        };
        queue.put(now, item);
        if queue.waiting() > most
            && let Some(last) = queue.take_last(now)
        {
            self.give_up(now, last, Dead::QueueFull, effects);
        }
    }

    /// Puts a notice back whose try failed, unless a newer one of its group waits already.
    pub(super) fn put_back(&mut self, now: Now, item: Item, effects: &mut Vec<Effect>) {
        let Some(queue) = self.queues.get_mut(&item.job.lane) else {
            return self.give_up(now, item, Dead::NoReceiver, effects);
        };
        if !queue.waits(&item.slot()) {
            effects.push(Effect::Persist(item.write(now)));
            effects.push(progress(&item, Step::Retrying, now));
            queue.put(now, item);
            return;
        }
        let Some(newer) = queue.take(&item.slot()) else {
            return;
        };
        let pages = queue.settings.pages;
        let Some(newer) = self.supersede(now, item, newer, pages, effects) else {
            return;
        };
        effects.push(Effect::Persist(newer.write(now)));
        effects.push(progress(&newer, Step::Retrying, now));
        if let Some(queue) = self.queues.get_mut(&newer.job.lane) {
            queue.put(now, newer);
        }
    }

    /// Joins an untold notice with the one that follows it; none if both have become pointless.
    fn supersede(
        &self,
        now: Now,
        older: Item,
        mut newer: Item,
        pages: bool,
        effects: &mut Vec<Effect>,
    ) -> Option<Item> {
        effects.push(Effect::Persist(delete(
            Table::Deliveries,
            older.job.id.clone(),
        )));
        let nobody_knows = newer.job.untold && !older.perhaps_told;
        if pages && newer.job.kind == JobKind::Resolve && nobody_knows {
            for item in [older, newer] {
                let id = item.job.id.clone();
                effects.push(Effect::Persist(delete(Table::Deliveries, id)));
                effects.push(note(now, &item, NoteWhy::OverBeforeTold));
                settled(now, &item, Outcome::Superseded, effects);
            }
            return None;
        }
        newer.absorb(now, &older, &self.settings);
        let by = newer.job.id.clone();
        effects.push(note(now, &older, NoteWhy::Superseded(by)));
        settled(now, &older, Outcome::Superseded, effects);
        Some(newer)
    }

    /// Goes on with these lanes; what is under way in others comes to its end, what waits there is given up.
    pub(super) fn set_lanes(
        &mut self,
        now: Now,
        lanes: BTreeMap<Lane, LaneSettings>,
        effects: &mut Vec<Effect>,
    ) {
        let mut homeless = Vec::new();
        for (lane, queue) in &mut self.queues {
            queue.removed = !lanes.contains_key(lane);
            if queue.removed {
                homeless.append(&mut queue.take_all());
            }
        }
        let busy = |queue: &Queue| queue.under_way.is_some();
        self.queues
            .retain(|lane, queue| lanes.contains_key(lane) || busy(queue));
        for (lane, settings) in lanes {
            let queue = self
                .queues
                .entry(lane)
                .or_insert_with(|| Queue::new(settings));
            // What has been set up anew may be there again.
            queue.gone = false;
            if queue.settings != settings {
                queue.bucket = settings.rate.map(super::bucket::Bucket::new);
                queue.settings = settings;
            }
        }
        for item in homeless {
            self.give_up(now, item, Dead::NoReceiver, effects);
        }
    }
}

pub(super) fn progress(item: &Item, step: Step, now: Now) -> Effect {
    Effect::Progress(progress_of(item, step, now))
}

pub(super) fn progress_of(item: &Item, step: Step, now: Now) -> Progress {
    let next = matches!(step, Step::Accepted | Step::Retrying);
    Progress {
        lane: item.job.lane.clone(),
        notification: Arc::clone(&item.notification),
        step,
        attempts: item.attempts,
        next_try: next.then(|| now.wall_at(item.not_before)),
        error: item.last_error.clone(),
        reason: None,
    }
}
