//! Standard output as the end of a queue, so that a slow terminal slows nobody down.

use std::io::{self, Write};

use super::Output;

/// Standard output.
#[derive(Debug, Default)]
pub(crate) struct Console;

// === impl Console ===

impl Output for Console {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let mut out = io::stdout().lock();
        // What the last call has left in the buffer comes first; nothing of `lines` is taken if that fails.
        out.flush()?;
        let count = out.write(lines)?;
        // A failure shows again at the next call, which then repeats nothing.
        let _ = out.flush();
        Ok(count)
    }

    fn is_gone(&self, error: &io::Error) -> bool {
        error.kind() == io::ErrorKind::BrokenPipe
    }
}
