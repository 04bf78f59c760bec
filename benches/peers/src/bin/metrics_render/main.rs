//! Rendering many series as text: milliseconds, allocations and memory, ours beside its peers.

mod client;
mod exporter;
mod load;
mod measured;
mod prometheus;
mod watchkeep;

use std::io;
use std::process::{Command, ExitCode};

use peers::{CountingAllocator, Rounds, Spread, Stopwatch, Table, ended, thread_allocations};

use self::load::{Case, Kind, Load};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const USAGE: &str = "\
Rendering many series as text: ours beside its peers.

  --rounds N   measured rounds, after one to warm up [default: 15]
  --test       one small round of every case, with all checks
  --memory CASE SERIES   build so many counters and print what they take, in bytes a series";

const CASES: [Case; 6] = [
    watchkeep::CASE,
    exporter::CASE,
    client::CASE,
    prometheus::CASE,
    measured::CASE,
    measured::DENSE,
];

struct Sample {
    milliseconds: f64,
    allocations: f64,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args[..] {
        [] => measure(Rounds::new(1, 15), &Load::ALL),
        ["--rounds", rounds] => match rounds.parse() {
            Ok(rounds) => measure(Rounds::new(1, rounds), &Load::ALL),
            Err(_) => Err(io::Error::other(format!("not a number: {rounds}"))),
        },
        ["--test"] => measure(Rounds::new(0, 1), &Load::SMALL),
        ["--memory", case, series] => memory(case, series),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    ended(outcome)
}

fn measure(rounds: Rounds, loads: &[Load]) -> io::Result<()> {
    let names = CASES.map(|case| case.name);
    let mut tables = Vec::new();
    for load in loads {
        let title = load.title();
        let mut renderings: Vec<_> = CASES.iter().map(|case| (case.build)(*load)).collect();
        let samples = rounds.run(&title, &names, |case| run(&mut renderings[case], *load))?;
        drop(renderings);
        tables.push((title, table(&samples, *load)?));
    }
    for (title, table) in tables {
        println!("{title}\n\n{table}");
    }
    Ok(())
}

/// Renders once, and checks that every series is there.
fn run(rendering: &mut load::Rendering, load: Load) -> io::Result<Sample> {
    let mut checked = Ok(());
    let mut sample = None;
    let before = thread_allocations();
    let watch = Stopwatch::start();
    rendering(&mut |text| {
        sample = Some(Sample {
            milliseconds: watch.elapsed().as_secs_f64() * 1_000.0,
            allocations: (thread_allocations() - before) as f64,
        });
        checked = load.check(text);
    });
    checked?;
    sample.ok_or_else(|| io::Error::other("nothing was rendered"))
}

fn table(samples: &[Vec<Sample>], load: Load) -> io::Result<Table> {
    let mut table = Table::new(&[
        "case",
        "ms",
        "peer/ours min",
        "median",
        "max",
        "allocs",
        "bytes/series",
    ]);
    for (case, of_case) in CASES.iter().zip(samples) {
        let ratios = of_case.iter().zip(&samples[0]);
        let ratio = Spread::of(ratios.map(|(peer, ours)| peer.milliseconds / ours.milliseconds));
        let median = |pick: fn(&Sample) -> f64| {
            Spread::of(of_case.iter().map(pick)).map_or(f64::NAN, |spread| spread.median)
        };
        let ratio = |pick: fn(Spread) -> f64| {
            ratio.map_or_else(String::new, |ratio| format!("{:.2}", pick(ratio)))
        };
        table.push(vec![
            case.name.to_owned(),
            format!("{:.2}", median(|sample| sample.milliseconds)),
            ratio(|ratio| ratio.min),
            ratio(|ratio| ratio.median),
            ratio(|ratio| ratio.max),
            format!("{:.0}", median(|sample| sample.allocations)),
            match load.kind {
                Kind::Counters => memory_in_a_process(case.name, load.series)?,
                Kind::Histograms => String::new(),
            },
        ]);
    }
    Ok(table)
}

/// Asks a process of its own, since memory that was freed before would be taken again.
fn memory_in_a_process(case: &str, series: usize) -> io::Result<String> {
    let output = Command::new(std::env::current_exe()?)
        .args(["--memory", case, &series.to_string()])
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("{case}: {}", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn memory(case: &str, series: &str) -> io::Result<()> {
    let case = CASES.iter().find(|known| known.name == case);
    let (Some(case), Ok(series)) = (case, series.parse()) else {
        return Err(io::Error::other("no such case, or not a number"));
    };
    let kind = Kind::Counters;
    drop((case.build)(Load { kind, series: 10 }));
    let before = resident_bytes()?;
    let rendering = (case.build)(Load { kind, series });
    let after = resident_bytes()?;
    drop(rendering);
    println!("{:.0}", (after - before) / series as f64);
    Ok(())
}

fn resident_bytes() -> io::Result<f64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<f64>().ok());
    pages
        .map(|pages| pages * 4_096.0)
        .ok_or_else(|| io::Error::other("statm has no second number"))
}
