//! One try of one notice.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::notification::Notification;
use crate::notifier::{Notifier, NotifyError};
use crate::outbox::{Failure, FailureKind};

/// Tries once, in a task of its own: a panic there, or a hang, is a failure of this try and of nothing else.
pub(crate) async fn attempt(
    notifier: &Arc<dyn Notifier>,
    notification: &Arc<Notification>,
    limit: Duration,
) -> Result<(), (NotifyError, Failure)> {
    let notifier = Arc::clone(notifier);
    let notification = Arc::clone(notification);
    let mut task = AbortOnDrop(tokio::spawn(
        async move { notifier.notify(&notification).await },
    ));
    match timeout(limit, &mut task.0).await {
        Ok(Ok(Ok(()))) => Ok(()),
        Ok(Ok(Err(error))) => {
            let failure = failure(&error);
            Err((error, failure))
        }
        Ok(Err(error)) if error.is_panic() => Err(own(
            "the notifier panicked".to_owned(),
            FailureKind::Transient,
        )),
        Ok(Err(_)) => Err(own(
            "the runtime is shutting down".to_owned(),
            FailureKind::Ambiguous,
        )),
        // It may have arrived, and only the answer is missing.
        Err(_) => Err(own(
            format!("no answer within {limit:?}"),
            FailureKind::Ambiguous,
        )),
    }
}

fn failure(error: &NotifyError) -> Failure {
    Failure {
        kind: if error.is_permanent() {
            FailureKind::Permanent
        } else {
            FailureKind::Transient
        },
        retry_after: error.retry_after(),
        message: error.to_string(),
    }
}

fn own(message: String, kind: FailureKind) -> (NotifyError, Failure) {
    let failure = Failure {
        kind,
        retry_after: None,
        message: message.clone(),
    };
    (NotifyError::transient(message), failure)
}

/// Ends its task when it goes.
#[derive(Debug)]
pub(super) struct AbortOnDrop<T>(pub(super) JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
