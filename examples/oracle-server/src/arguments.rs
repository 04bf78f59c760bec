//! What the command line says.

/// The page that `--help` prints.
pub(crate) const HELP: &str = "\
oracle-server: the reference server that Watchkeep watches

usage: oracle-server [--demo] [--check-config]

  --demo           also send lively traffic to itself, so that every page moves
  --check-config   check the environment, print what a start would do, and end:
                   0 when all is well, 2 with one line per problem
  --help           print this
  --version        print the version

Everything else comes from the environment, or from a .env file in the working
directory (in which $NAME is replaced, so put a value with $ in single quotes).
examples/oracle-server/README.md lists all names.
";

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Command {
    CheckConfig,
    Help,
    Serve { demo: bool },
    Version,
}

/// Reads the arguments; the error names the one that is not understood.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, String> {
    let mut command = Command::Serve { demo: false };
    for argument in arguments {
        command = match (argument.as_str(), command) {
            ("--help" | "-h", _) => return Ok(Command::Help),
            ("--version" | "-V", _) => return Ok(Command::Version),
            ("--check-config", _) => Command::CheckConfig,
            ("--demo", Command::Serve { .. }) => Command::Serve { demo: true },
            ("--demo", other) => other,
            (unknown, _) => {
                return Err(format!(
                    "`{unknown}` is no option of oracle-server; --help lists them"
                ));
            }
        };
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(arguments: &[&str], expected: Result<Command, &str>) {
        let found = parse(arguments.iter().map(|argument| (*argument).to_owned()));
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(found), Err(expected)) => assert!(found.contains(expected), "{found}"),
            (found, expected) => panic!("{found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn arguments_are_read_in_any_order() {
        check(&[], Ok(Command::Serve { demo: false }));
        check(&["--demo"], Ok(Command::Serve { demo: true }));
        check(&["--demo", "--check-config"], Ok(Command::CheckConfig));
        check(&["--check-config", "--demo"], Ok(Command::CheckConfig));
        check(&["--help", "--nonsense"], Ok(Command::Help));
        check(&["--dmeo"], Err("--dmeo"));
        check(&["serve"], Err("serve"));
    }
}
