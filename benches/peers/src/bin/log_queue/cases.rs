//! The cases, in the order in which they take turns.

use std::io;
use std::path::Path;

use crate::load::{Load, Sample, run, run_here};
use crate::{appender, spdlog, watchkeep};

/// One way for lines into a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Measures one run into a new file.
    pub(crate) run: fn(Load, &Path) -> io::Result<Sample>,
    /// Writes the lines on the calling thread and measures nothing.
    pub(crate) run_here: fn(Load, &Path) -> io::Result<()>,
}

/// The one that the others are compared with.
pub(crate) const OURS: &str = "watchkeep";

pub(crate) const ALL: [Case; 5] = [
    Case {
        name: OURS,
        run: |load, path| run(watchkeep::open(path)?, load),
        run_here: |load, path| run_here(watchkeep::open(path)?, load),
    },
    Case {
        name: "tracing-appender rolling",
        run: |load, path| run(appender::rolling(path)?, load),
        run_here: |load, path| run_here(appender::rolling(path)?, load),
    },
    Case {
        name: "tracing-appender buffered",
        run: |load, path| run(appender::buffered(path)?, load),
        run_here: |load, path| run_here(appender::buffered(path)?, load),
    },
    Case {
        name: "spdlog-rs file",
        run: |load, path| run(spdlog::file(path)?, load),
        run_here: |load, path| run_here(spdlog::file(path)?, load),
    },
    Case {
        name: "spdlog-rs pool",
        run: |load, path| run(spdlog::pooled(path)?, load),
        run_here: |load, path| run_here(spdlog::pooled(path)?, load),
    },
];
