//! The routing tree: which receivers hear of an alert, and how its notices are grouped and timed.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::alert::Labels;
use crate::config::Extensions;
use crate::matcher::Matchers;
use crate::texts::Texts;

mod build;
mod builder;

pub use builder::RouteBuilder;

/// The place of a route in its tree; the root is the first.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RouteId(pub(crate) usize);

/// The labels whose values put alerts of a route into one group.
#[expect(
    clippy::exhaustive_enums,
    reason = "Alertmanager knows these two forms"
)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum GroupBy {
    /// All labels: every alert is a group of its own (`['...']`).
    All,
    /// These labels; without any, all alerts of the route are one group.
    Labels(BTreeSet<String>),
}

/// A route of a tree, with all it inherits filled in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Route {
    pub(crate) key: String,
    pub(crate) strict_key: String,
    pub(crate) receiver: String,
    pub(crate) group_by: GroupBy,
    pub(crate) group_wait: Duration,
    pub(crate) group_interval: Duration,
    pub(crate) repeat_interval: Duration,
    pub(crate) mute: Vec<String>,
    pub(crate) active: Vec<String>,
    pub(crate) continues: bool,
    pub(crate) children: Vec<RouteId>,
    pub(crate) matchers: Matchers,
    pub(crate) extensions: Extensions,
}

/// The routes of a configuration, from the root down.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RouteTree {
    pub(crate) routes: Vec<Route>,
}

impl Route {
    /// Returns what the groups of the route are known by: its matchers and those above it, or its name.
    ///
    /// Of siblings with the same matchers, the second ends with `#2`, and so on.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the key that Alertmanager gives it: only matchers, so that siblings with the same ones share it.
    pub fn alertmanager_key(&self) -> &str {
        &self.strict_key
    }

    /// Returns the receiver.
    pub fn receiver(&self) -> &str {
        &self.receiver
    }

    /// Returns what puts alerts into one group.
    pub const fn group_by(&self) -> &GroupBy {
        &self.group_by
    }

    /// Returns how long a new group waits for more alerts before its first notice.
    pub const fn group_wait(&self) -> Duration {
        self.group_wait
    }

    /// Returns how long changes of a group are gathered between notices.
    pub const fn group_interval(&self) -> Duration {
        self.group_interval
    }

    /// Returns how long after a notice an unchanged group is said again.
    pub const fn repeat_interval(&self) -> Duration {
        self.repeat_interval
    }

    /// Returns the names of the time intervals in which nothing is sent.
    pub fn mute_time_intervals(&self) -> &[String] {
        &self.mute
    }

    /// Returns the names of the time intervals outside of which nothing is sent; none means always.
    pub fn active_time_intervals(&self) -> &[String] {
        &self.active
    }

    /// Says whether alerts that the route takes go on to its later siblings too.
    pub const fn continues(&self) -> bool {
        self.continues
    }

    /// Returns the routes below it, in their order.
    pub fn children(&self) -> &[RouteId] {
        &self.children
    }

    /// Returns its own conditions.
    pub const fn matchers(&self) -> &Matchers {
        &self.matchers
    }

    /// Returns the extensions.
    pub const fn extensions(&self) -> &Extensions {
        &self.extensions
    }
}

impl RouteTree {
    /// Returns the routes that take an alert with these labels, in the order of the file.
    pub fn matching(&self, labels: &Labels) -> Vec<RouteId> {
        self.taking(labels)
    }

    pub(crate) fn taking(&self, labels: &impl Texts) -> Vec<RouteId> {
        let mut found = Vec::new();
        self.descend(RouteId(0), labels, &mut found);
        found
    }

    /// Returns the receivers that hear of an alert with these labels, in the order of the file; one may be there twice, by two routes.
    pub fn receivers(&self, labels: &Labels) -> Vec<&str> {
        let ids = self.matching(labels).into_iter();
        ids.map(|id| self.get(id).receiver()).collect()
    }

    /// Returns the root.
    pub fn root(&self) -> &Route {
        &self.routes[0]
    }

    /// Returns all routes and their ids, each before its children.
    pub fn iter(&self) -> impl Iterator<Item = (RouteId, &Route)> {
        self.routes
            .iter()
            .enumerate()
            .map(|(at, route)| (RouteId(at), route))
    }

    /// Returns a route of this tree; an id of another tree that is larger gives the root.
    pub fn get(&self, id: RouteId) -> &Route {
        self.routes.get(id.0).unwrap_or(&self.routes[0])
    }

    /// Returns the labels that name the group of an alert in a route: those of `group_by` that it has.
    pub fn group_labels(&self, id: RouteId, labels: &Labels) -> Labels {
        self.group_texts(id, labels)
    }

    pub(crate) fn group_texts(&self, id: RouteId, labels: &impl Texts) -> Labels {
        let named = |name: &str| match &self.get(id).group_by {
            GroupBy::All => true,
            GroupBy::Labels(names) => names.contains(name),
        };
        let named = labels.each().filter(|(name, _)| named(name));
        let owned = named.map(|(name, value)| (name.to_owned(), value.to_owned()));
        owned.collect()
    }

    fn descend(&self, id: RouteId, labels: &impl Texts, found: &mut Vec<RouteId>) -> bool {
        let route = self.get(id);
        if !route.matchers.take(labels) {
            return false;
        }
        let before = found.len();
        for &child in &route.children {
            if self.descend(child, labels, found) && !self.get(child).continues {
                break;
            }
        }
        if found.len() == before {
            found.push(id);
        }
        true
    }
}

#[cfg(test)]
mod tests;
