//! One notice for many, when a channel takes no more: counted, audited, and never silent.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use crate::alert::{Alert, Labels};
use crate::clock::Now;
use crate::fingerprint::Fingerprint;
use crate::journal::Table;
use crate::level::Level;
use crate::notification::{GroupName, Notification};
use crate::outbox::accept::progress;
use crate::outbox::item::{Head, Item, Member};
use crate::outbox::{Effect, NoteWhy, Outbox, Step, delete, note};
use crate::state::{JobKind, Lane};
use crate::view::{AlertKind, AlertView, Status};

/// How long notices may wait for the channel before they become one.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most alerts that a digest names.
const ALERTS: usize = 50;
/// How many of the most frequent labels a digest names.
const TOP: usize = 3;

impl Outbox {
    /// Joins what waits in a lane, if the channel would take it for longer than half a minute.
    ///
    /// What is critical goes on its own, unless that alone is too much.
    pub(super) fn digest(&mut self, now: Now, lane: &Lane, effects: &mut Vec<Effect>) {
        let Some(queue) = self.queues.get_mut(lane) else {
            return;
        };
        let Some(bucket) = queue.bucket.as_ref().filter(|_| !queue.settings.pages) else {
            return;
        };
        let room = bucket.within(now.elapsed, PATIENCE).max(2);
        if queue.waiting() <= room || queue.has_digest() {
            return;
        }
        let ready = queue.ready_slots(now);
        if ready.len() <= room {
            return;
        }
        let critical = ready.iter().filter(|(level, _)| *level == Level::Critical);
        let all = critical.count() > room;
        let ready = ready.into_iter().filter(|(level, slot)| {
            // A dead letter that is tried again keeps its id and bytes.
            (all || *level < Level::Critical) && !slot.starts_with('\0')
        });
        let slots: Vec<_> = ready.map(|(_, slot)| slot).collect();
        if slots.len() < 2 {
            return;
        }
        let items: Vec<_> = slots.iter().filter_map(|slot| queue.take(slot)).collect();
        let digest = self.join(now, lane, &items);
        for item in &items {
            let id = item.job.id.clone();
            effects.push(Effect::Persist(delete(Table::Deliveries, id)));
            let why = NoteWhy::Digested(digest.job.id.clone());
            effects.push(note(now, item, why));
        }
        effects.push(Effect::Persist(digest.write(now)));
        effects.push(progress(&digest, Step::Accepted, now));
        if let Some(queue) = self.queues.get_mut(lane) {
            queue.put(now, digest);
        }
    }

    fn join(&mut self, now: Now, lane: &Lane, items: &[Item]) -> Item {
        let level = items.iter().map(|item| item.job.level).max();
        let level = level.unwrap_or(Level::Info);
        let over = items.iter().all(|item| item.job.kind == JobKind::Resolve);
        let id = self.next_id();
        let name = GroupName {
            key: format!("digest:{}", lane.receiver),
            labels: Labels::new(),
        };
        let told: Vec<_> = items
            .iter()
            .flat_map(|item| item.notification.alerts())
            .collect();
        let truncated: usize = items.iter().map(|it| it.notification.truncated()).sum();
        let total = told.len() + truncated;
        let head = summary(now, level, over, items.len(), total, &told);
        let named = told.iter().take(ALERTS).map(|&alert| alert.clone());
        let alerts: Vec<_> = std::iter::once(head).chain(named).collect();
        let left_out = total + 1 - alerts.len();
        let receiver = lane.receiver.clone();
        let notification = Notification::of_group(id.clone(), receiver, name, alerts, left_out);
        let member = |item: &Item| Member {
            id: item.job.id.clone(),
            group_key: item.job.group_key.clone(),
        };
        Item {
            job: Head {
                id,
                lane: lane.clone(),
                group_key: format!("digest:{}", lane.receiver),
                kind: if over {
                    JobKind::Resolve
                } else {
                    JobKind::Trigger
                },
                level,
                untold: true,
                created_at: now.wall,
            },
            notification: Arc::new(notification),
            sequence: self.next_sequence(),
            attempts: 0,
            failures: 0,
            last_error: None,
            not_before: now.elapsed,
            deadline: now.elapsed.saturating_add(self.budget(level)),
            perhaps_told: items.iter().any(|item| item.perhaps_told),
            fallback_of: None,
            replayed: false,
            echo: false,
            members: items.iter().map(member).collect(),
        }
    }
}

/// Makes the alert that stands first in a digest and says what it is, so that every channel can show it.
fn summary(
    now: Now,
    level: Level,
    over: bool,
    groups: usize,
    alerts: usize,
    told: &[&AlertView],
) -> AlertView {
    let mut text = format!(
        "{groups} groups with {alerts} alerts in one notice, since this channel takes no more"
    );
    let mut sep = "; most often ";
    for ((name, value), count) in top(told) {
        write!(text, "{sep}{name}={value:?} ({count})").expect("writing to a string does not fail");
        sep = ", ";
    }
    let alert = Alert::new("AlertDigest", level, text);
    AlertView {
        fingerprint: Fingerprint::of(alert.labels()),
        labels: alert.labels().clone(),
        annotations: alert.annotations().clone(),
        state: if over {
            Status::Resolved
        } else {
            Status::Firing
        },
        kind: AlertKind::Event,
        level,
        starts_at: now.wall,
        ends_at: over.then_some(now.wall),
        updated_at: now.wall,
        generator_url: String::new(),
        occurrences: 1,
        deliveries: Vec::new(),
    }
}

/// Returns the labels that most alerts have, but for the severity.
fn top<'a>(told: &[&'a AlertView]) -> Vec<((&'a str, &'a str), usize)> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for alert in told {
        for (name, value) in &alert.labels {
            if name != "severity" && name != "service" {
                *counts.entry((name, value)).or_default() += 1;
            }
        }
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    counts.truncate(TOP);
    counts
}
