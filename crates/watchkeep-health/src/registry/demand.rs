//! Asking for a run of a check, and waiting for a result.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// The two ends at which somebody who wants a result and the task that runs a check meet.
pub(crate) struct Demand {
    wanted: watch::Sender<()>,
    /// Counts the results.
    results: watch::Sender<u64>,
}

// === impl Demand ===

impl Demand {
    pub(super) fn new() -> Self {
        Self {
            wanted: watch::Sender::new(()),
            results: watch::Sender::new(0),
        }
    }

    /// What the task waits on; runs that were wanted before are forgotten.
    pub(crate) fn wanted(&self) -> watch::Receiver<()> {
        self.wanted.subscribe()
    }

    /// Tells everybody who waits that there is a result.
    pub(crate) fn answer(&self) {
        self.results
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Wants a run, or joins the one that is under way; `false` when no result came in time.
    pub(super) async fn ask(&self, patience: Duration) -> bool {
        let mut results = self.results.subscribe();
        self.wanted.send_replace(());
        matches!(timeout(patience, results.changed()).await, Ok(Ok(())))
    }
}
