//! Running other programs: the line is printed first, and a failure names it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fmt, io};

use crate::error::{Error, Result};
use crate::workspace;

/// Names that `cargo run` sets for this process; passed on they would make build scripts run again.
const LEFT_BEHIND: [&str; 4] = [
    "CARGO_BIN_",
    "CARGO_CRATE_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
];

/// How much of a log a failure shows.
const LAST_LINES: usize = 30;

/// A command to run in the root of the workspace, without standard input.
#[derive(Debug)]
pub(crate) struct Step {
    command: Command,
    line: String,
}

/// Builds a call of the cargo that runs this task.
pub(crate) fn cargo<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Step {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Step::with_name("cargo", program, args)
}

/// Builds a call of any other program.
pub(crate) fn program<S: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    args: impl IntoIterator<Item = S>,
) -> Step {
    let name = Path::new(program.as_ref())
        .file_name()
        .unwrap_or_else(|| program.as_ref())
        .to_string_lossy()
        .into_owned();
    Step::with_name(&name, program, args)
}

/// Returns whether the gate runs, where nothing may be left out.
pub(crate) fn in_ci() -> bool {
    env::var_os("CI").is_some_and(|value| value == "true")
}

// === impl Step ===

impl Step {
    fn with_name<S: AsRef<OsStr>>(
        name: &str,
        program: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = S>,
    ) -> Self {
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(workspace::root())
            .stdin(Stdio::null());
        for (key, _) in env::vars_os() {
            let set_by_cargo_run =
                |name: &str| LEFT_BEHIND.iter().any(|prefix| name.starts_with(prefix));
            if key.to_str().is_some_and(set_by_cargo_run) {
                command.env_remove(key);
            }
        }
        let mut line = name.to_owned();
        for arg in command.get_args() {
            line += " ";
            line += &quoted(&arg.to_string_lossy());
        }
        Self { command, line }
    }

    /// Adds arguments.
    #[must_use]
    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        for arg in args {
            self.line += " ";
            self.line += &quoted(arg);
        }
        self
    }

    /// Sets a variable and shows it in the printed line.
    #[must_use]
    pub(crate) fn env(mut self, key: &str, value: &str) -> Self {
        self.command.env(key, value);
        self.line = format!("{key}={} {}", quoted(value), self.line);
        self
    }

    /// Prints the line and runs it with this process's output.
    pub(crate) fn run(mut self) -> Result {
        println!("$ {}", self.line);
        let status = self
            .command
            .status()
            .map_err(|error| Error::new(format!("`{}` did not start: {error}", self.line)))?;
        if status.success() {
            return Ok(());
        }
        Err(Error::new(format!("`{}` failed: {status}", self.line)))
    }

    /// Like [`run`](Self::run), with the output in a file; a failure shows the end of it.
    pub(crate) fn run_into(mut self, log: &Path) -> Result {
        let unwritable =
            |error: io::Error| Error::new(format!("cannot write {}: {error}", log.display()));
        fs::create_dir_all(log.parent().unwrap_or(log)).map_err(unwritable)?;
        let file = File::create(log).map_err(unwritable)?;
        self.command
            .stderr(file.try_clone().map_err(unwritable)?)
            .stdout(file);
        self.run()
            .map_err(|error| Error::new(format!("{error}\n{}", last_lines(log))))
    }

    /// Runs without printing and returns what the program wrote, or `None` when it failed or does not exist.
    pub(crate) fn answer(mut self) -> Option<String> {
        let output = self.command.stderr(Stdio::null()).output().ok()?;
        output
            .status
            .success()
            .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

/// Returns the last lines of a log, or nothing when it cannot be read.
pub(crate) fn last_lines(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let tail = &lines[lines.len().saturating_sub(LAST_LINES)..];
    format!("the last lines of {}:\n{}", log.display(), tail.join("\n"))
}

/// Quotes a word for the printed line where a shell would need it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_line_can_be_pasted() {
        let step =
            program("/usr/bin/thing", ["a b", "--x=1", "it's"]).env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(
            step.to_string(),
            r"RUSTDOCFLAGS='-D warnings' thing 'a b' --x=1 'it'\''s'"
        );
    }

    #[test]
    fn a_failure_names_the_command_and_its_exit_code() {
        let error = program("sh", ["-c", "exit 3"])
            .run()
            .expect_err("exit code 3 is a failure");
        assert_eq!(error.to_string(), "`sh -c 'exit 3'` failed: exit status: 3");
    }

    #[test]
    fn a_failure_shows_the_end_of_its_log() {
        let log = workspace::target_dir().join("xtask/run-into/test.log");
        let error = program("sh", ["-c", "seq 100; echo why >&2; exit 1"])
            .run_into(&log)
            .expect_err("exit code 1 is a failure");
        let text = error.to_string();
        assert!(
            text.ends_with("\n100\nwhy") && !text.contains("\n71\n"),
            "{text}"
        );
    }

    #[test]
    fn what_cargo_run_set_is_not_passed_on() {
        let seen = program("env", [""; 0]).answer().unwrap_or_default();
        assert!(!seen.is_empty());
        assert!(!seen.lines().any(|line| line.starts_with("CARGO_PKG_")));
    }

    #[test]
    fn a_program_that_does_not_exist_has_no_answer() {
        assert!(program("no-such-program", [""; 0]).answer().is_none());
    }
}
