//! Where an alert belongs: the groups of the routes that match it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::alert::Labels;
use crate::clock::Now;
use crate::fingerprint::Fingerprint;
use crate::notification::braced;
use crate::route::RouteId;
use crate::state::effect::Effect;
use crate::state::groups::{Group, Member, row_key};
use crate::state::moment::Moment;
use crate::state::{State, persist};
use crate::texts::Texts;
use crate::timestamp::Timestamp;

/// How an alert comes into its groups.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beginning {
    pub(super) starts_at: Timestamp,
    /// Whether what is held of the same labels is an event that is over.
    pub(super) after_event: bool,
}

impl Beginning {
    /// That of an alert which the configuration puts elsewhere.
    pub(super) const fn elsewhere(starts_at: Timestamp) -> Self {
        Self {
            starts_at,
            after_event: false,
        }
    }
}

impl State {
    /// Returns where an alert with these labels belongs.
    pub(super) fn places(&self, labels: &impl Texts) -> Vec<(RouteId, Labels)> {
        let routes = &self.config.routes;
        let place = |route| (route, routes.group_texts(route, labels));
        routes.taking(labels).into_iter().map(place).collect()
    }

    /// Puts an alert into a group, which begins if it is not there.
    ///
    /// A group whose first alert is older than its `group_wait` is flushed at once, as in Alertmanager.
    pub(super) fn join(
        &mut self,
        now: Now,
        fingerprint: Fingerprint,
        place: (RouteId, Labels),
        beginning: Beginning,
        effects: &mut Vec<Effect>,
    ) {
        let id = match self.groups.find(&place) {
            Some(id) => id,
            None => {
                let group = self.new_group(now, place, beginning.starts_at);
                self.log.open(&group.key);
                effects.push(Effect::Persist(persist::group(&group)));
                self.groups.add(group)
            }
        };
        if let Some(members) = self.groups.members_mut(id) {
            let before = members.get(&fingerprint);
            let anew = before.is_some_and(|before| before.anew || beginning.after_event);
            let member = Member {
                anew,
                ..Member::default()
            };
            members.insert(fingerprint, member);
        }
        if let Some(stored) = self.alerts.get_mut(fingerprint)
            && !stored.groups.contains(&id)
        {
            // Most alerts have one group.
            stored.groups.reserve_exact(1);
            stored.groups.push(id);
        }
    }

    fn new_group(&self, now: Now, (id, labels): (RouteId, Labels), starts_at: Timestamp) -> Group {
        let route = self.config.routes.get(id);
        let waited = starts_at.after(route.group_wait) < now.wall;
        let wait = if waited {
            Duration::ZERO
        } else {
            route.group_wait
        };
        let key = if self.settings.strict {
            &route.strict_key
        } else {
            &route.key
        };
        let key = format!("{key}:{}", braced(&labels));
        let route_key = self.keys.of(id);
        Group {
            route: Some(id),
            row_key: row_key(&route.receiver, &route_key, &labels),
            route_key,
            receiver: Arc::from(route.receiver.as_str()),
            labels,
            key: Arc::from(key),
            members: BTreeMap::new(),
            next: Moment::of(now).after(wait),
            flushed: false,
        }
    }
}
