//! The pure parts together: what one of them says, the other is told, until both are silent.

use std::collections::VecDeque;

use crate::clock::Now;
use crate::driver::batch::{Batch, Word};
use crate::driver::command::Outcome;
use crate::driver::receipts::Receipts;
use crate::driver::trail::{Entry, Trail};
use crate::outbox::{self, Outbox, Step};
use crate::state::{self, AlertDetail, State};
use crate::timestamp::Timestamp;
use crate::view::{AlertReport, AlertView};

/// The state machine, the outbox, and what is kept for those who look.
pub(crate) struct Machine {
    pub(crate) state: State,
    pub(crate) outbox: Outbox,
    pub(crate) trail: Trail,
    pub(crate) receipts: Receipts,
}

enum Work {
    Outbox(Vec<outbox::Effect>),
    State(Vec<state::Effect>),
}

impl Machine {
    pub(super) fn tell_state(
        &mut self,
        now: Now,
        event: state::Event,
        batch: &mut Batch,
    ) -> Outcome {
        let effects = self.state.step(now, event);
        self.follow(now, [Work::State(effects)].into(), batch)
    }

    pub(super) fn tell_outbox(
        &mut self,
        now: Now,
        event: outbox::Event,
        batch: &mut Batch,
    ) -> Outcome {
        let effects = self.outbox.step(now, event);
        self.follow(now, [Work::Outbox(effects)].into(), batch)
    }

    /// Puts together how far each alert was told by an earlier process.
    pub(super) fn recall(&mut self, now: Now) {
        let firing = self.firing(now);
        self.receipts
            .recall(now, &firing, &self.trail, &self.outbox);
    }

    /// Does what follows from going on with the rows of an earlier process.
    pub(super) fn go_on(
        &mut self,
        now: Now,
        state: Vec<state::Effect>,
        outbox: Vec<outbox::Effect>,
        batch: &mut Batch,
    ) {
        let work = [Work::Outbox(outbox), Work::State(state)];
        self.follow(now, work.into(), batch);
    }

    /// Does what is due.
    pub(super) fn tick(&mut self, now: Now, batch: &mut Batch) {
        if self.state.wake_at().is_some_and(|at| at <= now.elapsed) {
            self.tell_state(now, state::Event::Tick, batch);
        }
        if self.outbox.wake_at().is_some_and(|at| at <= now.elapsed) {
            self.tell_outbox(now, outbox::Event::Tick, batch);
        }
    }

    /// Does what was due before now, each at its own time, as it would be if a clock ran that only jumps.
    pub(super) fn catch_up(&mut self, now: Now, batch: &mut Batch) {
        while let Some(at) = self.wake_at().filter(|at| *at < now.elapsed) {
            let ago = i64::try_from((now.elapsed - at).as_millis()).unwrap_or(i64::MAX);
            let wall = now.wall.as_millis().saturating_sub(ago);
            let then = Now {
                elapsed: at,
                wall: Timestamp::from_millis(wall),
            };
            self.tick(then, batch);
            if self.wake_at() == Some(at) {
                return;
            }
        }
    }

    /// Returns when something is due next, as time since the start.
    pub(super) fn wake_at(&self) -> Option<std::time::Duration> {
        let (state, outbox) = (self.state.wake_at(), self.outbox.wake_at());
        match (state, outbox) {
            (Some(state), Some(outbox)) => Some(state.min(outbox)),
            (state, outbox) => state.or(outbox),
        }
    }

    /// Returns what fires, with its deliveries, in the order of the fingerprints.
    pub(crate) fn firing(&self, now: Now) -> Vec<AlertView> {
        let alerts = self.state.alerts(now);
        let with_deliveries = |detail: AlertDetail| self.receipts.fill(detail.alert);
        alerts.into_iter().map(with_deliveries).collect()
    }

    /// Returns what operators see of an alert.
    pub(crate) fn report(&self, mut detail: AlertDetail) -> AlertReport {
        detail.alert = self.receipts.fill(detail.alert);
        AlertReport::from(detail)
    }

