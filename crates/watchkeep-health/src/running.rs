//! The tasks behind a registry: one a check, and one that notices what has gone stale.

use std::any::Any;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout_at};

use crate::check::{CheckError, Work};
use crate::export::Outcome;
use crate::message;
use crate::registry::Inner;
use crate::status::Probe;

mod isolated;
mod pace;

use isolated::Isolated;
use pace::Pace;

/// How late the gauges and the subscribers may learn that a result went stale, or a sign of life ended; reports and
/// probes know it at once.
const SWEEP: Duration = Duration::from_secs(1);

/// The checks run as long as this, or another one of the same run, is alive.
#[derive(Debug)]
#[must_use = "the checks stop when this is dropped"]
pub struct Running {
    _tasks: Arc<Tasks>,
}

/// Aborts the tasks when it is dropped.
pub(crate) struct Tasks {
    _tasks: JoinSet<()>,
    registry: Weak<Inner>,
}

/// Why a check runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Wake {
    Due,
    Wanted,
}

// === impl Running ===

impl Running {
    pub(crate) fn new(tasks: Arc<Tasks>) -> Self {
        Self { _tasks: tasks }
    }
}

// === impl Tasks ===

impl Tasks {
    pub(crate) fn spawn(registry: &Arc<Inner>) -> Self {
        let mut tasks = JoinSet::new();
        for (index, component) in registry.components.iter().enumerate() {
            if let Some(work) = &component.work {
                let wanted = registry.demands[index].wanted();
                tasks.spawn(watch(Arc::clone(registry), index, work.clone(), wanted));
            }
        }
        tasks.spawn(sweep(Arc::clone(registry)));
        if let Some(watchdog) = &registry.liveness.watchdog {
            tasks.spawn(beat(Arc::clone(registry), watchdog.interval()));
        }
        Self {
            _tasks: tasks,
            registry: Arc::downgrade(registry),
        }
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        let registry = self.registry.upgrade();
        if let Some(watchdog) = registry.iter().find_map(|it| it.liveness.watchdog.as_ref()) {
            watchdog.sleep();
        }
    }
}

impl std::fmt::Debug for Tasks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tasks").finish_non_exhaustive()
    }
}

async fn watch(registry: Arc<Inner>, index: usize, work: Work, mut wanted: watch::Receiver<()>) {
    let component = &registry.components[index];
    // Holds one run at most; it goes with this task.
    let mut run = JoinSet::new();
    let mut pace = Pace::new(component);
    let mut due = component.on_demand.is_none().then(Instant::now);
    loop {
        // Whoever looked just before the last result came, and asked just after, is content with it.
        if wait(due, &mut wanted).await == Wake::Wanted && registry.is_fresh(index) {
            registry.demands[index].answer();
            continue;
        }
        let started = Instant::now();
        let (outcome, error) = run_once(&mut run, &work, started, component.timeout).await;
        // Whoever asked until now gets this result, and wants no other.
        wanted.mark_unchanged();
        match outcome {
            Outcome::Ok => pace.passed(),
            Outcome::Error | Outcome::Panic | Outcome::Stuck | Outcome::Timeout => pace.failed(),
        }
        registry.record(index, outcome, error.as_deref(), started.elapsed());
        due = due.map(|_| started + pace.wait(fastrand::f64()));
    }
}

/// Waits until the next run is due, for ever when none is, or wanted.
async fn wait(due: Option<Instant>, wanted: &mut watch::Receiver<()>) -> Wake {
    let is_due = async {
        match due {
            Some(due) => sleep_until(due).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = is_due => Wake::Due,
        // The sender lives as long as the registry, which this task holds.
        _ = wanted.changed() => Wake::Wanted,
    }
}

/// Runs the check once, in a task of its own so that a panic, or code that blocks, hurts nobody else.
///
/// A run that was aborted may go on until its next `.await`. It is waited for first: there is never a second one
/// beside it, and what it still says is thrown away.
async fn run_once(
    run: &mut JoinSet<Result<(), CheckError>>,
    work: &Work,
    started: Instant,
    timeout: Duration,
) -> (Outcome, Option<String>) {
    let deadline = deadline(started, timeout);
    let clear = async { while run.join_next().await.is_some() {} };
    if timeout_at(deadline, clear).await.is_err() {
        return (
            Outcome::Stuck,
            Some("an earlier run has not ended yet".to_owned()),
        );
    }
    match work.clone() {
        Work::Async(check) => {
            run.spawn(Isolated::new(Box::pin(async move { check.check().await })))
        }
        Work::Blocking(check) => run.spawn_blocking(move || check()),
    };
    match timeout_at(deadline, run.join_next()).await {
        Ok(Some(Ok(Ok(())))) => (Outcome::Ok, None),
        Ok(Some(Ok(Err(error)))) => (Outcome::Error, Some(error.message().to_owned())),
        Ok(Some(Err(error))) => (Outcome::Panic, Some(panic_message(error))),
        Ok(None) => (Outcome::Error, Some("the run was lost".to_owned())),
        Err(_) => {
            run.abort_all();
            (
                Outcome::Timeout,
                Some(format!("no answer within {timeout:?}")),
            )
        }
    }
}

/// A timeout beyond what the clock can tell is a century.
fn deadline(started: Instant, timeout: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    started + timeout.min(CENTURY)
}

fn panic_message(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(payload) => {
            let text = message::clean(&format!("the check panicked: {}", payload_text(&*payload)));
            drop_quietly(payload);
            text
        }
        Err(_) => "the run was cancelled".to_owned(),
    }
}

/// Drops a payload whose destructor may panic as well.
fn drop_quietly(payload: Box<dyn Any + Send>) {
    let dropping = std::panic::AssertUnwindSafe(|| drop(payload));
    if let Err(again) = std::panic::catch_unwind(dropping) {
        // Whoever panics on and on is not given another chance to.
        #[expect(clippy::mem_forget, reason = "the destructor of this panics, perhaps")]
        std::mem::forget(again);
    }
}

fn payload_text(payload: &(dyn Any + Send)) -> &str {
    let literal = payload.downcast_ref::<&str>().copied();
    literal
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("its payload is no text")
}

async fn sweep(registry: Arc<Inner>) {
    let mut ticks = interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut was_live = true;
    loop {
        ticks.tick().await;
        registry.refresh();
        // Signs of life tell nobody when they end.
        let is_live = registry.probe(Probe::Live).ok;
        if is_live != was_live {
            registry.wake();
        }
        was_live = is_live;
    }
}

/// Beats the watchdog, and measures how late the runtime is in doing so.
async fn beat(registry: Arc<Inner>, every: Duration) {
    loop {
        let due = Instant::now() + every;
        registry.beat(Instant::now());
        sleep_until(due).await;
        registry.export_lag(due.elapsed());
    }
}
