//! The pure policy of delivery: what is sent when, tried again, given up, or said in fewer words.
//!
//! It has no clock, no task and no randomness of its own: the same trace gives the same bytes.
//! Each lane has one notice under way at a time; the notices of one group leave in their order.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Now;
use crate::journal::{Change, Table};
use crate::level::Level;
use crate::notification::Notification;
use crate::notifier::Rate;
use crate::state::{Job, Lane, Outcome, Settled};
use crate::timestamp::Timestamp;

mod accept;
mod bucket;
mod dead;
mod digest;
mod item;
mod jitter;
mod queue;
mod restore;
mod tried;

pub(crate) use dead::{Dead, DeadLetter};
pub(crate) use tried::{Failure, FailureKind};

use dead::DeadLetters;
use item::Item;
use jitter::Jitter;
use queue::Queue;

/// What the outbox goes by.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The bound of the first wait after a failure; it doubles with each; 0.5 s.
    pub(crate) first_wait: Duration,
    /// The bound of the longest wait; 5 minutes.
    pub(crate) longest_wait: Duration,
    /// How long a notice is tried, by its level; 1 h, 1 h, 4 h, 24 h.
    pub(crate) budgets: [Duration; 4],
    /// After that many failures in a row, whatever notices they are of, a lane waits as a whole; 5.
    pub(crate) breaker_after: u32,
    /// The most notices that wait in one lane; 10,000, as many as there may be groups.
    pub(crate) queue: usize,
    /// The most alerts in one notice when several become one; the rest is counted in it; 500.
    pub(crate) alerts_per_notice: usize,
    /// How long an event lasts after its last occurrence; 5 minutes.
    pub(crate) event_ends_after: Duration,
    /// The most dead letters; 1,000.
    pub(crate) dead_letters: usize,
    /// How long a dead letter is kept; 14 days.
    pub(crate) dead_letter_retention: Duration,
    /// Who is told of what could not be delivered, if anybody.
    pub(crate) fallback: Vec<Lane>,
    /// Makes the ids of this process its own, and its waits its own.
    pub(crate) nonce: u64,
}

/// What the outbox goes by for one lane.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct LaneSettings {
    /// How much the channel takes; without it, as much as there is.
    pub(crate) rate: Option<Rate>,
    /// Whether a notice that arrives twice does no harm.
    pub(crate) idempotent: bool,
    /// Whether it keeps an incident for each group, which people are woken for: such a lane gets no digests, and nothing that was over before it could be told.
    pub(crate) pages: bool,
}

/// What happens to the outbox.
#[derive(Debug)]
pub(crate) enum Event {
    /// A notice is to be delivered.
    Accept(Box<Job>),
    /// A dead letter is forgotten.
    Discard(String),
    /// These are the lanes now; what waits in others is given up.
    Lanes(BTreeMap<Lane, LaneSettings>),
    /// A dead letter is tried again, with the same id and bytes.
    Replay(String),
    /// The time has come that [`wake_at`](Outbox::wake_at) named.
    Tick,
    /// A try ended.
    Tried {
        lane: Lane,
        id: String,
        result: Result<(), Failure>,
    },
    /// What waits of this group and lane is taken back.
    Withdraw { lane: Lane, group_key: String },
}

/// What is to be done, in this order; what is persisted goes to the disk before anything is sent.
#[derive(Debug)]
pub(crate) enum Effect {
    /// A notice was settled, or says less than was asked, for this reason.
    Audit(Note),
    /// A dead letter was found, for an [`Event::Replay`] or [`Event::Discard`].
    Found,
    /// Write this.
    Persist(Change),
    /// How far a notice is, for those who look.
    Progress(Progress),
    /// Try this once, and say how it went.
    Send {
        lane: Lane,
        notification: Arc<Notification>,
    },
    /// Tell the state machine.
    Settled(Settled),
}

/// Why something was not delivered as it was asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Note {
    pub(crate) at: Timestamp,
    pub(crate) lane: Lane,
    pub(crate) group_key: String,
    pub(crate) id: String,
    pub(crate) why: NoteWhy,
}

