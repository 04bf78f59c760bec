//! A flush: what of a group is told to whom, and why not; in Alertmanager's order.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::clock::Now;
use crate::fingerprint::Fingerprint;
use crate::level::Level;
use crate::route::Route;
use crate::state::State;
use crate::state::effect::{Decision, Effect, Lane, Why};
use crate::state::groups::{Group, GroupId};
use crate::state::moment::Moment;
use crate::state::stored::Stored;
use crate::view::AlertKind;

/// An alert of the group at the instant of the flush.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) fingerprint: Fingerprint,
    pub(super) kind: AlertKind,
    pub(super) level: Level,
    pub(super) resolved: bool,
    /// An event that has begun since the last flush, or a state that has begun where an event was: what was told before was another one (D11).
    pub(super) anew: bool,
    /// Held back by an inhibition, a silence or the time.
    pub(super) muted: bool,
    /// The configuration has put it elsewhere: here it is over.
    pub(super) gone: bool,
}

/// A group that is flushed, and how.
#[derive(Debug)]
pub(super) struct Flush<'a> {
    pub(super) now: Now,
    pub(super) group: &'a Group,
    pub(super) items: &'a [Item],
    /// When the flush was due.
    pub(super) tick: Moment,
    pub(super) repeat_interval: Duration,
}

/// The time between flushes and repeats of a group whose route is gone: it has only this one left.
const ORPHAN_INTERVAL: Duration = Duration::from_secs(5 * 60);

impl State {
    /// Flushes one group: tells its lanes what there is to say, and lets go of what is over.
    pub(super) fn flush(&mut self, now: Now, id: GroupId, effects: &mut Vec<Effect>) {
        let Some(mut group) = self.groups.take(id) else {
            return;
        };
        let tick = group.next;
        let route = group.route.map(|route| self.config.routes.get(route));
        let group_interval = route.map_or(ORPHAN_INTERVAL, |route| route.group_interval);
        let repeat_interval = route.map_or(ORPHAN_INTERVAL, |route| route.repeat_interval);
        self.work += 1 + group.members.len();
        let items = self.items(now, &mut group, effects);
        let flush = Flush {
            now,
            group: &group,
            items: &items,
            tick,
            repeat_interval,
        };
        let mut told = BTreeSet::new();
        let lanes = self.lanes.of(&group.receiver).to_vec();
        for (integration, telling) in lanes.iter().enumerate() {
            let lane = Lane {
                receiver: group.receiver.to_string(),
                integration,
            };
            self.tell(&flush, &lane, *telling, &mut told, effects);
        }
        if lanes.is_empty() {
            effects.push(Effect::Audit(self.decide(
                now,
                &group,
                None,
                Why::ReceiverGone,
            )));
        }
        let seen = self.see(&mut group, &items);
        let over = self.let_go(now, id, &mut group, &items, &told, effects);
        if group.members.is_empty() {
            self.end_group(now, &group, repeat_interval, effects);
        } else {
            let first = !std::mem::replace(&mut group.flushed, true);
            group.next = if self.settings.strict {
                Moment::of(now).next_of(group_interval, now)
            } else {
                tick.next_of(group_interval, now)
            };
            if first || self.settings.strict {
                effects.push(Effect::Persist(super::persist::group(&group)));
            }
            self.groups.put_back(id, group);
        }
        for fingerprint in over.into_iter().chain(seen) {
            self.persist_alert(now, fingerprint, effects);
        }
    }

    /// Looks at each alert of the group, in the order in which notices list them.
    fn items(&mut self, now: Now, group: &mut Group, effects: &mut Vec<Effect>) -> Vec<Item> {
        let route = group.route.map(|route| self.config.routes.get(route));
        let time = route.and_then(|route| self.time_mutes(route, now));
        let mut items = Vec::with_capacity(group.members.len());
        for fingerprint in self.in_order(group) {
            if let Some(stored) = self.alerts.get_mut(fingerprint) {
                self.silences
                    .remember(&mut stored.matched, &stored.said.alert);
            }
            let (Some(stored), Some(member)) = (
                self.alerts.get(fingerprint),
                group.members.get(&fingerprint),
            ) else {
                continue;
            };
            let event = stored.said.kind == AlertKind::Event;
            // An event is told once, also when it is over already (D11).
            let unheard = event && !member.seen && !self.settings.strict;
            let resolved = member.gone || stored.said.is_resolved(now.elapsed) && !unheard;
            let why = (!member.gone)
                .then(|| self.mutes(stored, time.as_ref(), now))
                .flatten();
            items.push(Item {
                fingerprint,
                kind: stored.said.kind,
                level: stored.said.alert.level(),
                resolved,
                anew: unheard || member.anew && !self.settings.strict,
                muted: why.is_some(),
                gone: member.gone,
            });
            if why != member.why {
                if let Some(why) = why.clone() {
                    let decision = self.decide(now, group, Some(fingerprint), why);
                    effects.push(Effect::Audit(decision));
                }
                if let Some(member) = group.members.get_mut(&fingerprint) {
                    member.why = why;
                }
            }
        }
        items
    }

