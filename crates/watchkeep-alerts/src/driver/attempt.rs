//! One try of one notice.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::notification::Notification;
use crate::notifier::{Notifier, NotifyError, NotifyErrorKind};
use crate::outbox::{Failure, FailureKind};

/// Tries once, in a task of its own: a panic there, or a hang, is a failure of this try and of nothing else.
pub(crate) async fn attempt(
    notifier: &Arc<dyn Notifier>,
    notification: &Arc<Notification>,
    limit: Duration,
) -> Result<(), NotifyError> {
    let notifier = Arc::clone(notifier);
    let notification = Arc::clone(notification);
    let mut task = AbortOnDrop(tokio::spawn(
        async move { notifier.notify(&notification).await },
    ));
    match timeout(limit, &mut task.0).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) if error.is_panic() => Err(NotifyError::transient("the notifier panicked")),
        Ok(Err(_)) => Err(NotifyError::ambiguous("the runtime is shutting down")),
        // It may have arrived, and only the answer is missing.
        Err(_) => Err(NotifyError::ambiguous(format!(
            "no answer within {limit:?}"
        ))),
    }
}

pub(super) fn failure(error: &NotifyError) -> Failure {
    Failure {
        kind: match error.kind() {
            NotifyErrorKind::Ambiguous => FailureKind::Ambiguous,
            NotifyErrorKind::Gone => FailureKind::Gone,
            NotifyErrorKind::Permanent => FailureKind::Permanent,
            NotifyErrorKind::Transient => FailureKind::Transient,
        },
        retry_after: error.retry_after(),
        message: error.to_string(),
    }
}

/// Ends its task when it goes.
#[derive(Debug)]
pub(super) struct AbortOnDrop<T>(pub(super) JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
