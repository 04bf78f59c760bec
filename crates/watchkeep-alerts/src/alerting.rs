//! The engine's handle.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout, timeout_at};

use crate::alert::Alert;
use crate::builder::AlertingBuilder;
use crate::config::Config;
use crate::driver::{self, Answer, Channels, Command, Inside, Parts, Running};
use crate::error::{Error, Kind};
use crate::fingerprint::{AlertKey, Fingerprint};
use crate::journal::Durability;
use crate::line::TARGET;
use crate::notifier::Notifier;
use crate::state::{self, SilenceOp};
use crate::timestamp::Timestamp;
use crate::view::{AlertKind, SilenceRequest};

mod configured;
mod explained;
mod listing;
mod look;
mod receive;
mod tested;

pub use listing::{GroupWalk, Walk};

/// The alert engine; clones share one.
///
/// Alerts with the same labels are one alert.
/// An alert of [`trigger`](Self::trigger) is an event and ends by itself; one of [`fire`](Self::fire) is a state and ends by [`resolve`](Self::resolve).
///
/// What is acknowledged is in the [journal](crate::AlertingBuilder::journal): with one on disk it outlives the process, and [`Ack::durability`] says so.
/// While the journal cannot be written, alerts are told all the same, from memory; the log, `watchkeep_alerts_journal_up` and every acknowledgement say so.
///
/// The engine works in a task of the runtime in which it was built, until the last handle is dropped.
/// [`shutdown`](Self::shutdown) delivers what is due first.
#[derive(Clone)]
pub struct Alerting {
    inner: Arc<Inner>,
}

struct Inner {
    service: String,
    commands: mpsc::Sender<Command>,
    outstanding: watch::Receiver<usize>,
    durability: Durability,
    running: Mutex<Setup>,
    fallback: Option<String>,
    /// What a dry run goes by.
    state: state::Settings,
    registered: BTreeMap<String, Arc<dyn Notifier>>,
    accept_timeout: Duration,
    attempt_timeout: Duration,
    closed: AtomicBool,
}

/// What the engine goes by; another one after a reload.
struct Setup {
    channels: Channels,
    config: Arc<Config>,
}

/// The engine's word that it took an alert.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ack {
    fingerprint: Fingerprint,
    new: bool,
    durability: Durability,
}

/// The engine's word that it made, changed or ended a silence.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SilenceAck {
    id: String,
    durability: Durability,
}

/// The parts of a handle that the task does not need.
pub(crate) struct Front {
    pub(crate) service: String,
    pub(crate) registered: BTreeMap<String, Arc<dyn Notifier>>,
    pub(crate) accept_timeout: Duration,
    /// The stand-in.
    pub(crate) fallback: Option<String>,
}

// === impl Alerting ===

impl Alerting {
    /// Begins to set an engine up; `service` is the label `service` of alerts that have none.
    pub fn builder(service: impl Into<String>) -> AlertingBuilder {
        AlertingBuilder::new(service.into())
    }

    pub(crate) fn start(front: Front, parts: Parts) -> Result<Self, Error> {
        let running = Setup {
            channels: parts.channels.clone(),
            config: Arc::clone(&parts.config),
        };
        let attempt_timeout = parts.attempt_timeout;
        let state = parts.state.clone();
        let Running {
            commands,
            outstanding,
            durability,
        } = driver::start(parts)?;
        Ok(Self {
            inner: Arc::new(Inner {
                service: front.service,
                commands,
                outstanding,
                durability,
                running: Mutex::new(running),
                fallback: front.fallback,
                state,
                registered: front.registered,
                accept_timeout: front.accept_timeout,
                attempt_timeout,
                closed: AtomicBool::new(false),
            }),
        })
    }

    /// Raises an event: it ends some minutes after its last occurrence.
    ///
    /// Returns once the alert is in the journal, or the journal cannot be written, which the acknowledgement says.
    ///
    /// # Errors
    /// When the engine is full or shut down, the alert is not valid, or it comes from within the engine.
    /// After the [time limit](crate::AlertingBuilder::accept_timeout) ([`Error::is_timeout`]) the alert may still be taken.
    ///
    /// # Cancel safety
    /// When it is dropped, the alert may still be taken.
    pub async fn trigger(&self, alert: Alert) -> Result<Ack, Error> {
        self.raise(alert, AlertKind::Event).await
    }

    /// Raises an event without waiting, from any thread, also from a panic hook; returns the identity that the alert will have.
    ///
    /// It never blocks, and gives no word on whether the alert was written.
    ///
    /// # Errors
    /// As [`trigger`](Self::trigger), but for what is found out only later, which is logged; and when more alerts wait than the engine keeps up with ([`Error::is_busy`]).
    pub fn try_trigger(&self, alert: Alert) -> Result<Fingerprint, Error> {
        self.try_raise(alert, AlertKind::Event)
    }

