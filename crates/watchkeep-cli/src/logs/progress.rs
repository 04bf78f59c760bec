//! How far a large folder is read: one line on a terminal that changes, nothing elsewhere.

use std::io::{self, Write as _};
use std::ops::ControlFlow;

use watchkeep_logging::query::Progress;

/// Below that much it is over before anybody could read the line.
const LEAST_BYTES: u64 = 64 * 1024 * 1024;

/// The line on the terminal.
#[derive(Debug)]
pub(super) struct Bar {
    is_watched: bool,
    shown: Option<u64>,
}

impl Bar {
    pub(super) fn on_terminal() -> Self {
        Self {
            is_watched: super::is_watched(),
            shown: None,
        }
    }

    /// Shows it when the percentage is another one.
    pub(super) fn show(&mut self, progress: Progress) -> ControlFlow<()> {
        if self.is_watched
            && let Some(percent) = percent(progress)
            && self.shown != Some(percent)
        {
            self.shown = Some(percent);
            let megabytes = progress.bytes_total / 1_000_000;
            // A terminal that is gone is nobody's loss.
            let _ = write!(io::stderr(), "\rread {percent} % of {megabytes} MB");
        }
        ControlFlow::Continue(())
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if self.shown.take().is_some() {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}

/// How much of a large folder is read.
fn percent(progress: Progress) -> Option<u64> {
    let total = progress.bytes_total;
    if total < LEAST_BYTES {
        return None;
    }
    progress.bytes_read.saturating_mul(100).checked_div(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_large_folders_have_a_percentage() {
        let mut progress = Progress::default();
        assert_eq!(percent(progress), None);
        progress.bytes_total = LEAST_BYTES;
        progress.bytes_read = LEAST_BYTES / 2;
        assert_eq!(percent(progress), Some(50));
    }
}
