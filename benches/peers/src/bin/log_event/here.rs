//! One case in this very process: what a run measures.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::Command;
use std::thread;

use peers::{Stopwatch, thread_allocations};
use tempfile::TempDir;

use crate::cases::Case;

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
    let finish = (case.start)(folder.path())?;
    let watch = Stopwatch::start();
    let allocations = if threads == 1 {
        work(case, events)
    } else {
        let workers: Vec<_> = (0..threads)
            .map(|index| {
                let share = events / threads + u64::from(index < events % threads);
                let case = *case;
                thread::spawn(move || work(&case, share))
            })
            .collect();
        let joined = workers.into_iter().map(|worker| worker.join().unwrap_or(0));
        joined.sum()
    };
    finish()?;
    let seconds = watch.elapsed().as_secs_f64();
    // On a thread of its own, so that it is no part of what is counted of this one.
    let path = folder.path().to_owned();
    let contents = thread::spawn(move || contents(&path)).join();
    let (lines, bytes) = contents.map_err(|_| io::Error::other("the check panicked"))??;
    if lines != events * case.lines {
        let expected = events * case.lines;
        return Err(io::Error::other(format!(
            "{expected} lines were logged, the files have {lines}"
        )));
    }
    println!("{seconds} {bytes} {allocations}");
    folder.close()
}

/// Returns the allocations after the first event, which sets things up.
fn work(case: &Case, events: u64) -> u64 {
    (case.work)(1);
    let before = thread_allocations();
    (case.work)(events.saturating_sub(1));
    thread_allocations() - before
}

/// Counts the lines and bytes of all files; a last line without an end is an error.
fn contents(folder: &Path) -> io::Result<(u64, u64)> {
    let (mut lines, mut bytes) = (0, 0);
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        // Our lock is no log.
        if path.extension().is_some_and(|end| end == "lock") {
            continue;
        }
        let mut file = BufReader::with_capacity(1 << 20, fs::File::open(&path)?);
        let mut last = b'\n';
        loop {
            let part = file.fill_buf()?;
            let Some(end) = part.last() else { break };
            last = *end;
            lines += part.iter().filter(|byte| **byte == b'\n').count() as u64;
            let length = part.len();
            bytes += length as u64;
            file.consume(length);
        }
        if last != b'\n' {
            return Err(io::Error::other(format!(
                "{} ends in a torn line",
                path.display()
            )));
        }
    }
    Ok((lines, bytes))
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
