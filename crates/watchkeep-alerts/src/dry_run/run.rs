//! The run itself: the state machine, and deliveries that arrive at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    AFTER, DryAlert, DryNotice, DryRun, DryRunError, EVENTS, Happening, HeldBack, LONGEST, Script,
    TimedEvent,
};
use crate::alert::Alert;
use crate::clock::Now;
use crate::config::Config;
use crate::fingerprint::Fingerprint;
use crate::state::{
    Effect, Ends, Event, Job, JobKind, Outcome, Settings, Settled, SilenceDraft, SilenceOp, State,
};
use crate::timestamp::Timestamp;
use crate::view::AlertKind;

/// The most notices, and the most reasons.
const LINES: usize = 10_000;
/// The most looks at alerts and groups.
const WORK: usize = 250_000;
/// The most moments at which something is due.
const MOMENTS: usize = 300_000;

/// A run under way.
struct Runner {
    config: Arc<Config>,
    state: State,
    start: Timestamp,
    from: Timestamp,
    notices: Vec<DryNotice>,
    held_back: Vec<HeldBack>,
    /// The reasons of notices that are about to be handed out.
    reasons: BTreeMap<String, String>,
}

/// Runs a script.
pub(crate) fn run(
    config: Arc<Config>,
    settings: Settings,
    script: &Script,
) -> Result<DryRun, DryRunError> {
    let mut events: Vec<&TimedEvent> = script.events.iter().collect();
    events.sort_by_key(|event| event.at);
    let (from, to) = check(script, &events)?;
    let start = events.first().map_or(from, |first| first.at.min(from));
    let mut runner = Runner {
        state: State::new(Arc::clone(&config), settings),
        config,
        start,
        from,
        notices: Vec::new(),
        held_back: Vec::new(),
        reasons: BTreeMap::new(),
    };
    let cut_at = runner.run(&events, to);
    Ok(DryRun {
        from,
        to,
        notices: runner.notices,
        held_back: runner.held_back,
        cut_at,
    })
}

/// Returns when the run begins and ends.
fn check(script: &Script, sorted: &[&TimedEvent]) -> Result<(Timestamp, Timestamp), DryRunError> {
    let wrong = |reason: &str| Err(DryRunError(reason.to_owned()));
    let (Some(first), Some(last)) = (sorted.first(), sorted.last()) else {
        return wrong("has no events");
    };
    if sorted.len() > EVENTS {
        return wrong("has more than 10,000 events");
    }
    let from = script.from.unwrap_or(first.at);
    let after = || last.at.after(AFTER).max(from);
    let to = script.to.unwrap_or_else(after);
    if to < from {
        return wrong("ends before it begins");
    }
    if to.since(first.at.min(from)) > LONGEST {
        return wrong("lasts longer than 366 days");
    }
    Ok((from, to))
}

impl Runner {
    /// Runs to the end, or to where it becomes too much.
    fn run(&mut self, events: &[&TimedEvent], to: Timestamp) -> Option<Timestamp> {
        let mut events = events.iter().take_while(|event| event.at <= to).peekable();
        for _ in 0..MOMENTS {
            let due = self.state.wake_at().map(|at| self.start.after(at));
            let next = events.peek().map(|event| event.at);
            let at = match (due, next) {
                (Some(due), Some(next)) => due.min(next),
                (due, next) => due.or(next)?,
            };
            if at > to {
                return None;
            }
            // What is finer than a millisecond is due by the time that is shown.
            let now = Now {
                elapsed: match due {
                    Some(due) if due == at => self.state.wake_at()?.max(at.since(self.start)),
                    _ => at.since(self.start),
                },
                wall: at,
            };
            while let Some(event) = events.next_if(|event| event.at <= at) {
                self.happen(now, &event.what);
            }
            self.step(now, Event::Tick);
            let lines = self.notices.len().max(self.held_back.len());
            if lines >= LINES || self.state.work() >= WORK {
                return Some(at);
            }
        }
        Some(self.start.after(self.state.wake_at()?))
    }

