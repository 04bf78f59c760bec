//! axe-core, the checker of accessibility that the browser tests run inside pages: a script from npm's registry.

use std::fs;
use std::path::PathBuf;

use crate::command::program;
use crate::error::{Error, Result};
use crate::workspace;

const VERSION: &str = "4.14.1";

/// Returns where the script is, when the version that is wanted is installed.
pub fn script() -> Option<PathBuf> {
    let package = folder().join("node_modules/axe-core");
    let manifest = fs::read_to_string(package.join("package.json")).ok()?;
    let is_wanted = manifest.contains(&format!("\"version\": \"{VERSION}\""));
    let script = package.join("axe.min.js");
    (is_wanted && script.is_file()).then_some(script)
}

/// Installs the script unless it is there; nothing of the package is run.
pub(crate) fn install() -> Result {
    if script().is_some() {
        println!("setup: axe-core {VERSION} is installed");
        return Ok(());
    }
    let folder = folder();
    fs::create_dir_all(&folder)
        .map_err(|error| Error::new(format!("cannot make {}: {error}", folder.display())))?;
    let prefix = folder.display().to_string();
    let package = format!("axe-core@{VERSION}");
    program(
        "npm",
        [
            "install",
            "--prefix",
            &prefix,
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-save",
            "--loglevel=error",
            &package,
        ],
    )
    .run()?;
    match script() {
        Some(_) => Ok(()),
        None => Err(Error::new(format!(
            "npm was content, but brought no {package}"
        ))),
    }
}

fn folder() -> PathBuf {
    workspace::target_dir().join("tools/npm")
}
