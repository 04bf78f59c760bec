//! What can be wrong with a rule, or a file of them.

use crate::expression::Refusal;

/// A rule, or a set of rules, that cannot run.
///
/// The text of one that comes from a file begins with its line and column.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Kind);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Kind {
    #[error("{0}")]
    Expression(Refusal),
    #[error("{line}:{column}: {what}")]
    File {
        line: u64,
        column: u64,
        what: String,
    },
    #[error("{0}")]
    Template(String),
    #[error("rule `{rule}`: {what}")]
    Rule { rule: String, what: String },
    #[error("group `{group}`: {what}")]
    Group { group: String, what: String },
    #[error("the saved state of the rules cannot be read")]
    State(#[source] serde_json::Error),
}
