//! A flag that the program raises when only a restart can help.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::liveness::LocalCheck;

/// Says, once and for good, that only a restart can help.
///
/// For states that the program can recognise and not leave: a poisoned lock around everything, a thread that is
/// gone and cannot be started again. Clones share the flag.
#[derive(Clone, Debug, Default)]
pub struct Fatal {
    raised: Arc<AtomicBool>,
}

// === impl Fatal ===

impl Fatal {
    /// A flag that is not raised.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Raises the flag: from now on the process is not alive.
    pub fn raise(&self) {
        self.raised.store(true, Ordering::Relaxed);
    }
}

impl LocalCheck for Fatal {
    fn is_alive(&self) -> bool {
        !self.raised.load(Ordering::Relaxed)
    }
}
