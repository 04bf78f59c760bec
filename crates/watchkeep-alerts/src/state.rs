//! The pure state machine: alerts, silences and times in; notices, rows and reasons out.
//!
//! It has no clock, no task, no randomness and no lock: the same trace gives the same bytes.
//! A step costs the logarithm of what is held, and a flush what its group holds.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Now;
use crate::config::Config;

mod alerts;
mod anew;
mod dedup;
mod effect;
mod event;
mod explain;
mod flush;
mod groups;
mod inhibit;
mod keys;
mod lanes;
mod listing;
mod log;
mod moment;
mod overload;
mod packed;
mod persist;
mod place;
mod raise;
mod reload;
mod restore;
mod rows;
mod settings;
mod silence;
mod silences;
mod stored;
mod tell;
mod views;

pub(crate) use self::{
    effect::{Begun, Decision, Effect, Job, JobKind, Lane, Refusal},
    event::{Ends, Event, Outcome, Settled, SilenceDraft, SilenceOp},
    explain::Placed,
    listing::GroupRef,
    packed::Packed,
    settings::{Settings, Telling},
    silence::{Silence, SilenceError, SilenceState},
    views::{AlertDetail, GroupDetail},
};

pub use self::listing::{GroupListing, ListedAlert};

#[cfg(test)]
pub(crate) use self::{effect::Why, settings::Limit, views::AlertState};

use alerts::Alerts;
use groups::Groups;
use inhibit::Inhibitor;
use keys::RouteKeys;
use lanes::Lanes;
use log::Log;
use moment::{BASE, Moment};
use silences::Silences;

/// What fires, how it is grouped, who was told, and what is due when.
#[derive(Debug)]
pub(crate) struct State {
    config: Arc<Config>,
    settings: Settings,
    keys: RouteKeys,
    lanes: Lanes,
    alerts: Alerts,
    groups: Groups,
    inhibitor: Inhibitor,
    silences: Silences,
    log: Log,
    /// The ids that were given out: notices and silences.
    ids: u64,
    /// The numbers of alerts' rows that were given out.
    rows: u64,
    /// How many groups were flushed, and alerts looked at for that.
    work: usize,
    /// When the engine last said that it refuses alerts.
    overloaded: Option<Duration>,
}

impl State {
    pub(crate) fn new(config: Arc<Config>, settings: Settings) -> Self {
        Self {
            keys: RouteKeys::new(&config.routes),
            lanes: Lanes::new(&config, &settings),
            alerts: Alerts::default(),
            groups: Groups::default(),
            inhibitor: Inhibitor::new(&config.inhibit_rules, settings.strict),
            silences: Silences::default(),
            log: Log::default(),
            ids: 0,
            rows: 0,
            work: 0,
            overloaded: None,
            config,
            settings,
        }
    }

    /// Takes one event at one time, and says what is to be done, in this order.
    ///
    /// Groups that were due before are flushed first.
    /// Those that are due now are flushed by [`Event::Tick`] alone: events of the same time go first, whatever their order.
    pub(crate) fn step(&mut self, now: Now, event: Event) -> Vec<Effect> {
        let now = inside(now);
        let mut effects = Vec::new();
        self.forget_old(now, &mut effects);
        self.end_leases(now, &mut effects);
        self.flush_due(now, matches!(event, Event::Tick), &mut effects);
        match event {
            Event::Alert {
                alert,
                kind,
                starts_at,
                ends,
            } => self.raise(now, alert, kind, (starts_at, ends), &mut effects),
            Event::Receive(incoming) => self.receive(now, incoming, &mut effects),
            Event::Reload(config) => self.reload(now, config, &mut effects),
            Event::Resolve(key) => self.resolve(now, key, &mut effects),
            Event::Settled(settled) => self.settled(now, &settled, &mut effects),
            Event::Silence(op) => self.silence(now, op, &mut effects),
            Event::Tick => {}
        }
        effects
    }

