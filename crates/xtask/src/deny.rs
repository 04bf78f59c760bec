//! `cargo xtask deny`: what may enter the build, by `deny.toml`.

use crate::command::program;
use crate::error::{Error, Result};
use crate::programs;

pub(crate) fn run() -> Result {
    let path = programs::find("cargo-deny").ok_or_else(|| {
        Error::new("cargo-deny is not installed; `cargo xtask setup` installs it")
    })?;
    // Advisories need a network and change without us, so they are not part of the gate.
    program(path, ["--locked", "check", "bans", "licenses", "sources"]).run()
}
