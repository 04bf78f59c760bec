//! Which JSON log files a folder has.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use crate::query::QueryError;
use crate::rolling::Suffix;

/// How the name of an active JSON file ends.
const ENDING: &str = "_json.log";

/// Returns the active JSON files of a folder by their names (`api_json.log`), also one of which only rotated files are there.
///
/// # Errors
///
/// The folder cannot be read.
pub fn json_logs(folder: &Path) -> Result<Vec<PathBuf>, QueryError> {
    let failed = |error: io::Error| QueryError::new(folder, error);
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        if let Some(active) = name.to_str().and_then(active_name) {
            found.insert(folder.join(active));
        }
    }
    Ok(found.into_iter().collect())
}

/// Returns the name of the active file that a file is, or was.
fn active_name(name: &str) -> Option<&str> {
    if name.starts_with('.') {
        return None;
    }
    if name.ends_with(ENDING) {
        return Some(name);
    }
    let (before, rotated) = name.split_once("_json.log.")?;
    let (_, ending) = Suffix::split(rotated)?;
    matches!(ending, "" | ".gz").then(|| &name[..before.len() + ENDING.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_file_is_known_by_its_name_and_by_its_rotated_ones() {
        for (name, active) in [
            ("api_json.log", Some("api_json.log")),
            (
                "api_json.log.20260822T101530.123Z-0001",
                Some("api_json.log"),
            ),
            (
                "api_json.log.20260822T101530.123Z-0001.gz",
                Some("api_json.log"),
            ),
            ("api_json.log.1", None),
            ("api_json.log.20260822T101530.123Z-0001.bz2", None),
            (".api_json.log.lock", None),
            ("api.log", None),
        ] {
            assert_eq!(active_name(name), active, "{name}");
        }
    }
}
