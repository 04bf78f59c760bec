//! Which notifier is behind each lane of a configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::async_trait;
use crate::config::Config;
use crate::driver::{Notifiers, configured};
use crate::error::{Error, Kind};
use crate::notification::Notification;
use crate::notifier::{Notifier, NotifyError, Rate};
use crate::outbox::LaneSettings;
use crate::state::{Lane, Telling};

/// The receiver that tells nobody, as many of Alertmanager's files have it.
pub(crate) const NULL: &str = "null";

/// The notifiers of a configuration, by their lanes.
#[derive(Clone)]
pub(crate) struct Channels {
    pub(super) notifiers: Notifiers,
}

/// The channel behind a receiver that tells nobody.
struct Nobody;

impl Channels {
    /// Finds a notifier for every receiver of a configuration, among those that the program brings or as the file says.
    ///
    /// The program's own that the configuration does not name have a lane too: for tests, and as a stand-in.
    pub(crate) fn new(
        config: &Config,
        registered: &BTreeMap<String, Arc<dyn Notifier>>,
    ) -> Result<Self, Error> {
        let mut notifiers = Notifiers::new();
        for (name, notifier) in registered {
            notifiers.insert(lane(name, 0), Arc::clone(notifier));
        }
        for receiver in config.receivers() {
            let name = receiver.name();
            let integrations = receiver.integrations();
            if integrations.is_empty() && !registered.contains_key(name) {
                if name != NULL {
                    return Err(Kind::UnboundReceiver(name.to_owned()).into());
                }
                notifiers.insert(lane(name, 0), Arc::new(Nobody));
            }
            for (at, integration) in integrations.iter().enumerate() {
                notifiers.insert(lane(name, at), configured::channel(name, integration)?);
            }
        }
        Ok(Self { notifiers })
    }

    pub(crate) fn settings(&self) -> BTreeMap<Lane, LaneSettings> {
        let settings = |(lane, notifier): (&Lane, &Arc<dyn Notifier>)| {
            (lane.clone(), settings(notifier.as_ref()))
        };
        self.notifiers.iter().map(settings).collect()
    }

    /// Returns the lanes of a receiver.
    pub(crate) fn of(&self, receiver: &str) -> Vec<Lane> {
        let lanes = self.notifiers.keys();
        lanes
            .filter(|it| it.receiver == receiver)
            .cloned()
            .collect()
    }

    /// Returns the notifiers of a receiver.
    pub(crate) fn notifiers_of(&self, receiver: &str) -> Vec<Arc<dyn Notifier>> {
        let lanes = self.notifiers.iter();
        let of = lanes.filter(|(lane, _)| lane.receiver == receiver);
        of.map(|(_, notifier)| Arc::clone(notifier)).collect()
    }

    /// Returns receiver and kind of each lane.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let lanes = self.notifiers.iter();
        lanes.map(|(lane, notifier)| (lane.receiver.as_str(), notifier.kind()))
    }

    /// Returns the lanes with their kinds.
    pub(crate) fn kinds(&self) -> Vec<(Lane, &'static str)> {
        let lanes = self.notifiers.iter();
        lanes.map(|(lane, it)| (lane.clone(), it.kind())).collect()
    }

    /// Returns the receivers that are sent no more than some rate, each with its kind and rate.
    pub(crate) fn rates(&self) -> impl Iterator<Item = (&str, &'static str, Rate)> {
        let lanes = self.notifiers.iter();
        lanes.filter_map(|(lane, notifier)| {
            let rate = notifier.limits().rate?;
            Some((lane.receiver.as_str(), notifier.kind(), rate))
        })
    }

    pub(crate) fn receivers(&self) -> Vec<String> {
        let mut names: Vec<_> = self
            .notifiers
            .keys()
            .map(|it| it.receiver.clone())
            .collect();
        names.dedup();
        names
    }
}

/// Returns which ends a notifier of the program is told.
pub(crate) fn telling(notifier: &dyn Notifier) -> Telling {
    Telling {
        resolved: true,
        event_ends: notifier.limits().pages,
    }
}

fn settings(notifier: &dyn Notifier) -> LaneSettings {
    let limits = notifier.limits();
    LaneSettings {
        rate: limits.rate,
        idempotent: limits.is_idempotent,
        pages: limits.pages,
    }
}

fn lane(receiver: &str, integration: usize) -> Lane {
    Lane {
        receiver: receiver.to_owned(),
        integration,
    }
}

#[async_trait]
impl Notifier for Nobody {
    fn kind(&self) -> &'static str {
        NULL
    }

    async fn notify(&self, _: &Notification) -> Result<(), NotifyError> {
        Ok(())
    }
}