    fn follow(&mut self, now: Now, mut work: VecDeque<Work>, batch: &mut Batch) -> Outcome {
        let mut outcome = Outcome::default();
        while let Some(next) = work.pop_front() {
            match next {
                Work::Outbox(effects) => {
                    for effect in effects {
                        self.of_outbox(now, effect, &mut work, batch, &mut outcome);
                    }
                }
                Work::State(effects) => {
                    for effect in effects {
                        self.of_state(now, effect, &mut work, batch, &mut outcome);
                    }
                }
            }
        }
        outcome
    }

    fn of_state(
        &mut self,
        now: Now,
        effect: state::Effect,
        work: &mut VecDeque<Work>,
        batch: &mut Batch,
        outcome: &mut Outcome,
    ) {
        let mut tell = |event| work.push_back(Work::Outbox(self.outbox.step(now, event)));
        match effect {
            state::Effect::Accepted { fingerprint, new } => {
                outcome.accepted = Some((fingerprint, new));
            }
            state::Effect::Audit(decision) => {
                if decision.why.holds_back() {
                    batch.words.push(Word::Suppressed(decision.why.word()));
                }
                self.trail.add(Entry::of(decision), now, &mut batch.changes);
            }
            state::Effect::Began(alert) => batch.words.push(Word::Began(alert)),
            state::Effect::Deliver(job) => tell(outbox::Event::Accept(job)),
            state::Effect::Ended(alert) => {
                self.receipts.forget(alert.fingerprint);
                batch.words.push(Word::Ended(alert));
            }
            state::Effect::Persist(change) => batch.changes.push(change),
            state::Effect::Refused {
                level,
                refusal,
                first,
            } => {
                outcome.refused = Some(refusal);
                batch.words.push(Word::Refused {
                    level,
                    refusal,
                    first,
                });
            }
            state::Effect::Resolved => outcome.found = true,
            state::Effect::SilenceRefused(error) => outcome.silence = Some(Err(error)),
            state::Effect::SilenceSet { id } => outcome.silence = Some(Ok(id)),
            state::Effect::Withdraw { lane, group_key } => {
                tell(outbox::Event::Withdraw { lane, group_key });
            }
        }
    }

    fn of_outbox(
        &mut self,
        now: Now,
        effect: outbox::Effect,
        work: &mut VecDeque<Work>,
        batch: &mut Batch,
        outcome: &mut Outcome,
    ) {
        match effect {
            outbox::Effect::Audit(note) => {
                batch.words.push(Word::Suppressed(note.why.word()));
                self.trail
                    .add(Entry::of_note(&note), now, &mut batch.changes);
            }
            outbox::Effect::Found => outcome.found = true,
            outbox::Effect::Persist(change) => batch.changes.push(change),
            outbox::Effect::Progress(progress) => {
                let fires = |fingerprint| self.state.fires(fingerprint);
                self.receipts.note(now, &progress, fires);
                if let Some(entry) = Entry::of_progress(now, &progress) {
                    self.trail.add(entry, now, &mut batch.changes);
                }
                let lane = progress.lane.clone();
                let error = progress.error.clone().unwrap_or_default();
                let attempts = progress.attempts;
                match progress.step {
                    Step::Accepted => {}
                    Step::Dead => batch.words.push(Word::Dead {
                        lane,
                        id: progress.notification.id().to_owned(),
                        attempts,
                        reason: progress.reason.unwrap_or(error),
                    }),
                    Step::Delivered => batch.words.push(Word::Delivered(lane)),
                    Step::Retrying => batch.words.push(Word::Retrying {
                        lane,
                        attempts,
                        error,
                    }),
                }
            }
            outbox::Effect::Send { lane, notification } => {
                batch.sends.push((lane, notification));
            }
            outbox::Effect::Settled(settled) => {
                let effects = self.state.step(now, state::Event::Settled(settled));
                work.push_back(Work::State(effects));
            }
        }
    }
}