    /// Raises a state: it lasts until it is [resolved](Self::resolve); raising it again brings its annotations up to date.
    ///
    /// # Errors
    /// As [`trigger`](Self::trigger).
    ///
    /// # Cancel safety
    /// As [`trigger`](Self::trigger).
    pub async fn fire(&self, alert: Alert) -> Result<Ack, Error> {
        self.raise(alert, AlertKind::State).await
    }

    /// Raises a state without waiting, as [`try_trigger`](Self::try_trigger) does an event.
    ///
    /// # Errors
    /// As [`try_trigger`](Self::try_trigger).
    pub fn try_fire(&self, alert: Alert) -> Result<Fingerprint, Error> {
        self.try_raise(alert, AlertKind::State)
    }

    /// Ends an alert, named by its labels or fingerprint, with or without the engine's own label `service`; says whether it was active.
    ///
    /// # Errors
    /// When the engine is shut down, the call comes from within it, or it does not answer in time.
    pub async fn resolve(&self, alert: impl Into<AlertKey>) -> Result<bool, Error> {
        let key = alert.into().0;
        let answer = self.ask(|reply| Command::Resolve(key, reply)).await?;
        Ok(answer.outcome.found)
    }

    /// Ends an alert without waiting.
    ///
    /// # Errors
    /// When the engine is shut down or busy, or the call comes from within it.
    pub fn try_resolve(&self, alert: impl Into<AlertKey>) -> Result<(), Error> {
        self.check_open()?;
        self.push(Command::Resolve(alert.into().0, None))
    }

    /// Makes or changes a silence, and returns once it is in the journal.
    ///
    /// # Errors
    /// When it is not valid, or there are too many ([`Error::is_invalid_silence`]); and as [`resolve`](Self::resolve).
    pub async fn silence(&self, request: SilenceRequest) -> Result<SilenceAck, Error> {
        self.silence_op(move |now| SilenceOp::Set(request.draft(now)))
            .await
    }

    /// Ends a silence; one that is over stays as it is.
    ///
    /// # Errors
    /// When there is none with this id ([`Error::is_unknown_silence`]); and as [`resolve`](Self::resolve).
    pub async fn expire_silence(&self, id: &str) -> Result<SilenceAck, Error> {
        let id = id.to_owned();
        self.silence_op(|_| SilenceOp::Expire(id)).await
    }

    /// Goes on with another configuration; timers go on, and what waits for receivers that are gone becomes dead letters.
    ///
    /// # Errors
    /// When a receiver has no channel: then the old configuration stays; and as [`resolve`](Self::resolve).
    pub async fn reload(&self, config: Config) -> Result<(), Error> {
        let channels = Channels::new(&config, &self.inner.registered)?;
        let for_task = Box::new(channels.clone());
        let config = Arc::new(config);
        let for_handles = Setup {
            channels,
            config: Arc::clone(&config),
        };
        self.ask(|reply| Command::Reload(config, for_task, reply))
            .await?;
        *lock(&self.inner.running) = for_handles;
        Ok(())
    }

