//! A route in the making.

use std::time::Duration;

use crate::config::{Extensions, Located, Position};
use crate::matcher::{Matcher, Matchers};

/// A route of a [`ConfigBuilder`](crate::config::ConfigBuilder); what is not set is inherited from its parent.
///
/// A root takes every alert: it has a receiver, and no matchers, no time intervals and no [`continues`](Self::continues).
#[derive(Clone, Debug, Default)]
#[must_use = "a route does nothing until it is part of a configuration"]
pub struct RouteBuilder {
    pub(crate) at: Option<Position>,
    pub(crate) name: Option<Located<String>>,
    pub(crate) receiver: Option<Located<String>>,
    pub(crate) group_by: Option<Vec<Located<String>>>,
    pub(crate) group_wait: Option<Duration>,
    pub(crate) group_interval: Option<Located<Duration>>,
    pub(crate) repeat_interval: Option<Located<Duration>>,
    pub(crate) mute: Vec<Located<String>>,
    pub(crate) active: Vec<Located<String>>,
    pub(crate) continues: bool,
    pub(crate) matchers: Vec<Matcher>,
    pub(crate) children: Vec<Self>,
    pub(crate) extensions: Extensions,
}

impl RouteBuilder {
    /// Makes a route to the receiver of its parent.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a route to a receiver.
    pub fn to(receiver: impl Into<String>) -> Self {
        Self {
            receiver: Some(receiver.into().into()),
            ..Self::default()
        }
    }

    /// Names the route, so that its groups keep their identity when its matchers are edited (`x-name`).
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into().into());
        self
    }

    /// Adds conditions: the route takes the alerts for which all of them hold.
    pub fn matchers(mut self, matchers: Matchers) -> Self {
        self.matchers.extend(matchers);
        self
    }

    /// Groups alerts by these labels; `...` alone makes every alert a group, and none makes them all one.
    pub fn group_by<N: Into<String>>(mut self, labels: impl IntoIterator<Item = N>) -> Self {
        let labels = labels.into_iter().map(|label| label.into().into());
        self.group_by = Some(labels.collect());
        self
    }

    /// Sets how long a new group waits for more alerts before its first notice. Default of the root: 30 s.
    pub fn group_wait(mut self, wait: Duration) -> Self {
        self.group_wait = Some(wait);
        self
    }

    /// Sets how long changes of a group are gathered between notices. Default of the root: 5 minutes.
    pub fn group_interval(mut self, interval: Duration) -> Self {
        self.group_interval = Some(interval.into());
        self
    }

    /// Sets how long after a notice an unchanged group is said again. Default of the root: 4 hours.
    pub fn repeat_interval(mut self, interval: Duration) -> Self {
        self.repeat_interval = Some(interval.into());
        self
    }

    /// Sends nothing in this time interval, or another one that was added.
    pub fn mute_during(mut self, interval: impl Into<String>) -> Self {
        self.mute.push(interval.into().into());
        self
    }

    /// Sends nothing outside of this time interval, and others that were added.
    pub fn active_during(mut self, interval: impl Into<String>) -> Self {
        self.active.push(interval.into().into());
        self
    }

    /// Lets alerts that this route takes go on to its later siblings too.
    pub fn continues(mut self) -> Self {
        self.continues = true;
        self
    }

    /// Adds a child: children are asked in their order, and the first that takes an alert keeps it.
    pub fn child(mut self, route: Self) -> Self {
        self.children.push(route);
        self
    }
}
