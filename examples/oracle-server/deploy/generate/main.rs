//! `cargo xtask deploy`: writes the files of the deployment that are made from the code.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it talks to the person who started it"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use serde_json::Value;

mod alertmanager;
mod dashboard;
mod elastic;
mod grafana;
mod prometheus_rule;

/// A file below `deploy/`, and what stands in it.
pub(crate) struct File {
    path: &'static str,
    text: String,
}

fn main() -> ExitCode {
    let files = match files() {
        Ok(files) => files,
        Err(problem) => {
            eprintln!("error: {problem}");
            return ExitCode::FAILURE;
        }
    };
    for file in files {
        let path = folder().join(file.path);
        if let Err(error) = write(&path, &file.text) {
            eprintln!("error: {}: {error}", path.display());
            return ExitCode::FAILURE;
        }
        println!("wrote {}", file.path);
    }
    ExitCode::SUCCESS
}

/// Makes every file that is made from the code.
fn files() -> Result<Vec<File>, String> {
    let mut files = vec![
        alertmanager::file()?,
        grafana::file(dashboard::rows()),
        prometheus_rule::file(),
    ];
    files.extend(elastic::files());
    Ok(files)
}

/// Sorts the keys of a value: whether maps keep another order is decided by whatever else is built at the same time.
fn sorted(mut value: Value) -> Value {
    value.sort_all_objects();
    value
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_committed_is_what_the_code_makes() {
        for file in files().expect("the configuration of the server is valid") {
            let committed = fs::read_to_string(folder().join(file.path)).unwrap_or_default();
            assert!(
                committed == file.text,
                "{} is not what the code makes: run `cargo xtask deploy`",
                file.path
            );
        }
    }
}
