//! The files that deploy ORACLE: tools find nothing in them, they mean what they should, and the real servers run them.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, where a panic is a failure"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

mod alerting;
mod compose;
mod elastic;
mod grafana;
mod joints;
mod kubernetes;
mod lint;
mod queries;
mod rules;

const BINARY: &str = env!("CARGO_BIN_EXE_oracle");

/// Returns the folder of the files.
fn folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    root.join("examples/oracle-server/deploy")
}

/// Returns a file's text, by its path below the folder.
fn text(path: &str) -> String {
    fs::read_to_string(folder().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns a file of YAML, or of JSON, as a value.
fn yaml(path: &str) -> Value {
    parse(&text(path))
}

fn parse(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Runs a program in the folder; returns whether it was content, and what it said.
fn run(program: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder())
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.success(), said)
}

#[track_caller]
fn clean(program: &Path, arguments: &[&str]) -> String {
    let (content, said) = run(program, arguments);
    assert!(content, "{} {arguments:?}\n{said}", program.display());
    said
}

/// Writes a text into a folder and returns its path, for programs that read files.
fn written(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn strings(value: &Value) -> Vec<&str> {
    let all = value.as_array().map_or(&[][..], Vec::as_slice);
    all.iter().filter_map(Value::as_str).collect()
}
