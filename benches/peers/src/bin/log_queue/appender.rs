//! tracing-appender: a queue of lines, bounded by their number, and a thread that writes them one by one.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use peers::Watched;
use tracing_appender::non_blocking::NonBlockingBuilder;
use tracing_appender::rolling;

use crate::line::Line;
use crate::load::{Finish, Opened, TakeLine};

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
    let (writer, end) = Watched::new(writer);
    let (mut writer, guard) = NonBlockingBuilder::default().lossy(false).finish(writer);
    Opened {
        write: move |line: &Line| writer.write_all(line.as_bytes()),
        finish: move || {
            drop(guard);
            // The guard waits for a second at most; its end says that the writer is flushed and gone.
            end.wait();
            Ok(())
        },
    }
}
