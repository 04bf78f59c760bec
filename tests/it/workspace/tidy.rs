//! What every file and every manifest has in common.

use toml::{Table, Value};

use super::{File, files, manifests, none, root, sources};

/// Above this a file is split.
const MOST_LINES: usize = 500;

/// Complains about a Rust file that does not begin with what it is about.
fn check_first_line(file: &File) -> Option<String> {
    let says = file.text.lines().next()?.strip_prefix("//! ");
    let is_sentence = says.is_some_and(|sentence| !sentence.trim().is_empty());
    (!is_sentence).then(|| format!("{}: the first line is not `//! …`", file.path))
}

fn check_length(file: &File) -> Option<String> {
    let lines = file.text.lines().count();
    (lines > MOST_LINES).then(|| format!("{}: {lines} lines, split it", file.path))
}

/// Complains about marks of unfinished work.
fn check_finished(file: &File) -> Vec<String> {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME")];
    let unfinished = |line: &str| marks.iter().any(|mark| line.contains(mark));
    let lines = file.text.lines().enumerate();
    lines
        .filter(|(_, line)| unfinished(line))
        .map(|(index, _)| format!("{}:{}: unfinished work", file.path, index + 1))
        .collect()
}

/// Complains about what a member's manifest lacks.
fn check_manifest(file: &File) -> Vec<String> {
    let manifest: Table = file.text.parse().expect("a manifest is TOML");
    let at = |path: &[&str]| {
        let mut keys = path.iter();
        let first = manifest.get(*keys.next()?)?;
        keys.try_fold(first, |value, key| value.get(key))
    };
    let mut lacks = Vec::new();
    if at(&["lints", "workspace"]) != Some(&Value::Boolean(true)) {
        lacks.push("`[lints] workspace = true`");
    }
    if at(&["package", "edition", "workspace"]).is_none() {
        lacks.push("`edition.workspace = true`");
    }
    if at(&["package", "publish"]) != Some(&Value::Boolean(false)) {
        let text = |key| at(&["package", key]).and_then(Value::as_str).unwrap_or("");
        let keywords = at(&["package", "keywords"]).and_then(Value::as_array);
        if text("description").is_empty() {
            lacks.push("a description");
        }
        if !keywords.is_some_and(|words| (1..=5).contains(&words.len())) {
            lacks.push("one to five keywords");
        }
        if text("readme") != "README.md" {
            lacks.push("`readme = \"README.md\"`");
        }
        if at(&["package", "metadata", "docs", "rs"]).is_none() {
            lacks.push("`[package.metadata.docs.rs]`");
        }
        for key in ["version", "license", "repository", "rust-version"] {
            if at(&["package", key, "workspace"]).is_none() {
                lacks.push(key);
            }
        }
    }
    lacks
        .iter()
        .map(|what| format!("{}: lacks {what}", file.path))
        .collect()
}

/// Complains when a document's examples are not tested by the support library.
fn check_included(document: &File, library: &str) -> Option<String> {
    let included = format!("include_str!(\"../../{}\")", document.path);
    (!library.contains(&included))
        .then(|| format!("tests/src/lib.rs does not include {}", document.path))
}

/// Returns `stores` for `tests/it/stores.rs` and for everything in `tests/it/stores/`.
fn module_name(module: &File) -> &str {
    let inside = module.path.splitn(3, '/').nth(2).unwrap_or(&module.path);
    inside.split(['/', '.']).next().unwrap_or(inside)
}

/// Complains when a test module and the list of programs do not agree on what the module requires.
fn check_programs(module: &File) -> Vec<String> {
    let name = module_name(module);
    let programs = xtask::programs::all();
    let disagrees = programs.iter().filter(|program| {
        let requires = module
            .text
            .contains(&format!("require(\"{}\")", program.name()));
        requires && !program.tests().contains(&name)
    });
    disagrees
        .map(|program| {
            let program = program.name();
            format!("tests/programs.txt does not say that `{name}` requires `{program}`")
        })
        .collect()
}

#[test]
fn every_source_says_what_it_is_about() {
    let sources = sources();
    let rust = sources.iter().filter(|file| file.is("rs"));
    none(rust.filter_map(check_first_line));
}

