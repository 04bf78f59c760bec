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

    /// Returns how much the channel takes, and what repetitions do to it. Default: [`Limits::default`].
    fn limits(&self) -> Limits {
        Limits::default()
    }

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

    fn limits(&self) -> Limits {
        (**self).limits()
    }

    async fn notify(&self, notification: &Notification) -> Result<(), NotifyError> {
        (**self).notify(notification).await
    }
}

/// What a channel takes; the default is a channel without a bound, which knows no repetition and pages nobody.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Limits {
    /// How many notices it takes; the engine sends no more, and says more than that in digests. None is as many as there are.
    pub rate: Option<Rate>,
    /// Whether a notice that arrives twice does no harm, because the receiver knows it by its id or its group.
    ///
    /// Elsewhere a try of which nobody knows how it ended may make a duplicate.
    pub is_idempotent: bool,
    /// Whether people are woken for each group: such a channel gets no digest, and nothing that was over before it was told; it is told the end of events.
    pub pages: bool,
}

/// How many notices a channel takes.
#[expect(
    clippy::exhaustive_structs,
    reason = "a token bucket has these two numbers"
)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// How many at once, after a pause; at least one.
    pub burst: u32,
    /// How long one takes in the long run; at least a millisecond.
    pub every: Duration,
}

impl Limits {
    /// Makes the limits of a channel that takes so much.
    #[must_use]
    pub const fn of_rate(burst: u32, every: Duration) -> Self {
        Self {
            rate: Some(Rate { burst, every }),
            is_idempotent: false,
            pages: false,
        }
    }

    /// Says that repetitions do no harm.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.is_idempotent = true;
        self
    }

    /// Says that people are woken.
    #[must_use]
    pub const fn paging(mut self) -> Self {
        self.pages = true;
        self
    }
}

/// Why a notice was not delivered.
///
/// The message is logged and shown to operators: it must carry no secret.
/// It is cut after 500 bytes, and control characters in it become escapes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NotifyError {
    message: String,
    kind: NotifyErrorKind,
    retry_after: Option<Duration>,
}

/// What another try would do.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NotifyErrorKind {
    /// It may succeed; but this one may have arrived, too.
    Ambiguous,
    /// Nothing, nor for any other notice: the receiver is not there any more.
    Gone,
    /// Nothing for this notice.
    Permanent,
    /// It may succeed.
    Transient,
}

impl NotifyError {
    /// Makes a failure that another try may mend.
    pub fn transient(message: impl Into<String>) -> Self {
        Self::new(NotifyErrorKind::Transient, &message.into())
    }

    /// Makes a failure that no other try mends.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::new(NotifyErrorKind::Permanent, &message.into())
    }

    /// Makes a failure of which nobody knows whether the notice arrived: the request was sent, and the answer never came.
    pub fn ambiguous(message: impl Into<String>) -> Self {
        Self::new(NotifyErrorKind::Ambiguous, &message.into())
    }

    /// Makes a failure that says that the receiver is not there any more, and is not asked again.
    pub fn gone(message: impl Into<String>) -> Self {
        Self::new(NotifyErrorKind::Gone, &message.into())
    }

    /// Makes a failure of a kind.
    pub fn new(kind: NotifyErrorKind, message: &str) -> Self {
        Self {
            message: text::bounded(text::printable(message), MESSAGE_BYTES),
            kind,
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
        matches!(
            self.kind,
            NotifyErrorKind::Gone | NotifyErrorKind::Permanent
        )
    }

    /// Returns what another try would do.
    pub const fn kind(&self) -> NotifyErrorKind {
        self.kind
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
