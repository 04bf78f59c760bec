//! The lines between the threads that log and the thread that writes.

use std::borrow::Cow;
use std::io;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use tracing::Level;

use super::lines::{Lines, PerLevel, newlines};
use super::{Notice, Output, worker};
use crate::clock::Deadline;
use crate::error::Kind;
use crate::stats::{LineCounts, Losses};
use crate::{OnFull, SinkStats};

/// A quiet sink waits so long for more lines to write with the first one.
const LINGER: Duration = Duration::from_millis(20);
/// How long an idle worker keeps what its buffers have grown to.
const QUIET: Duration = Duration::from_secs(1);
/// So many bytes are worth writing at once.
const WAKE_BYTES: usize = 256 * 1024;

/// A double buffer: lines go into one half while the other one is written.
#[derive(Debug)]
pub(crate) struct Queue {
    name: Cow<'static, str>,
    on_full: OnFull,
    wake_bytes: usize,
    /// Where the worker lives; a fork has the queue and no worker.
    process: u32,
    state: Mutex<State>,
    /// The worker waits here.
    work: Condvar,
    /// Those who flush wait here.
    done: Condvar,
    /// Those who wait for room, as `OnFull::Block` says.
    room: Condvar,
}

#[derive(Debug)]
struct State {
    pending: Lines,
    /// Bytes and lines that the worker has taken and not yet settled.
    in_flight: usize,
    in_flight_lines: u64,
    stats: SinkStats,
    /// The losses that the sink itself has told.
    told: Losses,
    waits: Waits,
    /// Somebody waits: neither more lines nor better times shall be waited for.
    hurry: bool,
    /// There is a line that shall not wait for more lines.
    urgent: bool,
    reopen: bool,
    rotate: bool,
    closed: bool,
    /// The last news of lost lines is out.
    said_last: bool,
    /// The worker is gone, or was never there.
    ended: bool,
    /// How often the worker has taken lines, and how often it was done with them.
    taken: u64,
    finished: u64,
}

/// What the worker waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    /// For the first line.
    Idle,
    /// For more lines behind the first.
    Lingering,
    No,
}

/// What the worker found beside lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) reopen: bool,
    pub(super) rotate: bool,
    pub(super) closed: bool,
}

// === impl Queue ===

impl Queue {
    pub(crate) fn new(name: Cow<'static, str>, limit: usize, on_full: OnFull) -> Self {
        Self {
            on_full,
            wake_bytes: WAKE_BYTES.min(limit / 4),
            process: std::process::id(),
            state: Mutex::new(State {
                pending: Lines::new(limit / 2),
                in_flight: 0,
                in_flight_lines: 0,
                stats: SinkStats {
                    name: name.clone(),
                    ..SinkStats::default()
                },
                told: Losses::default(),
                waits: Waits::No,
                hurry: false,
                urgent: false,
                reopen: false,
                rotate: false,
                closed: false,
                said_last: false,
                ended: true,
                taken: 0,
                finished: 0,
            }),
            name,
            work: Condvar::new(),
            done: Condvar::new(),
            room: Condvar::new(),
        }
    }

    /// Starts the thread that empties this queue into `output` until it is closed.
    pub(crate) fn spawn(
        queue: &Arc<Self>,
        output: Box<dyn Output>,
        limit: usize,
        notice: Notice,
    ) -> Result<(), Kind> {
        let own = Arc::clone(queue);
        queue.lock().ended = false;
        std::thread::Builder::new()
            .name(format!("log-{}", queue.name))
            .spawn(move || worker::run(&own, output, Lines::new(limit / 2), &notice))
            .map(drop)
            .map_err(|source| {
                queue.lock().ended = true;
                Kind::Spawn {
                    sink: queue.name.clone().into_owned(),
                    source,
                }
            })
    }

