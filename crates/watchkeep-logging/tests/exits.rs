//! A binary of its own, because it runs itself as child processes that end in every way there is.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use tempfile::TempDir;

#[path = "exits/scenarios.rs"]
mod scenarios;
#[path = "exits/signals.rs"]
mod signals;

use scenarios::{FOLDER, LINES, SCENARIO};

/// Does nothing unless another test runs it as a child.
#[test]
fn child() {
    if let Ok(scenario) = std::env::var(SCENARIO) {
        let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
        scenarios::run(&scenario, &folder);
    }
}

/// What a child has left behind.
struct Ended {
    folder: TempDir,
    status: ExitStatus,
}

fn command(scenario: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["child", "--exact", "--nocapture"])
        .env(SCENARIO, scenario)
        .env(FOLDER, folder)
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null());
    command
}

fn spawned(scenario: &str, folder: &Path) -> Child {
    command(scenario, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn ended(scenario: &str) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let status = spawned(scenario, folder.path()).wait().unwrap();
    Ended { folder, status }
}

impl Ended {
    fn text(&self) -> String {
        fs::read_to_string(self.folder.path().join("app.log")).unwrap()
    }

    /// Every numbered line must be there, once, in order, and the file must end in a whole line.
    #[track_caller]
    fn check_all(&self) {
        let text = self.text();
        assert!(text.ends_with('\n'), "{text}");
        let numbers = numbers(&text);
        assert!(
            numbers.iter().copied().eq(0..LINES),
            "{} lines",
            numbers.len()
        );
    }

    #[track_caller]
    fn check_panic_line(&self, message: &str) {
        let text = self.text();
        let line = text.lines().find(|line| line.contains(message));
        let line = line.unwrap_or_else(|| panic!("no line about `{message}`: {text}"));
        assert!(line.contains(" ERROR panic thread panicked "), "{line}");
        assert!(line.contains("scenarios.rs:"), "the location: {line}");
        assert!(line.contains("error.stack_trace="), "{line}");
        assert!(
            line.contains("scenarios"),
            "a frame of the backtrace: {line}"
        );
        let errors = fs::read_to_string(self.folder.path().join("app_errors.log")).unwrap();
        assert!(errors.contains(message), "{errors}");
    }
}

fn numbers(text: &str) -> Vec<u64> {
    let numbered = text.lines().filter_map(|line| line.rsplit_once("number="));
    numbered
        .map(|(_, number)| number.parse().unwrap())
        .collect()
}

#[test]
fn guard_at_the_end_of_main_waits_for_all_lines() {
    let ended = ended("return");
    assert!(ended.status.success());
    ended.check_all();
}

#[test]
fn guard_that_is_dropped_too_early_costs_no_line_before_the_next_flush() {
    let ended = ended("early");
    assert!(ended.status.success());
    ended.check_all();
}

#[cfg(feature = "exit")]
#[test]
fn exit_waits_when_it_shall() {
    let ended = ended("exit");
    assert_eq!(ended.status.code(), Some(3));
    ended.check_all();
}

#[test]
fn panic_is_a_line_with_its_location_and_backtrace() {
    for (scenario, message) in [
        ("panic-in-thread", "thread breaks 7"),
        ("panic-in-task", "task breaks"),
    ] {
        let ended = ended(scenario);
        assert!(ended.status.success(), "{scenario}: the process goes on");
        ended.check_all();
        ended.check_panic_line(message);
    }
}

#[test]
fn panic_that_ends_main_is_written() {
    let ended = ended("panic-in-main");
    assert!(!ended.status.success());
    ended.check_all();
    ended.check_panic_line("main breaks");
}

#[test]
fn panic_that_aborts_is_written() {
    use std::os::unix::process::ExitStatusExt;
    for (scenario, message) in [("abort", "no unwinding"), ("double-panic", "the second")] {
        let ended = ended(scenario);
        assert_eq!(ended.status.signal(), Some(libc::SIGABRT), "{scenario}");
        ended.check_all();
        ended.check_panic_line(message);
    }
}

#[test]
fn panic_hook_can_be_left_out_and_the_one_before_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    for (scenario, logged) in [("panic-in-thread", true), ("panic-without-hook", false)] {
        let output = command(scenario, folder.path()).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("thread breaks"), "{error}");
        let text = fs::read_to_string(folder.path().join("app.log")).unwrap();
        assert_eq!(text.contains("thread breaks"), logged, "{text}");
        fs::remove_file(folder.path().join("app.log")).unwrap();
    }
}

#[test]
fn fork_neither_repeats_a_line_nor_waits_for_a_thread_that_it_does_not_have() {
    let ended = ended("fork");
    assert!(ended.status.success());
    ended.check_all();
    assert!(!ended.text().contains("from the fork"));
}

#[test]
fn fork_in_the_middle_of_others_logging_is_answered() {
    assert!(ended("busy-fork").status.success());
}

#[test]
fn files_can_be_opened_again_as_soon_as_all_is_dropped() {
    let ended = ended("again");
    assert!(ended.status.success());
    ended.check_all();
}

#[test]
fn end_with_a_console_that_nobody_reads_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command("blocked-console", folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The pipe is open until the child has ended, and nobody reads from it.
    let unread = child.stdout.take().unwrap();
    assert!(child.wait().unwrap().success());
    drop(unread);
    let said = fs::read_to_string(folder.path().join("console")).unwrap();
    assert_eq!(said, "dropped: INFO yes, ERROR no; in time: yes");
    let errors = fs::read_to_string(folder.path().join("app_errors.log")).unwrap();
    assert_eq!(errors.lines().count(), 50, "the other sinks go on");
}
