//! One run: threads write their lines through a case, until all of them are with the kernel.

use std::io;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use peers::{Stopwatch, thread_allocations};

use crate::line::{Line, Shape};

/// What is written in one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) shape: Shape,
    pub(crate) threads: usize,
    /// Of all threads together.
    pub(crate) lines: usize,
}

/// Takes a line on the thread that has it.
pub(crate) trait TakeLine: FnMut(&Line) -> io::Result<()> + Clone + Send {}

/// Returns once every line is with the kernel.
pub(crate) trait Finish: FnOnce() -> io::Result<()> {}

/// A way into a file that is open.
#[derive(Debug)]
pub(crate) struct Opened<W, F> {
    /// Each thread has a clone of its own.
    pub(crate) write: W,
    /// Is called once all clones of `write` are gone.
    pub(crate) finish: F,
}

impl<W: FnMut(&Line) -> io::Result<()> + Clone + Send> TakeLine for W {}

impl<F: FnOnce() -> io::Result<()>> Finish for F {}

/// What one run took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) lines_per_second: f64,
    pub(crate) bytes_per_second: f64,
    /// On the threads that write.
    pub(crate) allocations_per_line: f64,
}

// === impl Load ===

impl Load {
    /// Returns how many lines a thread writes; the first ones take what does not divide.
    pub(crate) fn lines_of(self, thread: usize) -> usize {
        self.lines / self.threads + usize::from(thread < self.lines % self.threads)
    }

    fn sample(self, elapsed: Duration, allocations: u64) -> Sample {
        let lines = self.lines as f64;
        let lines_per_second = lines / elapsed.as_secs_f64();
        Sample {
            lines_per_second,
            bytes_per_second: lines_per_second * self.shape.bytes() as f64,
            allocations_per_line: allocations as f64 / lines,
        }
    }
}

/// Writes the load; the time begins with the first line and ends when everything is with the kernel.
pub(crate) fn run(opened: Opened<impl TakeLine, impl Finish>, load: Load) -> io::Result<Sample> {
    let Opened { write, finish } = opened;
    // The first barrier waits for threads to be started, which is not measured; the second one lets them go.
    let (ready, go) = (
        Barrier::new(load.threads + 1),
        Barrier::new(load.threads + 1),
    );
    let (stopwatch, allocations) = thread::scope(|scope| {
        let writers: Vec<_> = (0..load.threads)
            .map(|thread| {
                let (ready, go, mut write) = (&ready, &go, write.clone());
                scope.spawn(move || {
                    let mut line = Line::first(load.shape, thread);
                    ready.wait();
                    go.wait();
                    let before = thread_allocations();
                    write_lines(&mut write, &mut line, load.lines_of(thread))?;
                    Ok(thread_allocations() - before)
                })
            })
            .collect();
        drop(write);
        ready.wait();
        let stopwatch = Stopwatch::start();
        go.wait();
        let mut allocations = 0;
        for writer in writers {
            let outcome: io::Result<u64> = writer
                .join()
                .map_err(|_| io::Error::other("a thread panicked"))?;
            allocations += outcome?;
        }
        Ok::<_, io::Error>((stopwatch, allocations))
    })?;
    finish()?;
    Ok(load.sample(stopwatch.elapsed(), allocations))
}

/// Writes the lines on the calling thread and measures nothing, for a profiler.
pub(crate) fn run_here(opened: Opened<impl TakeLine, impl Finish>, load: Load) -> io::Result<()> {
    let Opened { mut write, finish } = opened;
    write_lines(&mut write, &mut Line::first(load.shape, 0), load.lines)?;
    drop(write);
    finish()
}

fn write_lines(write: &mut impl TakeLine, line: &mut Line, lines: usize) -> io::Result<()> {
    for _ in 0..lines {
        write(line)?;
        line.advance();
    }
    Ok(())
}
