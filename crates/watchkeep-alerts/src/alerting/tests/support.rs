//! A scripted channel, a recorder and a subscriber for the engine's tests.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::Instant;
use tracing::field::{Field, Visit};

use crate::alert::Alert;
use crate::level::Level;
use crate::notification::Notification;
use crate::notifier::{Notifier, NotifyError};

/// What a scripted channel does at one try; without a script it takes every notice.
pub(crate) enum Reply {
    Fail(NotifyError),
    Hang,
    Panic,
    Take,
}

/// A channel that follows a script, and tells the test of each try.
pub(crate) struct Script {
    replies: Mutex<VecDeque<Reply>>,
    tries: UnboundedSender<Try>,
}

/// One try, as the channel saw it.
#[derive(Debug)]
pub(crate) struct Try {
    pub(crate) at: Instant,
    pub(crate) notification: Notification,
}

impl Script {
    pub(crate) fn new(replies: impl IntoIterator<Item = Reply>) -> (Self, UnboundedReceiver<Try>) {
        let (tries, seen) = mpsc::unbounded_channel();
        let replies = Mutex::new(replies.into_iter().collect());
        (Self { replies, tries }, seen)
    }

    /// Follows the script and then does this for ever.
    pub(crate) fn always(
        reply: impl Fn() -> Reply,
        times: usize,
    ) -> (Self, UnboundedReceiver<Try>) {
        Self::new((0..times).map(|_| reply()))
    }
}

#[async_trait::async_trait]
impl Notifier for Script {
    fn kind(&self) -> &'static str {
        "script"
    }

    async fn notify(&self, notification: &Notification) -> Result<(), NotifyError> {
        let notification = notification.clone();
        let at = Instant::now();
        // A test that looks no longer is none of the channel's business.
        drop(self.tries.send(Try { at, notification }));
        let reply = self
            .replies
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or(Reply::Take);
        match reply {
            Reply::Fail(error) => Err(error),
            Reply::Hang => std::future::pending().await,
            Reply::Panic => panic!("the channel is broken"),
            Reply::Take => Ok(()),
        }
    }
}

pub(crate) fn flaky() -> Reply {
    Reply::Fail(NotifyError::transient("flaky"))
}

pub(crate) fn error(name: &str) -> Alert {
    Alert::new(name, Level::Error, "text")
}

/// Lets every other task run until all wait.
pub(crate) async fn settle() {
    // On a paused clock a timer fires only once everybody is idle.
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// A recorder that keeps counters and gauges.
#[derive(Clone, Default)]
pub(crate) struct Numbers(Arc<Mutex<BTreeMap<String, Arc<AtomicU64>>>>);

impl Numbers {
    fn cell(&self, key: &Key) -> Arc<AtomicU64> {
        let mut name = key.name().to_owned();
        for label in key.labels() {
            name.push_str(&format!(" {}={}", label.key(), label.value()));
        }
        Arc::clone(self.0.lock().unwrap().entry(name).or_default())
    }

    /// Returns a counter, or none if it was never registered.
    pub(crate) fn counter(&self, name: &str) -> Option<u64> {
        self.0
            .lock()
            .unwrap()
            .get(name)
            .map(|cell| cell.load(Ordering::Acquire))
    }

    pub(crate) fn gauge(&self, name: &str) -> Option<f64> {
        self.counter(name).map(f64::from_bits)
    }
}

impl metrics::Recorder for Numbers {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.cell(key))
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.cell(key))
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// A subscriber that keeps lines, as `LEVEL target field=value …`, and calls a hook at each.
pub(crate) struct Lines {
    pub(crate) seen: Arc<Mutex<Vec<String>>>,
    pub(crate) hook: Box<dyn Fn() + Send + Sync>,
}

impl tracing::Subscriber for Lines {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "watchkeep_alerts"
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.seen.lock().unwrap().push(line.0);
        (self.hook)();
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!(" {}={value:?}", field.name()));
    }
}