/// Why something was not delivered as it was asked; prints as words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum NoteWhy {
    /// It was given up.
    Dead(Dead),
    /// There are too many dead letters, or it is too old.
    DeadLetterForgotten,
    /// It is said in this digest.
    Digested(String),
    /// It was over before a pager could be told.
    OverBeforeTold,
    /// The channel broke off: it may have arrived, and is not said twice.
    PerhapsDelivered,
    /// This notice says it too.
    Superseded(String),
}

/// How far a notice is.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    pub(crate) lane: Lane,
    pub(crate) notification: Arc<Notification>,
    pub(crate) step: Step,
    pub(crate) attempts: u32,
    pub(crate) next_try: Option<Timestamp>,
    pub(crate) error: Option<String>,
    /// Why it was given up.
    pub(crate) reason: Option<String>,
}

/// A step on the way of a notice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    Accepted,
    Dead,
    Delivered,
    Retrying,
}

/// The notices that are on their way, and those that were given up.
#[derive(Debug)]
pub(crate) struct Outbox {
    settings: Settings,
    queues: BTreeMap<Lane, Queue>,
    dead: DeadLetters,
    jitter: Jitter,
    /// The order in which notices came in.
    sequence: u64,
    /// The ids that were given out: digests and fallbacks.
    ids: u64,
}

// === impl Outbox ===

impl Outbox {
    pub(crate) fn new(settings: Settings, lanes: BTreeMap<Lane, LaneSettings>) -> Self {
        let queue = |(lane, settings): (Lane, LaneSettings)| (lane, Queue::new(settings));
        Self {
            queues: lanes.into_iter().map(queue).collect(),
            dead: DeadLetters::default(),
            jitter: Jitter::new(settings.nonce),
            sequence: 0,
            ids: 0,
            settings,
        }
    }

    /// Takes one event at one time, and says what is to be done, in this order.
    pub(crate) fn step(&mut self, now: Now, event: Event) -> Vec<Effect> {
        let mut effects = Vec::new();
        match event {
            Event::Accept(job) => self.accept(now, *job, &mut effects),
            Event::Discard(id) => {
                if self.dead.remove(&id).is_some() {
                    effects.push(Effect::Found);
                    effects.push(Effect::Persist(delete(Table::DeadLetters, id)));
                }
            }
            Event::Lanes(lanes) => self.set_lanes(now, lanes, &mut effects),
            Event::Replay(id) => self.replay(now, &id, &mut effects),
            Event::Tick => self.forget_dead_letters(now, &mut effects),
            Event::Tried { lane, id, result } => {
                self.tried(now, &lane, &id, result, &mut effects);
            }
            Event::Withdraw { lane, group_key } => {
                let queue = self.queues.get_mut(&lane);
                if let Some(item) = queue.and_then(|queue| queue.take(&group_key)) {
                    effects.push(Effect::Persist(delete(Table::Deliveries, item.job.id)));
                }
            }
        }
        self.send_what_is_due(now, &mut effects);
        effects
    }

    /// Returns when something can be sent next, as time since the start; an [`Event::Tick`] is wanted then.
    pub(crate) fn wake_at(&self) -> Option<Duration> {
        self.queues.values().filter_map(Queue::ready_at).min()
    }

    /// Returns how many notices wait or are under way, but for those that say only what a dead letter says.
    pub(crate) fn outstanding(&self) -> usize {
        self.queues.values().map(Queue::outstanding).sum()
    }

    /// Returns each lane with the number of its notices that wait or are under way.
    pub(crate) fn lengths(&self) -> impl Iterator<Item = (&Lane, usize)> {
        self.queues.iter().map(|(lane, queue)| (lane, queue.len()))
    }

    /// Returns the dead letters, the oldest first.
    pub(crate) fn dead_letters(&self) -> impl ExactSizeIterator<Item = &DeadLetter> {
        self.dead.iter()
    }

