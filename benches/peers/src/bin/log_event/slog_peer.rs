//! slog: a JSON drain before a buffered file, behind its own queue and thread.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;
use std::sync::OnceLock;

use slog::{Drain, Logger, o};
use slog_async::{Async, OverflowStrategy};

use crate::cases::Finish;
use crate::event::{METHOD, RATIO, Share, TRACE};

static LOGGER: OnceLock<Logger> = OnceLock::new();

pub(crate) fn json(path: &Path) -> io::Result<Finish> {
    let file = BufWriter::new(File::create(path.join("json.log"))?);
    let (drain, guard) = Async::new(slog_json::Json::default(file).fuse())
        .overflow_strategy(OverflowStrategy::Block)
        .build_with_guard();
    let logger = Logger::root(drain.fuse(), o!());
    LOGGER
        .set(logger)
        .map_err(|_| io::Error::other("there is a logger already"))?;
    Ok(Box::new(move || {
        // Waits for the thread, whose end flushes the file.
        drop(guard);
        Ok(())
    }))
}

/// The fields of the span are those of a logger of the request's own.
pub(crate) fn info(share: Share) {
    let Some(logger) = LOGGER.get() else { return };
    let logger = logger.new(o!("trace.id" => TRACE, "user" => share.user));
    for number in share.numbers {
        slog::info!(logger, "request finished"; "method" => METHOD, "number" => number, "ratio" => RATIO, "cached" => true);
    }
}
