//! What one lane is told of a group, and what it is marked down to know.

use std::collections::BTreeSet;

use crate::clock::Now;
use crate::fingerprint::Fingerprint;
use crate::level::Level;
use crate::notification::{GroupName, Notification};
use crate::state::State;
use crate::state::dedup::{self, Reason};
use crate::state::effect::{Decision, Effect, Job, JobKind, Lane, Why};
use crate::state::flush::{Flush, Item};
use crate::state::log::{Entry, Mark, has};
use crate::state::settings::Telling;
use crate::view::{AlertKind, AlertView, Status};

/// The alerts of a group as one lane is concerned; each list is sorted.
#[derive(Debug, Default)]
struct Lists {
    /// Firing, and not held back.
    firing: Vec<Fingerprint>,
    /// Firing and held back, but the lane was told of it.
    muted: Vec<Fingerprint>,
    /// Over, and not held back.
    resolved: Vec<Fingerprint>,
    /// Of those, what the lane is told.
    tellable: Vec<Fingerprint>,
    /// Over, the lane believes that it fires, and Alertmanager would leave it so (D1); not in strict mode.
    closing: Vec<Fingerprint>,
    /// Of those, what the lane is told (D3).
    closing_told: Vec<Fingerprint>,
}

impl State {
    /// Decides what one lane is told, hands out the notice, and adds to `told` what the lane knows of.
    pub(super) fn tell(
        &mut self,
        flush: &Flush<'_>,
        lane: &Lane,
        telling: Telling,
        told: &mut BTreeSet<Fingerprint>,
        effects: &mut Vec<Effect>,
    ) {
        let strict = self.settings.strict;
        let anew = self.begin_anew(flush, lane, telling);
        let book = self.log.book(&flush.group.key);
        let entry = book.and_then(|book| book.lanes.get(lane));
        let current = entry.and_then(Entry::current);
        let lists = Lists::of(flush.items, current, telling, strict);
        if let Some(mark) = current {
            let known = flush.items.iter().map(|item| item.fingerprint);
            told.extend(known.filter(|fingerprint| mark.has_open(*fingerprint)));
        }
        if strict && lists.ends_before_first_notice(entry) {
            self.withdraw(flush, lane, effects);
            return;
        }
        let repeat_due = current.is_some_and(|mark| self.is_repeat_due(flush, mark));
        let reason = lists.decide(current, repeat_due);
        let message: Vec<_> = match reason {
            Some(_) => lists.message(flush.items),
            None if !lists.closing_told.is_empty() => lists.message(flush.items),
            None => Vec::new(),
        };
        if !message.is_empty() {
            told.extend(message.iter().map(|item| item.fingerprint));
            let mark = lists.mark(reason, current, flush);
            let untold = !entry
                .and_then(|entry| entry.delivered.as_ref())
                .is_some_and(Mark::is_open);
            let kind = kind(current, &mark, &lists, strict);
            self.hand_out(flush, lane, (kind, untold, reason), &message, mark, effects);
        } else if let Some(over) = lists.quietly_over(reason, current, strict) {
            let entry = self.log.entry_mut(&flush.group.key, lane);
            entry.forget(&over);
            self.persist_entry(&flush.group.key, lane, effects);
        } else if anew {
            self.persist_entry(&flush.group.key, lane, effects);
        }
    }

    /// The scheduled tick counts, not when the notice arrived (D6).
    fn is_repeat_due(&self, flush: &Flush<'_>, mark: &Mark) -> bool {
        let due = mark.at.after(flush.repeat_interval).elapsed;
        if self.settings.strict {
            due < flush.tick.elapsed
        } else {
            due <= flush.tick.elapsed
        }
    }

    /// Hands a notice to the outbox, and marks it as enqueued.
    fn hand_out(
        &mut self,
        flush: &Flush<'_>,
        lane: &Lane,
        (kind, untold, reason): (JobKind, bool, Option<Reason>),
        message: &[&Item],
        mark: Mark,
        effects: &mut Vec<Effect>,
    ) {
        let (now, group) = (flush.now, flush.group);
        let id = self.next_id();
        let name = GroupName {
            key: group.key.to_string(),
            labels: group.labels.clone(),
        };
        let most = self.settings.limits.alerts_per_notice;
        let alerts = self.views(now, message, most);
        let truncated = message.len() - alerts.len();
        let labels = alerts.iter().map(|alert| alert.labels.clone()).collect();
        let levels = message.iter().map(|item| item.level);
        let receiver = lane.receiver.clone();
        let notification = Notification::of_group(id.clone(), receiver, name, alerts, truncated);
        let job = Job {
            id: id.clone(),
            lane: lane.clone(),
            group_key: group.key.to_string(),
            kind,
            level: levels.max().unwrap_or(Level::Info),
            event_only: message.iter().all(|item| item.kind == AlertKind::Event),
            untold,
            created_at: now.wall,
            notification: match kind {
                JobKind::Resolve => notification,
                JobKind::Trigger | JobKind::Update => notification.keep_open(),
            },
        };
        self.log.entry_mut(&group.key, lane).enqueue(id, mark);
        self.persist_entry(&group.key, lane, effects);
        effects.push(Effect::Audit(Decision {
            at: now.wall,
            group_key: job.group_key.clone(),
            receiver: lane.receiver.clone(),
            fingerprint: None,
            alerts: labels,
            integration: lane.integration,
            notice: Some(job.id.clone()),
            why: Why::Told(kind, reason),
        }));
        effects.push(Effect::Deliver(Box::new(job)));
    }