    /// In a fork the lock may be held for ever, by a thread that is not there.
    fn lock_unless_forked(&self) -> Option<MutexGuard<'_, State>> {
        if !self.is_forked() {
            return Some(self.lock());
        }
        match self.state.try_lock() {
            Ok(state) => Some(state),
            Err(TryLockError::Poisoned(error)) => Some(error.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// A panic elsewhere in the process is no reason to stop logging.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes `count` whole lines of a level, or counts lines as dropped, as `OnFull` says.
    pub(crate) fn push(&self, lines: &[u8], count: u32, level: Level) {
        let mut state = self.lock();
        state.counts(level).accepted += u64::from(count);
        let mut is_in = !state.closed && state.pending.push(lines, count, level);
        if !is_in && !state.closed && state.pending.could_hold(lines.len()) {
            (state, is_in) = self.push_when_full(state, lines, count, level);
        }
        if !is_in {
            state.counts(level).dropped += u64::from(count);
            return;
        }
        let bytes = state.bytes();
        state.stats.queue_high_water_bytes = state.stats.queue_high_water_bytes.max(bytes);
        let wake = match state.waits {
            Waits::Idle => true,
            Waits::Lingering => level == Level::ERROR || state.pending.len() >= self.wake_bytes,
            Waits::No => false,
        };
        state.urgent |= level == Level::ERROR;
        if wake {
            state.waits = Waits::No;
            drop(state);
            self.work.notify_one();
        }
    }

    #[cold]
    fn push_when_full<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        lines: &[u8],
        count: u32,
        level: Level,
    ) -> (MutexGuard<'a, State>, bool) {
        match self.on_full {
            OnFull::DropNewest => (state, false),
            OnFull::DropBelow(least)
                if level <= least && state.pending.can_make_room(least, lines.len()) =>
            {
                // More than this line needs, so that not every one of many has to look for room.
                let wanted = lines.len().max(self.wake_bytes);
                let evicted = state.pending.evict(least, wanted);
                state.count(evicted, |counts| &mut counts.dropped);
                let is_in = state.pending.push(lines, count, level);
                (state, is_in)
            }
            OnFull::DropBelow(_) => (state, false),
            OnFull::Block { at_most } => {
                let deadline = Deadline::after(at_most);
                loop {
                    // Its own worker would wait for itself, and in a fork there is none.
                    let is_hopeless = worker::is_worker() || self.is_forked();
                    let Some(left) = deadline.remaining().filter(|_| !is_hopeless) else {
                        return (state, false);
                    };
                    state = self.wait(&self.room, state, left);
                    if state.closed {
                        return (state, false);
                    }
                    if state.pending.push(lines, count, level) {
                        return (state, true);
                    }
                }
            }
        }
    }

    fn wait<'a>(
        &self,
        condition: &Condvar,
        state: MutexGuard<'a, State>,
        most: Duration,
    ) -> MutexGuard<'a, State> {
        let waited = condition.wait_timeout(state, most);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    pub(crate) fn stats(&self) -> SinkStats {
        let Some(state) = self.lock_unless_forked() else {
            return SinkStats {
                name: self.name.clone(),
                ..SinkStats::default()
            };
        };
        SinkStats {
            queue_bytes: state.bytes(),
            ..state.stats.clone()
        }
    }

    /// Makes the worker open its output anew before it writes on.
    pub(crate) fn reopen(&self) {
        if let Some(mut state) = self.lock_unless_forked() {
            state.reopen = true;
            self.wake(state);
        }
    }

    /// Refuses further lines; the worker writes what is there and ends.
    pub(crate) fn close(&self) {
        if let Some(mut state) = self.lock_unless_forked() {
            state.closed = true;
            self.room.notify_all();
            self.wake(state);
        }
    }

    fn wake(&self, mut state: MutexGuard<'_, State>) {
        state.hurry = true;
        state.waits = Waits::No;
        drop(state);
        self.work.notify_one();
    }

    /// Makes the worker try at once, and returns what to wait for.
    pub(crate) fn begin_flush(&self) -> u64 {
        let Some(state) = self.lock_unless_forked() else {
            return u64::MAX;
        };
        if state.pending.is_empty() {
            return state.taken;
        }
        let goal = state.taken + 1;
        self.wake(state);
        goal
    }

    /// Makes the worker rotate behind the lines that are there, and returns what to wait for.
    pub(crate) fn begin_rotation(&self) -> u64 {
        let Some(mut state) = self.lock_unless_forked() else {
            return u64::MAX;
        };
        state.rotate = true;
        let goal = state.taken + 1;
        self.wake(state);
        goal
    }

    /// Waits until that is done, and returns how many lines are still waiting if it is not.
    pub(crate) fn end_flush(&self, goal: u64, deadline: Deadline) -> u64 {
        // The worker would wait for itself.
        let is_hopeless = worker::is_worker() || self.is_forked();
        let Some(mut state) = self.lock_unless_forked() else {
            return 1;
        };
        while state.finished < goal && !state.ended {
            let Some(left) = deadline.remaining().filter(|_| !is_hopeless) else {
                return (state.pending.count() + state.in_flight_lines).max(1);
            };
            state = self.wait(&self.done, state, left);
        }
        0
    }

    /// Waits until the worker has let go of its output.
    pub(crate) fn wait_for_end(&self, deadline: Deadline) {
        let Some(mut state) = self.lock_unless_forked() else {
            return;
        };
        while !state.ended && !self.is_forked() {
            let Some(left) = deadline.remaining() else {
                return;
            };
            state = self.wait(&self.done, state, left);
        }
    }

    fn is_forked(&self) -> bool {
        self.process != std::process::id()
    }

    // The worker's side.

