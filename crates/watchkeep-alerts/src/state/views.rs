//! What operators and the API see: alerts with their state and why, groups and silences.

use std::collections::BTreeSet;

use crate::alert::Labels;
use crate::clock::Now;
use crate::fingerprint::Fingerprint;
use crate::state::groups::Group;
use crate::state::silence::Silence;
use crate::state::stored::Stored;
use crate::state::{State, inside};
use crate::timestamp::Timestamp;
use crate::view::{AlertView, Status};

/// Whether somebody is told of an alert.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum AlertState {
    /// Nothing holds it back.
    Active,
    /// It is silenced, inhibited or muted.
    Suppressed,
}

/// An alert that fires, and why nobody is told of it, if so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct AlertDetail {
    /// Its end is the one that will come unless more is said.
    pub(crate) alert: AlertView,
    pub(crate) state: AlertState,
    /// The ids of the silences that match it now.
    pub(crate) silenced_by: Vec<String>,
    pub(crate) inhibited_by: Option<Fingerprint>,
    /// The time intervals that mute one of its groups, or outside of which it is.
    pub(crate) muted_by: Vec<String>,
    /// The receivers of its groups, in order, each once.
    pub(crate) receivers: Vec<String>,
}

/// A group of alerts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct GroupDetail {
    pub(crate) key: String,
    pub(crate) receiver: String,
    pub(crate) labels: Labels,
    /// When it is flushed next.
    pub(crate) next_flush: Timestamp,
    pub(crate) alerts: Vec<Fingerprint>,
}

impl State {
    /// Returns the alerts that fire, in the order of their fingerprints.
    ///
    /// Looks at all alerts: for the start, not for the way of an alert.
    pub(crate) fn alerts(&self, now: Now) -> Vec<AlertDetail> {
        self.alerts_after(now, None, usize::MAX).0
    }

    /// Returns the alerts that fire, in the order of their fingerprints, after the given one, and the last that was looked at if there are more.
    ///
    /// Looks at `most` alerts at most, whether they fire or not.
    pub(crate) fn alerts_after(
        &self,
        now: Now,
        after: Option<Fingerprint>,
        most: usize,
    ) -> (Vec<AlertDetail>, Option<Fingerprint>) {
        let mut details = Vec::new();
        let last = self.part(after, most, |fingerprint, stored| {
            details.extend(self.firing_detail(now, fingerprint, stored));
        });
        (details, last)
    }

    /// Returns one alert that fires, named by its labels as they were raised, or as they are shown.
    pub(crate) fn alert(&self, now: Now, key: Fingerprint) -> Option<AlertDetail> {
        let fingerprint = self.alerts.find(key)?;
        let stored = self.alerts.get(fingerprint)?;
        self.firing_detail(now, fingerprint, stored)
    }

    /// Returns the groups, the oldest first.
    pub(crate) fn groups(&self) -> Vec<GroupDetail> {
        let detail = |(_, group): (_, &Group)| GroupDetail {
            key: group.key.to_string(),
            receiver: group.receiver.to_string(),
            labels: group.labels.clone(),
            next_flush: group.next.wall,
            alerts: group.members.keys().copied().collect(),
        };
        self.groups.iter().map(detail).collect()
    }

    /// Returns the silences, the oldest first.
    pub(crate) fn silences(&self) -> impl Iterator<Item = &Silence> {
        self.silences.iter()
    }

    pub(crate) fn find_silence(&self, id: &str) -> Option<&Silence> {
        self.silences.get(id)
    }

    /// Returns the receivers that an alert with these labels goes to.
    #[cfg(test)]
    pub(crate) fn receivers_of(&self, labels: &Labels) -> Vec<String> {
        let routes = &self.config.routes;
        let receiver = |route| routes.get(route).receiver.clone();
        routes.matching(labels).into_iter().map(receiver).collect()
    }

    /// Returns how many alerts are held, firing or about to be told resolved.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.alerts.len()
    }

    /// Returns the ids of the active silences that match an alert, the oldest first.
    pub(super) fn silenced_by(&self, now: Now, stored: &Stored) -> Vec<String> {
        let mut matched = stored.matched.clone();
        self.silences.remember(&mut matched, &stored.said.alert);
        self.silences.silencing(&matched, now.wall)
    }

    fn firing_detail(
        &self,
        now: Now,
        fingerprint: Fingerprint,
        stored: &Stored,
    ) -> Option<AlertDetail> {
        let now = inside(now);
        let firing = !stored.said.is_resolved(now.elapsed);
        firing.then(|| self.detail(now, fingerprint, stored))
    }

    fn detail(&self, now: Now, fingerprint: Fingerprint, stored: &Stored) -> AlertDetail {
        let silenced_by = self.silenced_by(now, stored);
        let inhibited_by = self.inhibitor.inhibits(&stored.said.alert, &stored.roles);
        let groups = stored.groups.iter().filter_map(|id| self.groups.get(*id));
        let receivers: BTreeSet<_> = groups.map(|group| group.receiver.to_string()).collect();
        let muted_by = self.muted_by(now, stored);
        let mut alert = stored.view(fingerprint, Status::Firing, now);
        alert.ends_at = stored.said.ends.map(|end| end.wall);
        let free = silenced_by.is_empty() && inhibited_by.is_none() && muted_by.is_empty();
        AlertDetail {
            alert,
            state: if free {
                AlertState::Active
            } else {
                AlertState::Suppressed
            },
            silenced_by,
            inhibited_by,
            muted_by,
            receivers: receivers.into_iter().collect(),
        }
    }
}
