//! What can be wrong with a rule.

/// A rule, or a set of rules, that cannot run.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Kind);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Kind {
    #[error("two rules are called `{0}`; a rule's name becomes `alertname` and must be its own")]
    Duplicate(String),
    #[error("`{0}` is no alert name; it takes a letter or `_` first, then letters, digits and `_`")]
    Name(String),
    #[error(
        "`{template}`: `{{{{{action}}}}}` is not understood; {{{{ $value }}}}, {{{{ $value | humanizePercentage }}}} and {{{{ printf \"%.<digits>f\" $value }}}} are"
    )]
    Action { template: String, action: String },
    #[error("`{0}`: a `{{{{` has no `}}}}`")]
    Unclosed(String),
    #[error("rule `{rule}`: the threshold {threshold} is no finite number")]
    Threshold { rule: String, threshold: f64 },
    #[error("rule `{rule}`: the window {seconds} s is outside 1 s to 1 h, the span of the history")]
    Window { rule: String, seconds: f64 },
}
