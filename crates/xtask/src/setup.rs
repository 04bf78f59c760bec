//! `cargo xtask setup`: installs what tests and checks need, and nothing that is there already.

use std::path::Path;
use std::{fs, io};

use crate::clock::Stopwatch;
use crate::command::{Step, program};
use crate::error::{Error, Result};
use crate::programs::Origin;
use crate::{pinned, programs, workspace};

/// While this file exists and exits 101, Debian's install scripts start no service.
const SERVICE_POLICY: &str = "/usr/sbin/policy-rc.d";
const SERVICE_POLICY_TEXT: &str = "#!/bin/sh\n# written by cargo xtask setup\nexit 101\n";

/// Installs what is missing; when nothing is, this takes well under a second and needs no rights.
pub(crate) fn run() -> Result {
    let watch = Stopwatch::start();
    install_packages()?;
    pinned::install()?;
    println!("setup: ready in {:.1} s", watch.elapsed().as_secs_f64());
    Ok(())
}

fn install_packages() -> Result {
    let packages = missing_packages();
    if packages.is_empty() {
        println!("setup: every program is installed");
        return Ok(());
    }
    let list = packages.join(" ");
    println!("setup: missing packages: {list}");
    if programs::find("apt-get").is_none() {
        return Err(Error::new(format!(
            "there is no apt-get here; install these programs in another way: {list}"
        )));
    }
    if program("id", ["-u"]).answer().as_deref().map(str::trim) != Some("0") {
        return Err(Error::new(format!(
            "installing packages needs root; run this as root and then `cargo xtask setup` again:\n  apt-get update && apt-get install -y --no-install-recommends {list}"
        )));
    }
    let policy = ServicePolicy::put(Path::new(SERVICE_POLICY))?;
    let log = workspace::target_dir().join("xtask/apt-get.log");
    apt_get(&["update"]).run_into(&log)?;
    let mut args = vec!["install", "-y", "--no-install-recommends"];
    args.extend(&packages);
    let installed = apt_get(&args).run_into(&log);
    drop(policy);

    // A package whose own script failed can still have brought its program, which is all that tests need.
    let left = missing_packages().join(" ");
    match installed {
        Err(error) if !left.is_empty() => {
            Err(Error::new(format!("{error}\nstill missing: {left}")))
        }
        Err(error) => {
            println!("setup: {error}\nsetup: yet every program is there, so this goes on");
            Ok(())
        }
        Ok(()) if left.is_empty() => Ok(()),
        Ok(()) => Err(Error::new(format!(
            "apt-get was content, but these packages brought no program: {left}"
        ))),
    }
}

fn apt_get(args: &[&str]) -> Step {
    // The lock wait lets an unattended upgrade finish first.
    let options = [
        "-qq",
        "-o",
        "Acquire::Retries=3",
        "-o",
        "DPkg::Lock::Timeout=120",
    ];
    program("apt-get", options.iter().chain(args)).env("DEBIAN_FRONTEND", "noninteractive")
}

/// Returns the packages of the programs that are not there, each once.
fn missing_packages() -> Vec<&'static str> {
    let missing = programs::missing();
    let mut packages: Vec<&str> = missing
        .iter()
        .filter_map(|program| match program.origin() {
            Origin::Debian(package) => Some(package),
            Origin::Npm(_) | Origin::Pip(_) => None,
        })
        .collect();
    packages.dedup();
    let can_make_environments = program("python3", ["-c", "import ensurepip, venv"])
        .answer()
        .is_some();
    if !can_make_environments {
        packages.push("python3-venv");
    }
    packages
}

/// Keeps Debian's install scripts from starting services, as long as it lives.
///
/// A policy that is already there stays, unless an earlier run of this task was killed and left its own.
struct ServicePolicy<'a> {
    ours: Option<&'a Path>,
}

// === impl ServicePolicy ===

impl<'a> ServicePolicy<'a> {
    fn put(path: &'a Path) -> Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) if text == SERVICE_POLICY_TEXT => {}
            Ok(_) => return Ok(Self { ours: None }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                write_executable(path).map_err(|error| {
                    Error::new(format!("cannot write {}: {error}", path.display()))
                })?;
            }
            Err(error) => {
                return Err(Error::new(format!(
                    "cannot read {}: {error}",
                    path.display()
                )));
            }
        }
        Ok(Self { ours: Some(path) })
    }
}

impl Drop for ServicePolicy<'_> {
    fn drop(&mut self) {
        if let Some(path) = self.ours
            && let Err(error) = fs::remove_file(path)
        {
            eprintln!("setup: remove {} by hand: {error}", path.display());
        }
    }
}

fn write_executable(path: &Path) -> io::Result<()> {
    fs::write(path, SERVICE_POLICY_TEXT)?;
    let mut permissions = fs::metadata(path)?.permissions();
    #[cfg(unix)]
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    fs::set_permissions(path, permissions)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn scratch(name: &str) -> io::Result<PathBuf> {
        let folder = workspace::target_dir().join("xtask/service-policy");
        fs::create_dir_all(&folder)?;
        Ok(folder.join(name))
    }

    #[test]
    fn the_policy_forbids_starting_and_goes_when_dropped() -> Result<(), Box<dyn std::error::Error>>
    {
        let path = scratch("absent")?;
        let policy = ServicePolicy::put(&path)?;
        assert!(
            program("sh", [&path]).answer().is_none(),
            "the policy runs and refuses"
        );
        assert!(path.is_file());
        drop(policy);
        assert!(!path.exists());
        Ok(())
    }

    #[test]
    fn a_policy_of_somebody_else_stays() -> Result<(), Box<dyn std::error::Error>> {
        let path = scratch("foreign")?;
        fs::write(&path, "#!/bin/sh\nexit 0\n")?;
        drop(ServicePolicy::put(&path)?);
        assert_eq!(fs::read_to_string(&path)?, "#!/bin/sh\nexit 0\n");
        Ok(())
    }

    #[test]
    fn apt_get_asks_nothing() {
        assert_eq!(
            apt_get(&["update"]).to_string(),
            "DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 update"
        );
    }
}
