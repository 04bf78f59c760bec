//! The interface of a channel, and why a delivery fails.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use crate::notification::Notification;
use crate::text;

/// The longest message of a failed delivery, in bytes.
const MESSAGE_BYTES: usize = 500;

/// A channel that tells somebody: a chat, a pager, a webhook.
///
/// The engine calls it from one task per receiver, one notice at a time, and gives each try a time limit.
/// A panic counts as a transient failure of that try.
/// What blocks a thread, rather than awaiting, holds up a runtime thread: do that elsewhere.
///
/// ```
/// use watchkeep_alerts::{Notification, Notifier, NotifyError, async_trait};
///
/// struct Bell;
///
/// #[async_trait]
/// impl Notifier for Bell {
///     fn kind(&self) -> &'static str {
///         "bell"
///     }
///
///     async fn notify(&self, notification: &Notification) -> Result<(), NotifyError> {
///         for alert in notification.alerts() {
///             if alert.labels["alertname"].is_empty() {
///                 return Err(NotifyError::permanent("nothing to ring for"));
///             }
///         }
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait Notifier: Send + Sync + 'static {
    /// Returns what sort of channel this is, in one lower-case word.
    fn kind(&self) -> &'static str;

    /// Delivers one notice, once.
    ///
    /// # Errors
    /// [`NotifyError::transient`] when another try may succeed, [`NotifyError::permanent`] when none will.
    async fn notify(&self, notification: &Notification) -> Result<(), NotifyError>;
}

#[async_trait]
impl Notifier for Box<dyn Notifier> {
    fn kind(&self) -> &'static str {
        (**self).kind()
    }

    async fn notify(&self, notification: &Notification) -> Result<(), NotifyError> {
        (**self).notify(notification).await
    }
}

/// Why a notice was not delivered.
///
/// The message is logged and shown to operators: it must carry no secret.
/// It is cut after 500 bytes, and control characters in it become escapes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NotifyError {
    message: String,
    permanent: bool,
    retry_after: Option<Duration>,
}

impl NotifyError {
    /// Makes a failure that another try may mend.
    pub fn transient(message: impl Into<String>) -> Self {
        Self::new(&message.into(), false)
    }

    /// Makes a failure that no other try mends.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::new(&message.into(), true)
    }

    fn new(message: &str, permanent: bool) -> Self {
        Self {
            message: text::bounded(text::printable(message), MESSAGE_BYTES),
            permanent,
            retry_after: None,
        }
    }

    /// Sets the least time until the next try, as the channel asked for it; the engine waits at most an hour.
    #[must_use]
    pub const fn with_retry_after(mut self, after: Option<Duration>) -> Self {
        self.retry_after = after;
        self
    }

    /// Says whether no other try is worth it.
    pub const fn is_permanent(&self) -> bool {
        self.permanent
    }

    /// Returns the least time until the next try, if the channel asked for one.
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for NotifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for NotifyError {}
