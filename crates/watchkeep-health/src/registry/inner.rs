//! What the handles of a registry share: the state, and who is told when it changes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

use crate::clock::WallClock;
use crate::component::Component;
use crate::error::{Error, Kind};
use crate::export::{Export, Outcome};
use crate::liveness::Liveness;
use crate::registry::demand::Demand;
use crate::report::Report;
use crate::running::{Running, Tasks};
use crate::state::{Packed, Readiness, Source, State};
use crate::status::{Probe, ProbeAnswer, Status};
use crate::transition::{Changed, Transition, Transitions};

/// Changes that a slow subscriber may lag behind before it misses some.
const REMEMBERED_CHANGES: usize = 256;

/// A background check that was asked for is not run again while its result is younger than this.
const FRESH: Duration = Duration::from_secs(1);

pub(crate) struct Inner {
    pub(crate) components: Vec<Component>,
    /// One a component.
    pub(crate) demands: Vec<Demand>,
    pub(crate) liveness: Liveness,
    born: Instant,
    wall_clock: WallClock,
    state: Mutex<State>,
    /// What the probes are answered, written under the lock of the state and read without any.
    answers: AtomicU64,
    changes: broadcast::Sender<Transition>,
    /// Counts changes of words and answers.
    different: watch::Sender<u64>,
    /// Locked before the state, so that the last one to set the gauges has seen the newest state.
    export: Mutex<Option<Export>>,
    tasks: Mutex<Weak<Tasks>>,
}

// === impl Inner ===

impl Inner {
    pub(super) fn new(
        components: Vec<Component>,
        liveness: Liveness,
        state: State,
        born: Instant,
        wall_clock: WallClock,
    ) -> Self {
        Self {
            demands: components.iter().map(|_| Demand::new()).collect(),
            components,
            liveness,
            born,
            wall_clock,
            answers: AtomicU64::new(state.answers().pack().0),
            state: Mutex::new(state),
            changes: broadcast::Sender::new(REMEMBERED_CHANGES),
            different: watch::Sender::new(0),
            export: Mutex::new(None),
            tasks: Mutex::new(Weak::new()),
        }
    }

    pub(super) fn start(self: &Arc<Self>) -> Running {
        let mut tasks = lock(&self.tasks);
        if let Some(running) = tasks.upgrade() {
            return Running::new(running);
        }
        let has_watchdog = self.liveness.watchdog.is_some();
        *lock(&self.export) = Some(Export::new(&self.components, has_watchdog));
        self.with(State::start, |_, _| ());
        self.export_present();
        let running = Arc::new(Tasks::spawn(self));
        *tasks = Arc::downgrade(&running);
        Running::new(running)
    }

    pub(super) fn is_running(&self) -> bool {
        lock(&self.tasks).strong_count() > 0
    }

    pub(super) fn subscribe(&self) -> Transitions {
        Transitions::new(self.changes.subscribe())
    }

    pub(super) fn changed(&self) -> Changed {
        Changed::new(self.different.subscribe())
    }

    /// Answers a probe from one atomic word, as long as nothing can have gone stale since it was written.
    pub(crate) fn probe(&self, probe: Probe) -> ProbeAnswer {
        let since_birth = self.born.elapsed();
        if probe == Probe::Live {
            return self.liveness.answer(since_birth);
        }
        let packed = Packed(self.answers.load(Ordering::Acquire));
        if packed.holds_at(since_birth) {
            return packed.answer(probe);
        }
        self.with(|_, _| (), |state, _| state.answers().pack().answer(probe))
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
        let former = state.answers().words();
        change(&mut state, now);
        let changes = state.refresh(now);
        let answers = state.answers();
        self.answers.store(answers.pack().0, Ordering::Release);
        let answer = read(&state, now);
        for change in &changes {
            // Sent under the lock, so that they arrive in order. It fails when nobody listens, which is fine.
            let _ = self.changes.send(change.clone());
        }
        drop(state);
        if !changes.is_empty() || answers.words() != former {
            self.tell(&changes);
        }
        answer
    }

    /// Wakes everybody who waits for a difference.
    pub(crate) fn wake(&self) {
        self.different
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    fn tell(&self, changes: &[Transition]) {
        self.wake();
        self.export_present();
        for change in changes {
            self.count(change);
            log(change);
        }
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
            if error.is_none() {
                export.set_last_success(index, self.wall_clock.now());
            }
        }
        let record = |state: &mut State, now| {
            state.record(index, Source::Check, error, now);
            state.set_latency(index, latency);
        };
        self.with(record, |_, _| ());
        self.demands[index].answer();
    }

    /// How everything is now, and what time it is.
    pub(super) fn report(&self) -> Report {
        let mut report = self.with(|_, _| (), State::report);
        report.live = self.probe(Probe::Live).ok;
        report.taken_at = self.wall_clock.now();
        report
    }

    /// Something went well with the component, and it was no check that found out.
    pub(super) fn export_success(&self, name: &str) {
        let index = self.components.iter().position(|it| it.name == name);
        if let (Some(index), Some(export)) = (index, &*lock(&self.export)) {
            export.set_last_success(index, self.wall_clock.now());
        }
    }

    /// Lets the time take effect: stale results are noticed even when nobody asks.
    pub(crate) fn refresh(&self) {
        self.with(|_, _| (), |_, _| ());
    }

    /// Whether the check's last result is young enough for whoever asks for one.
    pub(crate) fn is_fresh(&self, index: usize) -> bool {
        let component = &self.components[index];
        let cache = component
            .on_demand
            .unwrap_or_else(|| component.interval.min(FRESH));
        let age = self.with(|_, _| (), |state, now| state.age(index, now));
        age.is_some_and(|age| age < cache)
    }

    pub(crate) fn beat(&self, now: Instant) {
        if let Some(watchdog) = &self.liveness.watchdog {
            watchdog.beat(now.saturating_duration_since(self.born));
        }
    }

    pub(crate) fn export_lag(&self, lag: Duration) {
        if let Some(export) = &*lock(&self.export) {
            export.set_lag(lag);
        }
    }

    /// Sets the gauges that tell how everything is now.
    fn export_present(&self) {
        let export = lock(&self.export);
        if let Some(export) = &*export {
            let state = lock(&self.state);
            let statuses: Vec<Status> = state.statuses().collect();
            let is_ready = state.answers().readiness == Readiness::Ready;
            drop(state);
            export.set_statuses(&statuses);
            export.set_ready(is_ready);
        }
    }

    fn count(&self, change: &Transition) {
        let index = self
            .components
            .iter()
            .position(|it| it.name == change.component);
        if let (Some(index), Some(export)) = (index, &*lock(&self.export)) {
            export.count_transition(index, change);
        }
    }
}

fn log(change: &Transition) {
    let Transition {
        component,
        from,
        to,
        after,
        reason,
        message,
        ..
    } = change;
    let (from, to, reason) = (from.as_str(), to.as_str(), reason.as_str());
    let error = message.as_deref();
    match change.to {
        Status::Healthy => tracing::info!(
            component,
            from,
            to,
            reason,
            ?after,
            "component status changed"
        ),
        Status::Degraded | Status::Unknown | Status::Unhealthy => {
            tracing::warn!(
                component,
                from,
                to,
                reason,
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
