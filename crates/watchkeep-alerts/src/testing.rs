//! For tests of programs that raise alerts: a receiver that records, and a clock that stands still.
//!
//! ```
//! use std::time::Duration;
//! use watchkeep_alerts::testing::{ManualClock, Recorder};
//! use watchkeep_alerts::{Alert, Alerting, Level, NotifyError, Timestamp};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), watchkeep_alerts::Error> {
//! let clock = ManualClock::new(Timestamp::from_millis(1_800_000_000_000));
//! let (chat, mut told) = Recorder::new();
//! let alerting = Alerting::builder("shop")
//!     .notifier("chat", chat)
//!     .route(Level::Error, &["chat"])
//!     .clock(clock.clone())
//!     .build()?;
//!
//! alerting.fire(Alert::new("DiskFull", Level::Error, "no space left")).await?;
//! let first = told.next().await;
//! assert_eq!(first.alerts()[0].labels["alertname"], "DiskFull");
//!
//! // Four hours pass at once, and nothing has changed: it is said again.
//! clock.advance(Duration::from_secs(4 * 3_600));
//! let again = told.next().await;
//! assert_eq!(again.alerts(), told.seen()[0].alerts());
//! # Ok(())
//! # }
//! ```

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use crate::async_trait;
pub use crate::clock::ManualClock;
use crate::notification::Notification;
use crate::notifier::{Notifier, NotifyError};

/// A receiver that takes every notice and keeps it, or fails as it is told to.
#[derive(Debug)]
pub struct Recorder {
    replies: Arc<Mutex<VecDeque<NotifyError>>>,
    tries: UnboundedSender<Notification>,
}

/// What a [`Recorder`] was told.
#[derive(Debug)]
pub struct Recorded {
    replies: Arc<Mutex<VecDeque<NotifyError>>>,
    tries: UnboundedReceiver<Notification>,
    seen: Vec<Notification>,
}

// === impl Recorder ===

impl Recorder {
    /// Makes a receiver, and what the test looks at.
    pub fn new() -> (Self, Recorded) {
        let (tries, seen) = mpsc::unbounded_channel();
        let replies = Arc::default();
        let recorder = Self {
            replies: Arc::clone(&replies),
            tries,
        };
        let recorded = Recorded {
            replies,
            tries: seen,
            seen: Vec::new(),
        };
        (recorder, recorded)
    }
}

#[async_trait]
impl Notifier for Recorder {
    fn kind(&self) -> &'static str {
        "recorder"
    }

    async fn notify(&self, notification: &Notification) -> Result<(), NotifyError> {
        // A test that looks no longer is none of the receiver's business.
        drop(self.tries.send(notification.clone()));
        let mut replies = self.replies.lock().unwrap_or_else(PoisonError::into_inner);
        replies.pop_front().map_or(Ok(()), Err)
    }
}

// === impl Recorded ===

impl Recorded {
    /// Lets the next try fail, after those that were set to fail before.
    pub fn fail(&self, error: NotifyError) {
        let mut replies = self.replies.lock().unwrap_or_else(PoisonError::into_inner);
        replies.push_back(error);
    }

    /// Waits for the next try, whether it fails or not, and returns its notice.
    ///
    /// # Panics
    /// When the engine is gone, so that there will be none.
    pub async fn next(&mut self) -> Notification {
        let next = self.tries.recv().await;
        let next = next.expect("an engine that lives tries sooner or later");
        self.seen.push(next.clone());
        next
    }

    /// Returns every notice that was tried, the oldest first.
    pub fn seen(&mut self) -> &[Notification] {
        while let Ok(next) = self.tries.try_recv() {
            self.seen.push(next);
        }
        &self.seen
    }
}
