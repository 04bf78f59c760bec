//! `cargo xtask docs`: the documentation builds without a warning, and the README stays short.

use crate::command::cargo;
use crate::error::{Error, Result};
use crate::workspace;

const README_LINES: usize = 150;

pub(crate) fn run() -> Result {
    let readme = workspace::root().join("README.md");
    check_readme(&workspace::read(&readme)?)?;
    cargo(["doc", "--workspace", "--no-deps", "--all-features"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()
}

fn check_readme(text: &str) -> Result {
    let lines = text.lines().count();
    if lines > README_LINES {
        return Err(Error::new(format!(
            "README.md has {lines} lines, more than {README_LINES}; a guide in docs/ is the place for the rest"
        )));
    }
    println!("README.md: {lines} of at most {README_LINES} lines");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_readme_is_refused() {
        assert!(check_readme(&"line\n".repeat(README_LINES)).is_ok());
        let error = check_readme(&"line\n".repeat(README_LINES + 1)).expect_err("151 lines");
        assert!(error.to_string().starts_with("README.md has 151 lines"));
    }
}
