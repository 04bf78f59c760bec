//! The pure core: alerts and times in, effects out; no clock, no task, no lock.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::alert::Alert;
use crate::clock::Now;
use crate::fingerprint::Fingerprint;
use crate::notification::Notification;
use crate::view::{AlertKind, AlertView, Status};

mod entry;
mod event;

use entry::{Entry, Notice};
pub(crate) use event::{Effect, Event, Settings, Tried};

/// The alerts that are active, who has been told about them, and what is due when.
#[derive(Debug)]
pub(crate) struct Core {
    settings: Settings,
    active: BTreeMap<Fingerprint, Entry>,
    /// Fingerprints of alerts as they were raised, before the service was added, to those that are active.
    aliases: BTreeMap<Fingerprint, Fingerprint>,
    /// When something is due for which alert: each has at most one place here.
    deadlines: BTreeSet<(Duration, Fingerprint)>,
    deliveries: u64,
    refusing: bool,
}

impl Core {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            active: BTreeMap::new(),
            aliases: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            deliveries: 0,
            refusing: false,
        }
    }

    /// Takes one event at one time, and says what is to be done, in this order.
    pub(crate) fn step(&mut self, now: Now, event: Event) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.catch_up(now, &mut effects);
        match event {
            Event::Raise(alert, kind) => self.raise(now, alert, kind, &mut effects),
            Event::Resolve(fingerprint) => self.resolve(now, fingerprint, &mut effects),
            Event::Tick => {}
            Event::Tried(tried) => self.tried(now, tried),
        }
        effects
    }

    /// Returns when something is due next, as time since the start.
    pub(crate) fn wake_at(&self) -> Option<Duration> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Shows what is active, in the order of the fingerprints.
    pub(crate) fn active(&self, now: Now) -> Vec<AlertView> {
        self.active
            .iter()
            .map(|(fingerprint, entry)| {
                entry.view(*fingerprint, now, Status::Firing, &self.settings.receivers)
            })
            .collect()
    }

    /// Ends what is over and repeats notices that are due.
    fn catch_up(&mut self, now: Now, effects: &mut Vec<Effect>) {
        while let Some((at, fingerprint)) = self.deadlines.first().copied() {
            if at > now.elapsed {
                return;
            }
            let Some(entry) = self.active.get(&fingerprint) else {
                self.deadlines.pop_first();
                continue;
            };
            if entry.ends.is_some_and(|ends| ends <= now.elapsed) {
                self.end(now, fingerprint, effects);
            } else {
                self.notify_due(now, fingerprint, effects);
            }
        }
    }

    fn raise(&mut self, now: Now, mut alert: Alert, kind: AlertKind, effects: &mut Vec<Effect>) {
        let given = alert.fingerprint();
        let adopted = alert.adopt(&self.settings.service);
        let fingerprint = alert.fingerprint();
        let ends = now.elapsed.saturating_add(self.settings.event_ends_after);
        let new = !self.active.contains_key(&fingerprint);
        if new && self.active.len() >= self.settings.max_active {
            let first = !std::mem::replace(&mut self.refusing, true);
            effects.push(Effect::Refused {
                level: alert.level(),
                first,
            });
            return;
        }
        if new {
            let notices = self.settings.routes[alert.level().index()]
                .iter()
                .map(|receiver| Notice::due(*receiver, now.elapsed))
                .collect();
            let entry = Entry::new(alert, kind, now, notices);
            self.active.insert(fingerprint, entry);
        } else if let Some(entry) = self.active.get_mut(&fingerprint) {
            entry.raise_again(alert, kind, now);
        }
        if let Some(entry) = self.active.get_mut(&fingerprint) {
            entry.ends = match entry.kind {
                AlertKind::Event => Some(ends),
                AlertKind::State => None,
            };
            if adopted {
                entry.alias = Some(given);
                self.aliases.insert(given, fingerprint);
            }
            if new {
                let view = entry.view(fingerprint, now, Status::Firing, &self.settings.receivers);
                effects.push(Effect::Began(Box::new(view)));
            }
        }
        effects.push(Effect::Accepted { fingerprint, new });
        self.notify_due(now, fingerprint, effects);
    }

    fn resolve(&mut self, now: Now, key: Fingerprint, effects: &mut Vec<Effect>) {
        let fingerprint = if self.active.contains_key(&key) {
            key
        } else {
            let Some(fingerprint) = self.aliases.get(&key) else {
                return;
            };
            *fingerprint
        };
        effects.push(Effect::Resolved);
        self.end(now, fingerprint, effects);
    }

    fn tried(&mut self, now: Now, tried: Tried) {
        let again = self.settings.renotify_after;
        let Some(entry) = self.active.get_mut(&tried.fingerprint) else {
            return;
        };
        let fingerprint = tried.fingerprint;
        let Some(notice) = entry
            .notices
            .iter_mut()
            .find(|notice| notice.receiver == tried.receiver)
        else {
            return;
        };
        notice.tried(now, tried, again);
        self.reschedule(fingerprint);
    }

    /// Sends what is due about one alert, and looks up when something is due next.
    fn notify_due(&mut self, now: Now, fingerprint: Fingerprint, effects: &mut Vec<Effect>) {
        if let Some(entry) = self.active.get_mut(&fingerprint) {
            let mut due = Vec::new();
            for (at, notice) in entry.notices.iter_mut().enumerate() {
                if notice.due > now.elapsed {
                    continue;
                }
                if notice.is_under_way() {
                    // The last notice has not arrived yet: it says the same.
                    notice.due = now.elapsed.saturating_add(self.settings.renotify_after);
                    continue;
                }
                self.deliveries += 1;
                let id = delivery_id(self.settings.nonce, self.deliveries);
                notice.begin(
                    id,
                    now.elapsed.saturating_add(self.settings.repeat_interval),
                );
                due.push(at);
            }
            if !due.is_empty() {
                let view = entry.view(fingerprint, now, Status::Firing, &self.settings.receivers);
                for at in due {
                    let notice = &entry.notices[at];
                    let receiver = self.settings.receivers[notice.receiver].clone();
                    let notification = Notification::new(notice.id.clone(), receiver, view.clone());
                    effects.push(Effect::Deliver(notice.receiver, notification));
                }
            }
        }
        self.reschedule(fingerprint);
    }

    /// Ends one alert, and tells those who were told that it fires, unless it was an event.
    fn end(&mut self, now: Now, fingerprint: Fingerprint, effects: &mut Vec<Effect>) {
        let Some(mut entry) = self.active.remove(&fingerprint) else {
            return;
        };
        if let Some(at) = entry.deadline.take() {
            self.deadlines.remove(&(at, fingerprint));
        }
        if let Some(alias) = entry.alias {
            self.aliases.remove(&alias);
        }
        // Refusals are said once until there is some room again, not at each alert that finds the last place taken.
        if self.active.len() < self.settings.max_active - self.settings.max_active / 10 {
            self.refusing = false;
        }
        let view = entry.view(fingerprint, now, Status::Resolved, &self.settings.receivers);
        if entry.kind == AlertKind::State {
            for notice in entry.notices.iter().filter(|notice| notice.was_told()) {
                self.deliveries += 1;
                let id = delivery_id(self.settings.nonce, self.deliveries);
                let receiver = self.settings.receivers[notice.receiver].clone();
                let notification = Notification::new(id, receiver, view.clone());
                effects.push(Effect::Deliver(notice.receiver, notification));
            }
        }
        effects.push(Effect::Ended(Box::new(view)));
    }

    fn reschedule(&mut self, fingerprint: Fingerprint) {
        let Some(entry) = self.active.get_mut(&fingerprint) else {
            return;
        };
        let deadline = entry.next_deadline();
        if deadline == entry.deadline {
            return;
        }
        if let Some(old) = std::mem::replace(&mut entry.deadline, deadline) {
            self.deadlines.remove(&(old, fingerprint));
        }
        if let Some(new) = deadline {
            self.deadlines.insert((new, fingerprint));
        }
    }
}

/// Makes the id of a delivery: unique over processes by the nonce, and without a dot, as Standard Webhooks asks.
fn delivery_id(nonce: u64, sequence: u64) -> String {
    format!("msg_{nonce:016x}{sequence:08x}")
}

#[cfg(test)]
mod tests;
