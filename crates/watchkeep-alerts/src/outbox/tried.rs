//! How a try went, and what follows.

use std::time::Duration;

use crate::clock::Now;
use crate::journal::Table;
use crate::level::Level;
use crate::outbox::accept::progress;
use crate::outbox::dead::Dead;
use crate::outbox::item::Item;
use crate::outbox::{Effect, NoteWhy, Outbox, Step, delete, jitter, note, settled};
use crate::state::{Lane, Outcome};

/// The longest wait that a receiver may ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3_600);

/// Why a try failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    /// How long the receiver asks to be left alone.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) message: String,
}

/// What another try would do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum FailureKind {
    /// It may succeed; but this one may have arrived too.
    Ambiguous,
    /// Nothing, nor for any other notice: the receiver is not there any more.
    Gone,
    /// Nothing for this notice.
    Permanent,
    /// It may succeed.
    Transient,
}

impl Outbox {
    pub(super) fn tried(
        &mut self,
        now: Now,
        lane: &Lane,
        id: &str,
        result: Result<(), Failure>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(mut item) = self
            .queues
            .get_mut(lane)
            .and_then(|queue| queue.arrive(now, id))
        else {
            return;
        };
        if self.queues.get(lane).is_some_and(|queue| queue.removed) {
            self.queues.remove(lane);
        }
        item.attempts = item.attempts.saturating_add(1);
        match result {
            Ok(()) => self.delivered(now, item, effects),
            Err(failure) => self.failed(now, item, failure, effects),
        }
    }

    fn delivered(&mut self, now: Now, mut item: Item, effects: &mut Vec<Effect>) {
        if let Some(queue) = self.queues.get_mut(&item.job.lane) {
            queue.failures = 0;
            queue.closed_until = now.elapsed;
        }
        item.last_error = None;
        self.done(now, &item, effects);
    }

    fn done(&self, now: Now, item: &Item, effects: &mut Vec<Effect>) {
        let id = item.job.id.clone();
        effects.push(Effect::Persist(delete(Table::Deliveries, id)));
        effects.push(progress(item, Step::Delivered, now));
        settled(now, item, Outcome::Delivered, effects);
    }

    fn failed(&mut self, now: Now, mut item: Item, failure: Failure, effects: &mut Vec<Effect>) {
        item.last_error = Some(failure.message.clone());
        match failure.kind {
            FailureKind::Permanent => {
                // It said no, so it is there.
                if let Some(queue) = self.queues.get_mut(&item.job.lane) {
                    queue.failures = 0;
                }
                let dead = Dead::Refused(failure.message);
                self.give_up(now, item, dead, effects);
            }
            FailureKind::Gone => self.lane_is_gone(now, item, effects),
            FailureKind::Ambiguous => {
                item.perhaps_told = true;
                let idempotent = self
                    .queues
                    .get(&item.job.lane)
                    .is_some_and(|queue| queue.settings.idempotent);
                if !idempotent && item.job.level < Level::Error {
                    effects.push(note(now, &item, NoteWhy::PerhapsDelivered));
                    self.done(now, &item, effects);
                    return;
                }
                self.try_again(now, item, failure.retry_after, effects);
            }
            FailureKind::Transient => self.try_again(now, item, failure.retry_after, effects),
        }
    }

    /// Gives up this notice, and all that wait in its lane.
    fn lane_is_gone(&mut self, now: Now, item: Item, effects: &mut Vec<Effect>) {
        let mut items = vec![item];
        if let Some(queue) = self.queues.get_mut(&items[0].job.lane) {
            queue.gone = true;
            items.append(&mut queue.take_all());
        }
        for item in items {
            self.give_up(now, item, Dead::Gone, effects);
        }
    }

    fn try_again(
        &mut self,
        now: Now,
        mut item: Item,
        retry_after: Option<Duration>,
        effects: &mut Vec<Effect>,
    ) {
        let (first, longest) = (self.settings.first_wait, self.settings.longest_wait);
        item.failures = item.failures.saturating_add(1);
        let bound = jitter::bound(first, longest, item.failures);
        let wait = self.jitter.below(bound);
        let Some(queue) = self.queues.get_mut(&item.job.lane) else {
            return self.give_up(now, item, Dead::NoReceiver, effects);
        };
        queue.failures = queue.failures.saturating_add(1);
        if queue.failures >= self.settings.breaker_after {
            // The circuit is open: after the wait one notice is tried, and shows whether it closes.
            let bound = jitter::bound(first, longest, queue.failures);
            let pause = self.jitter.upper_half(bound);
            queue.closed_until = now.elapsed.saturating_add(pause);
        }
        if let Some(after) = retry_after {
            // Asked for by the receiver: it is meant for all that this lane sends.
            let until = now.elapsed.saturating_add(after.min(LONGEST_RETRY_AFTER));
            queue.closed_until = queue.closed_until.max(until);
        }
        let expired = queue.take_expired(now);
        // The last try comes when the time is over, not before.
        item.not_before = now.elapsed.saturating_add(wait).min(item.deadline);
        if now.elapsed >= item.deadline {
            self.give_up(now, item, Dead::OutOfTime, effects);
        } else {
            self.put_back(now, item, effects);
        }
        for item in expired {
            self.give_up(now, item, Dead::OutOfTime, effects);
        }
    }
}
