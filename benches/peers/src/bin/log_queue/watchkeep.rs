//! Our own: a queue bounded in bytes, and a thread that writes what is in it to the rotating file.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use watchkeep_logging::{OnFull, QueueConfig, RollingFile};

use crate::line::Line;
use crate::load::{Finish, Opened, TakeLine};

/// Opens a file that never rotates, behind a queue that makes a writer wait when it is full.
pub(crate) fn open(path: &Path) -> io::Result<Opened<impl TakeLine, impl Finish>> {
    let file = RollingFile::builder(path).with_max_bytes(u64::MAX).open()?;
    let (mut writer, guard) = QueueConfig::new("bench")
        .with_bytes(8 << 20)
        .with_on_full(OnFull::Block {
            at_most: Duration::MAX,
        })
        .start(file)
        .map_err(io::Error::other)?;
    Ok(Opened {
        write: move |line: &Line| writer.write_all(line.as_bytes()),
        finish: move || {
            let report = guard.flush(Duration::MAX);
            if !report.is_complete() {
                return Err(io::Error::other(format!("not flushed: {report:?}")));
            }
            Ok(())
        },
    })
}