    fn happen(&mut self, now: Now, what: &Happening) {
        let event = match what {
            Happening::Fire(labels, annotations) | Happening::Trigger(labels, annotations) => {
                let is_event = matches!(what, Happening::Trigger(..));
                Event::Alert {
                    alert: Alert::from_parts(labels.clone(), annotations.clone()),
                    kind: if is_event {
                        AlertKind::Event
                    } else {
                        AlertKind::State
                    },
                    starts_at: None,
                    ends: Ends::Unsaid,
                }
            }
            Happening::Resolve(labels) => Event::Resolve(Fingerprint::of(labels)),
            Happening::Silence(matchers, lasts) => Event::Silence(SilenceOp::Set(SilenceDraft {
                id: None,
                matchers: matchers.clone(),
                starts_at: now.wall,
                ends_at: now.wall.after(*lasts),
                created_by: String::new(),
                comment: String::new(),
            })),
        };
        self.step(now, event);
    }

    /// Takes an event, and lets every notice that follows arrive.
    fn step(&mut self, now: Now, event: Event) {
        for effect in self.state.step(now, event) {
            match effect {
                Effect::Audit(decision) => match decision.notice {
                    Some(notice) => drop(self.reasons.insert(notice, decision.why.to_string())),
                    None => {
                        let labels = decision.alerts.into_iter().next();
                        self.hold_back(HeldBack {
                            at: now.wall,
                            receiver: decision.receiver,
                            labels: labels.unwrap_or_default(),
                            reason: decision.why.to_string(),
                        });
                    }
                },
                Effect::Deliver(job) => self.deliver(now, *job),
                Effect::Refused { refusal, .. } => self.hold_back(HeldBack {
                    at: now.wall,
                    receiver: String::new(),
                    labels: Default::default(),
                    reason: format!("an alert is refused: {refusal}"),
                }),
                Effect::SilenceRefused(error) => self.hold_back(HeldBack {
                    at: now.wall,
                    receiver: String::new(),
                    labels: Default::default(),
                    reason: format!("a silence is refused: {error}"),
                }),
                Effect::Accepted { .. }
                | Effect::Began(_)
                | Effect::Ended(_)
                | Effect::Persist(_)
                | Effect::Resolved
                | Effect::SilenceSet { .. }
                | Effect::Withdraw { .. } => {}
            }
        }
    }

    fn hold_back(&mut self, held: HeldBack) {
        if held.at >= self.from {
            self.held_back.push(held);
        }
    }

    fn deliver(&mut self, now: Now, job: Job) {
        let reason = self.reasons.remove(&job.id).unwrap_or_default();
        if now.wall >= self.from {
            self.notices.push(self.notice(now, &job, reason));
        }
        let settled = Settled {
            id: job.id,
            lane: job.lane,
            group_key: job.group_key,
            outcome: Outcome::Delivered,
            at: now.wall,
        };
        self.step(now, Event::Settled(settled));
    }

    fn notice(&self, now: Now, job: &Job, reason: String) -> DryNotice {
        let lane = &job.lane;
        let receivers = &self.config.receivers;
        let receiver = receivers.iter().find(|it| it.name == lane.receiver);
        let channel = receiver.and_then(|it| it.integrations.get(lane.integration));
        let shown = |alert: &crate::view::AlertView| DryAlert {
            labels: alert.labels.clone(),
            state: alert.state,
        };
        let alerts: Vec<_> = job.notification.alerts().iter().map(shown).collect();
        DryNotice {
            at: now.wall,
            receiver: lane.receiver.clone(),
            integration: lane.integration,
            channel: channel.map_or("bound", |channel| channel.settings.kind()),
            kind: match job.kind {
                JobKind::Resolve => "resolve",
                JobKind::Trigger => "trigger",
                JobKind::Update => "update",
            },
            reason,
            group_key: job.group_key.clone(),
            truncated: job.notification.truncated(),
            alerts,
        }
    }
}