    /// Returns the alerts of a notice; what fires goes first when there are too many.
    fn views(&self, now: Now, message: &[&Item], most: usize) -> Vec<AlertView> {
        let view = |item: &&&Item| {
            let status = if item.resolved {
                Status::Resolved
            } else {
                Status::Firing
            };
            let stored = self.alerts.get(item.fingerprint)?;
            Some(stored.view(item.fingerprint, status, now))
        };
        if message.len() <= most {
            return message.iter().filter_map(|item| view(&item)).collect();
        }
        let firing = message.iter().filter(|item| !item.resolved);
        let resolved = message.iter().filter(|item| item.resolved);
        let first = firing.chain(resolved).take(most);
        first.filter_map(|item| view(&item)).collect()
    }

    /// Takes back what the lane has not heard yet: Alertmanager says nothing of a group that ends before its first notice leaves.
    fn withdraw(&mut self, flush: &Flush<'_>, lane: &Lane, effects: &mut Vec<Effect>) {
        let key = &flush.group.key;
        self.log.entry_mut(key, lane).pending.clear();
        self.persist_entry(key, lane, effects);
        effects.push(Effect::Withdraw {
            lane: lane.clone(),
            group_key: key.to_string(),
        });
    }
}

// === impl Lists ===

impl Lists {
    fn of(items: &[Item], current: Option<&Mark>, telling: Telling, strict: bool) -> Self {
        let mut lists = Self::default();
        for item in items {
            let it = item.fingerprint;
            let open = current.is_some_and(|mark| mark.has_open(it));
            let tells = telling.tells_end(item.kind, strict);
            if !item.resolved {
                if !item.muted {
                    lists.firing.push(it);
                } else if open {
                    lists.muted.push(it);
                }
                continue;
            }
            let plain = !item.muted && !item.gone;
            if plain {
                lists.resolved.push(it);
                if tells {
                    lists.tellable.push(it);
                }
            }
            // The five steps see only what the last notice said to fire.
            let seen = plain && tells && current.is_some_and(|mark| has(&mark.firing, it));
            if open && !strict && !seen {
                lists.closing.push(it);
                if tells {
                    lists.closing_told.push(it);
                }
            }
        }
        for list in [
            &mut lists.firing,
            &mut lists.muted,
            &mut lists.resolved,
            &mut lists.tellable,
            &mut lists.closing,
            &mut lists.closing_told,
        ] {
            list.sort_unstable();
        }
        lists
    }

    /// Says whether Alertmanager would not have told anything yet, and will not now (D12).
    fn ends_before_first_notice(&self, entry: Option<&Entry>) -> bool {
        let Some(entry) = entry else {
            return false;
        };
        let heard = entry.delivered.as_ref();
        self.firing.is_empty()
            && !self.resolved.is_empty()
            && !entry.pending.is_empty()
            && heard.is_none_or(|mark| mark.firing.is_empty())
    }

    /// Takes the five steps; where everything is held back, Alertmanager does not get to them.
    fn decide(&self, current: Option<&Mark>, repeat_due: bool) -> Option<Reason> {
        if self.firing.is_empty() && self.resolved.is_empty() {
            return None;
        }
        dedup::decide(current, &self.firing, &self.tellable, repeat_due)
    }

    /// Returns what a notice says, in the order of the items.
    fn message<'a>(&self, items: &'a [Item]) -> Vec<&'a Item> {
        let told = |item: &&Item| {
            let lists = [&self.firing, &self.tellable, &self.closing_told];
            lists.iter().any(|list| has(list, item.fingerprint))
        };
        items.iter().filter(told).collect()
    }

    /// Returns what the lane knows after the notice.
    fn mark(&self, reason: Option<Reason>, current: Option<&Mark>, flush: &Flush<'_>) -> Mark {
        let mut resolved = [self.resolved.as_slice(), self.closing.as_slice()].concat();
        resolved.sort_unstable();
        resolved.dedup();
        match (reason, current) {
            // Only an end that Alertmanager would not tell: all else stays as it was.
            (None, Some(mark)) => {
                let mut mark = mark.clone();
                mark.firing.retain(|it| !has(&self.closing, *it));
                mark.muted.retain(|it| !has(&self.closing, *it));
                mark.resolved = resolved;
                if !self.firing.is_empty() {
                    mark.at = flush.tick;
                }
                mark
            }
            _ => Mark {
                firing: self.firing.clone(),
                resolved,
                muted: self.muted.clone(),
                at: flush.tick,
            },
        }
    }

    /// Returns what is over without a word to the lane.
    fn quietly_over(
        &self,
        reason: Option<Reason>,
        current: Option<&Mark>,
        strict: bool,
    ) -> Option<Vec<Fingerprint>> {
        if strict {
            reason?;
            return current.map(|mark| mark.firing.clone());
        }
        let open = |it: &&Fingerprint| current.is_some_and(|mark| mark.has_open(**it));
        let over: Vec<_> = if reason.is_some() {
            let all = self.resolved.iter().chain(&self.closing);
            all.filter(open).copied().collect::<BTreeSet<_>>()
        } else {
            self.closing.iter().copied().collect()
        }
        .into_iter()
        .collect();
        (!over.is_empty()).then_some(over)
    }
}

fn kind(current: Option<&Mark>, mark: &Mark, lists: &Lists, strict: bool) -> JobKind {
    let over = if strict {
        lists.firing.is_empty()
    } else {
        !mark.is_open()
    };
    if over {
        JobKind::Resolve
    } else if current.is_some_and(Mark::is_open) {
        JobKind::Update
    } else {
        JobKind::Trigger
    }
}
