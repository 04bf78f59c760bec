//! From the macro into the file: what an event, and a span, costs with ours and with its peers.

mod args;
mod cases;
mod check;
mod event;
mod here;
mod report;
mod slog_peer;
mod spdlog_peer;
mod tracing_peers;
mod watchkeep;

use std::io;
use std::process::ExitCode;

use peers::{CountingAllocator, Rounds, ended, main_thread_instructions};

use self::args::{Args, Mode, USAGE};
use self::cases::Case;
use self::report::Report;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Events of the shorter run under callgrind; twice as many fit into every queue, so that nobody waits.
const COUNTED: u64 = 2_000;

fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(error) => {
            eprintln!("error: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let outcome = match args.mode {
        Mode::Measure => measure(&args, Rounds::new(1, args.rounds)).and_then(judge),
        Mode::Test => measure(&args, Rounds::new(0, args.rounds)).map(drop),
        Mode::Callgrind => callgrind(&args).and_then(|report| judge(vec![report])),
        Mode::Here => here(&args),
        Mode::Help => {
            println!("{USAGE}");
            Ok(())
        }
    };
    ended(outcome)
}

/// Tells how each case does on each number of threads; the tables come at the end, together.
fn measure(args: &Args, rounds: Rounds) -> io::Result<Vec<Report>> {
    // In a test the others run too, to see that they work.
    let is_taken = |case: &&Case| case.is_timed || args.mode == Mode::Test;
    let cases: Vec<Case> = args.cases.iter().filter(is_taken).copied().collect();
    let names: Vec<&str> = cases.iter().map(|case| case.name).collect();
    let mut reports = Vec::new();
    for &threads in &args.threads {
        let title = format!("{} events, {threads} thread(s)", args.events);
        let run = |index: usize| here::run_apart(&cases[index], threads, args.events, &args.dir);
        let samples = rounds.run(&title, &names, run)?;
        let report = report::throughput(&cases, &samples, threads, args.part);
        reports.push((title, report));
    }
    let told = reports.into_iter().map(|(title, report)| {
        println!("{title}\n\n{}", report.table);
        report
    });
    Ok(told.collect())
}

/// Tells the instructions of an event on the thread that logs.
fn callgrind(args: &Args) -> io::Result<Report> {
    let mut counts = Vec::new();
    for case in &args.cases {
        let count = |events| main_thread_instructions(&here::arguments(case, 1, events, &args.dir));
        // What fills no queue may be repeated until starting and ending, which vary, weigh nothing.
        let events = if case.lines == 0 {
            10 * COUNTED
        } else {
            COUNTED
        };
        let difference = count(2 * events)?.saturating_sub(count(events)?);
        counts.push(difference as f64 / events as f64);
    }
    let report = report::instructions(&args.cases, &counts);
    println!("{}", report.table);
    Ok(report)
}

/// Tells of each goal; one that was missed is an error.
fn judge(reports: Vec<Report>) -> io::Result<()> {
    let mut missed = 0;
    for verdict in reports.into_iter().flat_map(|report| report.verdicts) {
        match verdict.is_reached {
            true => println!("pass: {}", verdict.text),
            false => {
                missed += 1;
                println!("FAIL: {}", verdict.text);
            }
        }
    }
    match missed {
        0 => Ok(()),
        missed => Err(io::Error::other(format!("{missed} goals were missed"))),
    }
}

fn here(args: &Args) -> io::Result<()> {
    let (Some(case), Some(threads)) = (args.cases.first(), args.threads.first()) else {
        return Err(io::Error::other("name a case with --only"));
    };
    here::run(case, *threads, args.events, &args.dir)
}