    /// Waits for lines or an order, at most for `tick`, and swaps the lines into `batch`, which is empty.
    pub(super) fn take(&self, batch: &mut Lines, tick: Duration) -> Order {
        let mut state = self.lock();
        // What a burst needed is kept between two lines, but not over a silence.
        for patience in [QUIET, tick] {
            if !state.has_order() && state.pending.is_empty() {
                state = self.wait_while(state, Waits::Idle, patience);
            }
            if state.pending.is_empty() {
                state.pending.shrink();
                batch.shrink();
            }
        }
        let can_wait = !state.has_order() && !state.hurry && !state.urgent;
        if can_wait && !state.pending.is_empty() && state.pending.len() < self.wake_bytes {
            state = self.wait_while(state, Waits::Lingering, LINGER);
        }
        state.hurry = false;
        state.urgent = false;
        mem::swap(&mut state.pending, batch);
        state.in_flight = batch.len();
        state.in_flight_lines = batch.count();
        state.taken += 1;
        self.room.notify_all();
        Order {
            reopen: mem::take(&mut state.reopen),
            rotate: mem::take(&mut state.rotate),
            closed: state.closed,
        }
    }

    fn wait_while<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        waits: Waits,
        most: Duration,
    ) -> MutexGuard<'a, State> {
        state.waits = waits;
        let waited = self
            .work
            .wait_timeout_while(state, most, |state| state.waits == waits);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.waits = Waits::No;
        state
    }

    /// Counts lines that have been written; `left` bytes of the batch remain.
    pub(super) fn wrote(&self, lines: PerLevel, bytes: usize, left: usize) {
        let mut state = self.lock();
        state.stats.bytes_written += bytes as u64;
        state.stats.is_failing = false;
        state.count(lines, |counts| &mut counts.written);
        state.settle(lines, left);
    }

    /// Counts the rest of the batch as lost.
    pub(super) fn gave_up(&self, lines: PerLevel) {
        let mut state = self.lock();
        state.count(lines, |counts| &mut counts.failed);
        state.settle(lines, 0);
    }

    /// Tells those who wait that the lines of the last `take` are settled.
    pub(super) fn finish(&self) {
        let mut state = self.lock();
        state.finished = state.taken;
        drop(state);
        self.done.notify_all();
    }

    pub(super) fn note_error(&self, error: &io::Error, is_failing: bool) {
        let mut state = self.lock();
        state.stats.io_errors += 1;
        state.stats.is_failing |= is_failing;
        state.stats.last_error = Some(error.to_string());
    }

    pub(super) fn set_rotations(&self, rotations: u64) {
        self.lock().stats.rotations = rotations;
    }

    /// Waits before the next attempt; returns `false` once nobody will wait for it.
    pub(super) fn pause(&self, delay: Duration) -> bool {
        let state = self.lock();
        let waited = self
            .work
            .wait_timeout_while(state, delay, |state| !state.hurry && !state.closed);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.hurry = false;
        !state.closed
    }

    /// Returns what is to be told of lost lines: once the output works again, and once at the end whether it works or not.
    pub(super) fn untold_losses(&self) -> Option<Losses> {
        let state = self.lock();
        if state.said_last || (state.stats.is_failing && !state.closed) {
            return None;
        }
        let total = state.stats.total();
        let untold = Losses {
            dropped: total.dropped - state.told.dropped,
            failed: total.failed - state.told.failed,
        };
        (untold != Losses::default()).then_some(untold)
    }

    /// Queues the news of lost lines, if there is room for it; `None` when nothing can be said.
    pub(super) fn tell_losses(&self, losses: Losses, news: Option<(&[u8], Level)>) {
        let mut state = self.lock();
        if let Some((lines, level)) = news {
            let count = newlines(lines);
            if !state.pending.push(lines, count, level) {
                return;
            }
            state.counts(level).accepted += u64::from(count);
        }
        // Lines that come after the end are refused, each of them a loss: not every one brings another line.
        state.said_last = state.closed;
        state.told.dropped += losses.dropped;
        state.told.failed += losses.failed;
    }

    pub(super) fn is_finished(&self) -> bool {
        let state = self.lock();
        state.closed && state.pending.is_empty()
    }

    /// Nobody will write what is still here: the worker ends, one way or the other.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        let left = state.pending.levels();
        state.count(left, |counts| &mut counts.failed);
        state.pending.clear();
        state.closed = true;
        state.ended = true;
        drop(state);
        self.room.notify_all();
        self.done.notify_all();
    }
}

// === impl State ===

impl State {
    fn bytes(&self) -> usize {
        self.pending.len() + self.in_flight
    }

    fn has_order(&self) -> bool {
        self.reopen || self.rotate || self.closed
    }

    fn counts(&mut self, level: Level) -> &mut LineCounts {
        &mut self.stats.lines[usize::from(crate::stats::severity(level))]
    }

    fn count(&mut self, lines: PerLevel, which: fn(&mut LineCounts) -> &mut u64) {
        for (counts, lines) in self.stats.lines.iter_mut().zip(lines) {
            *which(counts) += lines;
        }
    }

    fn settle(&mut self, lines: PerLevel, left: usize) {
        self.in_flight = left;
        self.in_flight_lines = self.in_flight_lines.saturating_sub(lines.iter().sum());
    }
}
