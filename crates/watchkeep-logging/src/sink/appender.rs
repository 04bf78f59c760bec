//! Writers of others as the end of a queue.

use std::io::{self, Write};
use std::sync::Arc;

use memchr::memchr;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking};
use tracing_subscriber::fmt::MakeWriter;

use super::Output;

/// Any `MakeWriter`.
#[derive(Debug)]
pub(crate) struct Writer<M>(pub(crate) Arc<M>);

/// The non-blocking writer of tracing-appender, which drops lines when its own queue is full.
#[derive(Debug)]
pub(crate) struct Appender {
    writer: NonBlocking,
    refused: ErrorCounter,
}

// === impl Writer ===

impl<M> Output for Writer<M>
where
    M: for<'a> MakeWriter<'a> + Send + Sync,
{
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let mut writer = self.0.make_writer();
        let count = writer.write(lines)?;
        // What it keeps back now comes out with a later line; it has taken these.
        let _ = writer.flush();
        Ok(count)
    }
}

// === impl Appender ===

impl Appender {
    pub(crate) fn new(writer: NonBlocking) -> Self {
        Self {
            refused: writer.error_counter(),
            writer,
        }
    }
}

impl Output for Appender {
    /// Hands over one line, which is what the other queue counts, and sees whether it was taken.
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let end = memchr(b'\n', lines);
        let line = &lines[..end.map_or(lines.len(), |end| end + 1)];
        let before = self.refused.dropped_lines();
        self.writer.write_all(line)?;
        if self.refused.dropped_lines() == before {
            Ok(line.len())
        } else {
            Err(io::Error::new(
                io::ErrorKind::WouldBlock,
                "the queue of the appender is full, or its worker is gone",
            ))
        }
    }
}
