//! Alerts and groups as Alertmanager's API lists them, a part at a time.

use std::ops::Bound;

use crate::clock::Now;
use crate::fingerprint::Fingerprint;
use crate::level::Level;
use crate::state::effect::Why;
use crate::state::groups::{Group, GroupId};
use crate::state::packed::Packed;
use crate::state::stored::Stored;
use crate::state::{State, inside};
use crate::texts::Texts;
use crate::timestamp::Timestamp;
use crate::view::AlertQuery;

/// An alert that fires, as Alertmanager's API lists it; it is looked at where it is held, and not copied.
#[derive(Debug)]
pub struct ListedAlert<'a> {
    fingerprint: Fingerprint,
    alert: &'a Packed,
    starts_at: Timestamp,
    ends_at: Timestamp,
    updated_at: Timestamp,
    silenced_by: Vec<String>,
    inhibited_by: Option<Fingerprint>,
    muted_by: Vec<String>,
    receivers: Vec<&'a str>,
}

/// A group of alerts, as Alertmanager's API lists it.
#[derive(Debug)]
pub struct GroupListing<'a> {
    group: &'a Group,
    alerts: Vec<ListedAlert<'a>>,
}

/// A group that will be looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupRef(GroupId);

impl State {
    /// Shows the alerts that pass the query, in the order of their fingerprints, after the given one, and returns the last of the part if there are more.
    ///
    /// Looks at `most` alerts at most, whether they pass or not.
    pub(crate) fn list(
        &self,
        now: Now,
        query: &AlertQuery,
        after: Option<Fingerprint>,
        most: usize,
        show: &mut dyn FnMut(&ListedAlert<'_>),
    ) -> Option<Fingerprint> {
        let now = inside(now);
        self.part(after, most, |fingerprint, stored| {
            let any_receiver = |alert: &ListedAlert<'_>| {
                let mut receivers = alert.receivers.iter();
                query.receiver.is_none() || receivers.any(|name| query.takes_receiver(name))
            };
            let listed = self.listed(now, query, fingerprint, stored, self.receivers(stored));
            if let Some(alert) = listed.filter(any_receiver) {
                show(&alert);
            }
        })
    }

    /// Looks at `most` alerts at most, in the order of their fingerprints, after the given one; returns the last of them if there are more.
    pub(super) fn part<'a>(
        &'a self,
        after: Option<Fingerprint>,
        most: usize,
        mut look: impl FnMut(Fingerprint, &'a Stored),
    ) -> Option<Fingerprint> {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut last = None;
        for (at, (fingerprint, stored)) in self.alerts.range(after).enumerate() {
            if at == most {
                return last;
            }
            last = Some(fingerprint);
            look(fingerprint, stored);
        }
        None
    }

    /// Returns the groups of receivers that the query takes, in Alertmanager's order: by labels, then by receiver.
    pub(crate) fn group_order(&self, query: &AlertQuery) -> Vec<GroupRef> {
        let groups = self.groups.iter();
        let taken = groups.filter(|(_, group)| query.takes_receiver(&group.receiver));
        let mut taken: Vec<_> = taken.collect();
        taken.sort_by_cached_key(|(_, group)| {
            let names: Vec<_> = group.labels.iter().map(ByName).collect();
            (names.len(), names, &group.receiver)
        });
        taken.into_iter().map(|(id, _)| GroupRef(id)).collect()
    }