    /// Returns the members as Alertmanager lists them: by job, instance and then all labels.
    pub(super) fn in_order(&self, group: &Group) -> Vec<Fingerprint> {
        let alert = |fingerprint| Some(&self.alerts.get(fingerprint)?.said.alert);
        let members = group.members.keys().copied();
        let mut members: Vec<_> = members.filter_map(|it| Some((alert(it)?, it))).collect();
        members.sort_by(|(first, _), (second, _)| first.compare(second));
        members.into_iter().map(|(_, it)| it).collect()
    }

    /// Says why an alert is held back: inhibited, then by the time, then silenced.
    pub(super) fn mutes(&self, stored: &Stored, time: Option<&Why>, now: Now) -> Option<Why> {
        let alert = &stored.said.alert;
        if let Some(by) = self.inhibitor.inhibits(alert, &stored.roles) {
            return Some(Why::Inhibited(by));
        }
        if time.is_some() {
            return time.cloned();
        }
        let silences = self.silences.silencing(&stored.matched, now.wall);
        (!silences.is_empty()).then_some(Why::Silenced(silences))
    }

    /// Says why a route tells nothing at this time.
    pub(super) fn time_mutes(&self, route: &Route, now: Now) -> Option<Why> {
        let holds = |name: &&String| {
            let intervals = self.config.intervals.get(*name);
            intervals.is_some_and(|list| list.iter().any(|it| it.contains(now.wall)))
        };
        if !route.active.is_empty() && !route.active.iter().any(|name| holds(&name)) {
            return Some(Why::Inactive(route.active.clone()));
        }
        let names: Vec<_> = route.mute.iter().filter(holds).cloned().collect();
        (!names.is_empty()).then_some(Why::Muted(names))
    }

    /// Takes note of what this flush is the first to see of events, and returns it.
    fn see(&self, group: &mut Group, items: &[Item]) -> Vec<Fingerprint> {
        let mut seen = Vec::new();
        for item in items {
            let Some(member) = group.members.get_mut(&item.fingerprint) else {
                continue;
            };
            let first = item.kind == AlertKind::Event && !member.seen;
            if first || member.anew {
                (member.seen, member.anew) = (true, false);
                if !item.resolved {
                    seen.push(item.fingerprint);
                }
            }
        }
        seen
    }

    /// Lets go of the alerts that are over, and returns those that other groups have still.
    fn let_go(
        &mut self,
        now: Now,
        id: GroupId,
        group: &mut Group,
        items: &[Item],
        told: &BTreeSet<Fingerprint>,
        effects: &mut Vec<Effect>,
    ) -> Vec<Fingerprint> {
        let mut held = Vec::new();
        for item in items.iter().filter(|item| item.resolved) {
            group.members.remove(&item.fingerprint);
            if !item.muted && !item.gone && !told.contains(&item.fingerprint) {
                let decision = self.decide(now, group, Some(item.fingerprint), Why::EndedUntold);
                effects.push(Effect::Audit(decision));
            }
            if let Some(stored) = self.alerts.get_mut(item.fingerprint) {
                stored.groups.retain(|held| *held != id);
                held.push(item.fingerprint);
            }
        }
        held
    }

    fn decide(
        &self,
        now: Now,
        group: &Group,
        fingerprint: Option<Fingerprint>,
        why: Why,
    ) -> Decision {
        let alert = fingerprint.and_then(|it| self.alerts.get(it));
        let labels = alert.map(|stored| stored.said.alert.labels().unpacked());
        Decision {
            at: now.wall,
            group_key: group.key.to_string(),
            receiver: group.receiver.to_string(),
            fingerprint,
            alerts: labels.into_iter().collect(),
            integration: 0,
            notice: None,
            why,
        }
    }

    /// Ends a group without alerts; what its lanes were told is kept while something is open.
    fn end_group(
        &mut self,
        now: Now,
        group: &Group,
        repeat_interval: Duration,
        effects: &mut Vec<Effect>,
    ) {
        effects.push(Effect::Persist(super::persist::no_group(group)));
        let kept = self
            .settings
            .log_retention
            .min(repeat_interval.saturating_mul(2));
        self.close_book(&group.key, Moment::of(now).after(kept), effects);
    }
}
