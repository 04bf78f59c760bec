//! Recording: instructions, nanoseconds and allocations an operation, ours beside its peers; and recording while others scrape.

mod cases;
mod scrapes;

use std::io;
use std::process::ExitCode;

use peers::{
    CountingAllocator, Rounds, Spread, Stopwatch, Table, ended, main_thread_instructions,
    thread_allocations,
};

use self::cases::{CASES, OPERATIONS, Operation};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const USAGE: &str = "\
Recording: ours beside its peers.

  --rounds N    measured rounds, after one to warm up [default: 9]
  --test        one small round of every case
  --callgrind   count instructions instead, under valgrind
  --scrapes     ours alone: 4 threads record, without and with scrapes of 100,000 series
  --here CASE OPERATION N   do so many operations and measure nothing";

/// Operations of a measured run, and of the shorter run under callgrind.
const MEASURED: u64 = 2_000_000;
const COUNTED: u64 = 20_000;

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
        ["--test"] => {
            measure(Rounds::new(0, 1), 1_000).and_then(|()| scrapes::compare(2, 100, 1_000))
        }
        ["--callgrind"] => callgrind(),
        ["--scrapes"] => scrapes::compare(4, 100_000, 40_000_000),
        ["--here", case, operation, times] => here(case, operation, times),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    ended(outcome)
}

fn measure(rounds: Rounds, times: u64) -> io::Result<()> {
    let names = CASES.map(|case| case.name);
    for operation in OPERATIONS {
        let title = operation.name();
        let samples = rounds.run(title, &names, |case| run(case, operation, times))?;
        let mut table = Table::new(&["case", "ns", "peer/ours", "allocs"]);
        for (case, of_case) in CASES.iter().zip(&samples) {
            let median = |values: &mut dyn Iterator<Item = f64>| {
                Spread::of(values).map_or(f64::NAN, |spread| spread.median)
            };
            let ratios = of_case.iter().zip(&samples[0]);
            table.push(vec![
                case.name.to_owned(),
                format!(
                    "{:.1}",
                    median(&mut of_case.iter().map(|sample| sample.nanoseconds))
                ),
                format!(
                    "{:.2}",
                    median(&mut ratios.map(|(peer, ours)| peer.nanoseconds / ours.nanoseconds))
                ),
                format!(
                    "{:.2}",
                    median(&mut of_case.iter().map(|sample| sample.allocations))
                ),
            ]);
        }
        println!("{title}\n\n{table}");
    }
    Ok(())
}

fn run(case: usize, operation: Operation, times: u64) -> io::Result<Sample> {
    let mut record = (CASES[case].prepare)(operation);
    record(10);
    let before = thread_allocations();
    let watch = Stopwatch::start();
    record(times);
    let elapsed = watch.elapsed();
    Ok(Sample {
        nanoseconds: elapsed.as_secs_f64() * 1e9 / times as f64,
        allocations: (thread_allocations() - before) as f64 / times as f64,
    })
}

/// Tells the instructions of each operation, as the difference between a run and one of twice the length.
fn callgrind() -> io::Result<()> {
    let mut names = vec!["instructions"];
    names.extend(OPERATIONS.map(Operation::name));
    let mut table = Table::new(&names);
    for case in CASES {
        let mut row = vec![case.name.to_owned()];
        for operation in OPERATIONS {
            let count = |times: u64| {
                let words = ["--here", case.name, operation.name()].map(str::to_owned);
                main_thread_instructions(&[&words[..], &[times.to_string()]].concat())
            };
            let difference = count(2 * COUNTED)?.saturating_sub(count(COUNTED)?);
            row.push(format!("{:.0}", difference as f64 / COUNTED as f64));
        }
        table.push(row);
    }
    println!("{table}");
    Ok(())
}

fn here(case: &str, operation: &str, times: &str) -> io::Result<()> {
    let case = CASES.iter().find(|known| known.name == case);
    let operation = OPERATIONS
        .into_iter()
        .find(|known| known.name() == operation);
    let (Some(case), Some(operation), Ok(times)) = (case, operation, times.parse()) else {
        return Err(io::Error::other(
            "no such case or operation, or not a number",
        ));
    };
    (case.prepare)(operation)(times);
    Ok(())
}
