//! A state machine with a hand-made clock, an outbox that delivers at once, and a journal in a map.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::alert::{Alert, Labels};
use crate::clock::Now;
use crate::config::{self, Config, InhibitRule, IntegrationConfig, ReceiverConfig, Secret};
use crate::fingerprint::Fingerprint;
use crate::interval::TimeInterval;
use crate::journal::{Change, Row, Table};
use crate::level::Level;
use crate::matcher::{MatchOp, Matcher, Matchers};
use crate::route::{GroupBy, Route, RouteBuilder, RouteId, RouteTree};
use crate::state::{
    Decision, Effect, Ends, Event, Job, JobKind, Outcome, Settings, Settled, SilenceDraft,
    SilenceOp, State, Telling,
};
use crate::timestamp::Timestamp;
use crate::view::{AlertKind, Status};

pub(super) const MINUTE: u64 = 60;
pub(super) const HOUR: u64 = 3_600;
/// 2026-11-27 00:00:00 UTC, a Friday: the wall clock at second 0.
pub(super) const MIDNIGHT: i64 = 1_795_737_600_000;

/// The state machine, and all around it.
pub(super) struct Bench {
    pub(super) state: State,
    pub(super) millis: u64,
    /// How far the wall clock was set.
    pub(super) wall_offset: i64,
    pub(super) rows: BTreeMap<(Table, String), String>,
    /// Whether jobs are delivered as soon as they are handed out.
    pub(super) delivers: bool,
    /// Jobs that are not settled.
    pub(super) pending: Vec<Job>,
    /// All jobs, with the second at which they were handed out.
    pub(super) jobs: Vec<(u64, Job)>,
    pub(super) said: Vec<String>,
    pub(super) ids: BTreeSet<String>,
    /// How often it was restored: each process has a nonce of its own.
    starts: u64,
}

impl Bench {
    pub(super) fn new(config: Config) -> Self {
        Self::with(config, settings())
    }

    pub(super) fn strict(config: Config) -> Self {
        let mut settings = settings();
        settings.strict = true;
        Self::with(config, settings)
    }

    pub(super) fn with(config: Config, settings: Settings) -> Self {
        Self {
            state: State::new(Arc::new(config), settings),
            millis: 0,
            wall_offset: 0,
            rows: BTreeMap::new(),
            delivers: true,
            pending: Vec::new(),
            jobs: Vec::new(),
            said: Vec::new(),
            ids: BTreeSet::new(),
            starts: 0,
        }
    }

    pub(super) fn now(&self) -> Now {
        let elapsed = Duration::from_millis(self.millis);
        Now {
            elapsed,
            wall: self.wall(self.millis),
        }
    }

    pub(super) fn wall(&self, millis: u64) -> Timestamp {
        let millis = i64::try_from(millis).unwrap();
        Timestamp::from_millis(MIDNIGHT + self.wall_offset + millis)
    }

    /// Returns the wall clock at a second, for the times of alerts and silences.
    pub(super) fn second(&self, second: u64) -> Timestamp {
        self.wall(second * 1_000)
    }

    /// Lets the time pass up to a second, with a tick whenever one is wanted, also at that second.
    pub(super) fn at(&mut self, second: u64) -> &mut Self {
        self.at_millis(second * 1_000)
    }

    pub(super) fn at_millis(&mut self, millis: u64) -> &mut Self {
        while let Some(wake) = self.state.wake_at() {
            let wake = u64::try_from(wake.as_millis()).unwrap().max(self.millis);
            if wake > millis {
                break;
            }
            self.millis = wake;
            self.step(Event::Tick);
        }
        self.millis = millis;
        self
    }

    /// Steps, keeps the rows, delivers, and returns the effects but for those.
    pub(super) fn step(&mut self, event: Event) -> Vec<Effect> {
        let effects = self.state.step(self.now(), event);
        self.take(effects)
    }

    pub(super) fn take(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        let mut others = Vec::new();
        let mut jobs = Vec::new();
        for effect in effects {
            match effect {
                Effect::Persist(change) => self.keep(change),
                Effect::Deliver(job) => jobs.push(*job),
                other => {
                    if let Some(line) = short(&other) {
                        self.said.push(line);
                    }
                    others.push(other);
                }
            }
        }
        for job in jobs {
            assert!(self.ids.insert(job.id.clone()), "an id is used twice");
            self.jobs.push((self.millis / 1_000, job.clone()));
            self.said.push(line(self.millis, &job));
            self.pending.push(job.clone());
            if self.delivers {
                self.settle(&job.id, Outcome::Delivered);
            }
        }
        others
    }

