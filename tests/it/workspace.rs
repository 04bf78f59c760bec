//! The workspace is what docs/ARCHITECTURE.md and docs/STYLE.md say.
//!
//! Each rule is a function from one file to its complaints; one test runs it over the workspace, another shows that a bad sample fails.

mod edges;
mod outside;
mod tidy;

use std::fs;
use std::path::{Path, PathBuf};

use toml::Table;

/// One file of the workspace.
#[derive(Debug)]
struct File {
    /// From the root, with `/`.
    path: String,
    text: String,
}

impl File {
    fn is(&self, extension: &str) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|found| found == extension)
    }
}

fn root() -> &'static Path {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    root.expect("the tests are in a folder of the workspace")
}

/// Returns every text file under these folders, sorted, without what a build or a run wrote.
fn files(folders: &[&str]) -> Vec<File> {
    let mut waiting: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut files = Vec::new();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the workspace is readable") {
            let path = entry.expect("its entries are readable").path();
            let written = ["target", "data", "logs", "node_modules"];
            if path.is_dir() {
                if !written.iter().any(|name| path.ends_with(name)) {
                    waiting.push(path);
                }
            } else if let Ok(text) = fs::read_to_string(&path) {
                files.push(File {
                    path: relative(&path),
                    text,
                });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

/// Returns all sources: code, manifests, pages.
fn sources() -> Vec<File> {
    files(&["crates", "examples", "tests", "benches"])
}

/// Returns the manifests of the members.
fn manifests() -> Vec<File> {
    let mut files = sources();
    files.retain(|file| {
        file.path.ends_with("/Cargo.toml") && !file.path.starts_with("benches/peers/")
    });
    assert!(files.len() > 10, "the workspace has more members than that");
    files
}

fn relative(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap_or(path);
    path.to_string_lossy().replace('\\', "/")
}

/// Fails with one complaint a line.
#[track_caller]
fn none(complaints: impl IntoIterator<Item = String>) {
    let complaints: Vec<String> = complaints.into_iter().collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

struct Dependency {
    name: String,
    is_dev: bool,
    is_optional: bool,
}

fn package_name(manifest: &Table) -> &str {
    manifest["package"]["name"]
        .as_str()
        .expect("a package has a name")
}

/// Returns the dependencies of all tables, those of single targets too.
fn dependencies(manifest: &Table) -> Vec<Dependency> {
    let targets = manifest.get("target").and_then(|value| value.as_table());
    let targets = targets.into_iter().flat_map(Table::values);
    let places = targets.filter_map(|value| value.as_table());
    let mut found = Vec::new();
    for place in std::iter::once(manifest).chain(places) {
        for kind in ["dependencies", "build-dependencies", "dev-dependencies"] {
            let table = place.get(kind).and_then(|value| value.as_table());
            for (key, value) in table.into_iter().flatten() {
                let renamed = value.get("package").and_then(|name| name.as_str());
                let optional = value.get("optional").and_then(|flag| flag.as_bool());
                found.push(Dependency {
                    name: renamed.unwrap_or(key).to_owned(),
                    is_dev: kind == "dev-dependencies",
                    is_optional: optional == Some(true),
                });
            }
        }
    }
    found
}

/// Checks what a rule says of a manifest with this name.
#[track_caller]
fn check(rule: fn(&File) -> Vec<String>, name: &str, rest: &str, expected: &[&str]) {
    let file = File {
        path: "Cargo.toml".to_owned(),
        text: format!("[package]\nname = \"{name}\"\n{rest}"),
    };
    assert_eq!(rule(&file), expected);
}
