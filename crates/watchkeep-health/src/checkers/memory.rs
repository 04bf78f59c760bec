//! Memory of the control group, or of the machine where there is no limit.

use std::fs;
use std::path::{Path, PathBuf};

use crate::check::CheckError;

/// Fails while more than `most_percent` of the memory is used; for
/// [`Component::blocking`](crate::Component::blocking). Linux only.
///
/// Of the process's control group (version 2: `memory.current` less `inactive_file`, which the kernel can take
/// back, of `memory.max`) where that has a limit, else of the machine (`MemAvailable` of `MemTotal`).
pub fn memory(most_percent: u8) -> impl Fn() -> Result<(), CheckError> + Send + Sync + 'static {
    memory_below(PathBuf::from("/"), most_percent)
}

/// As [`memory`], with another root of the file system.
fn memory_below(
    root: PathBuf,
    most_percent: u8,
) -> impl Fn() -> Result<(), CheckError> + Send + Sync + 'static {
    move || {
        let Some((used, total)) = of_the_group(&root).or_else(|| of_the_machine(&root)) else {
            return Err(CheckError::new("the use of memory cannot be read"));
        };
        let percent = u128::from(used) * 100 / u128::from(total.max(1));
        if percent > u128::from(most_percent) {
            return Err(CheckError::new(format!(
                "{percent} % of {total} bytes are used, {most_percent} % is the most"
            )));
        }
        Ok(())
    }
}

/// Bytes used and allowed; `None` where there is no control group of version 2, or no limit.
fn of_the_group(root: &Path) -> Option<(u64, u64)> {
    let own = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    let group = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let folder = root.join("sys/fs/cgroup").join(group);
    let number = |file: &str| {
        let text = fs::read_to_string(folder.join(file)).ok()?;
        text.trim().parse::<u64>().ok()
    };
    let stat = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
    let inactive = value(&stat, "inactive_file ").unwrap_or(0);
    Some((
        number("memory.current")?.saturating_sub(inactive),
        number("memory.max")?,
    ))
}

fn of_the_machine(root: &Path) -> Option<(u64, u64)> {
    let text = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let kibibytes = |name| value(&text, name).map(|number| number.saturating_mul(1_024));
    let total = kibibytes("MemTotal:")?;
    Some((total.saturating_sub(kibibytes("MemAvailable:")?), total))
}

/// The number behind a name at the start of a line.
fn value(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn the_group_goes_before_the_machine() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let check = |percent| memory_below(root.to_owned(), percent)();
        assert!(check(100).unwrap_err().message().contains("cannot be read"));
        write(
            root,
            "proc/meminfo",
            "MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable:  250 kB\n",
        );
        check(75).unwrap();
        let text = check(74).unwrap_err().to_string();
        assert_eq!(text, "75 % of 1024000 bytes are used, 74 % is the most");

        write(root, "proc/self/cgroup", "0::/a/b\n");
        let group = "sys/fs/cgroup/a/b";
        write(root, &format!("{group}/memory.max"), "max\n");
        write(root, &format!("{group}/memory.current"), "600\n");
        check(75).unwrap();
        write(root, &format!("{group}/memory.max"), "1000\n");
        write(
            root,
            &format!("{group}/memory.stat"),
            "anon 5\ninactive_file 100\n",
        );
        check(50).unwrap();
        assert!(check(49).is_err());
    }

    #[test]
    fn this_machine_can_be_read() {
        memory(100)().unwrap();
    }
}