    fn keep(&mut self, change: Change) {
        let key = (change.table, change.key);
        match change.value {
            Some(value) => self.rows.insert(key, value),
            None => self.rows.remove(&key),
        };
    }

    pub(super) fn settle(&mut self, id: &str, outcome: Outcome) {
        let at = self.pending.iter().position(|job| job.id == id).unwrap();
        let job = self.pending.remove(at);
        let at = self.now().wall;
        self.step(Event::Settled(Settled {
            id: job.id,
            lane: job.lane,
            group_key: job.group_key,
            outcome,
            at,
        }));
    }

    /// Settles the oldest job that is not settled.
    pub(super) fn settle_first(&mut self, outcome: Outcome) {
        let id = self.pending[0].id.clone();
        self.settle(&id, outcome);
    }

    /// Restores another machine from the rows, and goes on with it.
    pub(super) fn restart(&mut self, config: Config, mut settings: Settings) {
        self.starts += 1;
        settings.nonce += self.starts;
        let (state, effects) =
            State::restore(Arc::new(config), settings, self.rows(), self.now()).unwrap();
        self.state = state;
        self.take(effects);
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        let row = |((table, key), value): (&(Table, String), &String)| Row {
            table: *table,
            key: key.clone(),
            value: value.clone(),
        };
        self.rows.iter().map(row).collect()
    }

    pub(super) fn raise(
        &mut self,
        alert: Alert,
        kind: AlertKind,
        starts_at: Option<Timestamp>,
        ends: Ends,
    ) -> Vec<Effect> {
        self.step(Event::Alert {
            alert,
            kind,
            starts_at,
            ends,
        })
    }

    pub(super) fn fire(&mut self, alert: Alert) -> Vec<Effect> {
        self.raise(alert, AlertKind::State, None, Ends::Unsaid)
    }

    pub(super) fn trigger(&mut self, alert: Alert) -> Vec<Effect> {
        self.raise(alert, AlertKind::Event, None, Ends::Unsaid)
    }

    pub(super) fn resolve(&mut self, alert: &Alert) -> Vec<Effect> {
        self.step(Event::Resolve(alert.fingerprint()))
    }

    /// Silences what these matchers match from now on, for so many seconds, and returns the silence's id.
    pub(super) fn silence(&mut self, matchers: &str, seconds: u64) -> String {
        let starts_at = self.now().wall;
        let draft = SilenceDraft {
            id: None,
            matchers: matching(matchers),
            starts_at,
            ends_at: starts_at.after(Duration::from_secs(seconds)),
            created_by: "ann".to_owned(),
            comment: "works".to_owned(),
        };
        match self.step(Event::Silence(SilenceOp::Set(draft))).pop() {
            Some(Effect::SilenceSet { id }) => id,
            other => panic!("no silence: {other:?}"),
        }
    }

    pub(super) fn expire(&mut self, id: &str) {
        self.step(Event::Silence(SilenceOp::Expire(id.to_owned())));
    }

    /// Takes what was said since the last time: notices and decisions.
    pub(super) fn said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said)
    }

    #[track_caller]
    pub(super) fn expect(&mut self, lines: &[&str]) {
        assert_eq!(self.said(), lines);
    }
}

/// Prints a notice: `30 chat trigger A B; resolved C`.
pub(super) fn line(millis: u64, job: &Job) -> String {
    let kind = match job.kind {
        JobKind::Resolve => "resolve",
        JobKind::Trigger => "trigger",
        JobKind::Update => "update",
    };
    let (seconds, rest) = (millis / 1_000, millis % 1_000);
    let mut text = format!("{seconds}");
    if rest > 0 {
        text += &format!(".{rest:03}");
    }
    text += &format!(" {}", job.lane.receiver);
    if job.lane.integration > 0 {
        text += &format!("/{}", job.lane.integration);
    }
    text += &format!(" {kind}");
    for alert in job.notification.alerts() {
        let sign = if alert.state == Status::Firing {
            "+"
        } else {
            "-"
        };
        text += &format!(" {sign}{}", name(&alert.labels));
    }
    text
}

fn short(effect: &Effect) -> Option<String> {
    match effect {
        Effect::Audit(Decision { why, .. }) if !why.holds_back() => None,
        Effect::Audit(Decision {
            receiver,
            fingerprint: _,
            why,
            ..
        }) => Some(format!("{receiver}: {why}")),
        Effect::Withdraw { lane, .. } => Some(format!("{} withdraw", lane.receiver)),
        Effect::Accepted { .. }
        | Effect::Began(_)
        | Effect::Deliver(_)
        | Effect::Ended(_)
        | Effect::Persist(_)
        | Effect::Refused { .. }
        | Effect::Resolved
        | Effect::SilenceRefused(_)
        | Effect::SilenceSet { .. } => None,
    }
}

