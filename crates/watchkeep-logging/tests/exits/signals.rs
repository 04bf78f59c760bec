//! Ends that come from outside, and what another process finds then.

use std::io::Write;

use watchkeep_logging::{Console, LogConfig, RollingFile};

use super::*;

#[expect(unsafe_code, reason = "signals are sent by the system")]
fn send(child: &Child, signal: libc::c_int) {
    // SAFETY: the child was not waited for yet, so the number is still its own.
    unsafe { libc::kill(libc::pid_t::try_from(child.id()).unwrap(), signal) };
}

/// Waits until a file of the child's has so many numbered lines.
fn wait_for_lines(folder: &Path, count: usize) {
    let path = folder.join("app.log");
    for _ in 0..u64::MAX {
        let text = fs::read_to_string(&path).unwrap_or_default();
        if text.lines().count() >= count {
            return;
        }
        std::thread::yield_now();
    }
}

#[test]
fn signal_that_kills_takes_nothing_that_a_quiet_moment_has_written() {
    for signal in [libc::SIGTERM, libc::SIGKILL] {
        let folder = tempfile::tempdir().unwrap();
        let mut child = spawned("wait", folder.path());
        wait_for_lines(folder.path(), usize::try_from(LINES).unwrap());
        send(&child, signal);
        let status = child.wait().unwrap();
        Ended { folder, status }.check_all();
    }
}

#[test]
fn kill_in_the_middle_of_everything_leaves_whole_lines_in_order() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let mut child = spawned("endless", folder.path());
        wait_for_lines(folder.path(), 100);
        send(&child, libc::SIGKILL);
        child.wait().unwrap();
        // Whoever comes next mends the end of the file, and has its lock.
        let path = folder.path().join("app.log");
        let file = RollingFile::builder(&path).with_backups(usize::MAX);
        let mut file = file
            .with_retention(std::time::Duration::MAX)
            .open()
            .unwrap();
        file.write_all(b"next\n").unwrap();
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("app.log"))
            .collect();
        // The active file has the shortest name and the newest lines.
        names.sort();
        names.rotate_left(1);
        let text: String = names
            .iter()
            .map(|name| fs::read_to_string(folder.path().join(name)).unwrap())
            .collect();
        let lines = text.strip_suffix("next\n").unwrap();
        let expected = 0..lines.lines().count() as u64;
        assert!(
            numbers(lines).into_iter().eq(expected),
            "neither torn nor missing"
        );
    }
}

#[test]
fn second_process_on_the_same_files_is_refused_until_the_first_is_dead() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = spawned("wait", folder.path());
    wait_for_lines(folder.path(), 1);
    let config = || {
        LogConfig::new("app")
            .with_console(Console::Off)
            .with_dir(Some(folder.path().to_owned()))
    };
    let error = config().build().unwrap_err();
    assert!(error.is_in_use() && error.is_io(), "{error}");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(
        cause.contains(&format!("process {}", child.id())),
        "{cause}"
    );
    wait_for_lines(folder.path(), usize::try_from(LINES).unwrap());
    send(&child, libc::SIGKILL);
    let status = child.wait().unwrap();
    drop(config().build().unwrap());
    Ended { folder, status }.check_all();
}
