//! The command line.

use std::path::PathBuf;

use peers::number;

use crate::cases::{self, Case};
use crate::line::Shape;

pub(crate) const USAGE: &str = "\
Lines into a file through a queue: ours beside its peers.

  --rounds N      measured rounds, after one to warm up [default: 9]
  --lines N       lines a run, of all threads together [default: 400000]
  --threads N,…   numbers of writing threads [default: 1,4]
  --shape NAME    only lines of this shape: text or ecs
  --only NAME,…   only cases whose names contain one of these
  --dir FOLDER    where the files are written, on a disk [default: the system's temporary folder]
  --test          one small run of every case, with all checks
  --callgrind     count the instructions of the writing thread instead, under valgrind
  --here          write on the main thread and measure nothing, for a profiler";

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
    pub(crate) lines: usize,
    pub(crate) threads: Vec<usize>,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) cases: Vec<Case>,
    pub(crate) dir: PathBuf,
}

// === impl Args ===

impl Args {
    pub(crate) fn parse(mut given: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Self {
            mode: Mode::Measure,
            rounds: 9,
            lines: 400_000,
            threads: vec![1, 4],
            shapes: Shape::ALL.to_vec(),
            cases: cases::ALL.to_vec(),
            dir: std::env::temp_dir(),
        };
        while let Some(name) = given.next() {
            let mut value = || given.next().ok_or_else(|| format!("{name} needs a value"));
            match name.as_str() {
                "--test" => args.mode = Mode::Test,
                "--callgrind" => args.mode = Mode::Callgrind,
                "--here" => args.mode = Mode::Here,
                "--help" | "-h" => args.mode = Mode::Help,
                "--rounds" => args.rounds = number(&value()?, 1_000)?,
                "--lines" => args.lines = number(&value()?, 999_999_999)?,
                "--threads" => {
                    let numbers = value()?;
                    let numbers = numbers.split(',').map(|text| number(text, 99));
                    args.threads = numbers.collect::<Result<_, _>>()?;
                }
                "--shape" => {
                    let wanted = value()?;
                    args.shapes.retain(|shape| shape.name() == wanted);
                    if args.shapes.is_empty() {
                        return Err(format!("no such shape: {wanted}"));
                    }
                }
                "--only" => {
                    let wanted = value()?;
                    let is_wanted =
                        |case: &Case| wanted.split(',').any(|part| case.name.contains(part));
                    args.cases.retain(is_wanted);
                    if args.cases.is_empty() {
                        return Err(format!("no such case: {wanted}"));
                    }
                }
                "--dir" => args.dir = value()?.into(),
                _ => return Err(format!("unknown argument: {name}")),
            }
        }
        if args.mode == Mode::Test {
            (args.rounds, args.lines) = (1, 2_001);
        }
        Ok(args)
    }
}
