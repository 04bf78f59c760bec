//! What is logged just now: the filter, which may be for a time only, and the levels of the sinks.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_log::AsLog;

use crate::Filter;
use crate::clock::Deadline;

/// The filter in force, and what comes after it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FilterState {
    /// What is logged now.
    pub current: Filter,
    /// What was set without an end: the same, unless there is one.
    pub base: Filter,
    /// How long until `base` is in force again; `None`: it is.
    pub remaining: Option<Duration>,
}

/// How verbose a level is: 0 is off.
pub(crate) type Rank = u8;

#[derive(Debug)]
pub(crate) struct Levels {
    filter: RwLock<Filter>,
    /// The ranks up to which the filter allows every target, and beyond which it allows none.
    floor: AtomicU8,
    ceiling: AtomicU8,
    /// The most verbose rank that any sink takes.
    sinks: AtomicU8,
    /// Whether no other layer depends on what the filter refuses.
    alone: AtomicBool,
    /// Whether the logger of the `log` crate is somebody else's, and so its maximum too.
    foreign_log: AtomicBool,
    timed: Mutex<Timed>,
    changed: Condvar,
}

#[derive(Debug)]
struct Timed {
    base: Filter,
    until: Option<Deadline>,
    /// Who waits for the end of an older one has nothing to do any more.
    generation: u64,
}

// === impl Levels ===

impl Levels {
    pub(crate) fn new(filter: Filter, alone: bool) -> Self {
        let levels = Self {
            filter: RwLock::new(filter.clone()),
            floor: AtomicU8::new(0),
            ceiling: AtomicU8::new(0),
            sinks: AtomicU8::new(0),
            alone: AtomicBool::new(alone),
            foreign_log: AtomicBool::new(false),
            timed: Mutex::new(Timed {
                base: filter.clone(),
                until: None,
                generation: 0,
            }),
            changed: Condvar::new(),
        };
        levels.store(filter);
        levels
    }

    pub(crate) fn is_alone(&self) -> bool {
        self.alone.load(Ordering::Relaxed)
    }

    pub(crate) fn be_alone(&self) {
        self.alone.store(true, Ordering::Relaxed);
    }

    pub(crate) fn leave_log_alone(&self) {
        self.foreign_log.store(true, Ordering::Relaxed);
    }

    pub(crate) fn max_level(&self) -> LevelFilter {
        filter_of(
            self.ceiling
                .load(Ordering::Relaxed)
                .min(self.sinks.load(Ordering::Relaxed)),
        )
    }

    /// Returns whether the filter lets an event through, or a span.
    pub(crate) fn allows(&self, metadata: &Metadata<'_>) -> bool {
        let rank = rank(*metadata.level());
        // Spans of level `info` and above are context, not output: they are always wanted.
        if rank <= self.floor.load(Ordering::Relaxed)
            || metadata.is_span() && *metadata.level() <= Level::INFO
        {
            return true;
        }
        rank <= self.ceiling.load(Ordering::Relaxed) && self.read().allows(metadata)
    }

