//! A writer whose end can be waited for, where a guard waits only so long.

use std::io::{self, Write};
use std::sync::mpsc::{self, Receiver, Sender};

/// Tells its other end when it is flushed and gone: the fields are dropped in this order.
#[derive(Debug)]
pub struct Watched<W> {
    writer: W,
    _ended: Sender<()>,
}

/// The other end of a [`Watched`].
#[derive(Debug)]
pub struct End(Receiver<()>);

// === impl Watched ===

impl<W> Watched<W> {
    /// Returns the writer, and how to wait for its end.
    #[must_use]
    pub fn new(writer: W) -> (Self, End) {
        let (ended, end) = mpsc::channel();
        let watched = Self {
            writer,
            _ended: ended,
        };
        (watched, End(end))
    }
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

// === impl End ===

impl End {
    /// Returns once the writer is gone.
    pub fn wait(self) {
        // Nothing is ever sent.
        let _ = self.0.recv();
    }
}