    /// Returns how far each notice is that waits.
    pub(crate) fn waiting(&self, now: Now) -> impl Iterator<Item = Progress> {
        let items = self.queues.values().flat_map(Queue::items);
        items.map(move |item| {
            let step = match item.attempts {
                0 => Step::Accepted,
                _ => Step::Retrying,
            };
            accept::progress_of(item, step, now)
        })
    }

    fn send_what_is_due(&mut self, now: Now, effects: &mut Vec<Effect>) {
        let lanes: Vec<_> = self
            .queues
            .iter()
            .filter(|(_, queue)| queue.ready_at().is_some_and(|at| at <= now.elapsed))
            .map(|(lane, _)| lane.clone())
            .collect();
        let mut to_nobody = Vec::new();
        for lane in lanes {
            self.digest(now, &lane, effects);
            let Some(queue) = self.queues.get_mut(&lane) else {
                continue;
            };
            if queue.gone {
                let given_up = queue.take_first(now);
                to_nobody.extend(given_up);
                continue;
            }
            let Some(item) = queue.depart(now) else {
                continue;
            };
            effects.push(Effect::Send {
                lane,
                notification: Arc::clone(&item.notification),
            });
        }
        for item in to_nobody {
            self.give_up(now, item, Dead::Gone, effects);
        }
    }

    fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// Makes the id of a notice that the outbox itself makes.
    fn next_id(&mut self) -> String {
        self.ids += 1;
        format!("out_{:016x}{:08x}", self.settings.nonce, self.ids)
    }

    fn budget(&self, level: Level) -> Duration {
        self.settings.budgets[level.index()]
    }
}

// === impl Settings ===

impl Settings {
    pub(crate) fn new(nonce: u64) -> Self {
        const HOUR: Duration = Duration::from_secs(3_600);
        Self {
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(300),
            budgets: [HOUR, HOUR, HOUR * 4, HOUR * 24],
            breaker_after: 5,
            queue: 10_000,
            alerts_per_notice: 500,
            event_ends_after: Duration::from_secs(300),
            dead_letters: 1_000,
            dead_letter_retention: HOUR * 24 * 14,
            fallback: Vec::new(),
            nonce,
        }
    }
}

// === impl NoteWhy ===

impl NoteWhy {
    /// Returns one word for it, as the label of a metric.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Dead(_) => "dead_letter",
            Self::DeadLetterForgotten => "dead_letter_forgotten",
            Self::Digested(_) => "digested",
            Self::OverBeforeTold => "over_before_told",
            Self::PerhapsDelivered => "perhaps_delivered",
            Self::Superseded(_) => "superseded",
        }
    }
}

impl std::fmt::Display for NoteWhy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dead(dead) => write!(f, "given up: {dead}"),
            Self::DeadLetterForgotten => {
                f.write_str("a dead letter was forgotten: too many, or too old")
            }
            Self::Digested(id) => write!(f, "said in the digest {id}: the channel takes no more"),
            Self::OverBeforeTold => f.write_str("over before the pager could be told"),
            Self::PerhapsDelivered => f.write_str("may have arrived, and is not said twice"),
            Self::Superseded(id) => write!(f, "said by the newer notice {id}"),
        }
    }
}

fn delete(table: Table, key: String) -> Change {
    Change {
        table,
        key,
        value: None,
    }
}

fn settled(now: Now, item: &Item, outcome: Outcome, effects: &mut Vec<Effect>) {
    let settled = |id: &str, group_key: &str| {
        Effect::Settled(Settled {
            id: id.to_owned(),
            lane: item.job.lane.clone(),
            group_key: group_key.to_owned(),
            outcome,
            at: now.wall,
        })
    };
    if item.members.is_empty() {
        effects.push(settled(&item.job.id, &item.job.group_key));
    }
    let members = item.members.iter();
    effects.extend(members.map(|member| settled(&member.id, &member.group_key)));
}

fn note(now: Now, item: &Item, why: NoteWhy) -> Effect {
    Effect::Audit(Note {
        at: now.wall,
        lane: item.job.lane.clone(),
        group_key: item.job.group_key.clone(),
        id: item.job.id.clone(),
        why,
    })
}

#[cfg(test)]
mod tests;
