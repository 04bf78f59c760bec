//! What the handles of a registry share: the state, and who is told when it changes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::component::Component;
use crate::error::{Error, Kind};
use crate::export::{Export, Outcome};
use crate::running::{Running, Tasks};
use crate::state::{Source, State};
use crate::status::Status;
use crate::transition::{Transition, Transitions};

/// Changes that a slow subscriber may lag behind before it misses some.
const REMEMBERED_CHANGES: usize = 256;

pub(crate) struct Inner {
    pub(crate) components: Vec<Component>,
    state: Mutex<State>,
    changes: broadcast::Sender<Transition>,
    /// Locked before the state, so that the last one to set the gauges has seen the newest state.
    export: Mutex<Option<Export>>,
    tasks: Mutex<Weak<Tasks>>,
}

// === impl Inner ===

impl Inner {
    pub(super) fn new(version: String, components: Vec<Component>) -> Self {
        Self {
            state: Mutex::new(State::new(version, &components, Instant::now())),
            components,
            changes: broadcast::Sender::new(REMEMBERED_CHANGES),
            export: Mutex::new(None),
            tasks: Mutex::new(Weak::new()),
        }
    }

    pub(super) fn start(self: &Arc<Self>) -> Running {
        let mut tasks = lock(&self.tasks);
        if let Some(running) = tasks.upgrade() {
            return Running::new(running);
        }
        *lock(&self.export) = Some(Export::new(&self.components));
        self.with(State::start, |_, _| ());
        self.export_statuses();
        let running = Arc::new(Tasks::spawn(self));
        *tasks = Arc::downgrade(&running);
        Running::new(running)
    }

    pub(super) fn subscribe(&self) -> Transitions {
        Transitions::new(self.changes.subscribe())
    }

    /// Changes the state, lets the time take effect, reads the state, and tells what has changed.
    pub(super) fn with<T>(
        &self,
        change: impl FnOnce(&mut State, Instant),
        read: impl FnOnce(&State, Instant) -> T,
    ) -> T {
        let mut state = lock(&self.state);
        // Read under the lock: for the state, time never goes back.
        let now = Instant::now();
        change(&mut state, now);
        let changes = state.refresh(now);
        let answer = read(&state, now);
        for change in &changes {
            // Sent under the lock, so that they arrive in order. It fails when nobody listens, which is fine.
            let _ = self.changes.send(change.clone());
        }
        drop(state);
        if !changes.is_empty() {
            self.export_statuses();
            changes.iter().for_each(log);
        }
        answer
    }

    /// As [`with`](Self::with), for the one component of this name.
    pub(super) fn on(
        &self,
        name: &str,
        change: impl FnOnce(&mut State, usize, Instant) -> Result<(), Kind>,
    ) -> Result<(), Error> {
        let mut result = Ok(());
        let act = |state: &mut State, now| {
            result = match state.find(name) {
                Some(index) => change(state, index, now),
                None => Err(Kind::Unknown(name.to_owned())),
            };
        };
        self.with(act, |_, _| ());
        result.map_err(Error::from)
    }

    /// Takes the result of a run: nothing when all is well, else the error.
    pub(crate) fn record(
        &self,
        index: usize,
        outcome: Outcome,
        error: Option<&str>,
        latency: Duration,
    ) {
        let component = &self.components[index].name;
        match error {
            None => tracing::trace!(component, latency = ?latency, "check passed"),
            Some(error) => {
                tracing::debug!(component, outcome = outcome.as_str(), latency = ?latency, error, "check failed");
            }
        }
        if let Some(export) = &*lock(&self.export) {
            export.count_run(index, outcome, latency);
        }
        let record = |state: &mut State, now| {
            state.record(index, Source::Check, error, now);
            state.set_latency(index, latency);
        };
        self.with(record, |_, _| ());
    }

    /// Lets the time take effect: stale results are noticed even when nobody asks.
    pub(crate) fn refresh(&self) {
        self.with(|_, _| (), |_, _| ());
    }

    fn export_statuses(&self) {
        let export = lock(&self.export);
        if let Some(export) = &*export {
            let statuses: Vec<Status> = lock(&self.state).statuses().collect();
            export.set_statuses(&statuses);
        }
    }
}

fn log(change: &Transition) {
    let Transition {
        component,
        from,
        to,
        after,
        message,
        ..
    } = change;
    let (from, to) = (from.as_str(), to.as_str());
    let error = message.as_deref();
    match change.to {
        Status::Healthy => tracing::info!(component, from, to, ?after, "component status changed"),
        Status::Degraded | Status::Unknown | Status::Unhealthy => {
            tracing::warn!(
                component,
                from,
                to,
                ?after,
                error,
                "component status changed"
            );
        }
    }
}

/// The state is whole at every point where a panic could leave it, so a poisoned lock is as good as another.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
