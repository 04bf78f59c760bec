//! The thin shell around the pure core: one lock, one queue per receiver, a few tasks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::alert::Alert;
use crate::alerting::Ack;
use crate::builder::Parts;
use crate::clock::Clock;
use crate::core::{Core, Effect, Event, Tried};
use crate::error::{Error, Kind};
use crate::fingerprint::Fingerprint;
use crate::line::{self, TARGET};
use crate::notification::Notification;
use crate::numbers::{self, Outcome};
use crate::view::{AlertKind, AlertView, DeliveryOutcome};
use crate::worker::{self, AbortOnDrop};

mod inside;
mod lane;

use inside::Inside;
use lane::Lane;

/// What the handles, the workers and the ticker share.
pub(crate) struct Inner {
    clock: Clock,
    service: String,
    max_active: usize,
    attempt_timeout: Duration,
    state: Mutex<State>,
    lanes: Vec<Lane>,
    /// Wakes the ticker when something is due earlier than it knows.
    earlier: Arc<Notify>,
    workers: tokio::sync::Mutex<JoinSet<()>>,
    ticker: Mutex<Option<AbortOnDrop<()>>>,
}

struct State {
    core: Core,
    /// One queue per receiver; none once the engine is shut down.
    queues: Option<Vec<mpsc::Sender<Notification>>>,
}

// === impl Inner ===

impl Inner {
    /// Starts the tasks; to be called in a runtime.
    pub(crate) fn start(parts: Parts) -> Result<Arc<Self>, Error> {
        let runtime = Handle::try_current().map_err(|_| Error::from(Kind::NoRuntime))?;
        let Parts {
            settings,
            notifiers,
            queue,
            retry,
        } = parts;
        numbers::register(&settings.receivers);
        let lanes: Vec<Lane> = settings
            .receivers
            .iter()
            .zip(notifiers)
            .map(|(name, notifier)| Lane::new(name.clone(), notifier))
            .collect();
        let (senders, receivers): (Vec<_>, Vec<_>) =
            lanes.iter().map(|_| mpsc::channel(queue)).unzip();
        let inner = Arc::new_cyclic(|weak: &Weak<Self>| {
            let mut workers = JoinSet::new();
            for (receiver, (lane, queue)) in lanes.iter().zip(receivers).enumerate() {
                let work = worker::run(
                    receiver,
                    Arc::clone(&lane.notifier),
                    retry,
                    queue,
                    Weak::clone(weak),
                );
                workers.spawn_on(work, &runtime);
            }
            Self {
                clock: Clock::start(),
                service: settings.service.clone(),
                max_active: settings.max_active,
                attempt_timeout: retry.attempt_timeout,
                state: Mutex::new(State {
                    core: Core::new(settings),
                    queues: Some(senders),
                }),
                lanes,
                earlier: Arc::new(Notify::new()),
                workers: tokio::sync::Mutex::new(workers),
                ticker: Mutex::new(None),
            }
        });
        let ticker = runtime.spawn(tick(Arc::downgrade(&inner), Arc::clone(&inner.earlier)));
        *lock(&inner.ticker) = Some(AbortOnDrop(ticker));
        Ok(inner)
    }

    pub(crate) fn raise(&self, alert: Alert, kind: AlertKind) -> Result<Ack, Error> {
        alert.validate()?;
        let level = alert.level();
        let effects = self.step(Event::Raise(alert, kind))?;
        let accepted = effects.iter().find_map(|effect| match effect {
            Effect::Accepted { fingerprint, new } => Some(Ack {
                fingerprint: *fingerprint,
                new: *new,
            }),
            _ => None,
        });
        numbers::triggered(level);
        accepted.ok_or_else(|| {
            Kind::Full {
                max: self.max_active,
            }
            .into()
        })
    }

    pub(crate) fn resolve(&self, fingerprint: Fingerprint) -> Result<bool, Error> {
        let effects = self.step(Event::Resolve(fingerprint))?;
        Ok(effects
            .iter()
            .any(|effect| matches!(effect, Effect::Resolved)))
    }

    pub(crate) fn active(&self) -> Vec<AlertView> {
        let now = self.clock.now();
        lock(&self.state).core.active(now)
    }

    pub(crate) fn receivers(&self) -> impl Iterator<Item = &str> {
        self.lanes.iter().map(|lane| lane.name.as_str())
    }

    /// Sends a test notice, once, past the queue.
    pub(crate) async fn test(&self, receiver: &str) -> Result<(), Error> {
        let Some(lane) = self.lanes.iter().find(|lane| lane.name == receiver) else {
            return Err(Kind::UnknownReceiver(receiver.chars().take(128).collect()).into());
        };
        let notification = Arc::new(Notification::test(receiver, &self.service));
        let result = worker::attempt(&lane.notifier, &notification, self.attempt_timeout).await;
        let outcome = match result {
            Ok(()) => Outcome::Delivered,
            Err(_) => Outcome::Failed,
        };
        numbers::notified(receiver, outcome, 1);
        result.map_err(|error| Kind::Delivery(error).into())
    }

