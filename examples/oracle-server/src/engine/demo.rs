//! The demo's engine: the embedded one in changing moods, so that every panel has something to show.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use super::{Classification, EmbeddedEngine, Engine, EngineError};

/// Calls in one round of moods; the last tenth of it is slow.
const ROUND: u64 = 200;

/// An engine that thinks for a while, fails now and then, and has slow spells.
#[derive(Debug, Default)]
pub(crate) struct MoodyEngine {
    inner: EmbeddedEngine,
    calls: AtomicU64,
}

#[async_trait]
impl Engine for MoodyEngine {
    async fn classify(&self, text: &str) -> Result<Classification, EngineError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let slow = call % ROUND >= ROUND - ROUND / 10;
        let thinks = if slow { 800..2_500 } else { 20..180 };
        tokio::time::sleep(Duration::from_millis(fastrand::u64(thinks))).await;
        if fastrand::u32(..100) < 3 {
            return Err(EngineError::Moody);
        }
        self.inner.classify(text).await
    }

    async fn reachable(&self) -> Result<(), EngineError> {
        Ok(())
    }
}
