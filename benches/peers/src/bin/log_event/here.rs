//! One case in this very process: what a run measures.

use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::Barrier;
use std::thread;

use peers::{Stopwatch, thread_allocations};
use tempfile::TempDir;

use crate::cases::Case;
use crate::check;
use crate::event::Share;

/// Of the same length for every thread.
const FIRST_USER: u64 = 4711;

/// What one run told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) events_per_second: f64,
    pub(crate) bytes_per_second: f64,
    pub(crate) allocations_per_event: f64,
}

/// Runs the case, and prints what it measured for the process that asked for it.
pub(crate) fn run(case: &Case, threads: u64, events: u64, dir: &Path) -> io::Result<()> {
    let folder = TempDir::new_in(dir)?;
    let shares = shares(threads, events);
    let finish = (case.start)(folder.path())?;
    let (watch, allocations) = match &shares[..] {
        // For a profiler, on this thread.
        [share] => (Stopwatch::start(), work(case, share)),
        shares => work_together(case, shares)?,
    };
    finish()?;
    let seconds = watch.elapsed().as_secs_f64();
    // On a thread of its own, so that it is no part of what is counted of this one.
    let (path, lines) = (folder.path().to_owned(), case.lines);
    let bytes = thread::spawn(move || check::check(&path, &shares, lines)).join();
    let bytes = bytes.map_err(|_| io::Error::other("the check panicked"))??;
    println!("{seconds} {bytes} {allocations}");
    folder.close()
}

/// Divides the events among the threads; the first ones take what does not divide.
fn shares(threads: u64, events: u64) -> Vec<Share> {
    let of = |thread| events / threads + u64::from(thread < events % threads);
    let shares = (0..threads).map(|thread| Share {
        user: FIRST_USER + thread,
        numbers: 0..of(thread),
    });
    shares.collect()
}

/// Lets the threads go once all are started; the time begins there.
fn work_together(case: &Case, shares: &[Share]) -> io::Result<(Stopwatch, u64)> {
    let go = Barrier::new(shares.len() + 1);
    thread::scope(|scope| {
        let workers: Vec<_> = shares
            .iter()
            .map(|share| {
                let go = &go;
                scope.spawn(move || {
                    go.wait();
                    work(case, share)
                })
            })
            .collect();
        let watch = Stopwatch::start();
        go.wait();
        let mut allocations = 0;
        for worker in workers {
            let of_one = worker.join();
            allocations += of_one.map_err(|_| io::Error::other("a thread panicked"))?;
        }
        Ok((watch, allocations))
    })
}

/// Returns the allocations after the first event, which sets things up.
fn work(case: &Case, share: &Share) -> u64 {
    let of = |numbers| Share {
        user: share.user,
        numbers,
    };
    let end = share.numbers.end;
    let second = end.min(1);
    (case.work)(of(0..second));
    let before = thread_allocations();
    (case.work)(of(second..end));
    thread_allocations() - before
}

/// Runs a case in a process of its own, because a process has one global subscriber.
pub(crate) fn run_apart(case: &Case, threads: u64, events: u64, dir: &Path) -> io::Result<Sample> {
    let output = Command::new(std::env::current_exe()?)
        .args(arguments(case, threads, events, dir))
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(said.trim().to_owned()));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = said
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let [seconds, bytes, allocations] = numbers[..] else {
        return Err(io::Error::other(format!(
            "a run told no three numbers: {said}"
        )));
    };
    Ok(Sample {
        events_per_second: events as f64 / seconds,
        bytes_per_second: bytes / seconds,
        allocations_per_event: allocations / events as f64,
    })
}

pub(crate) fn arguments(case: &Case, threads: u64, events: u64, dir: &Path) -> Vec<String> {
    let events = events.to_string();
    let threads = threads.to_string();
    let dir = dir.display().to_string();
    [
        "--here",
        "--only",
        case.name,
        "--events",
        &events,
        "--threads",
        &threads,
        "--dir",
        &dir,
    ]
    .map(str::to_owned)
    .to_vec()
}
