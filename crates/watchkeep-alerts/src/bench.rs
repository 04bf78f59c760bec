//! The state machine for the project's own benches: not a part of the interface, and free to change.

use std::sync::Arc;
use std::time::Duration;

use crate::alert::Alert;
use crate::clock::Now;
use crate::config::{Config, InhibitRule, ReceiverConfig};
use crate::level::Level;
use crate::matcher::Matchers;
use crate::route::RouteBuilder;
use crate::state::{Effect, Ends, Event, Job, Outcome, Settings, Settled, State};
use crate::timestamp::Timestamp;
use crate::view::AlertKind;

/// The alerts that share a group.
const A_GROUP: u64 = 20;
/// The time in which all alerts are exchanged: a flush of each group, whatever their number.
const LIFE: Duration = Duration::from_secs(300);

/// A state machine with so many active alerts, of which the oldest is resolved whenever a new one comes.
#[derive(Debug)]
pub struct Turnover {
    state: State,
    active: u64,
    raised: u64,
}

/// What was done, so that it can be seen to have been done.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Work {
    /// Notices that were handed out.
    pub notices: u64,
    /// Alerts in those notices.
    pub told: u64,
    /// Rows that were written or deleted.
    pub rows: u64,
}

impl Turnover {
    /// Fills a state machine; one rule of inhibition and a silence look at each alert.
    pub fn new(active: u64) -> Self {
        let mut settings = Settings::new("bench", 1);
        let room = usize::try_from(active).unwrap_or(usize::MAX);
        settings.limits.alerts = room.saturating_mul(4);
        settings.limits.alerts_per_name = settings.limits.alerts;
        settings.limits.groups = settings.limits.alerts;
        let mut turnover = Self {
            state: State::new(Arc::new(config()), settings),
            active,
            raised: 0,
        };
        while turnover.raised < active * 2 {
            turnover.exchange();
        }
        turnover
    }

    /// Raises one alert, resolves the oldest, and tells what is due meanwhile.
    #[inline(never)]
    pub fn exchange(&mut self) -> Work {
        let mut work = Work::default();
        self.raised += 1;
        self.step(
            Event::Alert {
                alert: alert(self.raised),
                kind: AlertKind::State,
                starts_at: None,
                ends: Ends::Unsaid,
            },
            &mut work,
        );
        if let Some(oldest) = self.raised.checked_sub(self.active) {
            self.step(Event::Resolve(alert(oldest).fingerprint()), &mut work);
        }
        self.step(Event::Tick, &mut work);
        work
    }

    fn step(&mut self, event: Event, work: &mut Work) {
        let now = self.now();
        let effects = self.state.step(now, event);
        for effect in effects {
            match effect {
                Effect::Persist(_) => work.rows += 1,
                Effect::Deliver(job) => {
                    work.notices += 1;
                    work.told += job.notification.alerts().len() as u64;
                    self.deliver(*job, work);
                }
                _ => {}
            }
        }
    }

    fn deliver(&mut self, job: Job, work: &mut Work) {
        let at = self.now().wall;
        let settled = Settled {
            id: job.id,
            lane: job.lane,
            group_key: job.group_key,
            outcome: Outcome::Delivered,
            at,
        };
        self.step(Event::Settled(settled), work);
    }

    fn now(&self) -> Now {
        let an_alert = LIFE.as_nanos() as u64 / self.active;
        let elapsed = Duration::from_nanos(self.raised * an_alert);
        Now {
            elapsed,
            wall: Timestamp::from_millis(0).after(elapsed),
        }
    }
}

fn config() -> Config {
    let rule = InhibitRule::new(
        Matchers::parse("severity=critical").unwrap_or_default(),
        Matchers::parse("severity=error").unwrap_or_default(),
    );
    Config::builder()
        .receiver(ReceiverConfig::new("chat"))
        .route(RouteBuilder::to("chat").group_by(["host"]))
        .inhibit(rule.with_equal(["host"]))
        .build()
        .expect("the configuration is valid")
}

fn alert(number: u64) -> Alert {
    Alert::new("Load", Level::Error, "text")
        .with_label("host", (number / A_GROUP).to_string())
        .with_label("number", number.to_string())
        .with_label("service", "bench")
}
