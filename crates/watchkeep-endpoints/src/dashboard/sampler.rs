//! One task takes the snapshots for all who watch.

use std::future::pending;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use watchkeep_alerts::Alerting;
use watchkeep_health::Registry;

use super::alerts::Alerts;
use super::gather::Gatherer;
use super::page;
use super::snapshot::Snapshot;
use crate::shutdown::Shutdown;

/// How long the alert engine has for its answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// A snapshot in every form, made once for all who ask.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) snapshot: Snapshot,
    pub(super) json: Bytes,
    pub(super) event: Bytes,
    form_token: Option<String>,
    html: OnceLock<Bytes>,
}

/// The newest frame; none before the first one.
pub(super) type Frames = watch::Receiver<Option<Arc<Frame>>>;

/// The task, and where its frames come out.
///
/// It begins when it is asked to, ends with the service's shutdown or drain, and with the last holder of this.
/// At its end the channel closes, which ends all streams; the last frame stays.
pub(super) struct Sampler {
    frames: Frames,
    wanted: Arc<Notify>,
    waiting: Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>,
    task: OnceLock<AbortHandle>,
}

// === impl Frame ===

impl Frame {
    fn new(snapshot: Snapshot, form_token: Option<&str>) -> Self {
        // Strings, numbers and lists of them become JSON without fail.
        let json = serde_json::to_string(&snapshot).unwrap_or_default();
        let sequence = snapshot.sequence;
        Self {
            event: format!("event: snapshot\nid: {sequence}\ndata: {json}\n\n").into(),
            json: json.into(),
            form_token: form_token.map(str::to_owned),
            snapshot,
            html: OnceLock::new(),
        }
    }

    /// One whose event is this.
    #[cfg(test)]
    pub(super) fn of_event(event: Bytes) -> Self {
        Self {
            event,
            ..Self::new(Snapshot::default(), None)
        }
    }

    /// The page of this frame.
    pub(super) fn html(&self) -> Bytes {
        let html = || page::render(&self.snapshot, "", self.form_token.is_some());
        self.html.get_or_init(|| html().into()).clone()
    }
}

// === impl Sampler ===

impl Sampler {
    pub(super) fn new(
        gatherer: Gatherer,
        refresh: Duration,
        shutdown: Shutdown,
        health: Option<Registry>,
    ) -> Self {
        let (sender, frames) = watch::channel(None);
        let wanted = Arc::new(Notify::new());
        let work = Work {
            alerts: gatherer.parts().alerts.clone(),
            gatherer: Arc::new(Mutex::new(gatherer)),
            sender,
            wanted: Arc::clone(&wanted),
            refresh,
        };
        let task = async move {
            tokio::select! {
                () = shutdown.given() => {}
                () = drained(health) => {}
                () = work.run() => {}
            }
        };
        Self {
            frames,
            wanted,
            waiting: Mutex::new(Some(Box::pin(task))),
            task: OnceLock::new(),
        }
    }

    /// Starts the task unless it runs, or has run.
    ///
    /// # Panics
    /// Outside a runtime.
    pub(super) fn start(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(task) = waiting.take() {
            let task = tokio::spawn(task);
            self.task.get_or_init(|| task.abort_handle());
        }
    }

    /// The frames from now on.
    pub(super) fn frames(&self) -> Frames {
        self.start();
        self.frames.clone()
    }

    /// Returns the newest frame, and waits for the first one.
    pub(super) async fn newest(&self) -> Option<Arc<Frame>> {
        let mut frames = self.frames();
        let first = timeout(PATIENCE * 5, frames.wait_for(Option::is_some));
        first.await.ok()?.ok()?.clone()
    }

    /// Takes a snapshot now, and returns once it is there: what has just been done is on it.
    pub(super) async fn renew(&self) {
        let mut frames = self.frames();
        // The next one may have begun before, so it is the one after that which surely knows.
        for _ in 0..2 {
            frames.mark_unchanged();
            self.wanted.notify_one();
            // Late or ended, the page is still there, and a little older.
            let _ = timeout(PATIENCE, frames.changed()).await;
        }
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

/// Waits until the service is told to stop.
async fn drained(health: Option<Registry>) {
    let Some(health) = health else {
        return pending().await;
    };
    let mut changed = health.changed();
    while !health.report().draining {
        if !changed.wait().await {
            return pending().await;
        }
    }
}

/// What the task owns.
struct Work {
    gatherer: Arc<Mutex<Gatherer>>,
    alerts: Option<Alerting>,
    sender: watch::Sender<Option<Arc<Frame>>>,
    wanted: Arc<Notify>,
    refresh: Duration,
}

impl Work {
    async fn run(self) {
        let mut ticks = interval(self.refresh);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_broken = false;
        loop {
            let is_sample = tokio::select! {
                _ = ticks.tick() => true,
                () = self.wanted.notified() => false,
            };
            let alerts = self.ask_alerts().await;
            let gatherer = Arc::clone(&self.gatherer);
            // Sources and the system's files may block for a moment, and rendering takes the processor's time.
            let taken = tokio::task::spawn_blocking(move || {
                let mut gatherer = gatherer.lock().unwrap_or_else(PoisonError::into_inner);
                let snapshot = gatherer.gather(alerts, is_sample, jiff::Timestamp::now());
                Arc::new(Frame::new(snapshot, gatherer.form_token()))
            })
            .await;
            match taken {
                Ok(frame) => drop(self.sender.send_replace(Some(frame))),
                Err(error) if !is_broken => {
                    is_broken = true;
                    tracing::error!(%error, "dashboard cannot be brought up to date");
                }
                Err(_) => {}
            }
        }
    }

    async fn ask_alerts(&self) -> Option<Alerts> {
        let Some(alerting) = &self.alerts else {
            return Some(Alerts::default());
        };
        timeout(PATIENCE, Alerts::ask(alerting)).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests;
