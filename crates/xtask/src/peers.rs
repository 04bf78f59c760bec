//! The comparisons with other crates, which stand outside the workspace: that they build and work, not what they measure.

use crate::command::cargo;
use crate::error::Result;
use crate::workspace;

/// Each has a `--test` that runs everything once, small, with all its checks.
const PROGRAMS: &[&str] = &[
    "health_probe",
    "http_request",
    "log_event",
    "log_queue",
    "metrics_record",
    "metrics_render",
];

pub(crate) fn run() -> Result {
    let manifest = workspace::root().join("benches/peers/Cargo.toml");
    let manifest = manifest.display().to_string();
    // What both need in the same version is built once.
    let target = workspace::target_dir().display().to_string();
    let at: &[&str] = &["--manifest-path", &manifest];
    let build: &[&str] = &[
        "--locked",
        "--manifest-path",
        &manifest,
        "--target-dir",
        &target,
    ];
    cargo(["fmt"]).args(at).args(&["--check"]).run()?;
    cargo(["clippy"])
        .args(build)
        .args(&["--all-targets", "--", "-D", "warnings"])
        .run()?;
    cargo(["test"]).args(build).run()?;
    for program in PROGRAMS {
        cargo(["run", "--quiet"])
            .args(build)
            .args(&["--bin", program, "--", "--test"])
            .run()?;
    }
    Ok(())
}
