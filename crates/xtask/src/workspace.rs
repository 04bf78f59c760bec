//! Where the workspace is and which packages it has.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::error::{Error, Result};
use crate::manifest::{self, Manifest};

/// Returns the root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap_or_else(|| Path::new("."))
}

/// Returns the folder that cargo builds into.
pub(crate) fn target_dir() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        // A relative one is meant from the folder in which cargo was started, which is ours too.
        Some(dir) => env::current_dir().unwrap_or_default().join(dir),
        None => root().join("target"),
    }
}

/// Returns the manifests of all members, sorted by folder.
pub(crate) fn members() -> Result<Vec<Manifest>> {
    let text = read(&root().join("Cargo.toml"))?;
    let mut folders = Vec::new();
    for pattern in manifest::strings(&text, "workspace", "members") {
        match pattern.strip_suffix("/*") {
            Some(parent) => folders.extend(subfolders(&root().join(parent))?),
            None => folders.push(root().join(pattern)),
        }
    }
    folders.sort();
    folders
        .into_iter()
        .map(|folder| folder.join("Cargo.toml"))
        .filter(|path| path.is_file())
        .map(|path| Ok(Manifest::parse(&read(&path)?)))
        .collect()
}

/// Reads a file, naming it when that fails.
pub(crate) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| Error::new(format!("{}: {error}", path.display())))
}

fn subfolders(parent: &Path) -> Result<Vec<PathBuf>> {
    let name_it = |error| Error::new(format!("{}: {error}", parent.display()));
    let mut folders = Vec::new();
    for entry in fs::read_dir(parent).map_err(name_it)? {
        folders.push(entry.map_err(name_it)?.path());
    }
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_of_this_workspace_are_found() {
        let members = members().expect("this workspace is readable");
        let publishable = |name: &str| {
            members
                .iter()
                .find(|member| member.name == name)
                .map(|member| member.publishable)
        };
        assert_eq!(publishable("watchkeep-logging"), Some(true));
        assert_eq!(publishable("oracle-server"), Some(false));
        assert_eq!(publishable("xtask"), Some(false));
        assert_eq!(publishable("crates"), None);
    }
}
