//! Counting the instructions of one thread, which hardly vary where times do.

use std::env;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs this program with other arguments under callgrind, and returns how many instructions its main thread executed.
///
/// The difference of two run lengths is free of what starting and ending cost. The command goes to standard error.
///
/// # Errors
///
/// Valgrind is missing, the program failed, or the profile has no total.
pub fn main_thread_instructions(arguments: &[String]) -> io::Result<u64> {
    let folder = tempfile::tempdir()?;
    let profile = folder.path().join("profile");
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--separate-threads=yes"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(env::current_exe()?)
        .args(arguments)
        .stderr(Stdio::piped());
    eprintln!("{command:?}");
    let output = command.output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(io::Error::other(format!("{}: {said}", output.status)));
    }
    total(&profile.with_file_name("profile-01"))
}

fn total(profile: &Path) -> io::Result<u64> {
    let text = fs::read_to_string(profile)?;
    let total = text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("totals:"));
    total
        .and_then(|total| total.trim().parse().ok())
        .ok_or_else(|| io::Error::other("the profile has no total"))
}