#[test]
fn no_source_is_too_long() {
    let sources = sources();
    let rust = sources.iter().filter(|file| file.is("rs"));
    none(rust.filter_map(check_length));
}

#[test]
fn nothing_is_left_unfinished() {
    none(sources().iter().flat_map(check_finished));
}

#[test]
fn every_manifest_is_complete() {
    none(manifests().iter().flat_map(check_manifest));
    let published = manifests()
        .into_iter()
        .filter(|file| !file.text.contains("publish = false"));
    none(published.filter_map(|file| {
        let readme = file.path.replace("Cargo.toml", "README.md");
        (!root().join(&readme).is_file()).then(|| format!("{readme} is missing"))
    }));
}

#[test]
fn the_examples_of_every_document_are_tested() {
    let mut documents = files(&["docs"]);
    documents.retain(|file| file.is("md"));
    documents.push(File {
        path: "README.md".to_owned(),
        text: String::new(),
    });
    let library = include_str!("../../src/lib.rs");
    none(
        documents
            .iter()
            .filter_map(|document| check_included(document, library)),
    );
}

#[test]
fn the_list_of_programs_names_the_tests_that_require_them() {
    let mut modules = files(&["tests/it", "tests/global"]);
    modules.retain(|file| module_name(file) != "workspace");
    none(modules.iter().flat_map(check_programs));
    for program in xtask::programs::all() {
        let required = format!("require(\"{}\")", program.name());
        for test in program.tests() {
            let mut own = modules.iter().filter(|file| module_name(file) == *test);
            assert!(
                own.any(|module| module.text.contains(&required)),
                "tests/programs.txt: `{test}` does not {required}"
            );
        }
    }
}

fn file(path: &str, text: &str) -> File {
    File {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

#[test]
fn a_source_without_its_first_line_fails() {
    let complaint = |text| check_first_line(&file("x.rs", text));
    assert_eq!(complaint("//! What it is.\nfn main() {}"), None);
    for text in [
        "fn main() {}",
        "\n//! Late.",
        "//!\n//! Late.",
        "/// Another comment.",
        "// Another comment.",
    ] {
        assert_eq!(
            complaint(text).as_deref(),
            Some("x.rs: the first line is not `//! …`"),
            "{text}"
        );
    }
}

#[test]
fn a_long_source_fails() {
    let lines = |count| check_length(&file("x.rs", &"//! x\n".repeat(count)));
    assert_eq!(lines(MOST_LINES), None);
    let complaint = lines(MOST_LINES + 1);
    assert_eq!(complaint.as_deref(), Some("x.rs: 501 lines, split it"));
}

#[test]
fn unfinished_work_fails() {
    let text = format!("//! x\n// {}: more\n", concat!("TO", "DO"));
    assert_eq!(
        check_finished(&file("x.rs", &text)),
        ["x.rs:2: unfinished work"]
    );
}

#[test]
fn an_incomplete_manifest_fails() {
    let private = "[package]\npublish = false\nedition.workspace = true\n[lints]\nworkspace = true";
    assert_eq!(check_manifest(&file("Cargo.toml", private)), [""; 0]);
    let complaints = check_manifest(&file("Cargo.toml", "[package]\nkeywords = []"));
    assert_eq!(complaints.len(), 10, "{complaints:?}");
    assert!(complaints.contains(&"Cargo.toml: lacks `[lints] workspace = true`".to_owned()));
    assert!(complaints.contains(&"Cargo.toml: lacks one to five keywords".to_owned()));
}

#[test]
fn a_forgotten_document_fails() {
    let document = file("docs/NEW.md", "");
    let complaint = check_included(&document, "");
    assert_eq!(
        complaint.as_deref(),
        Some("tests/src/lib.rs does not include docs/NEW.md")
    );
    let library = r#"#[doc = include_str!("../../docs/NEW.md")]"#;
    assert_eq!(check_included(&document, library), None);
}

#[test]
fn a_program_that_the_list_does_not_give_to_a_module_fails() {
    let module = file("tests/it/unlisted.rs", "programs::require(\"promtool\")");
    assert_eq!(
        check_programs(&module),
        ["tests/programs.txt does not say that `unlisted` requires `promtool`"]
    );
}
