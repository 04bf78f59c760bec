//! What the command prints, and what it says when it cannot.

use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

use watchkeep_logging::one_line;

/// Prints the answer of a command, or its problem; the code is what the command ends with.
pub(crate) fn finish(answer: Result<String, String>) -> ExitCode {
    let problem = match answer.map(|text| say(&text)) {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(error)) if is_over(&error) => return ExitCode::SUCCESS,
        Ok(Err(error)) => format!("cannot write the answer: {error}"),
        Err(problem) => problem,
    };
    complain(&problem);
    ExitCode::FAILURE
}

/// Prints a text at once.
pub(crate) fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Whether nobody reads any more, who may have read enough.
pub(crate) fn is_over(error: &io::Error) -> bool {
    error.kind() == ErrorKind::BrokenPipe
}

/// Prints a problem, in which may be names that others have given, line by line.
pub(crate) fn complain(problem: &str) {
    for line in problem.lines() {
        // Whoever closed this wants to hear nothing.
        let _ = writeln!(io::stderr(), "{}", one_line(line));
    }
}
