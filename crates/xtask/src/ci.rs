//! `cargo xtask ci`: every stage of the gate, in the order that reuses the most build output.

use std::io;

use crate::command::{cargo, in_ci};
use crate::error::Result;
use crate::stage::{self, Stage};
use crate::{deny, docs, example, features, peers, workspace};

pub(crate) fn run(full: bool) -> Result {
    // Only the example is built with optimizations; all the other stages share the dev profile.
    let stages = vec![
        Stage::new("fmt", || cargo(["fmt", "--all", "--check"]).run()),
        Stage::new("lint", lint),
        Stage::new("docs", docs::run),
        Stage::new("features", features::run),
        Stage::new("test", move || test(full)),
        Stage::new("benches", benches),
        Stage::new("peers", peers::run),
        Stage::new("package", package),
        Stage::new("deny", deny::run),
        Stage::new("example", example::run),
    ];
    stage::run_all(stages, &mut io::stdout())
}

fn lint() -> Result {
    // The lock file must fit the manifests; later stages need not ask again.
    cargo(["clippy", "--locked", "--workspace", "--all-targets"])
        .args(&["--all-features", "--", "-D", "warnings"])
        .run()
}

/// Runs the very command that the README names, as a person would.
fn test(full: bool) -> Result {
    let flags: &[&str] = if full { &["--full"] } else { &[] };
    cargo(["xtask", "test", "--setup"]).args(flags).run()
}

/// Runs every bench once, in the dev profile: this shows that they work, not how fast they are.
fn benches() -> Result {
    for member in workspace::members()? {
        if member.has_benches {
            cargo(["bench", "--profile", "dev", "-p", &member.name])
                .args(&["--benches", "--", "--test"])
                .run()?;
        }
    }
    Ok(())
}

/// Packages all published crates in one call, since one alone does not find its unpublished siblings, and builds them from the packages.
fn package() -> Result {
    let members = workspace::members()?;
    let excluded = members
        .iter()
        .filter(|member| !member.publishable)
        .flat_map(|member| ["--exclude", &member.name])
        .collect::<Vec<_>>();
    // A person may try the gate before the commit; the gate itself runs on committed files only.
    let flags: &[&str] = if in_ci() { &[] } else { &["--allow-dirty"] };
    // Cargo takes what it once packaged into a folder for unchangeable, so each run has one of its own.
    let name = format!("package-{}", std::process::id());
    let target = workspace::target_dir().join(name);
    let outcome = cargo(["package", "--workspace", "--target-dir"])
        .args(&[&target.display().to_string()])
        .args(&excluded)
        .args(flags)
        .run();
    // What is left behind only takes room.
    let _ = std::fs::remove_dir_all(target);
    outcome
}
