//! `cargo xtask features`: every published crate works with none, each one and all of its features.

use crate::command::cargo;
use crate::error::Result;
use crate::manifest::Manifest;
use crate::workspace;

/// Lints rather than checks, so that code which only one combination leaves unused is found too.
pub(crate) fn run() -> Result {
    for member in workspace::members()? {
        for flags in combinations(&member) {
            cargo(["clippy", "--quiet", "-p", &member.name])
                .args(&flags)
                .args(&["--", "-D", "warnings"])
                .run()?;
        }
    }
    Ok(())
}

/// Returns the flags of each run; none for a package that is not published, since other stages build it as it is.
fn combinations(member: &Manifest) -> Vec<Vec<&str>> {
    if !member.publishable {
        return Vec::new();
    }
    let mut runs = vec![vec!["--no-default-features"]];
    runs.extend(
        member
            .features
            .iter()
            .filter(|feature| !is_private(feature))
            .map(|feature| vec!["--no-default-features", "--features", feature]),
    );
    // One feature alone is already all of them.
    if member.features.len() > 1 {
        runs.push(vec!["--all-features"]);
    }
    runs
}

/// A feature that others are made of, and that nobody asks for by itself.
fn is_private(feature: &str) -> bool {
    feature.starts_with('_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(features: &[&str], publishable: bool, expected: &[&str]) {
        let member = Manifest {
            publishable,
            features: features.iter().map(|name| (*name).to_owned()).collect(),
            ..Manifest::default()
        };
        let runs: Vec<String> = combinations(&member)
            .iter()
            .map(|flags| flags.join(" "))
            .collect();
        assert_eq!(runs, expected);
    }

    #[test]
    fn none_each_and_all() {
        check(&[], true, &["--no-default-features"]);
        check(
            &["one"],
            true,
            &[
                "--no-default-features",
                "--no-default-features --features one",
            ],
        );
        check(
            &["one", "two"],
            true,
            &[
                "--no-default-features",
                "--no-default-features --features one",
                "--no-default-features --features two",
                "--all-features",
            ],
        );
        check(&["one"], false, &[]);
    }

    #[test]
    fn private_features_are_not_asked_for_alone() {
        check(
            &["_http", "one"],
            true,
            &[
                "--no-default-features",
                "--no-default-features --features one",
                "--all-features",
            ],
        );
    }
}
