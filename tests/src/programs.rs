//! The programs of others that tests talk to, found or left out.

use std::env;
use std::path::PathBuf;

/// Says whether a missing program is a failure (`1`) or leaves tests out (`0`); `cargo xtask test` sets it.
const REQUIRE_PROGRAMS: &str = "WATCHKEEP_REQUIRE_PROGRAMS";

/// Returns where a program of `tests/programs.txt` is, or `None` when the test that asks is to be left out.
///
/// A test that needs a program begins with it and returns when there is none:
///
/// ```
/// # fn main() {
/// let Some(promtool) = watchkeep_tests::programs::require("promtool") else {
///     return;
/// };
/// # drop(promtool);
/// # }
/// ```
///
/// What was left out is printed here, and again in one line at the end of `cargo xtask test`.
///
/// # Panics
/// When the program is missing and must not be: in the gate (`CI=true`) and after `cargo xtask test --setup`.
/// When the program is not in the list, since then nothing would install it.
#[must_use]
#[track_caller]
pub fn require(name: &str) -> Option<PathBuf> {
    let listed = xtask::programs::all()
        .iter()
        .any(|program| program.name() == name);
    assert!(listed, "`{name}` is not in tests/programs.txt");
    let lookup = |key: &str| env::var(key).ok();
    decide(
        name,
        xtask::programs::find(name),
        missing_is_failure(lookup),
    )
}

fn missing_is_failure(lookup: impl Fn(&str) -> Option<String>) -> bool {
    match lookup(REQUIRE_PROGRAMS) {
        Some(value) => value == "1",
        None => lookup("CI").as_deref() == Some("true"),
    }
}

#[track_caller]
fn decide(name: &str, found: Option<PathBuf>, missing_is_failure: bool) -> Option<PathBuf> {
    assert!(
        found.is_some() || !missing_is_failure,
        "`{name}` is missing; `cargo xtask setup` installs it"
    );
    if found.is_none() {
        say_left_out(name);
    }
    found
}

#[expect(clippy::print_stderr, reason = "a test that was left out says so")]
fn say_left_out(name: &str) {
    eprintln!("left out: `{name}` is missing; `cargo xtask setup` installs it");
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::path::Path;

    use super::*;

    #[test]
    fn what_is_there_is_returned() {
        let path = || Some(PathBuf::from("/usr/bin/promtool"));
        assert_eq!(decide("promtool", path(), true), path());
        assert_eq!(decide("promtool", path(), false), path());
    }

    #[test]
    fn what_is_missing_leaves_out_or_fails() {
        assert_eq!(decide("promtool", None, false), None);
        assert!(catch_unwind(|| decide("promtool", None, true)).is_err());
    }

    #[test]
    fn a_program_outside_the_list_is_refused() {
        assert!(catch_unwind(|| require("sh")).is_err());
        assert!(Path::new("/bin/sh").exists());
    }

    #[test]
    fn the_variable_beats_the_gate() {
        let with = |variable: Option<&str>, ci: Option<&str>| {
            let values = [(REQUIRE_PROGRAMS, variable), ("CI", ci)];
            missing_is_failure(|key| {
                let (_, value) = values.iter().find(|(name, _)| *name == key)?;
                value.map(str::to_owned)
            })
        };
        assert!(!with(None, None));
        assert!(with(None, Some("true")));
        assert!(with(Some("1"), None));
        assert!(!with(Some("0"), Some("true")));
    }
}
