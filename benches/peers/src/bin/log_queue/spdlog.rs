//! spdlog-rs: a buffered file behind a lock, and the same behind a queue of records and a thread.

use std::io;
use std::path::Path;
use std::sync::Arc;

use spdlog::formatter::{PatternFormatter, pattern};
use spdlog::sink::{AsyncPoolSink, FileSink, OverflowPolicy, Sink};
use spdlog::{ErrorHandler, Logger, ThreadPool};

use crate::line::Line;
use crate::load::{Finish, Opened, TakeLine};

/// Opens a file that the writing threads share.
pub(crate) fn file(path: &Path) -> io::Result<Opened<impl TakeLine, impl Finish>> {
    let file = file_sink(path)?;
    opened(Arc::<FileSink>::clone(&file), file)
}

/// Opens a file that a thread of its own writes.
pub(crate) fn pooled(path: &Path) -> io::Result<Opened<impl TakeLine, impl Finish>> {
    let file = file_sink(path)?;
    let pool = ThreadPool::builder()
        .build_arc()
        .map_err(io::Error::other)?;
    let sink = AsyncPoolSink::builder()
        .sink(Arc::<FileSink>::clone(&file))
        .thread_pool(pool)
        .overflow_policy(OverflowPolicy::Block)
        .error_handler(complain())
        .build()
        .map_err(io::Error::other)?;
    opened(Arc::new(sink), file)
}

fn file_sink(path: &Path) -> io::Result<Arc<FileSink>> {
    FileSink::builder()
        .path(path)
        .formatter(PatternFormatter::new(pattern!("{payload}{eol}")))
        .error_handler(complain())
        .build_arc()
        .map_err(io::Error::other)
}

/// Errors are not returned to who logs; what they cost is found when the file is checked.
fn complain() -> ErrorHandler {
    ErrorHandler::new(|error| eprintln!("spdlog-rs: {error}"))
}

fn opened(
    sink: Arc<dyn Sink>,
    file: Arc<FileSink>,
) -> io::Result<Opened<impl TakeLine, impl Finish>> {
    let logger = Logger::builder()
        .sink(sink)
        .error_handler(complain())
        .build_arc()
        .map_err(io::Error::other)?;
    let last = Arc::clone(&logger);
    Ok(Opened {
        write: move |line: &Line| {
            spdlog::info!(logger: logger, "{}", line.as_str());
            Ok(())
        },
        finish: move || {
            // With the last logger goes the pool, which waits until its thread has ended.
            if Arc::into_inner(last).is_none() {
                return Err(io::Error::other("a thread still has the logger"));
            }
            file.flush().map_err(io::Error::other)
        },
    })
}
