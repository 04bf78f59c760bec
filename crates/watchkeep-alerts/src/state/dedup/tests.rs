//! The truth table of the five steps.

use super::*;
use crate::alert::Alert;
use crate::level::Level;
use crate::state::moment::Moment;
use crate::timestamp::Timestamp;

fn set(names: &str) -> Vec<Fingerprint> {
    let alert = |name: char| Alert::new(name, Level::Info, "").fingerprint();
    let mut set: Vec<_> = names.chars().map(alert).collect();
    set.sort_unstable();
    set
}

#[track_caller]
fn check(
    told: Option<(&str, &str)>,
    firing: &str,
    resolved: &str,
    repeat_due: bool,
    expected: Option<Reason>,
) {
    let told = told.map(|(firing, resolved)| Mark {
        firing: set(firing),
        resolved: set(resolved),
        muted: Vec::new(),
        at: Moment {
            elapsed: std::time::Duration::ZERO,
            wall: Timestamp::from_millis(0),
        },
    });
    let found = decide(told.as_ref(), &set(firing), &set(resolved), repeat_due);
    assert_eq!(found, expected);
}

#[test]
fn nothing_was_told() {
    check(None, "", "", false, None);
    check(None, "", "a", true, None);
    check(None, "a", "", false, Some(Reason::First));
    check(None, "a", "b", false, Some(Reason::First));
}

#[test]
fn something_new_fires() {
    check(Some(("", "")), "a", "", false, Some(Reason::First));
    check(Some(("", "a")), "a", "", false, Some(Reason::First));
    check(Some(("a", "")), "ab", "", false, Some(Reason::New));
    check(Some(("a", "")), "b", "a", true, Some(Reason::New));
}

#[test]
fn nothing_fires_any_more() {
    check(Some(("a", "")), "", "a", false, Some(Reason::AllResolved));
    check(Some(("a", "")), "", "", false, Some(Reason::AllResolved));
    check(Some(("a", "a")), "", "a", false, Some(Reason::AllResolved));
    check(Some(("", "a")), "", "a", true, None);
    check(Some(("", "")), "", "b", true, None);
}

#[test]
fn some_are_over() {
    check(
        Some(("ab", "")),
        "a",
        "b",
        false,
        Some(Reason::SomeResolved),
    );
    check(Some(("a", "b")), "a", "b", false, None);
    check(
        Some(("a", "b")),
        "a",
        "bc",
        false,
        Some(Reason::SomeResolved),
    );
    check(Some(("ab", "")), "a", "", false, None);
}

#[test]
fn the_same_is_repeated() {
    check(Some(("ab", "")), "ab", "", false, None);
    check(Some(("ab", "")), "ab", "", true, Some(Reason::Repeat));
    check(Some(("ab", "c")), "a", "c", true, Some(Reason::Repeat));
}
