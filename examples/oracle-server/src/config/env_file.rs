//! The `.env` file: what the real environment does not say.

use std::collections::HashMap;
use std::path::Path;

/// Reads a `.env` file; one that is not there is empty.
///
/// The error says the place, and never quotes the line, which may hold a secret.
pub(crate) fn read(path: &Path) -> Result<HashMap<String, String>, String> {
    let lines = match dotenvy::from_path_iter(path) {
        Ok(lines) => lines,
        Err(error) if error.not_found() => return Ok(HashMap::new()),
        Err(error) => return Err(problem(path, &error)),
    };
    lines
        .collect::<Result<_, _>>()
        .map_err(|error| problem(path, &error))
}

fn problem(path: &Path, error: &dotenvy::Error) -> String {
    let place = path.display();
    match error {
        dotenvy::Error::LineParse(_, index) => {
            format!("{place}: a line cannot be read as NAME=value, from its character {index} on")
        }
        dotenvy::Error::Io(error) => format!("{place} cannot be read: {error}"),
        _ => format!("{place} cannot be read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join(".env");
        std::fs::write(&path, text).expect("the file is written");
        (folder, path)
    }

    #[test]
    fn reads_names_and_values_and_no_file_is_empty() {
        let (folder, path) =
            file("# a comment\nLOG_LEVEL=debug\nENVIRONMENT=\"production\"\nSLACK_WEBHOOK_URL=\n");
        let found = read(&path).expect("a valid file");
        assert_eq!(found["LOG_LEVEL"], "debug");
        assert_eq!(found["ENVIRONMENT"], "production");
        assert_eq!(found["SLACK_WEBHOOK_URL"], "");
        assert!(
            read(&folder.path().join("none"))
                .expect("no file")
                .is_empty()
        );
    }

    #[test]
    fn a_bad_line_is_an_error_that_does_not_quote_it() {
        let (_folder, path) = file("OPS_TOKEN very-secret\n");
        let problem = read(&path).expect_err("no equals sign");
        assert!(
            problem.contains(".env") && !problem.contains("very-secret"),
            "{problem}"
        );
    }
}
