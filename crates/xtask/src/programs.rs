//! The programs that tests talk to: one list, and where they are looked for.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::pinned;

/// The list itself, beside the tests that it is about.
const LIST: &str = include_str!("../../../tests/programs.txt");

/// Debian keeps PostgreSQL's server out of the search path, one folder a version.
const POSTGRESQL: &str = "/usr/lib/postgresql";

/// Debian keeps libraries here, one folder an architecture; rsyslog's modules lie in a folder of each.
const LIBRARIES: &str = "/usr/lib";

/// A program that some test needs, or will need.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Program {
    name: &'static str,
    origin: Origin,
    tests: Vec<&'static str>,
}

/// Where a program comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the tasks install from these")]
pub enum Origin {
    /// This package of Debian.
    Debian(&'static str),
    /// This package of npm at this version, `name@version`.
    Npm(&'static str),
    /// This package of PyPI at this version, `name==version`.
    Pip(&'static str),
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

/// Returns where a program is: what is pinned in the folder of the tools, all else in the search path,
/// or in Debian's folders of PostgreSQL, the newest version first, or among the modules of rsyslog.
pub fn find(name: &str) -> Option<PathBuf> {
    let listed = all().into_iter().find(|program| program.name == name);
    match listed.map(|program| program.origin) {
        Some(Origin::Npm(_)) => return pinned::find_npm(name),
        Some(Origin::Pip(_)) => return pinned::find_pip(name),
        Some(Origin::Debian(_)) | None => {}
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path)
        .chain(postgresql_folders(Path::new(POSTGRESQL)))
        .chain(rsyslog_folders(Path::new(LIBRARIES)));
    find_in(folders, name)
}

// === impl Program ===

impl Program {
    /// Returns the name of the executable file.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns where it comes from.
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// Returns the files of integration tests in which tests are left out without it.
    pub fn tests(&self) -> &[&'static str] {
        &self.tests
    }
}

// === impl Origin ===

impl Origin {
    fn parse(column: &'static str) -> Self {
        match column.split_once(':') {
            Some(("npm", package)) => Self::Npm(package),
            Some(("pip", package)) => Self::Pip(package),
            _ => Self::Debian(column),
        }
    }
}

/// Reads the list: three columns, `#` starts a comment, `-` stands for no test.
pub(crate) fn parse(list: &'static str) -> Vec<Program> {
    list.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut columns = line.split_whitespace();
            let (name, origin) = (columns.next()?, Origin::parse(columns.next()?));
            let tests = columns.filter(|module| *module != "-").collect();
            Some(Program {
                name,
                origin,
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

fn rsyslog_folders(parent: &Path) -> impl Iterator<Item = PathBuf> {
    let architectures = fs::read_dir(parent).into_iter().flatten();
    architectures.filter_map(|entry| Some(entry.ok()?.path().join("rsyslog")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn a_line_is_three_columns() {
        let list = "# comment\nfirst  package-a  -\n\nsecond pip:package-b==1.2 scrape pages\nthird npm:@c/d@3 -\n";
        assert_eq!(
            parse(list),
            [
                Program {
                    name: "first",
                    origin: Origin::Debian("package-a"),
                    tests: vec![],
                },
                Program {
                    name: "second",
                    origin: Origin::Pip("package-b==1.2"),
                    tests: vec!["scrape", "pages"],
                },
                Program {
                    name: "third",
                    origin: Origin::Npm("@c/d@3"),
                    tests: vec![],
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
    fn a_module_of_rsyslog_is_found() -> std::io::Result<()> {
        let parent = workspace::target_dir().join("xtask/rsyslog-folders");
        let folder = parent.join("some-linux-gnu/rsyslog");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("omsome.so"), "")?;
        let found = find_in(rsyslog_folders(&parent), "omsome.so");
        assert_eq!(found, Some(folder.join("omsome.so")));
        Ok(())
    }

    #[test]
    fn what_is_nowhere_is_not_found() {
        assert_eq!(find("no-such-program"), None);
    }
}
