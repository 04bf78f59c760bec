//! A world around the outbox: a clock, a disk, and receivers that do as they are told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::alert::Alert;
use crate::clock::Now;
use crate::journal::{Row, Table};
use crate::level::Level;
use crate::notification::{GroupName, Notification};
use crate::outbox::{
    Effect, Event, Failure, FailureKind, LaneSettings, Note, Outbox, Settings, Step,
};
use crate::state::{Job, JobKind, Lane, Outcome, Settled};
use crate::timestamp::Timestamp;
use crate::view::{AlertKind, AlertView, Status};

pub(super) const START: i64 = 1_800_000_000_000;

pub(super) struct World {
    pub(super) outbox: Outbox,
    pub(super) settings: Settings,
    pub(super) lanes: BTreeMap<Lane, LaneSettings>,
    pub(super) elapsed: Duration,
    /// What elapsed before this process.
    pub(super) before: Duration,
    pub(super) disk: BTreeMap<(Table, String), String>,
    pub(super) under_way: BTreeMap<Lane, Arc<Notification>>,
    pub(super) sent: Vec<(Duration, Lane, Arc<Notification>)>,
    pub(super) settled: Vec<Settled>,
    pub(super) notes: Vec<Note>,
    pub(super) delivered: Vec<Arc<Notification>>,
    jobs: u64,
}

pub(super) fn lane(receiver: &str) -> Lane {
    Lane {
        receiver: receiver.to_owned(),
        integration: 0,
    }
}

pub(super) fn failure(kind: FailureKind) -> Result<(), Failure> {
    Err(Failure {
        kind,
        retry_after: None,
        message: "the test says no".to_owned(),
    })
}

pub(super) fn retry_after(after: Duration) -> Result<(), Failure> {
    Err(Failure {
        kind: FailureKind::Transient,
        retry_after: Some(after),
        message: "later".to_owned(),
    })
}

pub(super) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn alert(name: &str, status: Status, kind: AlertKind, level: Level) -> AlertView {
    let alert = Alert::new(name, level, format!("{name} is the case"));
    AlertView {
        fingerprint: alert.fingerprint(),
        labels: alert.labels().clone(),
        annotations: alert.annotations().clone(),
        state: status,
        kind,
        level,
        starts_at: Timestamp::from_millis(START),
        ends_at: None,
        updated_at: Timestamp::from_millis(START),
        generator_url: String::new(),
        occurrences: 1,
        deliveries: Vec::new(),
    }
}

impl World {
    pub(super) fn new(lanes: &[(&str, LaneSettings)]) -> Self {
        Self::with(Settings::new(7), lanes)
    }

    pub(super) fn with(settings: Settings, lanes: &[(&str, LaneSettings)]) -> Self {
        let lanes: BTreeMap<_, _> = lanes
            .iter()
            .map(|(name, settings)| (lane(name), *settings))
            .collect();
        Self {
            outbox: Outbox::new(settings.clone(), lanes.clone()),
            settings,
            lanes,
            elapsed: Duration::ZERO,
            before: Duration::ZERO,
            disk: BTreeMap::new(),
            under_way: BTreeMap::new(),
            sent: Vec::new(),
            settled: Vec::new(),
            notes: Vec::new(),
            delivered: Vec::new(),
            jobs: 0,
        }
    }

    pub(super) fn now(&self) -> Now {
        Now {
            elapsed: self.elapsed,
            wall: Timestamp::from_millis(START).after(self.before + self.elapsed),
        }
    }

    pub(super) fn step(&mut self, event: Event) {
        let effects = self.outbox.step(self.now(), event);
        self.apply(effects);
    }

