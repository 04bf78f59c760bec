//! The command line.

use std::path::PathBuf;

use peers::number;

use crate::cases::{self, Case};

pub(crate) const USAGE: &str = "\
From the macro into the file: ours beside its peers.

  --rounds N      measured rounds, after one to warm up [default: 5]
  --events N      events a run, of all threads together [default: 1000000]
  --threads N,…   numbers of logging threads [default: 1,4]
  --only NAME,…   only cases of these names
  --dir FOLDER    where the files are written, on a disk [default: the system's temporary folder]
  --quick         3 rounds of 50000 events, which must reach half of each ratio that is a goal
  --test          one small run of every case, with all checks but the goals
  --callgrind     count the instructions of the logging thread instead, under valgrind
  --here          run one case in this process, for a profiler";

/// What is done with the cases.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mode {
    Measure,
    Test,
    Callgrind,
    Here,
    Help,
}

#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) mode: Mode,
    pub(crate) rounds: usize,
    pub(crate) events: u64,
    /// Of each ratio that is a goal, what must be reached.
    pub(crate) part: f64,
    pub(crate) threads: Vec<u64>,
    pub(crate) cases: Vec<Case>,
    pub(crate) dir: PathBuf,
}

// === impl Args ===

impl Args {
    pub(crate) fn parse(mut given: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Self {
            mode: Mode::Measure,
            rounds: 5,
            events: 1_000_000,
            part: 1.0,
            threads: vec![1, 4],
            cases: cases::ALL.to_vec(),
            dir: std::env::temp_dir(),
        };
        while let Some(name) = given.next() {
            let mut value = || given.next().ok_or_else(|| format!("{name} needs a value"));
            match name.as_str() {
                // Few events: the start of a queue's thread and its last tick weigh more, and medians of three still err by a third.
                "--quick" => (args.rounds, args.events, args.part) = (3, 50_000, 0.5),
                "--test" => args.mode = Mode::Test,
                "--callgrind" => args.mode = Mode::Callgrind,
                "--here" => args.mode = Mode::Here,
                "--help" | "-h" => args.mode = Mode::Help,
                "--rounds" => args.rounds = number(&value()?, 1_000)?,
                "--events" => args.events = number(&value()?, 999_999_999)?,
                "--threads" => {
                    let numbers = value()?;
                    let numbers = numbers.split(',').map(|text| number(text, 99));
                    args.threads = numbers.collect::<Result<_, _>>()?;
                }
                "--only" => {
                    let wanted = value()?;
                    // A name may itself have a comma.
                    let is_one = cases::ALL.iter().any(|case| case.name == wanted);
                    args.cases.retain(|case| match is_one {
                        true => case.name == wanted,
                        false => wanted.split(',').any(|name| name == case.name),
                    });
                    if args.cases.is_empty() {
                        return Err(format!("no such case: {wanted}"));
                    }
                }
                "--dir" => args.dir = value()?.into(),
                _ => return Err(format!("unknown argument: {name}")),
            }
        }
        if args.mode == Mode::Test {
            (args.rounds, args.events) = (1, 2_001);
        }
        Ok(args)
    }
}