    /// Returns when something is due next, as time since the start; a [`Event::Tick`] is wanted then.
    pub(crate) fn wake_at(&self) -> Option<Duration> {
        let lease = self.alerts.first_lease().map(|(at, _)| at);
        let group = self.groups.first_due().map(|(at, _)| at);
        let first = match (lease, group) {
            (Some(lease), Some(group)) => lease.min(group),
            (lease, group) => lease.or(group)?,
        };
        Some(first.saturating_sub(BASE))
    }

    /// Returns how many groups were flushed so far, and alerts looked at for that: what a run has cost.
    pub(crate) const fn work(&self) -> usize {
        self.work
    }

    fn end_leases(&mut self, now: Now, effects: &mut Vec<Effect>) {
        while let Some((at, fingerprint)) = self.alerts.first_lease() {
            if at > now.elapsed {
                return;
            }
            self.end(now, fingerprint, effects);
        }
    }

    fn flush_due(&mut self, now: Now, this_instant: bool, effects: &mut Vec<Effect>) {
        while let Some((at, id)) = self.groups.first_due() {
            if at > now.elapsed || at == now.elapsed && !this_instant {
                return;
            }
            self.flush(now, id, effects);
        }
    }

    fn settled(&mut self, now: Now, settled: &Settled, effects: &mut Vec<Effect>) {
        let Some(book) = self.log.book(&settled.group_key) else {
            return;
        };
        if !book.lanes.contains_key(&settled.lane) {
            return;
        }
        let key: Arc<str> = Arc::from(settled.group_key.as_str());
        let told_at = self.settings.strict.then(|| Moment::at(now, settled.at));
        let entry = self.log.entry_mut(&key, &settled.lane);
        if !entry.settle(&settled.id, settled.outcome, told_at) {
            return;
        }
        let forgotten = self.log.tidy(&key);
        persist::forget(&key, &forgotten, effects);
        self.persist_entry(&key, &settled.lane, effects);
    }

    fn silence(&mut self, now: Now, op: SilenceOp, effects: &mut Vec<Effect>) {
        let retention = self.settings.silence_retention;
        let changed = match op {
            SilenceOp::Expire(id) => self.silences.expire(id, now.wall, retention),
            SilenceOp::Set(draft) => {
                let id = self.next_uuid();
                let limits = &self.settings.limits;
                self.silences.set(draft, id, now.wall, limits, retention)
            }
        };
        match changed {
            Ok(changed) => {
                for id in &changed.ids {
                    self.persist_silence(id, effects);
                }
                effects.push(Effect::SilenceSet { id: changed.id });
            }
            Err(error) => effects.push(Effect::SilenceRefused(error)),
        }
    }

    /// Makes the id of a notice: unique over processes by the nonce, and without a dot, as Standard Webhooks asks.
    fn next_id(&mut self) -> String {
        self.ids += 1;
        format!("msg_{:016x}{:08x}", self.settings.nonce, self.ids)
    }

    fn next_row(&mut self) -> u64 {
        self.rows = self.rows.wrapping_add(1);
        self.rows
    }

    /// Makes the id of a silence, in the form of a random UUID, which Alertmanager's tools ask for.
    fn next_uuid(&mut self) -> String {
        self.ids += 1;
        let (nonce, serial) = (self.settings.nonce, self.ids);
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            nonce >> 32,
            nonce >> 16 & 0xffff,
            nonce >> 4 & 0xfff,
            (nonce & 0xf) << 8 | serial >> 48 & 0xff,
            serial & 0xffff_ffff_ffff
        )
    }
}

/// Returns the time as it runs inside, where there is something before the start.
fn inside(now: Now) -> Now {
    Now {
        elapsed: now.elapsed.saturating_add(BASE),
        wall: now.wall,
    }
}

/// Says whether a moment is less than that long ago.
fn no_later(now: Now, at: Duration, than: Duration) -> bool {
    now.elapsed.saturating_sub(at) < than
}

#[cfg(test)]
mod tests;
