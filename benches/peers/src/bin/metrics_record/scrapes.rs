//! Recording of several threads, without and with scrapes of many series.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;

use metrics::{counter, histogram, with_local_recorder};
use peers::Table;
use watchkeep_metrics::{Format, Recorder};

/// What one run came to.
struct Outcome {
    nanoseconds: f64,
    scrapes: usize,
}

/// Records `records` times on `threads` threads, and tells the CPU time of each; fails when a count is lost.
pub(crate) fn compare(threads: usize, series: u64, records: u64) -> io::Result<()> {
    let each = records / threads as u64;
    let recorder = Recorder::builder()
        .with_max_series_per_family(1_000_000)
        .build()
        .map_err(io::Error::other)?;
    with_local_recorder(&recorder, || {
        for id in 0..series {
            counter!("bench_total", "id" => id.to_string(), "method" => "GET").increment(1);
        }
    });
    let mut table = Table::new(&["run", "CPU ns a record", "scrapes"]);
    let mut ratios = Vec::new();
    for round in 1..=3 {
        let alone = run(&recorder, threads, each, false)?;
        let scraped = run(&recorder, threads, each, true)?;
        ratios.push(scraped.nanoseconds / alone.nanoseconds);
        for (name, outcome) in [("alone", alone), ("scraped", scraped)] {
            table.push(vec![
                format!("{name} {round}"),
                format!("{:.1}", outcome.nanoseconds),
                outcome.scrapes.to_string(),
            ]);
        }
    }
    let snapshot = recorder.snapshot();
    let expected = (6 * each * threads as u64) as f64;
    let counted = snapshot.counter("recorded_total", &[]);
    let observed = snapshot
        .histogram("recorded_seconds", &[])
        .map_or(0.0, |it| it.count as f64);
    if counted != expected || observed != expected {
        let complaint = format!("{counted} and {observed} instead of {expected}");
        return Err(io::Error::other(complaint));
    }
    println!(
        "{threads} threads record, {series} series are scraped\n\n{table}\nscraped/alone: {ratios:.2?}"
    );
    Ok(())
}

fn run(recorder: &Recorder, threads: usize, each: u64, scrape: bool) -> io::Result<Outcome> {
    let is_over = AtomicBool::new(false);
    let scrapes = AtomicUsize::new(0);
    let spent: io::Result<Vec<f64>> = thread::scope(|scope| {
        if scrape {
            scope.spawn(|| {
                let mut text = Vec::new();
                while !is_over.load(Relaxed) {
                    text.clear();
                    recorder.render(Format::Prometheus, &mut text);
                    scrapes.fetch_add(1, Relaxed);
                }
            });
        }
        let writers: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || write(recorder, thread, each)))
            .collect();
        let spent = writers
            .into_iter()
            .map(|writer| writer.join().map_err(|_| io::Error::other("it panicked"))?);
        let spent = spent.collect();
        is_over.store(true, Relaxed);
        spent
    });
    Ok(Outcome {
        nanoseconds: spent?.iter().sum::<f64>() / (each * threads as u64) as f64,
        scrapes: scrapes.into_inner(),
    })
}

/// Counts and observes by handle, in series of its own; returns the CPU time in nanoseconds.
fn write(recorder: &Recorder, thread: usize, each: u64) -> io::Result<f64> {
    let before = cpu_nanoseconds()?;
    with_local_recorder(recorder, || {
        let thread = thread.to_string();
        let histogram = histogram!("recorded_seconds", "thread" => thread.clone());
        let counter = counter!("recorded_total", "thread" => thread);
        for _ in 0..each {
            counter.increment(1);
            histogram.record(0.042);
        }
    });
    Ok(cpu_nanoseconds()? - before)
}

fn cpu_nanoseconds() -> io::Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let first = text.split(' ').next().and_then(|word| word.parse().ok());
    first.ok_or_else(|| io::Error::other("schedstat has no number"))
}
