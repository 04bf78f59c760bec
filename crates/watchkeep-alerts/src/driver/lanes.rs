//! The tasks that send: one a lane, so that a hanging one delays no other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::driver::attempt::{attempt, failure};
use crate::driver::{Channels, failpoint};
use crate::notification::Notification;
use crate::notifier::Notifier;
use crate::outbox::Failure;
use crate::state::Lane;

/// How a try went.
pub(super) struct Tried {
    pub(super) lane: Lane,
    pub(super) id: String,
    pub(super) result: Result<(), Failure>,
}

/// The tasks of a configuration.
pub(super) struct Lanes {
    channels: Channels,
    queues: BTreeMap<Lane, mpsc::Sender<Arc<Notification>>>,
    tasks: JoinSet<()>,
    attempt_timeout: Duration,
    /// Bounded by there being one try under way a lane.
    tried: mpsc::UnboundedSender<Tried>,
    pub(super) results: mpsc::UnboundedReceiver<Tried>,
}

impl Lanes {
    pub(super) fn new(channels: Channels, attempt_timeout: Duration) -> Self {
        let (tried, results) = mpsc::unbounded_channel();
        Self {
            channels,
            queues: BTreeMap::new(),
            tasks: JoinSet::new(),
            attempt_timeout,
            tried,
            results,
        }
    }

    /// Goes on with other notifiers; what is under way comes to its end with the old one.
    pub(super) fn replace(&mut self, channels: Channels) {
        self.queues.clear();
        self.channels = channels;
        while self.tasks.try_join_next().is_some() {}
    }

    /// Returns the kind of the channel behind a lane.
    pub(super) fn kind(&self, lane: &Lane) -> &'static str {
        let notifier = self.channels.notifiers.get(lane);
        notifier.map_or("none", |notifier| notifier.kind())
    }

    /// Hands a notice to its lane, whose task is started when it is needed first.
    pub(super) fn send(&mut self, lane: &Lane, notification: Arc<Notification>) {
        let Some(notifier) = self.channels.notifiers.get(lane) else {
            return;
        };
        let queue = self.queues.entry(lane.clone()).or_insert_with(|| {
            let (queue, notifications) = mpsc::channel(1);
            let work = work(
                lane.clone(),
                Arc::clone(notifier),
                self.attempt_timeout,
                notifications,
                self.tried.clone(),
            );
            self.tasks.spawn(work);
            queue
        });
        // The outbox hands out one notice a lane until it hears how it went, so there is room.
        let sent = queue.try_send(notification);
        debug_assert!(sent.is_ok(), "one notice under way a lane");
    }

    /// Ends all tries.
    pub(super) fn stop(&mut self) {
        self.queues.clear();
        self.tasks.abort_all();
    }
}

async fn work(
    lane: Lane,
    notifier: Arc<dyn Notifier>,
    limit: Duration,
    mut notifications: mpsc::Receiver<Arc<Notification>>,
    tried: mpsc::UnboundedSender<Tried>,
) {
    while let Some(notification) = notifications.recv().await {
        failpoint!("before send");
        let result = attempt(&notifier, &notification, limit).await;
        failpoint!("after send");
        let result = result.map_err(|error| failure(&error));
        let id = notification.id().to_owned();
        let lane = lane.clone();
        // When nobody listens any more, the notice is in the journal still.
        drop(tried.send(Tried { lane, id, result }));
    }
}
