//! Named stages, timed, run until one fails.

use std::io::{self, Write};
use std::time::Duration;

use crate::clock::Stopwatch;
use crate::error::{Error, Result};

/// One part of the gate.
pub(crate) struct Stage {
    name: &'static str,
    run: Box<dyn FnOnce() -> Result>,
}

impl Stage {
    pub(crate) fn new(name: &'static str, run: impl FnOnce() -> Result + 'static) -> Self {
        Self {
            name,
            run: Box::new(run),
        }
    }
}

enum Outcome {
    Failed(Duration),
    NotRun,
    Passed(Duration),
}

/// Runs the stages in order, prints a line for each and a table at the end.
///
/// After a failure the others are listed as not run, and the failure is returned with the stage's name.
pub(crate) fn run_all(stages: Vec<Stage>, out: &mut dyn Write) -> Result {
    let watch = Stopwatch::start();
    let mut failure = None;
    let mut outcomes = Vec::new();
    for stage in stages {
        let outcome = match failure {
            None => run_one(stage.name, stage.run, out, &mut failure),
            Some(_) => Outcome::NotRun,
        };
        outcomes.push((stage.name, outcome));
    }
    print_table(&outcomes, watch.elapsed(), out).map_err(unwritable)?;
    failure.map_or(Ok(()), Err)
}

fn run_one(
    name: &str,
    run: Box<dyn FnOnce() -> Result>,
    out: &mut dyn Write,
    failure: &mut Option<Error>,
) -> Outcome {
    let watch = Stopwatch::start();
    let result = writeln!(out, "\n=== stage {name} ===")
        .map_err(unwritable)
        .and_then(|()| run());
    let took = watch.elapsed();
    let word = if result.is_ok() { "ok" } else { "FAILED" };
    let line = writeln!(out, "stage {name}: {} {word}", seconds(took)).map_err(unwritable);
    match result.and(line) {
        Ok(()) => Outcome::Passed(took),
        Err(error) => {
            *failure = Some(Error::new(format!("stage {name}: {error}")));
            Outcome::Failed(took)
        }
    }
}

/// Prints the table; its last line is in the form that test runners close with.
fn print_table(
    outcomes: &[(&str, Outcome)],
    total: Duration,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out)?;
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for (name, outcome) in outcomes {
        let (word, took) = match outcome {
            Outcome::Failed(took) => {
                failed += 1;
                ("FAILED", seconds(*took))
            }
            Outcome::NotRun => {
                skipped += 1;
                ("not run", String::new())
            }
            Outcome::Passed(took) => {
                passed += 1;
                ("ok", seconds(*took))
            }
        };
        writeln!(out, "  {name:<10} {took:>10}  {word}")?;
    }
    writeln!(out, "  {:<10} {:>10}", "all", seconds(total))?;
    write!(out, "stages: {passed} passed, {failed} failed")?;
    if skipped > 0 {
        write!(out, ", {skipped} skipped")?;
    }
    writeln!(out)?;
    out.flush()
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of `map_err`")]
fn unwritable(error: io::Error) -> Error {
    Error::new(format!("standard output: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(stages: Vec<Stage>) -> (Result, String) {
        let mut out = Vec::new();
        let result = run_all(stages, &mut out);
        (result, String::from_utf8_lossy(&out).into_owned())
    }

    #[test]
    fn all_stages_pass() {
        let (result, text) = run(vec![
            Stage::new("fmt", || Ok(())),
            Stage::new("lint", || Ok(())),
        ]);
        assert!(result.is_ok());
        assert!(text.contains("stage fmt: 0.0 s ok\n"), "{text}");
        assert!(text.ends_with("\nstages: 2 passed, 0 failed\n"), "{text}");
    }

    #[test]
    fn the_first_failure_stops_the_run_and_is_named() {
        let (result, text) = run(vec![
            Stage::new("fmt", || Ok(())),
            Stage::new("lint", || Err(Error::new("`cargo clippy` failed"))),
            Stage::new("test", || unreachable!("a failure stops the run")),
        ]);
        assert_eq!(
            result.map_err(|error| error.to_string()),
            Err("stage lint: `cargo clippy` failed".to_owned())
        );
        assert!(text.contains("stage lint: 0.0 s FAILED\n"), "{text}");
        assert!(
            text.ends_with("\nstages: 1 passed, 1 failed, 1 skipped\n"),
            "{text}"
        );
    }
}
