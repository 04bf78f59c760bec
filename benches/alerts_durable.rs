//! 100,000 alerts accepted into the journal on disk, in batches of 1,000: how long it takes, and what it keeps in memory.
//!
//! An alert counts as accepted when its call returns, and by then it is on disk.
//! `--test` takes 2,000 in batches of 100, and checks the same.

#![expect(
    clippy::print_stdout,
    reason = "a bench is read from its standard output"
)]

use std::fs;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use watchkeep_alerts::config::Config;
use watchkeep_alerts::journal::Sqlite;
use watchkeep_alerts::{Alert, Alerting, Level};

/// Routes everything to nobody, a group for each hundred alerts, so that what is measured is acceptance.
const ROUTES: &str = "\
route: {receiver: 'null', group_by: [group], group_wait: 1h, group_interval: 1h}
receivers: [{name: 'null'}]
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let (alerts, batch) = if is_test {
        (2_000, 100)
    } else {
        (100_000, 1_000)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(accept(alerts, batch))
}

async fn accept(alerts: usize, batch: usize) -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let alerting = Alerting::builder("bench")
        .config(Config::from_yaml(ROUTES)?)
        .journal(Sqlite::open(folder.path())?)
        .max_active(2 * alerts)
        .build()?;
    let before = resident()?;
    let mut slowest = Duration::ZERO;
    let began = Instant::now();
    for first in (0..alerts).step_by(batch) {
        let batch_began = Instant::now();
        let mut calls = JoinSet::new();
        for number in first..first + batch {
            let alerting = alerting.clone();
            calls.spawn(async move { alerting.fire(alert(number)).await });
        }
        while let Some(ended) = calls.join_next().await {
            ended??;
        }
        slowest = slowest.max(batch_began.elapsed());
    }
    let took = began.elapsed();
    let after = resident()?;
    let active = alerting.active().await.len();
    if active != alerts {
        return Err(format!("{active} of {alerts} alerts are active").into());
    }
    let on_disk: u64 = fs::read_dir(folder.path())?
        .filter_map(|entry| entry.ok()?.metadata().ok())
        .map(|data| data.len())
        .sum();
    let each = |bytes: u64| bytes / alerts as u64;
    println!("{alerts} alerts in batches of {batch}, each on disk when its call returned");
    println!(
        "time                 {:.2} s, slowest batch {:.0} ms",
        took.as_secs_f64(),
        slowest.as_secs_f64() * 1e3
    );
    println!(
        "accepted             {:.0} alerts a second",
        alerts as f64 / took.as_secs_f64()
    );
    println!(
        "resident memory      {} bytes an alert",
        each(after.saturating_sub(before))
    );
    println!("on disk              {} bytes an alert", each(on_disk));
    Ok(())
}

fn alert(number: usize) -> Alert {
    Alert::new("Bench", Level::Warning, "something is the case")
        .with_label("instance", format!("host-{number}"))
        .with_label("group", format!("{}", number / 100))
        .with_detail("value", number)
}

/// Returns the resident memory of the process, in bytes.
fn resident() -> std::io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    Ok(kilobytes.unwrap_or(0) * 1_024)
}
