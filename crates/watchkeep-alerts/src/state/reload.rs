//! Another configuration: timers go on, and what was told along routes that are gone is closed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::alert::Labels;
use crate::clock::Now;
use crate::config::Config;
use crate::fingerprint::Fingerprint;
use crate::route::RouteId;
use crate::state::State;
use crate::state::effect::Effect;
use crate::state::groups::{Group, GroupId};
use crate::state::inhibit::Inhibitor;
use crate::state::keys::RouteKeys;
use crate::state::lanes::Lanes;
use crate::state::moment::Moment;
use crate::state::persist;
use crate::state::place::Beginning;

impl State {
    /// Goes on with another configuration.
    ///
    /// A group goes on, with its timer, when its route has the same key and receiver (D5).
    /// Where an alert is put elsewhere, its old group is told that it is over (D4).
    /// No alert is refused here: there are at most as many groups as alerts and routes that match them.
    pub(super) fn reload(&mut self, now: Now, config: Arc<Config>, effects: &mut Vec<Effect>) {
        self.keys = RouteKeys::new(&config.routes);
        self.lanes = Lanes::new(&config, &self.settings);
        self.config = config;
        self.build_inhibition();
        if self.settings.strict {
            self.begin_groups_anew(now, effects);
        } else {
            self.attach(now, effects);
        }
    }

    /// Looks at all alerts, so that inhibition is complete before any group is flushed.
    pub(super) fn build_inhibition(&mut self) {
        let rules = &self.config.inhibit_rules;
        self.inhibitor = Inhibitor::new(rules, self.settings.strict);
        for fingerprint in self.fingerprints() {
            let Some(stored) = self.alerts.get_mut(fingerprint) else {
                continue;
            };
            let alert = &stored.said.alert;
            stored.roles = self.inhibitor.roles(&alert.labels());
            if stored.firing {
                let until = stored.said.ends.map_or(Duration::MAX, |end| end.elapsed);
                self.inhibitor
                    .fires(fingerprint, alert, &stored.roles, until);
            }
        }
    }

    /// Forgets all groups and their timers, as Alertmanager does, and lets the alerts come in again.
    fn begin_groups_anew(&mut self, now: Now, effects: &mut Vec<Effect>) {
        let until = Moment::of(now).after(self.settings.log_retention);
        for (_, group) in self.groups.take_all() {
            effects.push(Effect::Persist(persist::no_group(&group)));
            self.close_book(&group.key, until, effects);
        }
        for fingerprint in self.fingerprints() {
            let Some(stored) = self.alerts.get(fingerprint) else {
                continue;
            };
            let beginning = Beginning::elsewhere(stored.said.starts_at);
            let places = self.places(&stored.said.alert.labels());
            if let Some(stored) = self.alerts.get_mut(fingerprint) {
                stored.groups.clear();
            }
            for place in places {
                self.join(now, fingerprint, place, beginning, effects);
            }
            self.persist_alert(now, fingerprint, effects);
        }
    }

    /// Finds for each group its route, and for each alert its groups.
    pub(super) fn attach(&mut self, now: Now, effects: &mut Vec<Effect>) {
        for (id, group) in self.groups.take_all() {
            let group = self.find_route(now, group);
            self.groups.put_back(id, group);
        }
        for fingerprint in self.fingerprints() {
            if self.reroute(now, fingerprint, effects) {
                self.persist_alert(now, fingerprint, effects);
            }
        }
        for id in self.abandoned() {
            if let Some(mut group) = self.groups.take(id) {
                group.next = Moment::of(now);
                self.groups.put_back(id, group);
            }
        }
    }

    /// Finds the route of a group, whose next flush is no later than the route's interval says.
    fn find_route(&self, now: Now, mut group: Group) -> Group {
        let found = self.keys.find(&group.route_key).filter(|id| {
            let route = self.config.routes.get(*id);
            route.receiver == *group.receiver
        });
        group.route = found;
        if let Some(id) = found {
            let route = self.config.routes.get(id);
            let longest = if group.flushed {
                route.group_interval
            } else {
                route.group_wait
            };
            group.next = group.next.min(Moment::of(now).after(longest));
        }
        group
    }

    /// Puts an alert where it belongs now, and says whether that is elsewhere.
    fn reroute(&mut self, now: Now, fingerprint: Fingerprint, effects: &mut Vec<Effect>) -> bool {
        let Some(stored) = self.alerts.get(fingerprint) else {
            return false;
        };
        let firing = !stored.said.is_resolved(now.elapsed);
        let beginning = Beginning::elsewhere(stored.said.starts_at);
        let held = stored.groups.clone();
        let places = self.places(&stored.said.alert.labels());
        let wanted: BTreeSet<_> = places
            .iter()
            .filter_map(|it| self.groups.find(it))
            .collect();
        let mut changed = false;
        for id in held.into_iter().filter(|id| !wanted.contains(id)) {
            let members = self.groups.members_mut(id);
            if let Some(member) = members.and_then(|it| it.get_mut(&fingerprint)) {
                changed |= !std::mem::replace(&mut member.gone, true);
            }
        }
        for place in places {
            changed |= self.return_or_join(now, fingerprint, firing, place, beginning, effects);
        }
        changed
    }

    /// Puts an alert that fires into a group, or back into the one that it had left.
    fn return_or_join(
        &mut self,
        now: Now,
        fingerprint: Fingerprint,
        firing: bool,
        place: (RouteId, Labels),
        beginning: Beginning,
        effects: &mut Vec<Effect>,
    ) -> bool {
        let members = self.groups.find(&place);
        let members = members.and_then(|id| self.groups.members_mut(id));
        if let Some(member) = members.and_then(|members| members.get_mut(&fingerprint)) {
            return std::mem::replace(&mut member.gone, false);
        }
        if firing {
            self.join(now, fingerprint, place, beginning, effects);
        }
        firing
    }

    /// Returns the groups that no alert belongs to any more.
    fn abandoned(&self) -> Vec<GroupId> {
        let all_gone = |group: &Group| group.members.values().all(|member| member.gone);
        let groups = self.groups.iter().filter(|(_, group)| all_gone(group));
        groups.map(|(id, _)| id).collect()
    }

    pub(super) fn fingerprints(&self) -> Vec<Fingerprint> {
        self.alerts.iter().map(|(it, _)| it).collect()
    }
}