    /// Lets the workers empty their queues for at most that long, and says whether they did.
    pub(crate) async fn shutdown(&self, timeout: Duration) -> bool {
        lock(&self.state).queues = None;
        drop(lock(&self.ticker).take());
        let drain = async {
            let mut workers = self.workers.lock().await;
            while workers.join_next().await.is_some() {}
        };
        let drained = tokio::time::timeout(timeout, drain).await.is_ok();
        // Another call that still waits holds the lock, and will see to what is left.
        if !drained && let Ok(mut workers) = self.workers.try_lock() {
            workers.shutdown().await;
            self.lanes.iter().for_each(Lane::abandon);
        }
        drained
    }

    /// Records how a try went.
    pub(crate) fn tried(&self, tried: Tried) {
        // A worker is never inside the engine already, and the core takes news of tries to the end.
        drop(self.step(Event::Tried(tried)));
    }

    /// Counts a notice that is settled.
    pub(crate) fn settled(&self, receiver: usize, outcome: Outcome) {
        self.lanes[receiver].settled(outcome);
    }

    /// Hands one event to the core and does what it says.
    fn step(&self, event: Event) -> Result<Vec<Effect>, Error> {
        // Logging and metrics run other people's code: what they raise from here would never end.
        let Some(_inside) = Inside::enter() else {
            return Err(Kind::Reentrant.into());
        };
        let (effects, full) = self.step_locked(event)?;
        for receiver in full {
            self.lanes[receiver].dropped();
        }
        for effect in &effects {
            match effect {
                Effect::Accepted { .. } | Effect::Deliver(..) | Effect::Resolved => {}
                Effect::Began(alert) => {
                    numbers::began(alert.level);
                    line::began(alert);
                }
                Effect::Ended(alert) => {
                    numbers::ended(alert.level);
                    line::ended(alert);
                }
                Effect::Refused { level, first } => {
                    numbers::refused(*level);
                    if *first {
                        tracing::error!(target: TARGET, max_active = self.max_active, "alerts are refused: too many are active");
                    }
                }
            }
        }
        Ok(effects)
    }

    /// Steps the core and fills the queues under one lock, so that two notices never overtake each other; returns the receivers whose queue was full.
    fn step_locked(&self, event: Event) -> Result<(Vec<Effect>, Vec<usize>), Error> {
        let mut state = lock(&self.state);
        let open = state.queues.is_some();
        if !open && matches!(event, Event::Raise(..) | Event::Resolve(_)) {
            return Err(Kind::Closed.into());
        }
        let now = self.clock.now();
        let before = state.core.wake_at();
        let mut effects = state.core.step(now, event);
        let mut full = Vec::new();
        for effect in &mut effects {
            let Effect::Deliver(receiver, notification) = effect else {
                continue;
            };
            if let Some(tried) = self.enqueue(&state, *receiver, notification) {
                full.push(*receiver);
                // The core notes it; that makes nothing due now, so there are no further effects.
                state.core.step(now, Event::Tried(tried));
            }
        }
        let after = state.core.wake_at();
        if after.is_some_and(|after| before.is_none_or(|before| after < before)) {
            self.earlier.notify_one();
        }
        Ok((effects, full))
    }

    /// Queues a notice; when there is no room, returns what to tell the core.
    fn enqueue(
        &self,
        state: &State,
        receiver: usize,
        notification: &Notification,
    ) -> Option<Tried> {
        let queue = state.queues.as_ref().map(|queues| &queues[receiver])?;
        if self.lanes[receiver].queue(queue, notification.clone()) {
            return None;
        }
        Some(Tried {
            fingerprint: notification.alerts()[0].fingerprint,
            receiver,
            id: notification.id().to_owned(),
            outcome: DeliveryOutcome::Dropped,
            tries: 0,
            next_in: None,
            error: Some("the queue is full".to_owned()),
        })
    }

    /// Does what is due, and returns when something will be next.
    fn wake(&self) -> Option<Instant> {
        // The ticker is never inside the engine already.
        drop(self.step(Event::Tick));
        let next = lock(&self.state).core.wake_at();
        next.map(|at| self.clock.instant(at))
    }
}

/// Wakes the core whenever something is due, for as long as the engine lives.
async fn tick(inner: Weak<Inner>, earlier: Arc<Notify>) {
    loop {
        let Some(next) = inner.upgrade().map(|inner| inner.wake()) else {
            return;
        };
        match next {
            Some(at) => {
                let _ = tokio::time::timeout_at(at, earlier.notified()).await;
            }
            None => earlier.notified().await,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing under these locks panics half-way; and an alert engine must outlive a panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
