//! A sink: a queue bounded in bytes, and the thread that empties it.

use std::io;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::SinkStats;
use crate::clock::Deadline;
use crate::error::Kind;

mod console;
mod worker;

pub(crate) use self::console::Console;
pub(crate) use self::worker::Notice;

/// Where a worker puts its lines.
pub(crate) trait Output: Send {
    /// Writes a part of `lines`, which begin where the last call stopped, and returns its length.
    fn write(&mut self, lines: &[u8]) -> io::Result<usize>;

    /// Takes the line back that an error has left unfinished; `false` when that cannot be done.
    fn take_back(&mut self) -> bool {
        false
    }

    /// Returns whether an error means that this output will never come back.
    fn is_gone(&self, _error: &io::Error) -> bool {
        false
    }

    /// Opens the output anew before the next line.
    fn reopen(&mut self) {}

    /// Does what has become due without any line.
    fn tend(&mut self) {}

    /// Returns the number of rotations so far.
    fn rotations(&self) -> u64 {
        0
    }

    /// Returns an error that kept no line from being written.
    fn take_problem(&mut self) -> Option<io::Error> {
        None
    }
}

/// The lines between the threads that log and the thread that writes.
#[derive(Debug)]
pub(crate) struct Queue {
    name: &'static str,
    limit: usize,
    state: Mutex<State>,
    /// The worker waits here.
    work: Condvar,
    /// Those who flush wait here.
    done: Condvar,
}

#[derive(Debug, Default)]
struct State {
    buffer: Vec<u8>,
    /// Bytes that the worker has taken and not yet written.
    in_flight: usize,
    stats: SinkStats,
    /// The part of `stats.dropped` that the sink itself has told.
    told: u64,
    /// The worker waits for lines, and must be woken.
    idle: bool,
    /// The worker shall not wait for better times.
    hurry: bool,
    reopen: bool,
    closed: bool,
}

/// What the worker found beside lines.
#[derive(Clone, Copy, Debug)]
struct Order {
    reopen: bool,
    closed: bool,
}

// === impl Queue ===

impl Queue {
    pub(crate) fn new(name: &'static str, limit: usize) -> Self {
        Self {
            name,
            limit,
            state: Mutex::default(),
            work: Condvar::new(),
            done: Condvar::new(),
        }
    }

    /// Starts the thread that empties this queue into `output` until it is closed.
    pub(crate) fn spawn(
        queue: &Arc<Self>,
        mut output: Box<dyn Output>,
        notice: Notice,
    ) -> Result<(), Kind> {
        let own = Arc::clone(queue);
        std::thread::Builder::new()
            .name(format!("log-{}", queue.name))
            .spawn(move || worker::run(&own, &mut *output, &notice))
            .map(drop)
            .map_err(|source| Kind::Spawn {
                sink: queue.name,
                source,
            })
    }

    /// A panic elsewhere in the process is no reason to stop logging.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a line, or counts it as dropped. An urgent one may also use the last tenth of the room.
    pub(crate) fn push(&self, line: &[u8], urgent: bool) {
        let limit = if urgent {
            self.limit
        } else {
            self.limit - self.limit / 10
        };
        let mut state = self.lock();
        state.stats.accepted += 1;
        if state.closed || state.bytes() + line.len() > limit {
            state.stats.dropped += 1;
            return;
        }
        state.buffer.extend_from_slice(line);
        let wake = mem::take(&mut state.idle);
        drop(state);
        if wake {
            self.work.notify_one();
        }
    }

    pub(crate) fn stats(&self) -> SinkStats {
        let state = self.lock();
        SinkStats {
            name: self.name,
            queue_bytes: state.bytes(),
            ..state.stats.clone()
        }
    }

    /// Makes the worker open its output anew before it writes on.
    pub(crate) fn reopen(&self) {
        let mut state = self.lock();
        state.reopen = true;
        self.wake(state);
    }

    /// Refuses further lines; the worker writes what is there and ends.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        self.wake(state);
    }

    fn wake(&self, mut state: MutexGuard<'_, State>) {
        state.hurry = true;
        state.idle = false;
        drop(state);
        self.work.notify_one();
    }

    /// Makes the worker try at once, and returns the count of settled lines to wait for.
    pub(crate) fn begin_flush(&self) -> u64 {
        let state = self.lock();
        let goal = state.stats.accepted - state.stats.dropped;
        if state.settled() < goal {
            self.wake(state);
        }
        goal
    }

    /// Waits until so many lines are settled, and returns how many are missing.
    pub(crate) fn end_flush(&self, goal: u64, deadline: Deadline) -> u64 {
        let mut state = self.lock();
        while state.settled() < goal {
            let Some(left) = deadline.remaining() else {
                break;
            };
            state = self
                .done
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        goal.saturating_sub(state.settled())
    }

    /// Waits for lines or an order, at most for `tick`, and swaps the lines into `batch`, which is empty.
    fn take(&self, batch: &mut Vec<u8>, tick: Duration) -> Order {
        let mut state = self.lock();
        if state.buffer.is_empty() && !state.reopen && !state.closed {
            state.idle = true;
            state = self
                .work
                .wait_timeout_while(state, tick, |state| state.idle)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            state.idle = false;
        }
        state.hurry = false;
        mem::swap(&mut state.buffer, batch);
        state.in_flight = batch.len();
        Order {
            reopen: mem::take(&mut state.reopen),
            closed: state.closed,
        }
    }

    /// Counts what has been written; `left` bytes of the batch remain.
    fn wrote(&self, bytes: usize, lines: u64, left: usize) {
        let mut state = self.lock();
        state.stats.bytes_written += bytes as u64;
        state.stats.written += lines;
        state.in_flight = left;
        drop(state);
        self.done.notify_all();
    }

    /// Counts the rest of the batch as lost.
    fn gave_up(&self, lines: u64) {
        let mut state = self.lock();
        state.stats.failed += lines;
        state.in_flight = 0;
        drop(state);
        self.done.notify_all();
    }

    fn note_error(&self, error: &io::Error) {
        let mut state = self.lock();
        state.stats.io_errors += 1;
        state.stats.last_error = Some(error.to_string());
    }

    fn set_rotations(&self, rotations: u64) {
        self.lock().stats.rotations = rotations;
    }

    /// Waits before the next attempt; returns `false` once nobody will wait for it.
    fn pause(&self, delay: Duration) -> bool {
        let state = self.lock();
        let mut state = self
            .work
            .wait_timeout_while(state, delay, |state| !state.hurry && !state.closed)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
        state.hurry = false;
        !state.closed
    }

    /// Queues the news of dropped lines, once there is room again.
    fn tell_drops(&self, notice: &Notice) {
        let mut state = self.lock();
        let untold = state.stats.dropped - state.told;
        if untold == 0 || state.bytes() > self.limit / 2 {
            return;
        }
        let before = state.buffer.len();
        notice(untold, &mut state.buffer);
        if state.buffer.len() > before {
            state.stats.accepted += 1;
        }
        state.told += untold;
    }

    fn is_finished(&self) -> bool {
        let state = self.lock();
        state.closed && state.buffer.is_empty()
    }
}

// === impl State ===

impl State {
    fn bytes(&self) -> usize {
        self.buffer.len() + self.in_flight
    }

    fn settled(&self) -> u64 {
        self.stats.written + self.stats.failed
    }
}

#[cfg(test)]
mod tests;
