//! The programs that tests talk to: one list, and where they are looked for.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::workspace;

/// The list itself, beside the tests that it is about.
const LIST: &str = include_str!("../../../tests/programs.txt");

/// Debian keeps PostgreSQL's server out of the search path, one folder a version.
const POSTGRESQL: &str = "/usr/lib/postgresql";

/// A program that some test needs, or will need.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Program {
    name: &'static str,
    package: &'static str,
    tests: Vec<&'static str>,
}

/// Returns the whole list, in the order of `tests/programs.txt`.
pub fn all() -> Vec<Program> {
    parse(LIST)
}

/// Returns the listed programs that [`find`] does not find.
pub fn missing() -> Vec<Program> {
    all()
        .into_iter()
        .filter(|program| find(program.name).is_none())
        .collect()
}

/// Returns where a program is: in the search path, in Debian's folders of PostgreSQL, the newest version first, or in a wheel
/// that `cargo xtask setup` has unpacked.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path)
        .chain(postgresql_folders(Path::new(POSTGRESQL)))
        .chain(wheel_folders(&wheels()));
    find_in(folders, name)
}

/// Returns where wheels are unpacked.
pub(crate) fn wheels() -> PathBuf {
    workspace::target_dir().join("tools/wheels")
}

/// A wheel of a program has it in the folder `bin` of its module.
fn wheel_folders(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten();
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    folders.sort();
    folders
}

// === impl Program ===

impl Program {
    /// Returns the name of the executable file.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the Debian package that has it; `None`: it comes as a wheel.
    pub fn package(&self) -> Option<&'static str> {
        self.wheel().is_none().then_some(self.package)
    }

    /// Returns the wheel that has it, with its version: `osmem-server==0.1.6`.
    pub fn wheel(&self) -> Option<&'static str> {
        self.package.strip_prefix("pip:")
    }

    /// Returns the files of integration tests in which tests are left out without it.
    pub fn tests(&self) -> &[&'static str] {
        &self.tests
    }
}

/// Reads the list: three columns, `#` starts a comment, `-` stands for no test.
pub(crate) fn parse(list: &'static str) -> Vec<Program> {
    list.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut columns = line.split_whitespace();
            let (name, package) = (columns.next()?, columns.next()?);
            let tests = columns.filter(|module| *module != "-").collect();
            Some(Program {
                name,
                package,
                tests,
            })
        })
        .collect()
}

fn find_in(folders: impl IntoIterator<Item = PathBuf>, name: &str) -> Option<PathBuf> {
    folders
        .into_iter()
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

fn postgresql_folders(parent: &Path) -> Vec<PathBuf> {
    let version = |folder: &PathBuf| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let mut folders: Vec<PathBuf> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|folder| version(folder).is_some())
        .collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(version(folder)));
    folders
        .into_iter()
        .map(|folder| folder.join("bin"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_three_columns() {
        let list = "# comment\nfirst  package-a  -\n\nsecond package-b scrape pages\n";
        assert_eq!(
            parse(list),
            [
                Program {
                    name: "first",
                    package: "package-a",
                    tests: vec![],
                },
                Program {
                    name: "second",
                    package: "package-b",
                    tests: vec!["scrape", "pages"],
                },
            ]
        );
    }

    #[test]
    fn every_line_of_the_list_is_complete() {
        let lines = LIST
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty());
        assert!(
            lines
                .clone()
                .all(|line| line.split_whitespace().count() >= 3)
        );
        assert_eq!(lines.count(), all().len());
    }

    #[test]
    fn the_newest_postgresql_comes_first() -> std::io::Result<()> {
        let parent = workspace::target_dir().join("xtask/postgresql-folders");
        for name in ["9", "15", "16", "share"] {
            fs::create_dir_all(parent.join(name).join("bin"))?;
        }
        fs::write(parent.join("15/bin/postgres"), "")?;
        let folders = postgresql_folders(&parent);
        assert_eq!(
            folders,
            ["16/bin", "15/bin", "9/bin"].map(|name| parent.join(name))
        );
        assert_eq!(
            find_in(folders, "postgres"),
            Some(parent.join("15/bin/postgres"))
        );
        Ok(())
    }

    #[test]
    fn program_of_a_wheel_has_no_package() {
        let programs = parse("one  debian-package  -\ntwo pip:two-server==1.2.3 logs\n");
        let origins: Vec<_> = programs
            .iter()
            .map(|program| (program.package(), program.wheel()))
            .collect();
        assert_eq!(
            origins,
            [
                (Some("debian-package"), None),
                (None, Some("two-server==1.2.3"))
            ]
        );
    }

    #[test]
    fn program_of_a_wheel_is_found_in_its_module() -> std::io::Result<()> {
        let parent = workspace::target_dir().join("xtask/wheel-folders");
        fs::create_dir_all(parent.join("two_server/bin"))?;
        fs::write(parent.join("two_server/bin/two-server"), "")?;
        let found = find_in(wheel_folders(&parent), "two-server");
        assert_eq!(found, Some(parent.join("two_server/bin/two-server")));
        Ok(())
    }

    #[test]
    fn what_is_nowhere_is_not_found() {
        assert_eq!(find("no-such-program"), None);
    }
}
