//! The loop: collect, step, commit, answer, send.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::{Clock, Now};
use crate::config::Config;
use crate::driver::batch::{Batch, Word};
use crate::driver::command::{Answer, Command, Outcome};
use crate::driver::inside::Inside;
use crate::driver::lanes::{Lanes, Tried};
use crate::driver::writer::Writer;
use crate::driver::{Channels, Machine, failpoint};
use crate::incoming::Incoming;
use crate::journal::Durability;
use crate::line::{self, TARGET};
use crate::numbers;
use crate::outbox;
use crate::state::{self, Ends};

/// The most commands of one batch; the next begins when their changes are in the journal.
const BATCH: usize = 1_000;
/// How far ahead groups are flushed at the end, when there is no other process that would.
const EARLY: Duration = Duration::from_secs(60);
/// How long the journal may take to come to its end.
const LAST_COMMIT: Duration = Duration::from_secs(5);

type Look = Box<dyn FnOnce(&Machine, Now) + Send>;

/// The task that owns it all.
pub(super) struct Driver {
    machine: Machine,
    clock: Clock,
    commands: mpsc::Receiver<Command>,
    writer: Writer,
    lanes: Lanes,
    outstanding: watch::Sender<usize>,
    /// When something is due next.
    wake: Option<Duration>,
    closing: bool,
    /// The journal is closed: nothing happens any more, but who looks is answered.
    stopped: bool,
}

/// What one round found.
#[derive(Default)]
struct Round {
    commands: Vec<Command>,
    tried: Vec<Tried>,
    ended: bool,
}

impl Driver {
    pub(super) fn new(
        machine: Machine,
        clock: Clock,
        commands: mpsc::Receiver<Command>,
        writer: Writer,
        lanes: Lanes,
        outstanding: watch::Sender<usize>,
    ) -> Self {
        Self {
            machine,
            clock,
            commands,
            writer,
            lanes,
            outstanding,
            wake: None,
            closing: false,
            stopped: false,
        }
    }

    /// Works until the last handle is gone; begins with what follows from the rows of an earlier process.
    pub(super) async fn run(mut self, first: Batch) {
        let mut batch = first;
        let mut stop: Option<oneshot::Sender<usize>> = None;
        let mut ended = false;
        let mut looks = Vec::new();
        loop {
            let now = self.clock.now();
            if !self.stopped {
                self.machine.tick(now, &mut batch);
            }
            self.finish(now, std::mem::take(&mut batch), std::mem::take(&mut looks))
                .await;
            if let Some(reply) = stop.take() {
                self.stopped = true;
                self.wake = None;
                self.lanes.stop();
                self.writer.stop(LAST_COMMIT).await;
                // Nobody may wait for it any more.
                let _ = reply.send(self.machine.outbox.outstanding());
            }
            if ended {
                self.writer.stop(LAST_COMMIT).await;
                return;
            }
            let round = self.wait().await;
            ended = round.ended;
            let now = self.clock.now();
            let _inside = Inside::enter();
            if self.stopped {
                self.answer_late(now, round.commands);
                continue;
            }
            if self.clock.is_manual() {
                self.machine.catch_up(now, &mut batch);
            }
            for Tried { lane, id, result } in round.tried {
                let event = outbox::Event::Tried { lane, id, result };
                self.machine.tell_outbox(now, event, &mut batch);
            }
            for command in round.commands {
                match command {
                    Command::Look(look) => looks.push(look),
                    Command::Stop(reply) => stop = Some(reply),
                    command => self.obey(now, command, &mut batch),
                }
            }
        }
    }

    /// Waits until there is something to do, and collects what there is.
    async fn wait(&mut self) -> Round {
        let mut round = Round::default();
        tokio::select! {
            tried = self.lanes.results.recv() => round.tried.extend(tried),
            taken = self.commands.recv_many(&mut round.commands, BATCH) => round.ended = taken == 0,
            () = self.clock.sleep_until(self.wake) => {}
            () = self.writer.recovery() => {}
        }
        while let Ok(tried) = self.lanes.results.try_recv() {
            round.tried.push(tried);
        }
        while round.commands.len() < BATCH
            && let Ok(command) = self.commands.try_recv()
        {
            round.commands.push(command);
        }
        round
    }