    /// Shows a group with its alerts that pass the query, if there are any; says how many alerts were looked at.
    pub(crate) fn list_group(
        &self,
        now: Now,
        query: &AlertQuery,
        GroupRef(id): GroupRef,
        show: &mut dyn FnMut(&GroupListing<'_>),
    ) -> usize {
        let now = inside(now);
        let Some(group) = self.groups.get(id) else {
            return 0;
        };
        let alert = |fingerprint| {
            let stored = self.alerts.get(fingerprint)?;
            let mut receivers = self.receivers(stored);
            receivers.retain(|name| query.takes_receiver(name));
            receivers.sort_unstable();
            self.listed(now, query, fingerprint, stored, receivers)
        };
        let alerts: Vec<_> = self.in_order(group).into_iter().filter_map(alert).collect();
        if !alerts.is_empty() {
            show(&GroupListing { group, alerts });
        }
        group.members.len()
    }

    fn listed<'a>(
        &'a self,
        now: Now,
        query: &AlertQuery,
        fingerprint: Fingerprint,
        stored: &'a Stored,
        receivers: Vec<&'a str>,
    ) -> Option<ListedAlert<'a>> {
        let said = &stored.said;
        let matchers = &query.matchers;
        if said.is_resolved(now.elapsed)
            || !matchers.is_empty() && !matchers.take(&said.alert.labels())
        {
            return None;
        }
        let alert = ListedAlert {
            fingerprint,
            alert: &said.alert,
            starts_at: said.starts_at,
            ends_at: said.ends.map_or_else(
                || now.wall.after(self.config.resolve_timeout),
                |end| end.wall,
            ),
            updated_at: said.updated_at,
            silenced_by: self.silenced_by(now, stored),
            inhibited_by: self.inhibitor.inhibits(&said.alert, &stored.roles),
            muted_by: self.muted_by(now, stored),
            receivers,
        };
        let taken = (query.active || alert.is_suppressed())
            && (query.silenced || alert.silenced_by.is_empty())
            && (query.inhibited || alert.inhibited_by.is_none());
        taken.then_some(alert)
    }

    /// Returns the receivers of an alert, in the order of their routes.
    fn receivers(&self, stored: &Stored) -> Vec<&str> {
        let groups = stored.groups.iter().filter_map(|id| self.groups.get(*id));
        let mut groups: Vec<_> = groups.filter(|group| group.route.is_some()).collect();
        groups.sort_by_key(|group| group.route);
        groups.into_iter().map(|group| &*group.receiver).collect()
    }

    /// Returns the time intervals that mute one of its groups, or outside of which it is.
    pub(super) fn muted_by(&self, now: Now, stored: &Stored) -> Vec<String> {
        let groups = stored.groups.iter().filter_map(|id| self.groups.get(*id));
        let routes = groups.filter_map(|group| Some(self.config.routes.get(group.route?)));
        let names = routes.filter_map(|route| match self.time_mutes(route, now)? {
            Why::Inactive(names) | Why::Muted(names) => Some(names),
            _ => None,
        });
        let mut names: Vec<_> = names.flatten().collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// A label in Prometheus' order: who has not the first of the names comes first.
#[derive(Eq, PartialEq)]
struct ByName<'a>((&'a String, &'a String));

impl Ord for ByName<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let (ByName((name, value)), ByName((other_name, other_value))) = (self, other);
        other_name.cmp(name).then_with(|| value.cmp(other_value))
    }
}

impl PartialOrd for ByName<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

// === impl ListedAlert ===

impl ListedAlert<'_> {
    /// Returns the identity.
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Returns names and values of the labels, in the order of the names.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.alert.labels()
    }

    /// Returns how bad it is.
    pub const fn level(&self) -> Level {
        self.alert.level()
    }

    /// Returns names and values of the annotations, in the order of the names.
    pub fn annotations(&self) -> impl Iterator<Item = (&str, &str)> {
        self.alert.annotations()
    }

    /// Returns where it comes from: an address, or nothing.
    pub fn generator_url(&self) -> &str {
        self.alert.generator_url()
    }

    /// Returns when it began.
    pub const fn starts_at(&self) -> Timestamp {
        self.starts_at
    }

    /// Returns when it ends unless more is heard of it; for what lasts until it is resolved, the configuration's `resolve_timeout` from now.
    pub const fn ends_at(&self) -> Timestamp {
        self.ends_at
    }

    /// Returns when it was heard of last.
    pub const fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    /// Says whether it is silenced or inhibited.
    pub const fn is_suppressed(&self) -> bool {
        !self.silenced_by.is_empty() || self.inhibited_by.is_some()
    }

    /// Returns the ids of the active silences that match it.
    pub fn silenced_by(&self) -> &[String] {
        &self.silenced_by
    }

    /// Returns an alert that inhibits it.
    pub const fn inhibited_by(&self) -> Option<Fingerprint> {
        self.inhibited_by
    }

    /// Returns the time intervals that mute it, or outside of which it is.
    pub fn muted_by(&self) -> &[String] {
        &self.muted_by
    }

    /// Returns the receivers, one for each of its routes.
    pub fn receivers(&self) -> &[&str] {
        &self.receivers
    }
}

// === impl GroupListing ===

impl GroupListing<'_> {
    /// Returns who is told.
    pub fn receiver(&self) -> &str {
        &self.group.receiver
    }

    /// Returns names and values of the labels that its alerts share.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.group.labels.each()
    }

    /// Returns its alerts that fire and pass the query, in Alertmanager's order.
    pub fn alerts(&self) -> &[ListedAlert<'_>] {
        &self.alerts
    }
}
