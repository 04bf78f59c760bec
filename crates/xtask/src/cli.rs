//! The command line: which task, with which flags.

use std::process::ExitCode;

use crate::command::cargo;
use crate::error::{Error, Result};
use crate::suite::Suite;
use crate::{ci, deny, docs, features, peers, setup};

const USAGE: &str = "\
usage: cargo xtask <task>

tasks:
  test [--setup] [--full]   runs all tests; --setup installs what they need first, --full adds the slow ones
  setup                     installs the programs that tests and checks need (Debian, as root)
  ci [--full]               runs every stage of the gate, stops at the first that fails
  deploy                    writes the files of the deployment that are made from the code
  docs                      builds the documentation without a warning and measures the README
  features                  lints every published crate with each of its features alone, with none and with all
  peers                     builds the comparisons with other crates and tries each once
  deny                      checks the dependencies: bans, licences, sources
  help                      prints this text";

/// Runs the task that the arguments name and returns 0, 1 for a failed task, or 2 for wrong arguments.
pub fn run(args: impl IntoIterator<Item = String>) -> ExitCode {
    let args: Vec<String> = args.into_iter().collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let task = match Task::parse(&args) {
        Ok(task) => task,
        Err(error) => {
            eprintln!("error: {error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match task.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Debug, Eq, PartialEq)]
enum Task {
    Ci { full: bool },
    Deny,
    Deploy,
    Docs,
    Features,
    Help,
    Peers,
    Setup,
    Test(Suite),
}

// === impl Task ===

impl Task {
    fn parse(args: &[&str]) -> Result<Self> {
        let (task, flags) = match args.split_first() {
            None | Some((&("help" | "-h" | "--help"), _)) => return Ok(Self::Help),
            Some((task, flags)) => (*task, flags),
        };
        let known: &[&str] = match task {
            "ci" => &["--full"],
            "test" => &["--full", "--setup"],
            _ => &[],
        };
        let task = match task {
            "ci" => Self::Ci {
                full: flags.contains(&"--full"),
            },
            "deny" => Self::Deny,
            "deploy" => Self::Deploy,
            "docs" => Self::Docs,
            "features" => Self::Features,
            "peers" => Self::Peers,
            "setup" => Self::Setup,
            "test" => Self::Test(Suite {
                setup: flags.contains(&"--setup"),
                full: flags.contains(&"--full"),
            }),
            other => return Err(Error::new(format!("`{other}` is not a task"))),
        };
        match flags.iter().find(|flag| !known.contains(flag)) {
            Some(flag) => Err(Error::new(format!("`{}` takes no `{flag}`", args[0]))),
            None => Ok(task),
        }
    }

    fn run(self) -> Result {
        match self {
            Self::Ci { full } => ci::run(full),
            Self::Deny => deny::run(),
            Self::Deploy => cargo([
                "run",
                "--quiet",
                "-p",
                "oracle-server",
                "--example",
                "deploy",
            ])
            .run(),
            Self::Docs => docs::run(),
            Self::Features => features::run(),
            Self::Help => {
                println!("{USAGE}");
                Ok(())
            }
            Self::Peers => peers::run(),
            Self::Setup => setup::run(),
            Self::Test(suite) => suite.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Result<Task, &str>) {
        let args: Vec<&str> = line.split_whitespace().collect();
        let parsed = Task::parse(&args).map_err(|error| error.to_string());
        assert_eq!(parsed, expected.map_err(str::to_owned));
    }

    #[test]
    fn the_arguments_name_a_task() {
        check("", Ok(Task::Help));
        check("help", Ok(Task::Help));
        check("ci", Ok(Task::Ci { full: false }));
        check("ci --full", Ok(Task::Ci { full: true }));
        check("deny", Ok(Task::Deny));
        check("deploy", Ok(Task::Deploy));
        check("peers", Ok(Task::Peers));
        let suite = |setup, full| Ok(Task::Test(Suite { setup, full }));
        check("test", suite(false, false));
        check("test --setup", suite(true, false));
        check("test --full --setup", suite(true, true));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        check("tset", Err("`tset` is not a task"));
        check("ci --setup", Err("`ci` takes no `--setup`"));
        check("deny now", Err("`deny` takes no `now`"));
    }
}
