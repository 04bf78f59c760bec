//! A kubelet's eyes: probes a pod as its manifest says, and draws the conclusions that a kubelet draws.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::client::client_without_connections;
use crate::deployment::{Deployment, Kind, Probe};

/// Probes one pod until it is dropped.
#[derive(Debug)]
pub struct Kubelet {
    task: JoinHandle<()>,
    ready: watch::Receiver<bool>,
    seen: Arc<Mutex<Seen>>,
}

/// A probe that was answered, or not.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// Which one.
    pub kind: Kind,
    /// When it was asked.
    pub asked: Instant,
    /// When the answer was there, or the timeout over.
    pub answered: Instant,
    /// Whether the answer was a success.
    pub is_success: bool,
}

#[derive(Debug, Default)]
struct Seen {
    answers: Vec<Answer>,
    restarts: Vec<Kind>,
}

/// Where the ports of a pod are.
#[derive(Clone, Debug)]
pub struct Ports {
    /// Base URL of the port `http`.
    pub http: String,
    /// Base URL of the port `ops`.
    pub ops: String,
}

struct Prober {
    client: reqwest::Client,
    url: String,
    kind: Kind,
    probe: Probe,
    seen: Arc<Mutex<Seen>>,
}

// === impl Kubelet ===

impl Kubelet {
    /// Begins to probe a pod.
    #[must_use]
    pub fn watch(deployment: &Deployment, ports: &Ports) -> Self {
        let seen = Arc::default();
        let prober = |kind| {
            let probe = deployment.probe(kind);
            let base = match probe.port.as_str() {
                "ops" => &ports.ops,
                _ => &ports.http,
            };
            Prober {
                client: client_without_connections(),
                url: format!("{base}{}", probe.path),
                kind,
                probe,
                seen: Arc::clone(&seen),
            }
        };
        let (startup, liveness, readiness) = (
            prober(Kind::Startup),
            prober(Kind::Liveness),
            prober(Kind::Readiness),
        );
        let (is_ready, ready) = watch::channel(false);
        let task = tokio::spawn(async move {
            // Nothing else is asked until the start is over.
            startup.until_success().await;
            tokio::join!(
                liveness.for_life(|_| ()),
                readiness.for_life(|state| {
                    is_ready.send_if_modified(|old| std::mem::replace(old, state) != state);
                })
            );
        });
        Self { task, ready, seen }
    }

    /// Returns whether the pod may get requests, as it changes.
    #[must_use]
    pub fn ready(&self) -> watch::Receiver<bool> {
        self.ready.clone()
    }

    /// Waits until the pod may, or may not, get requests.
    ///
    /// # Panics
    /// When it comes to nothing within 40 seconds.
    pub async fn until_ready_is(&self, wanted: bool) {
        let mut ready = self.ready.clone();
        let change = ready.wait_for(|ready| *ready == wanted);
        let change = tokio::time::timeout(std::time::Duration::from_secs(40), change).await;
        change
            .unwrap_or_else(|_| panic!("readiness is not {wanted}"))
            .expect("it is still probed");
    }

    /// Returns every restart that a kubelet would have made, by the probe that asked for it.
    #[must_use]
    pub fn restarts(&self) -> Vec<Kind> {
        self.seen().restarts.clone()
    }

    /// Returns the answers to one probe, in order.
    #[must_use]
    pub fn answers(&self, kind: Kind) -> Vec<Answer> {
        let seen = self.seen();
        let of_kind = seen.answers.iter().filter(|answer| answer.kind == kind);
        of_kind.copied().collect()
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        self.task.abort();
    }
}

// === impl Prober ===

impl Prober {
    async fn until_success(&self) {
        let mut ticks = self.ticks().await;
        let mut failures = 0;
        loop {
            ticks.tick().await;
            if self.ask().await {
                return;
            }
            failures += 1;
            if failures == self.probe.failure_threshold {
                self.restart();
                failures = 0;
            }
        }
    }

    /// Asks for ever; tells what it comes to whenever enough answers in a row agree.
    async fn for_life(&self, tell: impl Fn(bool)) {
        let mut ticks = self.ticks().await;
        let mut in_a_row = (true, 0);
        loop {
            ticks.tick().await;
            let is_success = self.ask().await;
            in_a_row = match in_a_row {
                (same, count) if same == is_success => (same, count + 1),
                _ => (is_success, 1),
            };
            let threshold = match is_success {
                true => self.probe.success_threshold,
                false => self.probe.failure_threshold,
            };
            if in_a_row.1 < threshold {
                continue;
            }
            tell(is_success);
            if !is_success && self.kind == Kind::Liveness {
                self.restart();
                in_a_row = (true, 0);
            }
        }
    }

    async fn ticks(&self) -> tokio::time::Interval {
        sleep(self.probe.initial_delay).await;
        let mut ticks = interval(self.probe.period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks
    }

    async fn ask(&self) -> bool {
        let asked = Instant::now();
        let answer = self.client.get(&self.url).timeout(self.probe.timeout);
        let answer = answer.send().await;
        let is_success = answer.is_ok_and(|answer| (200..400).contains(&answer.status().as_u16()));
        let answer = Answer {
            kind: self.kind,
            asked,
            answered: Instant::now(),
            is_success,
        };
        self.seen().answers.push(answer);
        is_success
    }

    fn restart(&self) {
        self.seen().restarts.push(self.kind);
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
