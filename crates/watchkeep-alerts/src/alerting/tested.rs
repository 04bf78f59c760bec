//! Test notices: whether a receiver can be reached.

use std::sync::Arc;

use crate::alerting::{Alerting, lock};
use crate::driver;
use crate::error::{Error, Kind};
use crate::notification::Notification;
use crate::notifier::{Notifier, NotifyError};
use crate::view::TestDelivery;

impl Alerting {
    /// Sends a test notice to every channel of one receiver, once, past its queue.
    ///
    /// # Errors
    /// When there is no such receiver, or a notice was not delivered.
    pub async fn test(&self, receiver: &str) -> Result<(), Error> {
        for notifier in self.channels_of(receiver)? {
            let outcome = self.try_once(receiver, &notifier).await;
            outcome.map_err(Kind::Delivery)?;
        }
        Ok(())
    }

    /// Sends a test notice to every channel of one receiver, once, past its queue, and says how each went.
    ///
    /// # Errors
    /// When there is no such receiver ([`Error::is_unknown_receiver`]).
    pub async fn test_each(&self, receiver: &str) -> Result<Vec<TestDelivery>, Error> {
        let mut deliveries = Vec::new();
        for notifier in self.channels_of(receiver)? {
            let outcome = self.try_once(receiver, &notifier).await;
            deliveries.push(TestDelivery {
                channel: notifier.kind(),
                error: outcome.err().map(|error| error.to_string()),
            });
        }
        Ok(deliveries)
    }

    fn channels_of(&self, receiver: &str) -> Result<Vec<Arc<dyn Notifier>>, Error> {
        let notifiers = lock(&self.inner.running).channels.notifiers_of(receiver);
        match notifiers.is_empty() {
            true => Err(Kind::UnknownReceiver(receiver.chars().take(128).collect()).into()),
            false => Ok(notifiers),
        }
    }

    /// Sends a test notice through one channel.
    async fn try_once(
        &self,
        receiver: &str,
        notifier: &Arc<dyn Notifier>,
    ) -> Result<(), NotifyError> {
        let notification = Arc::new(Notification::test(receiver, &self.inner.service));
        driver::attempt(notifier, &notification, self.inner.attempt_timeout).await
    }
}
