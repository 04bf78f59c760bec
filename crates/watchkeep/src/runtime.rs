//! Numbers of the Tokio runtime among the metrics, taken when they are read.

use std::sync::{Mutex, PoisonError};

use metrics::Unit;
use tokio_metrics::{RuntimeIntervals, RuntimeMonitor};
use watchkeep_metrics::{FloatCounter, Recorder};

/// What changes from reading to reading.
struct Reader {
    intervals: RuntimeIntervals,
    busy: FloatCounter,
}

/// Adds the `tokio_*` metrics of the runtime that this is called on, if it is on one.
pub(crate) fn register(recorder: &Recorder) {
    let Ok(handle) = tokio::runtime::Handle::try_current() else {
        return;
    };
    metrics::with_local_recorder(recorder, describe);
    let reader = Mutex::new(Reader {
        intervals: RuntimeMonitor::new(&handle).intervals(),
        busy: recorder.float_counter(
            "tokio_busy_seconds_total",
            "Time that the runtime's workers were busy, all together.",
            &[],
        ),
    });
    recorder.before_render(move |recorder| {
        let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
        metrics::with_local_recorder(recorder, || reader.refresh());
    });
}

impl Reader {
    fn refresh(&mut self) {
        let Some(interval) = self.intervals.next() else {
            return;
        };
        self.busy
            .increment(interval.total_busy_duration.as_secs_f64());
        metrics::counter!("tokio_parks_total").increment(interval.total_park_count);
        #[expect(
            clippy::cast_precision_loss,
            reason = "workers, tasks and a queue's length are far below 2^52"
        )]
        for (gauge, value) in [
            ("tokio_workers", interval.workers_count as f64),
            ("tokio_tasks", interval.live_tasks_count as f64),
            ("tokio_queued_tasks", interval.global_queue_depth as f64),
        ] {
            metrics::gauge!(gauge).set(value);
        }
    }
}

fn describe() {
    metrics::describe_counter!(
        "tokio_busy_seconds_total",
        Unit::Seconds,
        "Time that the runtime's workers were busy, all together."
    );
    metrics::describe_counter!(
        "tokio_parks_total",
        "How often a worker of the runtime had nothing to do and slept."
    );
    metrics::describe_gauge!("tokio_workers", "Worker threads of the runtime.");
    metrics::describe_gauge!("tokio_tasks", "Tasks of the runtime that have not ended.");
    metrics::describe_gauge!(
        "tokio_queued_tasks",
        "Tasks in the runtime's global queue, which no worker has taken yet."
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_runtime_there_are_no_numbers() {
        let recorder = Recorder::default();
        register(&recorder);
        assert!(recorder.snapshot().family("tokio_workers").is_none());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn numbers_are_fresh_at_each_reading() {
        let recorder = Recorder::default();
        register(&recorder);
        assert_eq!(recorder.snapshot().gauge("tokio_workers", &[]), Some(2.0));
        let before = recorder.snapshot().gauge("tokio_tasks", &[]);
        let waiting = tokio::spawn(std::future::pending::<()>());
        let after = recorder.snapshot().gauge("tokio_tasks", &[]);
        assert_eq!(after, before.map(|tasks| tasks + 1.0));
        waiting.abort();
        let busy = || recorder.snapshot().counter("tokio_busy_seconds_total", &[]);
        let first = busy();
        tokio::spawn(async { std::hint::black_box((0..1_000_000_u64).fold(0, |a, b| a ^ b)) })
            .await
            .expect("it does not panic");
        // The runtime writes its numbers down when a worker parks, a moment after the task.
        while busy() <= first {
            tokio::task::yield_now().await;
        }
    }
}
