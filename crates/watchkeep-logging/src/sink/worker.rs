//! The thread of a sink: writes batches cut at line ends, and tries again when that fails.

use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use memchr::{memchr, memrchr};
use tracing::Level;

use super::lines::{Lines, Progress};
use super::queue::Order;
use super::{Output, Queue};
use crate::stats::Losses;

/// Makes the line, and its level, that tells of lost ones.
pub(crate) type Notice = Box<dyn Fn(Losses) -> (Vec<u8>, Level) + Send>;

/// How often an idle worker looks after its output.
const TICK: Duration = Duration::from_secs(60);
/// One call writes about so much, so that progress is seen in the numbers.
const CHUNK_BYTES: usize = 256 * 1024;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// Returns whether this thread writes lines, and so must not wait for it.
pub(crate) fn is_worker() -> bool {
    IS_WORKER.try_with(Cell::get).unwrap_or(false)
}

pub(super) fn run(queue: &Queue, output: Box<dyn Output>, batch: Lines, notice: &Notice) {
    IS_WORKER.set(true);
    let mut worker = Worker {
        output: Some(output),
        queue,
        batch,
    };
    while worker.turn(notice) {}
}

/// Counts what is left, and frees the output before it says so, when the thread ends in whatever way.
struct Worker<'a> {
    output: Option<Box<dyn Output>>,
    queue: &'a Queue,
    batch: Lines,
}

// === impl Worker ===

impl Worker<'_> {
    /// Writes what is there; `false` once the queue is closed and empty.
    fn turn(&mut self, notice: &Notice) -> bool {
        let order = self.queue.take(&mut self.batch, TICK);
        if order.reopen {
            self.call(|output| {
                output.reopen();
                Ok(())
            });
        }
        self.write();
        self.look_after(order);
        self.batch.clear();
        self.tell_losses(notice);
        self.queue.finish();
        !(order.closed && self.queue.is_finished())
    }

    /// The notice is made without any lock: it may be the program's own, log itself, or panic.
    fn tell_losses(&self, notice: &Notice) {
        let Some(losses) = self.queue.untold_losses() else {
            return;
        };
        match catch_unwind(AssertUnwindSafe(|| notice(losses))) {
            Ok((lines, level)) => self.queue.tell_losses(losses, Some((&lines, level))),
            Err(_) => {
                let error = io::Error::other("the notice of lost log lines panicked");
                self.queue.note_error(&error, false);
                self.queue.tell_losses(losses, None);
            }
        }
    }

    /// Does what is not about lines.
    fn look_after(&mut self, order: Order) {
        if order.rotate {
            self.call(|output| output.rotate());
        }
        self.call(|output| {
            output.tend();
            Ok(())
        });
        while let Some(problem) = self
            .guarded(|output| Ok(output.take_problem()))
            .ok()
            .flatten()
        {
            self.queue.note_error(&problem, false);
        }
        if let Ok(rotations) = self.guarded(|output| Ok(output.rotations())) {
            self.queue.set_rotations(rotations);
        }
    }

    /// Writes a batch of whole lines; what cannot be written is kept until it can, or until the queue closes.
    fn write(&mut self) {
        let (mut at, mut line_start) = (0, 0);
        let mut progress = Progress::default();
        let mut pause = FIRST_PAUSE;
        let total = self.batch.len();
        while at < total {
            let outcome = self.write_part(at);
            let error = match outcome {
                Ok(0) => io::Error::from(io::ErrorKind::WriteZero),
                Ok(count) => {
                    let written = &self.batch.as_bytes()[line_start..at + count];
                    at += count;
                    if let Some(end) = memrchr(b'\n', written) {
                        let whole = end + 1;
                        let lines = self.batch.settle(&mut progress, whole);
                        line_start += whole;
                        self.queue.wrote(lines, whole, total - line_start);
                        pause = FIRST_PAUSE;
                    }
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            self.queue.note_error(&error, true);
            let is_gone = self
                .guarded(|output| Ok(output.is_gone(&error)))
                .unwrap_or(true);
            if is_gone || !self.queue.pause(pause) {
                self.give_up(&mut progress, total - line_start);
                return;
            }
            if !self
                .guarded(|output| Ok(output.can_continue()))
                .unwrap_or(false)
            {
                at = line_start;
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn write_part(&mut self, at: usize) -> io::Result<usize> {
        let Self { output, batch, .. } = self;
        let part = chunk(&batch.as_bytes()[at..]);
        guarded(output, |output| output.write(part))
    }

    fn give_up(&mut self, progress: &mut Progress, bytes: usize) {
        self.call(|output| {
            output.give_up_line();
            Ok(())
        });
        let lines = self.batch.settle(progress, bytes);
        self.queue.gave_up(lines);
    }

    fn call(&mut self, work: impl FnOnce(&mut dyn Output) -> io::Result<()>) {
        if let Err(error) = self.guarded(work) {
            self.queue.note_error(&error, false);
        }
    }

    fn guarded<T>(&mut self, work: impl FnOnce(&mut dyn Output) -> io::Result<T>) -> io::Result<T> {
        guarded(&mut self.output, work)
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        self.output = None;
        // None, unless this thread panics.
        self.queue.gave_up(self.batch.levels());
        self.queue.end();
    }
}

/// A writer of the user's that panics is a writer that fails.
fn guarded<T>(
    output: &mut Option<Box<dyn Output>>,
    work: impl FnOnce(&mut dyn Output) -> io::Result<T>,
) -> io::Result<T> {
    let Some(output) = output else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    catch_unwind(AssertUnwindSafe(|| work(&mut **output)))
        .unwrap_or_else(|_| Err(io::Error::other("the writer of a log sink panicked")))
}

/// Cuts a batch so that one call writes whole lines, and at least one.
fn chunk(batch: &[u8]) -> &[u8] {
    if batch.len() <= CHUNK_BYTES {
        return batch;
    }
    let last = memrchr(b'\n', &batch[..CHUNK_BYTES]);
    let end = last.or_else(|| memchr(b'\n', batch));
    &batch[..end.map_or(batch.len(), |end| end + 1)]
}
