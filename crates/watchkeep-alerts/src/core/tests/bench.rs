//! A core under a hand-made clock.

use std::time::Duration;

use crate::alert::Alert;
use crate::clock::Now;
use crate::core::{Core, Effect, Event, Settings, Tried};
use crate::level::Level;
use crate::timestamp::Timestamp;
use crate::view::{AlertKind, AlertView, DeliveryOutcome};

pub(super) const MINUTE: u64 = 60;
pub(super) const HOUR: u64 = 3_600;

/// A core with two receivers, `chat` for errors and `pager` and `chat` for criticals, and a hand-made clock.
pub(super) struct Bench {
    pub(super) core: Core,
    seconds: u64,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with_max_active(100)
    }

    pub(super) fn with_max_active(max_active: usize) -> Self {
        let core = Core::new(Settings {
            service: "oracle".to_owned(),
            repeat_interval: Duration::from_secs(4 * HOUR),
            event_ends_after: Duration::from_secs(5 * MINUTE),
            renotify_after: Duration::from_secs(2 * MINUTE),
            max_active,
            receivers: vec!["chat".to_owned(), "pager".to_owned()],
            routes: [vec![], vec![], vec![0], vec![1, 0]],
            nonce: 0xfeed,
        });
        Self { core, seconds: 0 }
    }

    pub(super) fn at(&mut self, seconds: u64) -> &mut Self {
        self.seconds = seconds;
        self
    }

    pub(super) fn now(&self) -> Now {
        let elapsed = Duration::from_secs(self.seconds);
        Now {
            elapsed,
            wall: Timestamp::from_millis(1_000_000).after(elapsed),
        }
    }

    /// Steps, and prints each effect in short.
    pub(super) fn step(&mut self, event: Event) -> Vec<String> {
        let effects = self.core.step(self.now(), event);
        effects.iter().map(short).collect()
    }

    pub(super) fn trigger(&mut self, alert: Alert) -> Vec<String> {
        self.step(Event::Raise(alert, AlertKind::Event))
    }

    pub(super) fn fire(&mut self, alert: Alert) -> Vec<String> {
        self.step(Event::Raise(alert, AlertKind::State))
    }

    pub(super) fn tick(&mut self) -> Vec<String> {
        self.step(Event::Tick)
    }

    /// Reports on the last delivery of the one active alert to `chat`.
    pub(super) fn tried(&mut self, outcome: DeliveryOutcome) -> Vec<String> {
        let (fingerprint, id) = {
            let (fingerprint, entry) = self
                .core
                .active
                .first_key_value()
                .expect("an alert is active");
            let notice = entry.notices.iter().find(|notice| notice.receiver == 0);
            (*fingerprint, notice.expect("chat is told").id.clone())
        };
        self.step(Event::Tried(Tried {
            fingerprint,
            receiver: 0,
            id,
            outcome,
            tries: 1,
            next_in: None,
            error: None,
        }))
    }

    pub(super) fn active(&self) -> Vec<AlertView> {
        self.core.active(self.now())
    }
}

fn short(effect: &Effect) -> String {
    let name = |alert: &AlertView| alert.labels["alertname"].clone();
    match effect {
        Effect::Accepted { new: true, .. } => "new".to_owned(),
        Effect::Accepted { new: false, .. } => "again".to_owned(),
        Effect::Began(alert) => format!("began {}", name(alert)),
        Effect::Deliver(_, notification) => {
            let alert = &notification.alerts()[0];
            let status = notification.status().as_str();
            format!("{} {} to {}", status, name(alert), notification.receiver())
        }
        Effect::Ended(alert) => format!("ended {}", name(alert)),
        Effect::Refused { first, .. } => format!("refused first={first}"),
        Effect::Resolved => "resolved".to_owned(),
    }
}

pub(super) fn error(name: &str) -> Alert {
    Alert::new(name, Level::Error, "text")
}
