//! The routing tree: which receivers hear of an alert, and how its notices are grouped and timed.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::alert::Labels;
use crate::matcher::Matchers;

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
}

/// The routes of a configuration, from the root down.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RouteTree {
    pub(crate) routes: Vec<Route>,
}

impl RouteTree {
    /// Returns the routes that take an alert with these labels, in the order of the file.
    pub fn matching(&self, labels: &Labels) -> Vec<RouteId> {
        let mut found = Vec::new();
        self.descend(RouteId(0), labels, &mut found);
        found
    }

    /// Returns a route of this tree; an id of another tree that is larger gives the root.
    pub fn get(&self, id: RouteId) -> &Route {
        self.routes.get(id.0).unwrap_or(&self.routes[0])
    }

    /// Returns the labels that name the group of an alert in a route: those of `group_by` that it has.
    pub fn group_labels(&self, id: RouteId, labels: &Labels) -> Labels {
        let GroupBy::Labels(names) = &self.get(id).group_by else {
            return labels.clone();
        };
        let named = |(name, _): &(&String, &String)| names.contains(*name);
        let owned = |(name, value): (&String, &String)| (name.clone(), value.clone());
        labels.iter().filter(named).map(owned).collect()
    }

    fn descend(&self, id: RouteId, labels: &Labels, found: &mut Vec<RouteId>) -> bool {
        let route = self.get(id);
        if !route.matchers.matches(labels) {
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
