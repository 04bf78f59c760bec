//! Running other programs: the line is printed first, and a failure names it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fmt};

use crate::error::{Error, Result};
use crate::workspace;

/// Names that `cargo run` sets for this process; passed on they would make build scripts run again.
const LEFT_BEHIND: [&str; 4] = [
    "CARGO_BIN_",
    "CARGO_CRATE_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
];

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
