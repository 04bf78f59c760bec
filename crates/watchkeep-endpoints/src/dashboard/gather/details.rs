//! What runs here, and how much of the machine it takes.

use watchkeep_health::Report;
use watchkeep_metrics::Snapshot as Numbers;

use super::super::snapshot::Detail;
use super::super::{Dashboard, Parts, words};

const MOST_DETAILS: usize = 40;

/// Gauges and counters that other parts put among the metrics, and how they are read.
const NUMBERS: [(&str, &str, fn(f64) -> String); 9] = [
    ("process_resident_memory_bytes", "Memory", words::bytes),
    (
        "process_virtual_memory_bytes",
        "Virtual memory",
        words::bytes,
    ),
    ("process_threads", "Threads", words::number),
    ("process_open_fds", "Open files", words::number),
    ("process_max_fds", "Most open files", words::number),
    ("tokio_workers", "Runtime workers", words::number),
    ("tokio_tasks", "Runtime tasks", words::number),
    ("tokio_queued_tasks", "Runtime queue", words::number),
    ("process_cpu_seconds_total", "Processor time", seconds),
];

pub(super) fn of(dashboard: &Dashboard, parts: &Parts, report: Option<&Report>) -> Vec<Detail> {
    let mut details = Vec::new();
    if let Some(report) = report {
        details.push(Detail::new("Version", words::cut(&report.version)));
        details.push(Detail::new("Up", words::span(report.uptime)));
    }
    let own = dashboard.details.iter();
    details.extend(own.map(|(name, value)| Detail::new(words::cut(name), words::cut(value))));
    let build = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    details.push(Detail::new("Build", build));
    let platform = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    details.push(Detail::new("Platform", platform));
    details.push(Detail::new("Process", std::process::id().to_string()));
    if let Some(recorder) = &parts.recorder {
        recorder.refresh();
        let numbers = recorder.snapshot_of(&NUMBERS.map(|(name, _, _)| name));
        details.extend(NUMBERS.iter().filter_map(|(name, words, read)| {
            Some(Detail::new(*words, read(number(&numbers, name)?)))
        }));
    }
    details.truncate(MOST_DETAILS);
    details
}

fn number(numbers: &Numbers, name: &str) -> Option<f64> {
    numbers.family(name)?;
    let gauge = numbers.gauge(name, &[]);
    Some(gauge.unwrap_or_else(|| numbers.counter(name, &[])))
}

fn seconds(seconds: f64) -> String {
    format!("{} s", words::number(seconds))
}
