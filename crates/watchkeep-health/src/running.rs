//! The tasks behind a registry: one a check, and one that notices what has gone stale.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout_at};

use crate::check::{Check, CheckError};
use crate::export::Outcome;
use crate::message;
use crate::registry::Inner;

/// How late the gauges and the subscribers may learn that a result went stale; reports know it at once.
const SWEEP: Duration = Duration::from_secs(1);

/// The checks run as long as this, or another one of the same run, is alive.
#[derive(Debug)]
#[must_use = "the checks stop when this is dropped"]
pub struct Running {
    _tasks: Arc<Tasks>,
}

/// Aborts the tasks when it is dropped.
#[derive(Debug)]
pub(crate) struct Tasks {
    _tasks: JoinSet<()>,
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
            if let Some(check) = &component.check {
                tasks.spawn(watch(Arc::clone(registry), index, Arc::clone(check)));
            }
        }
        tasks.spawn(sweep(Arc::clone(registry)));
        Self { _tasks: tasks }
    }
}

async fn watch(registry: Arc<Inner>, index: usize, check: Arc<dyn Check>) {
    let component = &registry.components[index];
    // Holds one run at most; it goes with this task.
    let mut run = JoinSet::new();
    loop {
        let started = Instant::now();
        let (outcome, error) = run_once(&mut run, &check, started, component.timeout).await;
        registry.record(index, outcome, error.as_deref(), started.elapsed());
        sleep_until(started + jittered(component.interval)).await;
    }
}

/// Runs the check once, in a task of its own so that a panic, or code that blocks, hurts nobody else.
///
/// A run that was aborted may go on until its next `.await`. It is waited for first: there is never a second one
/// beside it.
async fn run_once(
    run: &mut JoinSet<Result<(), CheckError>>,
    check: &Arc<dyn Check>,
    started: Instant,
    timeout: Duration,
) -> (Outcome, Option<String>) {
    let finish = async {
        while run.join_next().await.is_some() {}
        let check = Arc::clone(check);
        run.spawn(async move { check.check().await });
        run.join_next().await
    };
    match timeout_at(started + timeout, finish).await {
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

fn panic_message(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(payload) => message::clean(&format!("the check panicked: {}", payload_text(&*payload))),
        Err(_) => "the runtime is shutting down".to_owned(),
    }
}

fn payload_text(payload: &(dyn Any + Send)) -> &str {
    let literal = payload.downcast_ref::<&str>().copied();
    literal
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("its payload is no text")
}

/// Up to a tenth less, so that checks and replicas do not march in step; never more.
fn jittered(interval: Duration) -> Duration {
    interval.mul_f64(1.0 - 0.1 * fastrand::f64())
}

async fn sweep(registry: Arc<Inner>) {
    let mut ticks = interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        registry.refresh();
    }
}
