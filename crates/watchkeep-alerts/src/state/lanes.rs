//! The integrations of each receiver, and which ends they are told.

use std::collections::BTreeMap;

use crate::config::{self, Config, Extensions, IntegrationConfig, ReceiverConfig};
use crate::state::settings::{Settings, Telling};
use crate::view::AlertKind;

/// Says in a receiver or a channel of the file whether the end of events is told.
const EVENT_ENDS: &str = "x-event-ends";

/// The integrations of each receiver, by the receiver's name.
#[derive(Debug, Default)]
pub(super) struct Lanes(BTreeMap<String, Vec<Telling>>);

impl Lanes {
    /// A receiver without channels is bound by its name to a notifier of the program, which is one lane.
    pub(super) fn new(config: &Config, settings: &Settings) -> Self {
        let lanes = |receiver: &ReceiverConfig| {
            let of_all = event_ends(receiver.extensions());
            let integrations = receiver.integrations();
            if integrations.is_empty() {
                let mut telling = settings
                    .bound
                    .get(receiver.name())
                    .copied()
                    .unwrap_or_default();
                telling.event_ends = of_all.unwrap_or(telling.event_ends);
                return vec![telling];
            }
            let telling = |integration| Telling::of(integration, of_all);
            integrations.iter().map(telling).collect()
        };
        let named = |receiver: &ReceiverConfig| (receiver.name().to_owned(), lanes(receiver));
        Self(config.receivers.iter().map(named).collect())
    }

    /// Returns the integrations of a receiver; none when it is not there any more.
    pub(super) fn of(&self, receiver: &str) -> &[Telling] {
        self.0.get(receiver).map_or(&[], Vec::as_slice)
    }
}

impl Telling {
    /// A pager is told the end of events, unless the file says something else; a chat is not.
    fn of(integration: &IntegrationConfig, of_receiver: Option<bool>) -> Self {
        let own = event_ends(integration.extensions());
        let pager = matches!(integration.settings(), config::Settings::PagerDuty(_));
        Self {
            resolved: integration.send_resolved(),
            event_ends: own.or(of_receiver).unwrap_or(pager),
        }
    }

    /// Says whether the end of such an alert is told; to Alertmanager all alerts are the same.
    pub(super) fn tells_end(self, kind: AlertKind, strict: bool) -> bool {
        self.resolved && (strict || self.event_ends || kind == AlertKind::State)
    }
}

fn event_ends(extensions: &Extensions) -> Option<bool> {
    extensions.get(EVENT_ENDS)?.as_bool()
}

#[cfg(test)]
mod tests;
