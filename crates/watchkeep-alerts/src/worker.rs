//! One receiver's task: takes notices from its queue and tries until each is delivered or given up.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::core::Tried;
use crate::engine::Inner;
use crate::line::TARGET;
use crate::notification::Notification;
use crate::notifier::{Notifier, NotifyError};
use crate::numbers::Outcome;
use crate::view::DeliveryOutcome;

/// The longest wait that a receiver may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// How often, and how patiently, a delivery is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retry {
    pub(crate) tries: u32,
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
    pub(crate) attempt_timeout: Duration,
}

impl Retry {
    /// Returns how long to wait after that many failed tries: a random part of a bound that doubles.
    fn wait(&self, tries: u32, error: &NotifyError) -> Duration {
        let bound = self
            .first
            .saturating_mul(1 << tries.saturating_sub(1).min(20))
            .min(self.longest);
        let jittered = bound.mul_f64(fastrand::f64());
        match error.retry_after() {
            Some(after) => after.min(LONGEST_WAIT).max(jittered),
            None => jittered,
        }
    }
}

/// Works a queue off until it is closed and empty.
pub(crate) async fn run(
    receiver: usize,
    notifier: Arc<dyn Notifier>,
    retry: Retry,
    mut queue: mpsc::Receiver<Notification>,
    inner: Weak<Inner>,
) {
    while let Some(notification) = queue.recv().await {
        deliver(receiver, &notifier, retry, Arc::new(notification), &inner).await;
    }
}

async fn deliver(
    receiver: usize,
    notifier: &Arc<dyn Notifier>,
    retry: Retry,
    notification: Arc<Notification>,
    inner: &Weak<Inner>,
) {
    let report = |outcome, tries, next_in, error: Option<String>| {
        let Some(inner) = inner.upgrade() else { return };
        for alert in notification.alerts() {
            inner.tried(Tried {
                fingerprint: alert.fingerprint,
                receiver,
                id: notification.id().to_owned(),
                outcome,
                tries,
                next_in,
                error: error.clone(),
            });
        }
    };
    let settle = |outcome| {
        if let Some(inner) = inner.upgrade() {
            inner.settled(receiver, outcome);
        }
    };
    let mut tries = 1;
    loop {
        let error = match attempt(notifier, &notification, retry.attempt_timeout).await {
            Ok(()) => {
                report(DeliveryOutcome::Delivered, tries, None, None);
                settle(Outcome::Delivered);
                return;
            }
            Err(error) => error,
        };
        let name = notification.receiver();
        if error.is_permanent() || tries >= retry.tries {
            tracing::error!(target: TARGET, receiver = name, kind = notifier.kind(), tries, error = %error, "notification failed");
            report(
                DeliveryOutcome::Failed,
                tries,
                None,
                Some(error.to_string()),
            );
            settle(Outcome::Failed);
            return;
        }
        let wait = retry.wait(tries, &error);
        tracing::debug!(target: TARGET, receiver = name, tries, ?wait, error = %error, "notification will be tried again");
        report(
            DeliveryOutcome::Retrying,
            tries,
            Some(wait),
            Some(error.to_string()),
        );
        sleep(wait).await;
        tries += 1;
    }
}

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
        Ok(Err(_)) => Err(NotifyError::transient("the runtime is shutting down")),
        Err(_) => Err(NotifyError::transient(format!(
            "no answer within {limit:?}"
        ))),
    }
}

/// Ends its task when it goes.
#[derive(Debug)]
pub(crate) struct AbortOnDrop<T>(pub(crate) JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
