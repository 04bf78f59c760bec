//! `cargo xtask test`: all tests, with one closing line for what was left out.

use crate::command::{cargo, in_ci};
use crate::error::Result;
use crate::programs::{self, Program};
use crate::setup;

/// Tells the tests whether a missing program is a failure (`1`) or leaves tests out (`0`).
const REQUIRE_PROGRAMS: &str = "WATCHKEEP_REQUIRE_PROGRAMS";

/// Lets the slow tests run.
const RUN_SLOW_TESTS: &str = "RUN_SLOW_TESTS";

/// The flags of the task.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Suite {
    pub(crate) setup: bool,
    pub(crate) full: bool,
}

impl Suite {
    pub(crate) fn run(&self) -> Result {
        if self.setup {
            setup::run()?;
        }
        let missing = programs::missing();
        let has_nextest = cargo(["nextest", "--version"]).answer().is_some();
        let runner: &[&str] = if has_nextest {
            &["nextest", "run", "--workspace", "--all-features"]
        } else {
            // `--tests` leaves the documentation's examples to the second call.
            &["test", "--workspace", "--all-features", "--tests"]
        };
        let strict = if self.setup || in_ci() { "1" } else { "0" };
        let mut step = cargo(runner).env(REQUIRE_PROGRAMS, strict);
        if self.full {
            step = step.env(RUN_SLOW_TESTS, "1");
        }
        step.run()?;
        cargo(["test", "--workspace", "--all-features", "--doc"]).run()?;
        println!("{}", closing_line(&missing));
        Ok(())
    }
}

/// Says in one line which programs were missing and which tests were left out for it.
fn closing_line(missing: &[Program]) -> String {
    let left_out: Vec<String> = missing
        .iter()
        .filter(|program| !program.tests().is_empty())
        .map(|program| format!("{} ({})", program.name(), program.tests().join(", ")))
        .collect();
    if left_out.is_empty() {
        return "no test was left out for a missing program".to_owned();
    }
    format!(
        "missing, with the tests left out for it: {}; `cargo xtask test --setup` installs what is missing",
        left_out.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs::parse;

    #[test]
    fn nothing_missing_is_said_too() {
        assert_eq!(
            closing_line(&[]),
            "no test was left out for a missing program"
        );
        assert_eq!(
            closing_line(&parse("npm npm -")),
            "no test was left out for a missing program"
        );
    }

    #[test]
    fn the_closing_line_names_programs_and_tests() {
        let line = closing_line(&parse(
            "prometheus prometheus scrape\nnpm npm -\nchromium chromium pages theme",
        ));
        assert!(!line.contains('\n') && !line.contains("npm"), "{line}");
        assert!(
            line.contains("prometheus (scrape), chromium (pages, theme);"),
            "{line}"
        );
    }
}