    /// Answers after the end: a look shows how things were, and all else is dropped, which the handles know.
    fn answer_late(&self, now: Now, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::Look(look) => look(&self.machine, now),
                Command::Stop(reply) => {
                    let _ = reply.send(self.machine.outbox.outstanding());
                }
                Command::Close
                | Command::Discard(..)
                | Command::Raise { .. }
                | Command::Receive(..)
                | Command::Reload(..)
                | Command::Replay(..)
                | Command::Resolve(..)
                | Command::Silence(..) => {}
            }
        }
    }

    fn obey(&mut self, now: Now, command: Command, batch: &mut Batch) {
        let (reply, outcome) = match command {
            Command::Close => {
                self.close(now, batch);
                return;
            }
            Command::Discard(id, reply) => {
                let event = outbox::Event::Discard(id);
                (reply, self.machine.tell_outbox(now, event, batch))
            }
            Command::Raise { alert, kind, reply } => {
                batch.words.push(Word::Triggered(alert.level()));
                let event = state::Event::Alert {
                    alert,
                    kind,
                    starts_at: None,
                    ends: Ends::Unsaid,
                };
                (reply, self.machine.tell_state(now, event, batch))
            }
            Command::Receive(alerts, reply) => (reply, self.receive(now, alerts, batch)),
            Command::Reload(config, channels, reply) => {
                (reply, self.reload(now, config, *channels, batch))
            }
            Command::Replay(id, reply) => {
                let event = outbox::Event::Replay(id);
                (reply, self.machine.tell_outbox(now, event, batch))
            }
            Command::Resolve(key, reply) => {
                let event = state::Event::Resolve(key);
                (reply, self.machine.tell_state(now, event, batch))
            }
            Command::Silence(op, reply) => {
                let event = state::Event::Silence(op);
                (reply, self.machine.tell_state(now, event, batch))
            }
            // Done elsewhere.
            Command::Look(_) | Command::Stop(_) => return,
        };
        batch.answers.push((reply, outcome));
    }

    fn receive(&mut self, now: Now, alerts: Vec<Incoming>, batch: &mut Batch) -> Outcome {
        let mut received = Vec::with_capacity(alerts.len());
        for incoming in alerts {
            batch.words.push(Word::Triggered(incoming.level()));
            let event = state::Event::Receive(incoming);
            let outcome = self.machine.tell_state(now, event, batch);
            // An event has one of the two.
            received.extend(outcome.accepted.map(Ok));
            received.extend(outcome.refused.map(Err));
        }
        Outcome {
            received,
            ..Outcome::default()
        }
    }

    fn reload(
        &mut self,
        now: Now,
        config: Arc<Config>,
        channels: Channels,
        batch: &mut Batch,
    ) -> Outcome {
        numbers::register(channels.names());
        let lanes = channels.settings();
        // The new lanes first: what the new routes say goes there.
        self.lanes.replace(channels);
        let lanes = outbox::Event::Lanes(lanes);
        self.machine.tell_outbox(now, lanes, batch);
        let event = state::Event::Reload(config);
        self.machine.tell_state(now, event, batch)
    }

    /// Takes no more alerts; what no other process will tell is told now.
    fn close(&mut self, now: Now, batch: &mut Batch) {
        if std::mem::replace(&mut self.closing, true)
            || self.writer.durability() == Durability::Disk
        {
            return;
        }
        let end = now.elapsed.saturating_add(EARLY);
        let mut soon = now;
        while let Some(at) = self.machine.state.wake_at().filter(|at| *at <= end) {
            let ahead = at.saturating_sub(now.elapsed);
            soon.elapsed = soon.elapsed.max(at);
            soon.wall = now.wall.after(ahead);
            self.machine.tell_state(soon, state::Event::Tick, batch);
            if self.machine.state.wake_at() == Some(at) {
                return;
            }
        }
    }

    /// Commits a batch, and does what follows.
    async fn finish(&mut self, now: Now, batch: Batch, looks: Vec<Look>) {
        let Batch {
            changes,
            answers,
            sends,
            words,
        } = batch;
        if self.stopped {
            return;
        }
        let durability = self.writer.commit(changes).await;
        for (reply, outcome) in answers {
            if let Some(reply) = reply {
                // Whoever asked may have gone.
                drop(reply.send(Answer {
                    durability,
                    outcome,
                }));
            }
        }
        failpoint!("after answers");
        for (lane, notification) in sends {
            self.lanes.send(&lane, notification);
        }
        self.wake = self.machine.wake_at();
        let outstanding = self.machine.outbox.outstanding();
        self.outstanding.send_replace(outstanding);
        // Logging and metrics run other people's code: what they raise from here would never end.
        let inside = Inside::enter();
        for word in &words {
            self.say(word);
        }
        if !words.is_empty() {
            self.count();
        }
        drop(inside);
        for look in looks {
            look(&self.machine, now);
        }
    }

    fn count(&self) {
        for (lane, length) in self.machine.outbox.lengths() {
            numbers::queued(&lane.receiver, self.lanes.kind(lane), length);
        }
        numbers::dead_letters(self.machine.outbox.dead_letters().len());
    }

    fn say(&self, word: &Word) {
        match word {
            Word::Began(alert) => {
                numbers::began(alert.alert.level());
                line::began(alert);
            }
            Word::Dead {
                lane,
                id,
                attempts,
                reason,
            } => {
                let kind = self.lanes.kind(lane);
                numbers::notified(&lane.receiver, kind, numbers::Outcome::Failed);
                tracing::error!(target: TARGET, receiver = lane.receiver, kind, tries = attempts, id, error = reason, "notification failed");
            }
            Word::Delivered(lane) => {
                let kind = self.lanes.kind(lane);
                numbers::notified(&lane.receiver, kind, numbers::Outcome::Delivered);
            }
            Word::Ended(alert) => {
                numbers::ended(alert.level);
                line::ended(alert);
            }
            Word::Refused {
                level,
                refusal,
                first,
            } => {
                numbers::refused(*level);
                if *first {
                    tracing::error!(target: TARGET, reason = %refusal, "alerts are refused");
                }
            }
            Word::Retrying {
                lane,
                attempts,
                error,
            } => {
                let kind = self.lanes.kind(lane);
                numbers::retried(&lane.receiver, kind);
                tracing::debug!(target: TARGET, receiver = lane.receiver, kind, tries = attempts, error, "notification will be tried again");
            }
            Word::Suppressed(reason) => numbers::suppressed(reason),
            Word::Triggered(level) => numbers::triggered(*level),
        }
    }
}
