//! The channel that always works: the log.

use async_trait::async_trait;

use crate::line::TARGET;
use crate::notification::Notification;
use crate::notifier::{Notifier, NotifyError};
use crate::texts::Texts;

/// Writes each notice as a line to the log, under the receiver's name.
///
/// The engine logs every alert and its end anyway, at the level of the alert; this line is INFO and says who would have been told.
/// It stands in for a channel that is not configured.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Log;

impl Log {
    /// Makes one.
    pub const fn new() -> Self {
        Self
    }
}

#[async_trait]
impl Notifier for Log {
    fn kind(&self) -> &'static str {
        "log"
    }

    async fn notify(&self, notification: &Notification) -> Result<(), NotifyError> {
        for alert in notification.alerts() {
            tracing::info!(
                target: TARGET,
                receiver = notification.receiver(),
                alertname = alert.labels.value_of("alertname"),
                severity = alert.level.severity(),
                status = alert.state.as_str(),
                summary = alert.annotations.value_of("summary"),
                "alert notice"
            );
        }
        Ok(())
    }
}