pub(super) fn name(labels: &Labels) -> &str {
    &labels["alertname"]
}

pub(super) fn settings() -> Settings {
    Settings::new("oracle", 0xfeed)
}

/// An alert of level error, without anything but its name.
pub(super) fn error(name: &str) -> Alert {
    Alert::new(name, Level::Error, "text").with_label("service", "oracle")
}

pub(super) fn fingerprint(alert: &Alert) -> Fingerprint {
    alert.fingerprint()
}

/// Reads `a=b,c!=d,e=~f`.
pub(super) fn matching(text: &str) -> Matchers {
    let texts = text.split(',').filter(|text| !text.is_empty());
    texts.map(matcher).collect()
}

fn matcher(text: &str) -> Matcher {
    let ops = [
        ("=~", MatchOp::Regex),
        ("!=", MatchOp::NotEqual),
        ("!~", MatchOp::NotRegex),
        ("=", MatchOp::Equal),
    ];
    let (sign, op) = ops.into_iter().find(|(op, _)| text.contains(op)).unwrap();
    let (name, value) = text.split_once(sign).unwrap();
    Matcher::new(name, op, value).unwrap()
}

/// A route: `receiver`, matchers, and `group_by`; it waits 30 s, then tells every 5 min, and repeats every 4 h.
pub(super) fn route(receiver: &str, matchers: &str, group_by: &[&str]) -> Route {
    let matchers = matching(matchers);
    let key = format!("{{}}/{matchers}");
    Route {
        key: format!("{key}/{receiver}"),
        strict_key: key,
        receiver: receiver.to_owned(),
        group_by: GroupBy::Labels(group_by.iter().map(|&name| name.to_owned()).collect()),
        group_wait: Duration::from_secs(30),
        group_interval: Duration::from_secs(5 * MINUTE),
        repeat_interval: Duration::from_secs(4 * HOUR),
        mute: Vec::new(),
        active: Vec::new(),
        continues: false,
        children: Vec::new(),
        matchers,
        extensions: BTreeMap::new(),
    }
}

/// A configuration with this root, and these routes below it.
pub(super) fn config(mut root: Route, children: Vec<Route>) -> Config {
    root.children = (1..=children.len()).map(RouteId).collect();
    let mut routes = vec![root];
    routes.extend(children);
    let names: BTreeSet<_> = routes.iter().map(|route| route.receiver.clone()).collect();
    let mut builder = Config::builder().route(RouteBuilder::to(routes[0].receiver.clone()));
    for name in names {
        builder = builder.receiver(ReceiverConfig::new(name));
    }
    let mut config = builder.build().unwrap();
    config.routes = RouteTree { routes };
    config
}

/// One receiver `chat`, one group for all.
pub(super) fn chat() -> Config {
    config(route("chat", "", &[]), Vec::new())
}

/// One receiver `chat`, a group by name.
pub(super) fn chat_by_name() -> Config {
    config(route("chat", "", &["alertname"]), Vec::new())
}

pub(super) fn inhibit(source: &str, target: &str, equal: &[&str]) -> InhibitRule {
    InhibitRule {
        source: matching(source),
        target: matching(target),
        equal: equal.iter().map(|&name| name.to_owned()).collect(),
    }
}

/// The minutes of the day from `start` to `end`.
pub(super) fn daily(start: &str, end: &str) -> Vec<TimeInterval> {
    vec![TimeInterval::new().with_times(start, end).unwrap()]
}

/// Tells the receiver's integrations which ends they are told.
pub(super) fn tell(config: &mut Config, receiver: &str, send_resolved: &[bool]) {
    let receiver = config.receivers.iter_mut().find(|it| it.name == receiver);
    let integration = |&send_resolved| integration(send_resolved);
    receiver.unwrap().integrations = send_resolved.iter().map(integration).collect();
}

/// A channel of Telegram, which is told no end of events.
fn integration(send_resolved: bool) -> IntegrationConfig {
    let settings = config::TelegramSettings::new(Secret::new("token"), 1);
    IntegrationConfig::new(config::Settings::Telegram(settings)).with_send_resolved(send_resolved)
}

/// A pager, which is told the end of events.
pub(super) const PAGER: Telling = Telling {
    resolved: true,
    event_ends: true,
};
