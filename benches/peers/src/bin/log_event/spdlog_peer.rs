//! spdlog-rs: its buffered file, alone and behind its own queue and thread.

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use spdlog::formatter::{Formatter, FullFormatter, JsonFormatter};
use spdlog::sink::{AsyncPoolSink, FileSink, OverflowPolicy, Sink};
use spdlog::{ErrorHandler, Logger, ThreadPool};

use crate::cases::Finish;
use crate::event::{METHOD, RATIO, Share, TRACE};

static LOGGER: OnceLock<Logger> = OnceLock::new();

/// Text, formatted and written by the threads that log.
pub(crate) fn text(path: &Path) -> io::Result<Finish> {
    start(file(path, "text.log", FullFormatter::new())?)
}

/// The same text, formatted and written by the thread behind the queue.
pub(crate) fn text_pool(path: &Path) -> io::Result<Finish> {
    start(pooled(file(path, "text.log", FullFormatter::new())?)?)
}

/// JSON of its own, formatted and written by the thread behind the queue.
pub(crate) fn json_pool(path: &Path) -> io::Result<Finish> {
    start(pooled(file(path, "json.log", JsonFormatter::new())?)?)
}

fn file(path: &Path, name: &str, formatter: impl Formatter + 'static) -> io::Result<Arc<dyn Sink>> {
    let file = FileSink::builder()
        .path(path.join(name))
        .formatter(formatter)
        .error_handler(complain())
        .build()
        .map_err(io::Error::other)?;
    Ok(Arc::new(file))
}

fn pooled(sink: Arc<dyn Sink>) -> io::Result<Arc<dyn Sink>> {
    let pool = ThreadPool::builder()
        .build_arc()
        .map_err(io::Error::other)?;
    let sink = AsyncPoolSink::builder()
        .sink(sink)
        .thread_pool(pool)
        .overflow_policy(OverflowPolicy::Block)
        .error_handler(complain())
        .build()
        .map_err(io::Error::other)?;
    Ok(Arc::new(sink))
}

/// Errors are not returned to who logs; what they cost is found when the file is checked.
fn complain() -> ErrorHandler {
    ErrorHandler::new(|error| eprintln!("spdlog-rs: {error}"))
}

fn start(sink: Arc<dyn Sink>) -> io::Result<Finish> {
    let logger = Logger::builder()
        .sink(Arc::clone(&sink))
        .error_handler(complain())
        .build()
        .map_err(io::Error::other)?;
    LOGGER
        .set(logger)
        .map_err(|_| io::Error::other("there is a logger already"))?;
    // Waits for the thread of the pool; a flush alone would only be queued.
    Ok(Box::new(move || {
        sink.flush_on_exit().map_err(io::Error::other)
    }))
}

/// It has no spans, so an event has their fields itself.
pub(crate) fn info(share: Share) {
    let Some(logger) = LOGGER.get() else { return };
    for number in share.numbers {
        spdlog::info!(
            logger: logger,
            "request finished",
            kv: { method = METHOD, number, ratio = RATIO, cached = true, trace = TRACE, user = share.user }
        );
    }
}
