//! The integrations of each receiver, and which ends they are told.

use std::collections::BTreeMap;

use crate::config::{Config, ReceiverConfig};
use crate::state::settings::{Settings, Telling};
use crate::view::AlertKind;

/// The integrations of each receiver, by the receiver's name.
#[derive(Debug, Default)]
pub(super) struct Lanes(BTreeMap<String, Vec<Telling>>);

impl Lanes {
    pub(super) fn new(config: &Config, settings: &Settings) -> Self {
        let lanes = |receiver: &ReceiverConfig| {
            if receiver.integrations.is_empty() {
                return vec![
                    settings
                        .bound
                        .get(&receiver.name)
                        .copied()
                        .unwrap_or_default(),
                ];
            }
            let telling = |integration: &crate::config::IntegrationConfig| Telling {
                resolved: integration.send_resolved,
                event_ends: false,
            };
            receiver.integrations.iter().map(telling).collect()
        };
        let named = |receiver: &ReceiverConfig| (receiver.name.clone(), lanes(receiver));
        Self(config.receivers.iter().map(named).collect())
    }

    /// Returns the integrations of a receiver; none when it is not there any more.
    pub(super) fn of(&self, receiver: &str) -> &[Telling] {
        self.0.get(receiver).map_or(&[], Vec::as_slice)
    }
}

impl Telling {
    /// Says whether the end of such an alert is told; to Alertmanager all alerts are the same.
    pub(super) fn tells_end(self, kind: AlertKind, strict: bool) -> bool {
        self.resolved && (strict || self.event_ends || kind == AlertKind::State)
    }
}