    /// Returns whether anything becomes of an event, or a span.
    pub(crate) fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let is_taken =
            metadata.is_span() || rank(*metadata.level()) <= self.sinks.load(Ordering::Relaxed);
        is_taken && self.allows(metadata)
    }

    /// Says again what the sinks take; of two that do so at once, the second one sees what the first one has changed.
    pub(crate) fn set_sinks(&self, most_verbose: impl FnOnce() -> Rank) {
        let _timed = self.timed();
        self.sinks.store(most_verbose(), Ordering::Relaxed);
        self.publish();
    }

    pub(crate) fn state(&self) -> FilterState {
        let timed = self.timed();
        FilterState {
            current: self.read().clone(),
            base: timed.base.clone(),
            remaining: timed.until.map(|end| end.remaining().unwrap_or_default()),
        }
    }

    /// Puts a filter in force, until `end` or for good, and returns its generation.
    pub(crate) fn set(&self, filter: Filter, end: Option<Deadline>) -> u64 {
        let mut timed = self.timed();
        if end.is_none() {
            timed.base = filter.clone();
        }
        timed.until = end;
        timed.generation += 1;
        self.store(filter);
        self.publish();
        self.changed.notify_all();
        timed.generation
    }

    /// Waits for the end of a generation; returns the filter that comes then, or `None` at once when a newer one came.
    pub(crate) fn wait(&self, generation: u64) -> Option<Filter> {
        let mut timed = self.timed();
        while timed.generation == generation {
            let Some(left) = timed.until.and_then(Deadline::remaining) else {
                return Some(timed.base.clone());
            };
            let waited = self.changed.wait_timeout(timed, left);
            timed = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        None
    }

    /// Puts the base in force again, unless there is a newer generation than this one.
    pub(crate) fn revert(&self, generation: u64) {
        let mut timed = self.timed();
        if timed.generation == generation {
            timed.until = None;
            timed.generation += 1;
            self.store(timed.base.clone());
            self.publish();
        }
    }

    /// Lets go of whoever waits for an end.
    pub(crate) fn close(&self) {
        self.timed().generation += 1;
        self.changed.notify_all();
    }

    fn store(&self, filter: Filter) {
        let (floor, ceiling) = filter.range();
        *self.filter.write().unwrap_or_else(PoisonError::into_inner) = filter;
        self.floor.store(rank_of(floor), Ordering::Relaxed);
        self.ceiling.store(rank_of(ceiling), Ordering::Relaxed);
    }

    /// Tells what decides before this layer is asked.
    fn publish(&self) {
        if self.is_alone() {
            if !self.foreign_log.load(Ordering::Relaxed) {
                tracing_log::log::set_max_level(self.max_level().as_log());
            }
            tracing::callsite::rebuild_interest_cache();
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Filter> {
        self.filter.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn timed(&self) -> MutexGuard<'_, Timed> {
        self.timed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn rank(level: Level) -> Rank {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

pub(crate) fn rank_of(filter: LevelFilter) -> Rank {
    filter.into_level().map_or(0, rank)
}

fn filter_of(rank: Rank) -> LevelFilter {
    match rank {
        0 => LevelFilter::OFF,
        1 => LevelFilter::ERROR,
        2 => LevelFilter::WARN,
        3 => LevelFilter::INFO,
        4 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};
    use std::thread;

    use super::*;

    #[test]
    fn what_the_sinks_take_is_looked_up_by_one_thread_at_a_time() {
        let levels = Levels::new(Filter::default(), false);
        let (send, receive) = mpsc::channel();
        thread::scope(|scope| {
            levels.set_sinks(|| {
                let send = send.clone();
                let levels = &levels;
                scope.spawn(move || {
                    levels.set_sinks(|| send.send(()).map_or(0, |()| rank(Level::ERROR)));
                });
                let other = receive.recv_timeout(Duration::from_millis(50));
                assert!(other.is_err(), "the other one knows nothing of this one");
                rank(Level::INFO)
            });
        });
        assert_eq!(levels.max_level(), LevelFilter::ERROR);
    }

    /// Waits for an end that is far away, in a thread of its own, and tells when it need not wait any more.
    fn waiting() -> (Arc<Levels>, mpsc::Receiver<()>) {
        let levels = Arc::new(Levels::new(Filter::default(), false));
        let far = Deadline::after(Duration::from_secs(3600));
        let generation = levels.set(Filter::from(Level::TRACE), Some(far));
        let (send, receive) = mpsc::channel();
        let waiter = Arc::clone(&levels);
        thread::spawn(move || {
            waiter.wait(generation);
            send.send(())
        });
        assert!(receive.recv_timeout(Duration::from_millis(50)).is_err());
        (levels, receive)
    }

    #[test]
    fn nobody_waits_for_an_end_that_is_replaced() {
        let (levels, receive) = waiting();
        levels.set(Filter::from(Level::WARN), None);
        receive.recv_timeout(Duration::from_secs(30)).unwrap();
        assert_eq!(levels.state().current, Filter::from(Level::WARN));
    }

    #[test]
    fn nobody_waits_for_an_end_when_logging_is_over() {
        let (levels, receive) = waiting();
        levels.close();
        receive.recv_timeout(Duration::from_secs(30)).unwrap();
    }
}
