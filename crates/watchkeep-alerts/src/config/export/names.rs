//! What Alertmanager 0.25 can read of labels and matchers.

use crate::config::shown;
use crate::matcher::{MatchOp, Matcher};

/// Says whether 0.25 takes the name of a label in `group_by` and `equal`.
pub(super) fn is_label(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit())
}

pub(super) fn label_problem(name: &str) -> String {
    format!("Alertmanager 0.25 knows no label `{}`", shown(name))
}

/// Returns why 0.25 cannot read a matcher, if it cannot.
pub(super) fn matcher_problem(matcher: &Matcher) -> Option<String> {
    let name = matcher.name();
    let first = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':';
    if !name.starts_with(first) || !name.chars().all(|c| first(c) || c.is_ascii_digit()) {
        return Some(label_problem(name));
    }
    let is_regex = matches!(matcher.op(), MatchOp::Regex | MatchOp::NotRegex);
    // Go reads `(?<name>` since 1.22 only; that it may stand in a class is not worth a parser.
    (is_regex && matcher.value().contains("(?<")).then(|| {
        format!(
            "Alertmanager 0.25 may not read the expression of `{}`",
            shown(name)
        )
    })
}
