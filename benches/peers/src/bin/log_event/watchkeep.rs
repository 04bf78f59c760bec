//! Ours: one layer for whatever sinks there are.

use std::io;
use std::path::Path;
use std::time::Duration;

use watchkeep_logging::{Console, LogConfig, OnFull};

use crate::cases::Finish;

const LONG: Duration = Duration::from_secs(600);

pub(crate) fn ecs(path: &Path) -> io::Result<Finish> {
    start(config(path).with_text(false).with_errors(false))
}

pub(crate) fn text(path: &Path) -> io::Result<Finish> {
    start(config(path).with_errors(false).with_json(false))
}

pub(crate) fn three(path: &Path) -> io::Result<Finish> {
    start(config(path))
}

/// Who logs waits when a queue is full, and no file is rotated: as with the others.
fn config(path: &Path) -> LogConfig {
    LogConfig::new("bench")
        .with_console(Console::Off)
        .with_dir(Some(path.to_owned()))
        .with_json(true)
        .with_max_bytes(1 << 40)
        .with_on_full(OnFull::Block { at_most: LONG })
}

fn start(config: LogConfig) -> io::Result<Finish> {
    let guard = config.init().map_err(io::Error::other)?;
    Ok(Box::new(move || {
        let report = guard.flush(LONG);
        match report.is_complete() && report.lost() == 0 {
            true => Ok(()),
            false => Err(io::Error::other(format!("lines were lost: {report:?}"))),
        }
    }))
}