    fn apply(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Persist(change) => match change.value {
                    Some(value) => drop(self.disk.insert((change.table, change.key), value)),
                    None => drop(self.disk.remove(&(change.table, change.key))),
                },
                Effect::Send { lane, notification } => {
                    let id = notification.id().to_owned();
                    assert!(
                        self.disk.contains_key(&(Table::Deliveries, id)),
                        "what is sent is on the disk"
                    );
                    let other = self
                        .under_way
                        .insert(lane.clone(), Arc::clone(&notification));
                    assert!(other.is_none(), "one notice under way a lane");
                    self.sent.push((self.elapsed, lane, notification));
                }
                Effect::Settled(settled) => self.settled.push(settled),
                Effect::Audit(note) => self.notes.push(note),
                Effect::Progress(progress) => {
                    if progress.step == Step::Delivered {
                        self.delivered.push(progress.notification);
                    }
                }
                Effect::Found => {}
            }
        }
    }

    /// Makes a job of these alerts.
    pub(super) fn job(
        &mut self,
        receiver: &str,
        group: &str,
        kind: JobKind,
        alerts: Vec<AlertView>,
    ) -> Job {
        self.jobs += 1;
        let id = format!("msg_{}_{}", self.before.as_millis(), self.jobs);
        let name = GroupName {
            key: group.to_owned(),
            labels: crate::Labels::new(),
        };
        Job {
            id: id.clone(),
            lane: lane(receiver),
            group_key: group.to_owned(),
            kind,
            level: alerts.iter().map(|alert| alert.level).max().unwrap(),
            event_only: false,
            untold: true,
            created_at: self.now().wall,
            notification: Notification::of_group(id, receiver.to_owned(), name, alerts, 0),
        }
    }

    /// Accepts a notice of one alert that fires, and returns its id.
    pub(super) fn fire(&mut self, receiver: &str, group: &str, name: &str, level: Level) -> String {
        let alerts = vec![alert(name, Status::Firing, AlertKind::State, level)];
        let job = self.job(receiver, group, JobKind::Trigger, alerts);
        let id = job.id.clone();
        self.step(Event::Accept(Box::new(job)));
        id
    }

    /// Accepts the notice that an alert is over, and returns its id.
    pub(super) fn end(&mut self, receiver: &str, group: &str, name: &str, level: Level) -> String {
        let mut over = alert(name, Status::Resolved, AlertKind::State, level);
        over.ends_at = Some(self.now().wall);
        let job = self.job(receiver, group, JobKind::Resolve, vec![over]);
        let id = job.id.clone();
        self.step(Event::Accept(Box::new(job)));
        id
    }

    /// Ends the try that is under way in a lane, and returns what it was of.
    pub(super) fn answer(
        &mut self,
        receiver: &str,
        result: Result<(), Failure>,
    ) -> Arc<Notification> {
        let lane = lane(receiver);
        let notification = self.under_way.remove(&lane).expect("a try is under way");
        let id = notification.id().to_owned();
        self.step(Event::Tried { lane, id, result });
        notification
    }

    pub(super) fn is_sending(&self, receiver: &str) -> bool {
        self.under_way.contains_key(&lane(receiver))
    }

    /// Goes to the next moment at which something is due.
    pub(super) fn go_on(&mut self) -> bool {
        let Some(at) = self.outbox.wake_at() else {
            return false;
        };
        self.elapsed = self.elapsed.max(at);
        let before = self.sent.len();
        self.step(Event::Tick);
        assert!(
            self.sent.len() > before,
            "whoever asks to be woken has something to send"
        );
        true
    }

    pub(super) fn wait(&mut self, time: Duration) {
        self.elapsed += time;
        self.step(Event::Tick);
    }

    /// Ends the process, and begins another one on the same disk.
    pub(super) fn restart(&mut self, pause: Duration) {
        self.before += self.elapsed + pause;
        self.elapsed = Duration::ZERO;
        self.under_way.clear();
        self.settings.nonce += 1;
        let row = |((table, key), value): (&(Table, String), &String)| Row {
            table: *table,
            key: key.clone(),
            value: value.clone(),
        };
        let rows: Vec<_> = self.disk.iter().map(row).collect();
        let (outbox, effects) =
            Outbox::restore(self.settings.clone(), self.lanes.clone(), &rows, self.now()).unwrap();
        self.outbox = outbox;
        self.apply(effects);
        self.step(Event::Tick);
    }

    pub(super) fn outcome_of(&self, id: &str) -> Vec<Outcome> {
        let of = self.settled.iter().filter(|settled| settled.id == id);
        of.map(|settled| settled.outcome).collect()
    }

    pub(super) fn words(&self) -> Vec<&'static str> {
        self.notes.iter().map(|note| note.why.word()).collect()
    }

    pub(super) fn dead(&self) -> Vec<String> {
        let letters = self.outbox.dead_letters();
        letters.map(|letter| letter.id().to_owned()).collect()
    }
}

/// Returns the alerts of a notice, each with whether it fires.
pub(super) fn said(notification: &Notification) -> Vec<(String, bool)> {
    let alerts = notification.alerts().iter();
    let mut said: Vec<_> = alerts
        .map(|alert| {
            let name = alert.labels["alertname"].clone();
            (name, alert.state == Status::Firing)
        })
        .collect();
    said.sort();
    said
}
