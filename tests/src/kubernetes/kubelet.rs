//! Probes one pod as a kubelet does.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::manifest::{Manifest, Probe};

/// What a kubelet has seen of a pod.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Seen {
    /// Whether it has started.
    pub started: bool,
    /// Whether it gets requests.
    pub ready: bool,
    /// Whether it would have been restarted, and why.
    pub restart: Option<&'static str>,
    /// When the readiness probe failed first since it last succeeded.
    pub first_failure: Option<Instant>,
}

/// Probes a pod until it is dropped.
#[derive(Debug)]
pub struct Kubelet {
    seen: Arc<Mutex<Seen>>,
    alive: JoinHandle<()>,
    ready: JoinHandle<()>,
}

/// Asks one path.
#[derive(Clone)]
struct Prober {
    client: reqwest::Client,
    url: String,
    probe: Probe,
}

impl Kubelet {
    /// Begins to probe a pod; `address` makes a base URL of a port's name.
    #[must_use]
    pub fn start(manifest: &Manifest, address: impl Fn(&str) -> String) -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        let prober = |probe: &Probe| Prober {
            client: reqwest::Client::new(),
            url: format!("{}{}", address(&probe.port), probe.path),
            probe: probe.clone(),
        };
        let startup = prober(&manifest.startup);
        let alive = {
            let (seen, liveness) = (Arc::clone(&seen), prober(&manifest.liveness));
            let startup = startup.clone();
            tokio::spawn(async move {
                if !startup.passes().await {
                    lock(&seen).restart = Some("it did not start in time");
                    return;
                }
                lock(&seen).started = true;
                liveness.fails().await;
                lock(&seen).restart = Some("liveness failed");
            })
        };
        let ready = {
            let (seen, readiness) = (Arc::clone(&seen), prober(&manifest.readiness));
            tokio::spawn(async move {
                if startup.passes().await {
                    readiness.follow(&seen).await;
                }
            })
        };
        Self { seen, alive, ready }
    }

    /// What it has seen so far.
    #[must_use]
    pub fn seen(&self) -> Seen {
        lock(&self.seen).clone()
    }

    /// The pod has to go: nobody asks any more whether it lives, only whether it is ready.
    pub fn terminating(&self) {
        self.alive.abort();
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        self.alive.abort();
        self.ready.abort();
    }
}

impl Prober {
    /// Asks once: an answer from 200 to 399 within the timeout is a success.
    async fn ask(&self) -> bool {
        let request = self.client.get(&self.url).timeout(self.probe.timeout);
        // Each probe is a connection of its own.
        let answer = request.header("connection", "close").send().await;
        answer.is_ok_and(|answer| (200..400).contains(&answer.status().as_u16()))
    }

    /// Asks until it passes; `false` when it failed too often.
    async fn passes(&self) -> bool {
        let mut ticks = self.ticks();
        for _ in 0..self.probe.failures {
            ticks.tick().await;
            if self.ask().await {
                return true;
            }
        }
        false
    }

    /// Asks until it has failed too often in a row.
    async fn fails(&self) {
        let mut ticks = self.ticks();
        let mut failures = 0;
        while failures < self.probe.failures {
            ticks.tick().await;
            failures = if self.ask().await { 0 } else { failures + 1 };
        }
    }

    /// Asks for ever, and tells what follows of it.
    async fn follow(&self, seen: &Mutex<Seen>) {
        let mut ticks = self.ticks();
        let mut failures = 0;
        loop {
            ticks.tick().await;
            let passed = self.ask().await;
            failures = if passed { 0 } else { failures + 1 };
            let mut seen = lock(seen);
            if passed {
                seen.ready = true;
                seen.first_failure = None;
            } else {
                seen.first_failure.get_or_insert_with(Instant::now);
                seen.ready &= failures < self.probe.failures;
            }
        }
    }

    fn ticks(&self) -> tokio::time::Interval {
        let mut ticks = interval(self.probe.period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks
    }
}

fn lock(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
