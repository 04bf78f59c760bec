//! Whether the process itself is alive: local signs only, never anything that it depends on.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::status::ProbeAnswer;

mod fatal;
mod pulse;
mod watchdog;

pub use fatal::Fatal;
pub use pulse::Pulse;
pub(crate) use watchdog::{MIN_LIMIT, Watchdog};

/// A sign of life of the process itself, for [`Probe::Live`](crate::Probe::Live).
///
/// It is asked by each probe, so it must only read memory. That it can neither wait nor say why keeps the
/// database out of it: a failed liveness probe restarts the process, and that mends nothing outside of it. One that
/// panics counts as dead.
/// [`Fatal`] and [`Pulse`] are ready-made.
pub trait LocalCheck: Send + Sync + 'static {
    /// Whether the process is alive as far as this can see.
    fn is_alive(&self) -> bool;
}

/// All signs of life of a registry.
#[derive(Default)]
pub(crate) struct Liveness {
    pub(crate) locals: Vec<(String, Arc<dyn LocalCheck>)>,
    pub(crate) watchdog: Option<Watchdog>,
    /// Whether the last answer was that it is dead, so that each change is logged once.
    dead: AtomicBool,
}

// === impl Liveness ===

impl Liveness {
    pub(crate) fn new(
        locals: Vec<(String, Arc<dyn LocalCheck>)>,
        watchdog: Option<Watchdog>,
    ) -> Self {
        Self {
            locals,
            watchdog,
            dead: AtomicBool::new(false),
        }
    }

    pub(crate) fn answer(&self, since_birth: Duration) -> ProbeAnswer {
        let dead = self.dead_part(since_birth);
        if dead.is_some() != self.dead.load(Ordering::Relaxed) {
            self.dead.store(dead.is_some(), Ordering::Relaxed);
            match dead {
                Some(check) => tracing::error!(check, "no longer alive"),
                None => tracing::warn!("alive again"),
            }
        }
        match dead {
            Some(_) => ProbeAnswer::new(false, "not live"),
            None => ProbeAnswer::new(true, "live"),
        }
    }

    fn dead_part(&self, since_birth: Duration) -> Option<&str> {
        if let Some(watchdog) = &self.watchdog
            && !watchdog.is_alive(since_birth)
        {
            return Some("runtime");
        }
        let is_dead = |check: &dyn LocalCheck| {
            // Whoever panics here leaves nothing behind that this reads.
            let asking = AssertUnwindSafe(|| check.is_alive());
            !catch_unwind(asking).unwrap_or(false)
        };
        let dead = self.locals.iter().find(|(_, check)| is_dead(&**check));
        dead.map(|(name, _)| name.as_str())
    }
}

impl fmt::Debug for Liveness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.locals.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests;
