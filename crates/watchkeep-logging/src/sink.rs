//! A sink: a queue bounded in bytes, and the thread that empties it into an output.

use std::io;

#[cfg(feature = "appender")]
mod appender;
mod console;
mod lines;
mod queue;
mod worker;

#[cfg(feature = "appender")]
pub(crate) use self::appender::{Appender, Writer};
pub(crate) use self::console::Console;
pub(crate) use self::lines::newlines;
pub(crate) use self::queue::Queue;
pub(crate) use self::worker::{Notice, is_worker};

/// Where a worker puts its lines.
pub(crate) trait Output: Send {
    /// Writes a part of `lines`, which begin where the last call stopped, and returns its length.
    fn write(&mut self, lines: &[u8]) -> io::Result<usize>;

    /// Returns, after an error, whether the next call may go on inside the line that it has left unfinished; if not, that line
    /// is written again from its start.
    fn can_continue(&mut self) -> bool {
        true
    }

    /// Leaves no part of a line behind that will never be finished.
    fn give_up_line(&mut self) {}

    /// Returns whether an error means that this output will never come back.
    fn is_gone(&self, _error: &io::Error) -> bool {
        false
    }

    /// Opens the output anew before the next line.
    fn reopen(&mut self) {}

    /// Puts what comes next into a new file, where that means anything.
    fn rotate(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Does what has become due without any line.
    fn tend(&mut self) {}

    /// Returns the number of rotations so far.
    fn rotations(&mut self) -> u64 {
        0
    }

    /// Returns an error that kept no line from being written.
    fn take_problem(&mut self) -> Option<io::Error> {
        None
    }
}

#[cfg(test)]
mod tests;
