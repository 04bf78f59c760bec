//! One request through the middleware: instructions, nanoseconds and allocations, ours beside its peers.

mod cases;
mod request;

use std::io;
use std::process::ExitCode;

use peers::{
    CountingAllocator, Rounds, Spread, Stopwatch, Table, main_thread_instructions,
    thread_allocations,
};

use self::cases::CASES;
use self::request::answer;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const USAGE: &str = "\
One request through the middleware: ours beside its peers.

  --rounds N    measured rounds, after one to warm up [default: 9]
  --test        one small round of every case
  --callgrind   count instructions instead, under valgrind; a missed goal is an error
  --here CASE N do so many requests and measure nothing";

/// Requests of a measured run, and of the shorter run under callgrind.
const MEASURED: u64 = 100_000;
const COUNTED: u64 = 4_000;

struct Sample {
    nanoseconds: f64,
    allocations: f64,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args[..] {
        [] => measure(Rounds::new(1, 9), MEASURED),
        ["--rounds", rounds] => match rounds.parse() {
            Ok(rounds) => measure(Rounds::new(1, rounds), MEASURED),
            Err(_) => Err(io::Error::other(format!("not a number: {rounds}"))),
        },
        ["--test"] => measure(Rounds::new(0, 1), 100),
        ["--callgrind"] => callgrind(),
        ["--here", case, times] => here(case, times),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(rounds: Rounds, times: u64) -> io::Result<()> {
    let names = CASES.map(|case| case.name);
    let samples = rounds.run("http_request", &names, |case| run(case, times))?;
    let mut table = Table::new(&["case", "ns", "allocs", "goal"]);
    let mut missed = Vec::new();
    for (case, of_case) in CASES.iter().zip(&samples) {
        let median = |values: &mut dyn Iterator<Item = f64>| {
            Spread::of(values).map_or(f64::NAN, |spread| spread.median)
        };
        let allocations = median(&mut of_case.iter().map(|sample| sample.allocations));
        let goal = case.goal.map(|goal| goal.allocations);
        if goal.is_some_and(|goal| allocations > goal) {
            missed.push(case.name);
        }
        table.push(vec![
            case.name.to_owned(),
            format!(
                "{:.0}",
                median(&mut of_case.iter().map(|sample| sample.nanoseconds))
            ),
            format!("{allocations:.2}"),
            goal.map_or_else(String::new, |goal| format!("{goal:.0}")),
        ]);
    }
    println!("{table}");
    judge(&missed)
}

fn run(case: usize, times: u64) -> io::Result<Sample> {
    let mut prepared = (CASES[case].prepare)()?;
    for _ in 0..10 {
        answer(&mut prepared.router)?;
    }
    let before = thread_allocations();
    let watch = Stopwatch::start();
    for _ in 0..times {
        answer(&mut prepared.router)?;
    }
    let elapsed = watch.elapsed();
    let allocations = thread_allocations() - before;
    prepared.finish()?;
    Ok(Sample {
        nanoseconds: elapsed.as_secs_f64() * 1e9 / times as f64,
        allocations: allocations as f64 / times as f64,
    })
}

/// Tells the instructions of each request, as the difference between a run and one of twice the length.
fn callgrind() -> io::Result<()> {
    let mut table = Table::new(&["case", "instructions", "goal"]);
    let mut missed = Vec::new();
    for case in CASES {
        let count = |times: u64| {
            main_thread_instructions(&[
                "--here".to_owned(),
                case.name.to_owned(),
                times.to_string(),
            ])
        };
        let difference = count(2 * COUNTED)?.saturating_sub(count(COUNTED)?);
        let instructions = difference as f64 / COUNTED as f64;
        let goal = case.goal.map(|goal| goal.instructions);
        if goal.is_some_and(|goal| instructions > goal) {
            missed.push(case.name);
        }
        table.push(vec![
            case.name.to_owned(),
            format!("{instructions:.0}"),
            goal.map_or_else(String::new, |goal| format!("{goal:.0}")),
        ]);
    }
    println!("{table}");
    judge(&missed)
}

fn judge(missed: &[&str]) -> io::Result<()> {
    match missed.is_empty() {
        true => Ok(()),
        false => Err(io::Error::other(format!(
            "goals were missed: {}",
            missed.join(", ")
        ))),
    }
}

fn here(case: &str, times: &str) -> io::Result<()> {
    let case = CASES.iter().find(|known| known.name == case);
    let (Some(case), Ok(times)) = (case, times.parse::<u64>()) else {
        return Err(io::Error::other("no such case, or not a number"));
    };
    let mut prepared = (case.prepare)()?;
    for _ in 0..times {
        answer(&mut prepared.router)?;
    }
    prepared.finish()
}