    /// Tries a dead letter again, with the same delivery id; says whether there is one with this id.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub async fn replay(&self, id: &str) -> Result<bool, Error> {
        let id = id.to_owned();
        let answer = self.ask(|reply| Command::Replay(id, reply)).await?;
        Ok(answer.outcome.found)
    }

    /// Forgets a dead letter; says whether there was one with this id.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub async fn discard(&self, id: &str) -> Result<bool, Error> {
        let id = id.to_owned();
        let answer = self.ask(|reply| Command::Discard(id, reply)).await?;
        Ok(answer.outcome.found)
    }

    /// Says whether the engine takes alerts: it was not shut down.
    pub fn is_open(&self) -> bool {
        !self.inner.closed.load(Ordering::Acquire)
    }

    /// Returns what an alert that is acknowledged now outlives, as long as the journal can be written.
    pub fn durability(&self) -> Durability {
        self.inner.durability
    }

    /// Returns the names of the receivers, in their order.
    pub fn receivers(&self) -> Vec<String> {
        lock(&self.inner.running).channels.receivers()
    }

    /// Takes no more alerts, delivers what is due, closes the journal, and returns whether all of it was settled (delivered, or given up) in time.
    ///
    /// What is left stays in a journal on disk for the next start; from one in memory it is lost, which is logged.
    /// With a journal in memory, groups that would be told within a minute are told now.
    /// A second call waits as well.
    ///
    /// # Cancel safety
    /// When it is dropped, delivery goes on as long as a handle lives.
    pub async fn shutdown(&self, timeout: Duration) -> bool {
        let deadline = Instant::now().checked_add(timeout);
        let deadline = deadline.unwrap_or_else(|| Instant::now() + Duration::from_secs(86_400));
        self.inner.closed.store(true, Ordering::Release);
        let drain = async {
            self.inner.commands.send(Command::Close).await.ok()?;
            // Whoever has an answer knows that what came before was worked off.
            self.try_look(|_, _| ()).await?;
            let mut outstanding = self.inner.outstanding.clone();
            outstanding.wait_for(|left| *left == 0).await.ok().map(drop)
        };
        // In time or not: what counts is what is left.
        drop(timeout_at(deadline, drain).await);
        let (stopped, left) = oneshot::channel();
        let stop = async {
            self.inner
                .commands
                .send(Command::Stop(stopped))
                .await
                .ok()?;
            left.await.ok()
        };
        let left = timeout_of(stop).await;
        match (left, self.inner.durability) {
            (Some(0) | None, _) => {}
            (Some(notices), Durability::Memory) => {
                tracing::error!(target: TARGET, notices, "notifications dropped at shutdown");
            }
            (Some(notices), Durability::Disk) => {
                tracing::warn!(target: TARGET, notices, "notifications wait in the journal for the next start");
            }
        }
        left == Some(0)
    }

    async fn raise(&self, alert: Alert, kind: AlertKind) -> Result<Ack, Error> {
        alert.validate()?;
        let answer = self
            .ask(|reply| Command::Raise { alert, kind, reply })
            .await?;
        if let Some(refusal) = answer.outcome.refused {
            return Err(Kind::Refused(refusal).into());
        }
        let Some((fingerprint, new)) = answer.outcome.accepted else {
            return Err(Kind::Closed.into());
        };
        Ok(Ack {
            fingerprint,
            new,
            durability: answer.durability,
        })
    }

    fn try_raise(&self, mut alert: Alert, kind: AlertKind) -> Result<Fingerprint, Error> {
        alert.validate()?;
        self.check_open()?;
        // What it is called afterwards: with the service's name.
        alert.adopt(&self.inner.service);
        let fingerprint = alert.fingerprint();
        self.push(Command::Raise {
            alert,
            kind,
            reply: None,
        })?;
        Ok(fingerprint)
    }

    async fn silence_op(
        &self,
        op: impl FnOnce(Timestamp) -> SilenceOp,
    ) -> Result<SilenceAck, Error> {
        let now = self.try_look(|_, now| now.wall).await;
        let op = op(now.ok_or(Kind::Closed)?);
        let answer = self.ask(|reply| Command::Silence(op, reply)).await?;
        match answer.outcome.silence {
            Some(Ok(id)) => Ok(SilenceAck {
                id,
                durability: answer.durability,
            }),
            Some(Err(error)) => Err(Kind::Silence(error).into()),
            None => Err(Kind::Closed.into()),
        }
    }

    fn check_open(&self) -> Result<(), Error> {
        if self.inner.closed.load(Ordering::Acquire) {
            return Err(Kind::Closed.into());
        }
        // Logging and metrics run other people's code: what they raise from within would never end.
        match Inside::enter() {
            Some(_inside) => Ok(()),
            None => Err(Kind::Reentrant.into()),
        }
    }

    fn push(&self, command: Command) -> Result<(), Error> {
        match self.inner.commands.try_send(command) {
            Ok(()) => Ok(()),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(Kind::Closed.into()),
            Err(mpsc::error::TrySendError::Full(_)) => Err(Kind::Busy.into()),
        }
    }

    /// Asks the task for something, and waits until its changes are in the journal.
    async fn ask(
        &self,
        command: impl FnOnce(Option<oneshot::Sender<Answer>>) -> Command,
    ) -> Result<Answer, Error> {
        self.check_open()?;
        let (reply, answer) = oneshot::channel();
        let command = command(Some(reply));
        let limit = self.inner.accept_timeout;
        let exchange = async {
            let sent = self.inner.commands.send(command).await;
            sent.map_err(|_| Kind::Closed)?;
            answer.await.map_err(|_| Kind::Closed)
        };
        match timeout(limit, exchange).await {
            Ok(answer) => answer.map_err(Error::from),
            Err(_) => Err(Kind::Timeout { limit }.into()),
        }
    }
}

/// Waits for the end of the task's work, but not for ever.
async fn timeout_of<T>(stop: impl Future<Output = Option<T>>) -> Option<T> {
    const LONGEST: Duration = Duration::from_secs(20);
    timeout(LONGEST, stop).await.ok().flatten()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // It is replaced as a whole, so it is whole whatever panicked.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Alerting {
    /// Shows names and numbers; a notifier may hold secrets, and is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alerting")
            .field("receivers", &self.receivers())
            .field("durability", &self.inner.durability)
            .finish_non_exhaustive()
    }
}

// === impl Ack ===

impl Ack {
    /// Returns the identity of the alert, by which it can be resolved.
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Says whether the alert was not firing before.
    pub const fn is_new(&self) -> bool {
        self.new
    }

    /// Returns what the alert outlives: the process, when it is on disk.
    ///
    /// It is [`Durability::Memory`] with a journal in memory, and while a journal on disk cannot be written.
    pub const fn durability(&self) -> Durability {
        self.durability
    }
}

// === impl SilenceAck ===

impl SilenceAck {
    /// Returns the id of the silence, a UUID.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the id of the silence, a UUID.
    pub fn into_id(self) -> String {
        self.id
    }

    /// Returns what the silence outlives, as [`Ack::durability`] does.
    pub const fn durability(&self) -> Durability {
        self.durability
    }
}

#[cfg(test)]
mod tests;
