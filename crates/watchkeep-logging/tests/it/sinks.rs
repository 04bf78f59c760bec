//! Writers of others at the end of our queues.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing::{Level, error, info, warn};
use watchkeep_logging::LineFormat;

use crate::support::logged_with;

/// Fails every other time, and takes few bytes at once.
#[derive(Clone, Default)]
struct Fussy(Arc<Mutex<(bool, Vec<u8>)>>);

impl Write for Fussy {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.0.lock().unwrap();
        state.0 = !state.0;
        if state.0 && state.1.len() < 50 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let count = bytes.len().min(20);
        state.1.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn any_writer_is_a_sink_and_its_errors_cost_no_line() {
    let fussy = Fussy::default();
    let writer = fussy.clone();
    let bench = logged_with(
        |config| {
            config.with_writer("fussy", LineFormat::Text, Level::WARN, move || {
                writer.clone()
            })
        },
        |_| {
            info!("not for this sink");
            warn!("first");
            error!("second");
        },
    );
    let text = String::from_utf8(fussy.0.lock().unwrap().1.clone()).unwrap();
    let ends: Vec<_> = text.lines().map(|line| &line[28..]).collect();
    assert_eq!(ends, [" WARN it::sinks first", "ERROR it::sinks second"]);
    let stats = bench.guard.handle().stats();
    let sink = stats.iter().find(|sink| sink.name == "fussy").unwrap();
    assert!(sink.io_errors > 0 && !sink.is_failing, "{sink:?}");
    assert_eq!(sink.total().written, 2);
}

/// Holds the appender's own thread until it is let go.
struct Held(std::sync::mpsc::Receiver<()>, Fussy);

impl Write for Held {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.recv();
        let mut state = self.1.0.lock().unwrap();
        state.1.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn appender_that_drops_lines_when_it_is_full_loses_none() {
    let taken = Fussy::default();
    let (release, held) = std::sync::mpsc::channel();
    let (writer, worker) = tracing_appender::non_blocking::NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(2)
        .finish(Held(held, taken.clone()));
    let bench = logged_with(
        |config| config.with_appender("appender", LineFormat::Json, Level::INFO, writer),
        |bench| {
            for number in 0..20 {
                info!(number, "line");
            }
            // Its queue is full now, which would be a loss without the one before it.
            while bench
                .guard
                .handle()
                .stats()
                .iter()
                .all(|sink| !sink.is_failing)
            {
                std::thread::yield_now();
            }
            drop(release);
        },
    );
    drop(worker);
    let stats = bench.guard.handle().stats();
    let sink = stats.iter().find(|sink| sink.name == "appender").unwrap();
    assert_eq!((sink.total().written, sink.total().lost()), (20, 0));
    let text = String::from_utf8(taken.0.lock().unwrap().1.clone()).unwrap();
    let numbers = text.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["labels"]["number"].as_str().unwrap().to_owned()
    });
    assert!(
        numbers.eq((0..20).map(|number| number.to_string())),
        "{text}"
    );
}
