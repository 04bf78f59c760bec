//! spdlog-rs: text into its buffered file.

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use spdlog::Logger;
use spdlog::sink::{FileSink, Sink};

use crate::cases::Finish;
use crate::event::{METHOD, RATIO, TRACE, USER};

static LOGGER: OnceLock<Logger> = OnceLock::new();

pub(crate) fn text(path: &Path) -> io::Result<Finish> {
    let file = FileSink::builder()
        .path(path.join("text.log"))
        .build_arc()
        .map_err(io::Error::other)?;
    let sink: Arc<dyn Sink> = Arc::<FileSink>::clone(&file);
    let logger = Logger::builder()
        .sink(sink)
        .build()
        .map_err(io::Error::other)?;
    LOGGER
        .set(logger)
        .map_err(|_| io::Error::other("there is a logger already"))?;
    Ok(Box::new(move || file.flush().map_err(io::Error::other)))
}

/// It has no spans, so an event has their fields itself.
pub(crate) fn info(events: u64) {
    let Some(logger) = LOGGER.get() else { return };
    for number in 0..events {
        spdlog::info!(
            logger: logger,
            "request finished",
            kv: { method = METHOD, number, ratio = RATIO, cached = true, trace = TRACE, user = USER }
        );
    }
}
