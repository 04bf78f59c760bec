//! Lines into a file through a queue: lines and bytes a second, ours beside its peers.

mod appender;
mod args;
mod cases;
mod check;
mod line;
mod load;
mod report;
mod spdlog;
mod watchkeep;

use std::io;
use std::path::Path;
use std::process::ExitCode;

use peers::{CountingAllocator, Rounds, Table, ended, grouped, main_thread_instructions};
use tempfile::TempDir;

use self::args::{Args, Mode, USAGE};
use self::cases::Case;
use self::line::Shape;
use self::load::{Load, Sample};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Lines of the shorter run under callgrind; twice as many fit into every queue, so that nobody waits.
const COUNTED_LINES: usize = 2_000;

fn main() -> ExitCode {
    let args = match Args::parse(std::env::args().skip(1)) {
        Ok(args) => args,
        Err(error) => {
            eprintln!("error: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let outcome = match args.mode {
        Mode::Measure => measure(&args, Rounds::new(1, args.rounds)),
        Mode::Test => measure(&args, Rounds::new(0, args.rounds)),
        Mode::Callgrind => callgrind(&args),
        Mode::Here => here(&args),
        Mode::Help => {
            println!("{USAGE}");
            Ok(())
        }
    };
    ended(outcome)
}

/// Tells how each case does with each load; the tables come at the end, together.
fn measure(args: &Args, rounds: Rounds) -> io::Result<()> {
    let names: Vec<&str> = args.cases.iter().map(|case| case.name).collect();
    let mut tables = Vec::new();
    for &shape in &args.shapes {
        for &threads in &args.threads {
            let load = Load {
                shape,
                threads,
                lines: args.lines,
            };
            let title = title(load);
            let run = |index: usize| run_checked(args.cases[index], load, &args.dir);
            let samples = rounds.run(&title, &names, run)?;
            tables.push((title, report::table(&args.cases, &samples)));
        }
    }
    for (title, table) in tables {
        println!("{title}\n\n{table}");
    }
    Ok(())
}

fn title(load: Load) -> String {
    let name = load.shape.name();
    let (bytes, threads) = (load.shape.bytes(), load.threads);
    let lines = grouped(load.lines as f64);
    let plural = if threads == 1 { "" } else { "s" };
    format!("{lines} {name} lines of {bytes} bytes, {threads} thread{plural}")
}

/// Runs a case in a folder of its own, which is gone afterwards.
fn run_checked(case: Case, load: Load, dir: &Path) -> io::Result<Sample> {
    let folder = TempDir::new_in(dir)?;
    let path = folder.path().join("bench.log");
    let sample = (case.run)(load, &path)?;
    check::check(&path, load)?;
    folder.close()?;
    Ok(sample)
}

/// Tells the instructions a line on the thread that writes.
fn callgrind(args: &Args) -> io::Result<()> {
    let mut names = vec!["instructions/line"];
    names.extend(args.shapes.iter().map(|shape| shape.name()));
    let mut table = Table::new(&names);
    for case in &args.cases {
        let mut row = vec![case.name.to_owned()];
        for &shape in &args.shapes {
            let count = |lines| count_instructions(case, shape, lines, &args.dir);
            let difference = count(2 * COUNTED_LINES)?.saturating_sub(count(COUNTED_LINES)?);
            row.push(grouped(difference as f64 / COUNTED_LINES as f64));
        }
        table.push(row);
    }
    println!("{table}");
    Ok(())
}

fn count_instructions(case: &Case, shape: Shape, lines: usize, dir: &Path) -> io::Result<u64> {
    let arguments = [
        "--here".to_owned(),
        "--only".to_owned(),
        case.name.to_owned(),
        "--shape".to_owned(),
        shape.name().to_owned(),
        "--lines".to_owned(),
        lines.to_string(),
        "--dir".to_owned(),
        dir.display().to_string(),
    ];
    main_thread_instructions(&arguments)
}

fn here(args: &Args) -> io::Result<()> {
    for case in &args.cases {
        for &shape in &args.shapes {
            let load = Load {
                shape,
                threads: 1,
                lines: args.lines,
            };
            let folder = TempDir::new_in(&args.dir)?;
            (case.run_here)(load, &folder.path().join("bench.log"))?;
            folder.close()?;
        }
    }
    Ok(())
}
