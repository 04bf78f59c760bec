//! What the answer to a probe costs: instructions and allocations without HTTP, and its slowest percent over HTTP.

mod load;
mod subject;

use std::io;
use std::process::ExitCode;

use peers::{
    CountingAllocator, Rounds, Spread, Table, ended, main_thread_instructions, thread_allocations,
};

use self::load::Load;
use self::subject::{Subject, serve};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// How many checks the registries have.
const CHECKS: [usize; 2] = [1, 1_000];
/// The instructions that an answer may take without HTTP; allocations are none.
const INSTRUCTIONS: f64 = 1_500.0;
/// How many times slower than a constant handler the slowest percent may be, in the median of the rounds.
const RATIO: f64 = 2.0;
/// Answers of the shorter run under callgrind.
const ANSWERS: usize = 100_000;
/// The least that tells something, which is what a gate has time for.
const FEW: usize = 1_000;

const USAGE: &str = "\
usage: health_probe [--callgrind | --http | --test]
  --callgrind  instructions and allocations of an answer, with 1 and with 1,000 checks; needs valgrind
  --http       the 99th percentile of /readyz with every dependency hanging, beside a constant handler; 20 rounds
  --test       everything once, small, without valgrind";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["--callgrind"] => callgrind(),
        ["--http"] => measured_http(),
        ["--test"] => test(),
        ["--here", checks, answers] => here(checks, answers),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    ended(outcome)
}

fn callgrind() -> io::Result<()> {
    let mut table = Table::new(&["checks", "instructions/answer", "allocations"]);
    let (mut least, mut most, mut all_allocations) = (f64::MAX, 0.0_f64, 0);
    for checks in CHECKS {
        let count = |answers: usize| {
            let arguments = ["--here".to_owned(), checks.to_string(), answers.to_string()];
            main_thread_instructions(&arguments)
        };
        let difference = count(2 * ANSWERS)?.saturating_sub(count(ANSWERS)?);
        let instructions = difference as f64 / ANSWERS as f64;
        let allocations = Subject::with_checks(checks)?.allocations(ANSWERS)?;
        table.push(vec![
            checks.to_string(),
            format!("{instructions:.0}"),
            allocations.to_string(),
        ]);
        (least, most) = (least.min(instructions), most.max(instructions));
        all_allocations += allocations;
    }
    println!("{table}");
    // How the clock's nanoseconds fall is a few instructions more or less.
    let is_same = most - least <= most / 50.0;
    let holds = most <= INSTRUCTIONS && all_allocations == 0 && is_same;
    judge(
        holds,
        "at most 1,500 instructions, no allocation, the same whatever the number of checks",
    )
}

/// Says whether what was promised holds; an error when it does not.
fn judge(holds: bool, promise: &str) -> io::Result<()> {
    if holds {
        println!("holds: {promise}");
        return Ok(());
    }
    Err(io::Error::other(format!("does not hold: {promise}")))
}

/// Answers and ends: what callgrind counts.
fn here(checks: &str, answers: &str) -> io::Result<()> {
    let number = |text: &str| text.parse::<usize>().map_err(io::Error::other);
    Subject::with_checks(number(checks)?)?.answer(number(answers)?)
}

/// Asks both handlers in turns; returns the median of the ratios of their slowest percents.
fn http(load: Load, rounds: Rounds) -> io::Result<f64> {
    let server = serve()?;
    let cases = ["/constant", "/readyz"];
    let slowest = rounds.run("probe", &cases, |case| {
        load.run(server.address(), cases[case])
    })?;
    let mut table = Table::new(&["path", "p99 ms, min", "median", "max"]);
    for (case, samples) in cases.iter().zip(&slowest) {
        let millis = samples.iter().map(|p99| p99.as_secs_f64() * 1_000.0);
        table.push(row(case, millis));
    }
    let ratios: Vec<f64> = slowest[1]
        .iter()
        .zip(&slowest[0])
        .map(|(ready, constant)| ready.as_secs_f64() / constant.as_secs_f64())
        .collect();
    table.push(row("ratio", ratios.iter().copied()));
    println!("{table}");
    let spread = Spread::of(ratios);
    spread
        .map(|it| it.median)
        .ok_or_else(|| io::Error::other("no round"))
}

fn measured_http() -> io::Result<()> {
    let median = http(Load::default(), Rounds::new(1, 20))?;
    judge(median <= RATIO, "a median ratio of 2 at most")
}

fn row(name: &str, values: impl Iterator<Item = f64>) -> Vec<String> {
    let spread = Spread::of(values);
    let cells = spread.map_or([f64::NAN; 3], |it| [it.min, it.median, it.max]);
    let mut row = vec![name.to_owned()];
    row.extend(cells.map(|cell| format!("{cell:.2}")));
    row
}

fn test() -> io::Result<()> {
    for checks in CHECKS {
        let allocations = Subject::with_checks(checks)?.allocations(FEW)?;
        if allocations > 0 {
            let text = format!("{allocations} allocations in {FEW} answers, with {checks} checks");
            return Err(io::Error::other(text));
        }
    }
    http(Load::small(), Rounds::new(0, 1)).map(drop)
}

impl Subject {
    /// How often so many answers ask for memory.
    fn allocations(&self, answers: usize) -> io::Result<u64> {
        let before = thread_allocations();
        self.answer(answers)?;
        Ok(thread_allocations() - before)
    }
}
