//! What can be wrong with a rule, or a file of them.

use std::fmt;

use crate::expression::Refusal;

/// A rule, or a set of rules, that cannot run.
///
/// One that comes from a file has a line for each problem, which begins with the line and column.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Kind);

impl Error {
    /// Returns the problems, a line each: one, or as many as a file has.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        match &self.0 {
            Kind::File(problems) => problems.iter().map(Problem::to_string).collect(),
            other => vec![other.to_string()],
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Kind {
    #[error("{0}")]
    Expression(Refusal),
    #[error("{}", lines(.0))]
    File(Vec<Problem>),
    #[error("group `{group}`: {what}")]
    Group { group: String, what: String },
    #[error("rule `{rule}`: {what}")]
    Rule { rule: String, what: String },
    #[error("the saved state of the rules cannot be read")]
    State(#[source] serde_json::Error),
}

/// Something wrong in a file, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Problem {
    line: u64,
    column: u64,
    what: String,
}

impl Problem {
    pub(crate) const fn at(line: u64, column: u64, what: String) -> Self {
        Self { line, column, what }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.what)
    }
}

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    lines.join("\n")
}
