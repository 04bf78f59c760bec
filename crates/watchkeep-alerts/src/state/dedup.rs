//! Whether there is anything to say: Alertmanager's five steps.

use std::fmt;

use crate::fingerprint::Fingerprint;
use crate::state::log::{Mark, has};

/// Why a notice is due.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Reason {
    /// Nothing fires any more.
    AllResolved,
    /// The lane was told of nothing that fires.
    First,
    /// Something fires that the lane was not told of.
    New,
    /// What fires was told before, and the repeat interval is over.
    Repeat,
    /// Something is over that the lane was not told to be.
    SomeResolved,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AllResolved => "nothing fires any more",
            Self::First => "nothing of it was told before",
            Self::New => "something new fires",
            Self::Repeat => "the repeat interval is over",
            Self::SomeResolved => "something is over",
        })
    }
}

/// Decides whether a notice is due; all lists are sorted, and without what is held back.
///
/// - `told`: what the lane was told last.
/// - `resolved`: only what the lane is told at all.
/// - `repeat_due`: whether the repeat interval has passed since.
pub(super) fn decide(
    told: Option<&Mark>,
    firing: &[Fingerprint],
    resolved: &[Fingerprint],
    repeat_due: bool,
) -> Option<Reason> {
    let Some(told) = told else {
        return (!firing.is_empty()).then_some(Reason::First);
    };
    if !is_subset(firing, &told.firing) {
        return Some(if told.firing.is_empty() {
            Reason::First
        } else {
            Reason::New
        });
    }
    if firing.is_empty() {
        return (!told.firing.is_empty()).then_some(Reason::AllResolved);
    }
    if !is_subset(resolved, &told.resolved) {
        return Some(Reason::SomeResolved);
    }
    repeat_due.then_some(Reason::Repeat)
}

fn is_subset(some: &[Fingerprint], all: &[Fingerprint]) -> bool {
    some.iter().all(|fingerprint| has(all, *fingerprint))
}

#[cfg(test)]
mod tests;
