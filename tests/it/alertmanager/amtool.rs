//! Debian's amtool: what it says of files, routes and labels.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use watchkeep_tests::programs;

/// A real amtool, and a folder for what it reads.
pub(super) struct Amtool {
    program: PathBuf,
    folder: TempDir,
}

impl Amtool {
    pub(super) fn find() -> Option<Self> {
        Some(Self {
            program: programs::require("amtool")?,
            folder: TempDir::new().expect("there is room for a folder"),
        })
    }

    /// Returns for each file whether it is valid, or why not.
    pub(super) fn verdicts(&self, files: &[String]) -> Vec<Result<(), String>> {
        files
            .chunks(200)
            .flat_map(|files| self.some_verdicts(files))
            .collect()
    }

    fn some_verdicts(&self, files: &[String]) -> Vec<Result<(), String>> {
        let paths: Vec<_> = files
            .iter()
            .enumerate()
            .map(|(index, text)| self.write(&format!("{index}.yml"), text))
            .collect();
        let output = Command::new(&self.program)
            .arg("check-config")
            .args(&paths)
            .output()
            .expect("amtool runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut found: BTreeMap<String, Result<(), String>> = BTreeMap::new();
        for part in text.split("Checking '").skip(1) {
            let (path, said) = part.split_once('\'').expect("a path stands in quotes");
            let verdict = match said.trim_start().strip_prefix("FAILED: ") {
                Some(reason) => Err(reason.trim().to_owned()),
                None if said.trim_start().starts_with("SUCCESS") => Ok(()),
                None => panic!("amtool says neither: {said}"),
            };
            found.insert(path.to_owned(), verdict);
        }
        let verdict = |path: &PathBuf| {
            let verdict = found.remove(&path.to_string_lossy().into_owned());
            verdict.unwrap_or_else(|| panic!("amtool says nothing of {path:?}:\n{text}"))
        };
        paths.iter().map(verdict).collect()
    }

    /// Returns the receivers of labels, with commas between them.
    pub(super) fn receivers(&self, config: &Value, labels: &BTreeMap<String, String>) -> String {
        self.receivers_in(&config.to_string(), labels)
    }

    /// Returns the receivers of labels by a file, with commas between them.
    pub(super) fn receivers_in(&self, config: &str, labels: &BTreeMap<String, String>) -> String {
        let path = self.write("routes.yml", config);
        let labels = labels
            .iter()
            .map(|(name, value)| format!("{name}={}", quoted(value)));
        let output = Command::new(&self.program)
            .args(["config", "routes", "test", "--config.file"])
            .arg(&path)
            .args(labels)
            .output()
            .expect("amtool runs");
        let problem = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "amtool refuses {config}: {problem}"
        );
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }

    /// Returns how routes print, by their receivers.
    pub(super) fn printed(&self, config: &Value) -> BTreeMap<String, String> {
        let path = self.write("routes.yml", &config.to_string());
        let output = Command::new(&self.program)
            .args(["config", "routes", "show", "--config.file"])
            .arg(&path)
            .output()
            .expect("amtool runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let lines = text.lines().filter_map(|line| {
            let (_, line) = line.split_once("── ")?;
            let (matchers, receiver) = line.rsplit_once("  receiver: ")?;
            let matchers = matchers
                .strip_suffix("  continue: true")
                .unwrap_or(matchers);
            // What it calls a route without matchers, at the root or not.
            let matchers = if matchers == "default-route" {
                "{}"
            } else {
                matchers
            };
            Some((receiver.to_owned(), matchers.to_owned()))
        });
        lines.collect()
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).expect("the folder can be written to");
        path
    }
}

/// Returns a configuration with one route for each text of matchers, to the receiver of its index.
pub(super) fn with_routes(matchers: &[String]) -> Value {
    let routes: Vec<Value> = matchers
        .iter()
        .enumerate()
        .map(|(index, text)| {
            json!({"receiver": index.to_string(), "matchers": [text], "continue": true})
        })
        .collect();
    let names = (0..matchers.len()).map(|index| json!({"name": index.to_string()}));
    let receivers: Vec<Value> = names.chain([json!({"name": "root"})]).collect();
    json!({"route": {"receiver": "root", "routes": routes}, "receivers": receivers})
}

/// Returns a value in quotes, as the classic grammar reads it.
pub(super) fn quoted(value: &str) -> String {
    let escaped = value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}
