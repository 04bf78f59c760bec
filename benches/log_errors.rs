//! The error report of a JSON file of 1 GB beside `grep -c ERROR` on the same file, in turn, and what it keeps in memory.
//!
//! `--test` takes 2 MB, and checks that both count the same.

#![expect(
    clippy::print_stdout,
    reason = "a bench is read from its standard output"
)]

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;

use tokio::time::Instant;
use watchkeep_logging::query::ErrorQuery;

/// One line in so many is an error.
const RARITY: [u64; 3] = [1000, 20, 1];

const ROUNDS: usize = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let (bytes, rounds) = if is_test {
        (2_000_000, 1)
    } else {
        (1_000_000_000, ROUNDS)
    };
    for rarity in RARITY {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("api_json.log");
        let errors = write(&path, bytes, rarity)?;
        compare(&path, rarity, errors, rounds)?;
    }
    let peak = status("VmHWM:")?;
    println!("memory at its peak: {peak} kB");
    Ok(())
}

/// Writes lines as the JSON sink does; returns how many are errors.
fn write(path: &Path, bytes: u64, rarity: u64) -> Result<u64, Box<dyn Error>> {
    let mut out = BufWriter::new(File::create(path)?);
    let (mut written, mut errors) = (0, 0);
    for number in 0.. {
        if written >= bytes {
            break;
        }
        let is_error = number % rarity == 0;
        errors += u64::from(is_error);
        let (level, code) = if is_error {
            ("ERROR", format!("\"error.code\":\"E{}\",", number % 7))
        } else {
            ("INFO", String::new())
        };
        let line = format!(
            "{{\"@timestamp\":\"2026-08-22T10:15:30.{:06}Z\",\"log.level\":\"{level}\",\"message\":\"request\",\"ecs.version\":\"8.17.0\",\
             \"service.name\":\"api\",\"service.environment\":\"production\",\"event.dataset\":\"api\",\"log.logger\":\"watchkeep_tower\",\
             \"process.pid\":1,\"process.thread.name\":\"tokio-runtime-worker\",{code}\"trace.id\":\"4bf92f3577b34da6a3ce929d0e0e{:04x}\",\
             \"labels\":{{\"user_id\":\"{number}\",\"status\":\"200\",\"route\":\"/message\"}}}}\n",
            number % 1_000_000,
            number % 65_536,
        );
        written += line.len() as u64;
        out.write_all(line.as_bytes())?;
    }
    out.flush()?;
    Ok(errors)
}

/// Takes turns, and prints the median of the ratios.
fn compare(path: &Path, rarity: u64, errors: u64, rounds: usize) -> Result<(), Box<dyn Error>> {
    let megabytes = fs::metadata(path)?.len() as f64 / 1e6;
    let mut ratios = Vec::new();
    let mut fastest = f64::INFINITY;
    for _ in 0..rounds {
        let began = Instant::now();
        let counted = Command::new("grep")
            .args(["-c", "ERROR"])
            .arg(path)
            .output()?
            .stdout;
        let grep = began.elapsed().as_secs_f64();
        let counted: u64 = String::from_utf8(counted)?.trim().parse()?;

        let began = Instant::now();
        let query = ErrorQuery::new("2026-01-01T00:00:00Z".parse()?);
        let scanned = query.of_files(&[PathBuf::from(path)], |_| ControlFlow::Continue(()))?;
        let ours = began.elapsed().as_secs_f64();
        assert_eq!((scanned.report.total, counted), (errors, errors));
        assert_eq!(scanned.report.counts.values().sum::<u64>(), errors);
        ratios.push(ours / grep);
        fastest = fastest.min(ours);
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "one error in {rarity} lines, {megabytes:.0} MB: {:.2} x the time of grep -c, {:.0} MB/s at best",
        ratios[ratios.len() / 2],
        megabytes / fastest
    );
    Ok(())
}

/// Reads a number of kilobytes from what the system says of this process.
fn status(name: &str) -> Result<u64, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find(|line| line.starts_with(name));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    Ok(number.ok_or("this system does not say it")?.parse()?)
}
