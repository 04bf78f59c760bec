//! What the state machine knows of single alerts, for those who ask why.

use crate::alert::Labels;
use crate::clock::Now;
use crate::fingerprint::Fingerprint;
use crate::state::groups::GroupId;
use crate::state::log::{Entry, Mark};
use crate::state::packed::Packed;
use crate::state::silences::Matched;
use crate::state::stored::Stored;
use crate::state::{Lane, State, inside};
use crate::timestamp::Timestamp;
use crate::view::{AlertView, Status};

/// An alert in one of its groups.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Placed {
    /// The key of the route, and the labels of the group.
    pub(crate) place: (String, Labels),
    /// The key of the group.
    pub(crate) key: String,
    pub(crate) alerts: usize,
    pub(crate) next_flush: Timestamp,
    /// Why it was held back at the last flush.
    pub(crate) held_back: Option<String>,
}

impl State {
    /// Says whether the beginning of an alert was said and its end was not.
    pub(crate) fn fires(&self, fingerprint: Fingerprint) -> bool {
        let stored = self.alerts.get(fingerprint);
        stored.is_some_and(|stored| stored.firing)
    }

    /// Returns the alerts that are held and have all of these labels, those that fire first; most of them, and how many more there are.
    pub(crate) fn having(&self, now: Now, labels: &Labels, most: usize) -> (Vec<AlertView>, usize) {
        let now = inside(now);
        let has = |stored: &Stored| {
            let own = &stored.said.alert;
            labels.iter().all(|(name, value)| own.label(name) == value)
        };
        let mut found: Vec<_> = self
            .alerts
            .iter()
            .filter(|(_, stored)| has(stored))
            .collect();
        found.sort_by_key(|(_, stored)| stored.said.is_resolved(now.elapsed));
        let more = found.len().saturating_sub(most);
        let view = |(fingerprint, stored): (Fingerprint, &Stored)| {
            let status = if stored.said.is_resolved(now.elapsed) {
                Status::Resolved
            } else {
                Status::Firing
            };
            stored.view(fingerprint, status, now)
        };
        (found.into_iter().take(most).map(view).collect(), more)
    }

    /// Returns the labels of the alert that inhibits one with these labels now, or would.
    pub(crate) fn inhibitor_of(&self, labels: &Labels) -> Option<(Fingerprint, Labels)> {
        let packed = Packed::of_labels(labels);
        let by = self
            .inhibitor
            .inhibits(&packed, &self.inhibitor.roles(labels))?;
        let stored = self.alerts.get(by)?;
        Some((by, stored.said.alert.labels().unpacked()))
    }

    /// Returns the ids of the silences that match these labels, whatever their time.
    pub(crate) fn matching_silences(&self, labels: &Labels) -> Vec<String> {
        let mut matched = Matched::default();
        self.silences
            .remember(&mut matched, &Packed::of_labels(labels));
        self.silences.ids(&matched)
    }

    /// Returns the groups of an alert.
    pub(crate) fn groups_of(&self, fingerprint: Fingerprint) -> Vec<Placed> {
        let Some(stored) = self.alerts.get(fingerprint) else {
            return Vec::new();
        };
        let placed = |id: &GroupId| {
            let group = self.groups.get(*id)?;
            let route = self.config.routes.get(group.route?);
            let member = group.members.get(&fingerprint);
            let why = member.and_then(|member| member.why.as_ref());
            Some(Placed {
                place: (route.key.clone(), group.labels.clone()),
                key: group.key.to_string(),
                alerts: group.members.len(),
                next_flush: group.next.wall,
                held_back: why.map(ToString::to_string),
            })
        };
        stored.groups.iter().filter_map(placed).collect()
    }

    /// Returns when a lane's last notice of a group was due that said that the alert fires.
    pub(crate) fn told_at(
        &self,
        group_key: &str,
        lane: &Lane,
        of: Fingerprint,
    ) -> Option<Timestamp> {
        let entry = self.log.book(group_key)?.lanes.get(lane)?;
        let mark: &Mark = Entry::current(entry)?;
        mark.has_open(of).then_some(mark.at.wall)
    }

    /// Returns how many channels a receiver has.
    pub(crate) fn channels_of(&self, receiver: &str) -> usize {
        self.lanes.of(receiver).len()
    }
}
