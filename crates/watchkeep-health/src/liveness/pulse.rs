//! A heartbeat that has to be given again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::check::{Check, CheckError};
use crate::liveness::LocalCheck;

/// A dead man's handle: whoever does the work [beats](Self::beat), and its silence is noticed.
///
/// As a [`LocalCheck`] it fails the liveness probe when a loop of the process itself hangs; as a [`Check`] it
/// turns a component when a job, say the nightly one, has not reported. Clones share the heartbeat. Making it
/// counts as its first beat.
#[derive(Clone, Debug)]
pub struct Pulse {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limit: Duration,
    born: Instant,
    /// When it last beat, in milliseconds since birth.
    last: AtomicU64,
}

// === impl Pulse ===

impl Pulse {
    /// A heartbeat that may be silent for this long.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Self {
            shared: Arc::new(Shared {
                limit,
                born: Instant::now(),
                last: AtomicU64::new(0),
            }),
        }
    }

    /// Says that the work goes on.
    pub fn beat(&self) {
        let now = millis(self.shared.born.elapsed());
        // The newest beat of all clones counts.
        self.shared.last.fetch_max(now, Ordering::Relaxed);
    }

    /// How long it has been silent.
    #[must_use]
    pub fn silence(&self) -> Duration {
        let last = Duration::from_millis(self.shared.last.load(Ordering::Relaxed));
        self.shared.born.elapsed().saturating_sub(last)
    }
}

impl LocalCheck for Pulse {
    fn is_alive(&self) -> bool {
        self.silence() <= self.shared.limit
    }
}

#[crate::async_trait]
impl Check for Pulse {
    async fn check(&self) -> Result<(), CheckError> {
        if self.is_alive() {
            return Ok(());
        }
        let (silence, limit) = (self.silence().as_secs(), self.shared.limit);
        Err(CheckError::new(format!(
            "no heartbeat for {silence} s, {limit:?} is the most"
        )))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
