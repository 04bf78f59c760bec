//! Numbers of the operating system about this process.

use metrics::Unit;
use metrics_process::collector;

use crate::{FloatCounter, Recorder};

/// The gauges: name, unit, help.
const GAUGES: [(&str, Unit, &str); 7] = [
    (
        "process_max_fds",
        Unit::Count,
        "Maximum number of open file descriptors.",
    ),
    (
        "process_open_fds",
        Unit::Count,
        "Number of open file descriptors.",
    ),
    (
        "process_resident_memory_bytes",
        Unit::Bytes,
        "Resident memory size in bytes.",
    ),
    (
        "process_start_time_seconds",
        Unit::Seconds,
        "Start time of the process since the Unix epoch in seconds.",
    ),
    (
        "process_threads",
        Unit::Count,
        "Number of threads of the process.",
    ),
    (
        "process_virtual_memory_bytes",
        Unit::Bytes,
        "Virtual memory size in bytes.",
    ),
    (
        "process_virtual_memory_max_bytes",
        Unit::Bytes,
        "Maximum amount of virtual memory in bytes, 0 when there is no limit.",
    ),
];

/// Adds the usual `process_*` metrics, read from the operating system before each rendering and snapshot.
///
/// CPU time is a counter with fractions. The recorder need not be the global one. A second call for one recorder only makes
/// each reading do its work twice.
pub fn register(recorder: &Recorder) {
    for (name, unit, help) in GAUGES {
        recorder.describe(name, Some(unit), help);
    }
    let cpu = recorder.float_counter(
        "process_cpu_seconds_total",
        "User and system CPU time spent in seconds.",
        &[],
    );
    recorder.before_render(move |recorder| refresh(recorder, &cpu));
}

fn refresh(recorder: &Recorder, cpu: &FloatCounter) {
    let now = collector::collect();
    if let Some(seconds) = now.cpu_seconds_total {
        cpu.absolute(seconds);
    }
    for (name, value) in [
        ("process_max_fds", now.max_fds),
        ("process_open_fds", now.open_fds),
        ("process_resident_memory_bytes", now.resident_memory_bytes),
        ("process_start_time_seconds", now.start_time_seconds),
        ("process_threads", now.threads),
        ("process_virtual_memory_bytes", now.virtual_memory_bytes),
        (
            "process_virtual_memory_max_bytes",
            now.virtual_memory_max_bytes,
        ),
    ] {
        if let Some(value) = value {
            #[expect(
                clippy::cast_precision_loss,
                reason = "sizes above 2^53 bytes do not exist"
            )]
            recorder.set_gauge(name, &[], value as f64);
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::Format;

    #[test]
    fn process_numbers_are_fresh_at_each_reading_and_described() {
        let recorder = Recorder::default();
        register(&recorder);
        let mut out = Vec::new();
        recorder.render(Format::Prometheus, &mut out);
        let text = String::from_utf8(out).unwrap();
        for (name, _, _) in GAUGES {
            assert!(
                text.contains(&format!("# HELP {name} ")),
                "{name} in {text}"
            );
            assert!(text.contains(&format!("\n{name} ")), "{name} in {text}");
        }
        let snapshot = recorder.snapshot();
        assert!(snapshot.gauge("process_resident_memory_bytes", &[]) > Some(100_000.0));
        assert!(snapshot.gauge("process_threads", &[]) >= Some(1.0));
        assert!(text.contains("# TYPE process_cpu_seconds_total counter"));
        // Reading takes CPU time itself, and the kernel counts it in hundredths of a second.
        let cpu = || {
            recorder
                .snapshot()
                .counter("process_cpu_seconds_total", &[])
        };
        assert!((0..100_000).any(|_| cpu() > 0.0));
    }
}
