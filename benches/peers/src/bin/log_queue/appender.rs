//! tracing-appender: a queue of lines, bounded by their number, and a thread that writes them one by one.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::mpsc::{self, Sender};

use tracing_appender::non_blocking::NonBlockingBuilder;
use tracing_appender::rolling;

use crate::line::Line;
use crate::load::{Finish, Opened, TakeLine};

/// A writer whose end can be waited for: the fields are dropped in this order.
struct Watched<W> {
    writer: W,
    _ended: Sender<()>,
}

// === impl Watched ===

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

/// Opens the file that tracing-appender itself would write to.
pub(crate) fn rolling(path: &Path) -> io::Result<Opened<impl TakeLine, impl Finish>> {
    let (folder, name) = (path.parent(), path.file_name());
    let (Some(folder), Some(name)) = (folder, name) else {
        return Err(io::Error::other("the path names no file"));
    };
    Ok(opened(rolling::never(folder, name)))
}

/// Opens a file with a buffer of the standard library's size before it.
pub(crate) fn buffered(path: &Path) -> io::Result<Opened<impl TakeLine, impl Finish>> {
    Ok(opened(BufWriter::new(File::create(path)?)))
}

fn opened<W: Write + Send + 'static>(writer: W) -> Opened<impl TakeLine, impl Finish> {
    let (ended, end) = mpsc::channel();
    let (mut writer, guard) = NonBlockingBuilder::default().lossy(false).finish(Watched {
        writer,
        _ended: ended,
    });
    Opened {
        write: move |line: &Line| writer.write_all(line.as_bytes()),
        finish: move || {
            drop(guard);
            // The guard waits for a second at most; the sender's end says that the writer is flushed and gone.
            let _ = end.recv();
            Ok(())
        },
    }
}
