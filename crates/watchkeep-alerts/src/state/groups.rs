//! The groups of alerts, and the order in which they are due.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::alert::Labels;
use crate::fingerprint::Fingerprint;
use crate::notification::braced;
use crate::route::RouteId;
use crate::state::effect::Why;
use crate::state::moment::Moment;

/// The number of a group; never used again.
pub(super) type GroupId = u64;

/// The groups.
///
/// Every look-up and change costs the logarithm of their number at most.
#[derive(Debug, Default)]
pub(super) struct Groups {
    held: BTreeMap<GroupId, Group>,
    index: Index,
    due: BTreeSet<(Duration, GroupId)>,
    serial: GroupId,
}

/// The groups by route and labels.
#[derive(Default)]
struct Index(HashMap<(RouteId, Labels), GroupId>);

/// The alerts of a route that share the labels of its `group_by`.
#[derive(Debug)]
pub(super) struct Group {
    /// The route; none when it is not configured any more, or sends elsewhere.
    pub(super) route: Option<RouteId>,
    /// The route's key in the journal, which no twin shares.
    pub(super) route_key: Arc<str>,
    pub(super) receiver: Arc<str>,
    pub(super) labels: Labels,
    /// The key of its row, which says all of the three.
    pub(super) row_key: Box<str>,
    /// The key that receivers see.
    pub(super) key: Arc<str>,
    pub(super) members: BTreeMap<Fingerprint, Member>,
    /// When it is flushed next.
    pub(super) next: Moment,
    /// Whether it was flushed since it began.
    pub(super) flushed: bool,
}

/// An alert in a group.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Member {
    /// Whether a flush has seen this event since it began (D11).
    pub(super) seen: bool,
    /// Whether it has begun since the last flush, where an event with its labels was before (D11).
    pub(super) anew: bool,
    /// Whether the configuration has put it elsewhere: here it is over.
    pub(super) gone: bool,
    /// Why it was held back at the last flush.
    pub(super) why: Option<Why>,
}

impl Groups {
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    pub(super) fn find(&self, place: &(RouteId, Labels)) -> Option<GroupId> {
        self.index.0.get(place).copied()
    }

    pub(super) fn get(&self, id: GroupId) -> Option<&Group> {
        self.held.get(&id)
    }

    /// Gives the members of a group to change.
    pub(super) fn members_mut(
        &mut self,
        id: GroupId,
    ) -> Option<&mut BTreeMap<Fingerprint, Member>> {
        self.held.get_mut(&id).map(|group| &mut group.members)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (GroupId, &Group)> {
        self.held.iter().map(|(id, group)| (*id, group))
    }

    pub(super) fn add(&mut self, group: Group) -> GroupId {
        self.serial += 1;
        self.put_back(self.serial, group);
        self.serial
    }

    /// Takes a group out, to change it and to put it back.
    pub(super) fn take(&mut self, id: GroupId) -> Option<Group> {
        let group = self.held.remove(&id)?;
        self.due.remove(&(group.next.elapsed, id));
        if let Some(route) = group.route {
            let place = (route, group.labels.clone());
            if self.index.0.get(&place) == Some(&id) {
                self.index.0.remove(&place);
            }
        }
        Some(group)
    }

    pub(super) fn put_back(&mut self, id: GroupId, group: Group) {
        self.due.insert((group.next.elapsed, id));
        if let Some(route) = group.route {
            self.index.0.insert((route, group.labels.clone()), id);
        }
        self.held.insert(id, group);
    }

    /// Takes all of them out, in the order of their numbers.
    pub(super) fn take_all(&mut self) -> Vec<(GroupId, Group)> {
        self.index.0.clear();
        self.due.clear();
        std::mem::take(&mut self.held).into_iter().collect()
    }

    /// Returns the group that is due first.
    pub(super) fn first_due(&self) -> Option<(Duration, GroupId)> {
        self.due.first().copied()
    }
}

impl fmt::Debug for Index {
    /// In order, so that equal states look the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sorted: BTreeMap<_, _> = self.0.iter().collect();
        sorted.fmt(f)
    }
}

/// Returns the key of a group's row: a route that sends elsewhere is another group.
///
/// The lengths keep apart what names may make look the same.
pub(super) fn row_key(receiver: &str, route: &str, labels: &Labels) -> Box<str> {
    let labels = braced(labels);
    let (receiver_bytes, route_bytes) = (receiver.len(), route.len());
    format!("{receiver_bytes}:{receiver}/{route_bytes}:{route}/{labels}").into_boxed_str()
}
