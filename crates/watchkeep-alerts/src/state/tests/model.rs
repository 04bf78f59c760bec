//! A naive model: lists that are scanned each second, against which the state machine is checked.

use std::collections::BTreeSet;

use super::trace::{ALERTS, INTERVAL, Op, REPEAT, WAIT, is_masked};

type Set = BTreeSet<usize>;

#[derive(Clone, Default)]
struct Alert {
    event: bool,
    starts: u64,
    /// None: it lasts until it is resolved.
    ends: Option<u64>,
    exists: bool,
}

struct Group {
    receiver: &'static str,
    /// The alerts that may be in it.
    of: Set,
    members: Vec<(usize, bool)>,
    next: u64,
    open: bool,
    told: Option<Told>,
    /// When what was told is forgotten, once the group is gone.
    forgets: u64,
}

#[derive(Clone, Default)]
struct Told {
    firing: Set,
    resolved: Set,
    muted: Set,
    at: u64,
}

pub(super) struct Model {
    strict: bool,
    inhibits: bool,
    second: u64,
    alerts: Vec<Alert>,
    groups: Vec<Group>,
    silences: Vec<(u8, u64, u64)>,
    pub(super) notices: Vec<String>,
}

impl Model {
    pub(super) fn new(inhibits: bool, strict: bool) -> Self {
        let group = |receiver, of: &[usize]| Group {
            receiver,
            of: of.iter().copied().collect(),
            members: Vec::new(),
            next: 0,
            open: false,
            told: None,
            forgets: 0,
        };
        let groups = vec![
            group("chat", &[0, 2, 4]),
            group("pager", &[1]),
            group("pager", &[3]),
            group("pager", &[5]),
            group("mail", &[1, 3]),
        ];
        Self {
            strict,
            inhibits,
            second: 0,
            alerts: vec![Alert::default(); ALERTS],
            groups,
            silences: Vec::new(),
            notices: Vec::new(),
        }
    }

    pub(super) fn apply(&mut self, op: &Op) {
        let now = self.second;
        match *op {
            Op::Expire(at) => {
                if let Some((_, _, ends)) = self.silences.get_mut(at) {
                    *ends = now.min(*ends);
                }
            }
            Op::Fire(n) => self.raise(n, false, None),
            Op::Lease(n, seconds) => self.raise(n, false, Some(now + seconds)),
            Op::Resolve(n) => {
                if self.fires(n) {
                    self.alerts[n].ends = Some(now);
                }
            }
            Op::Silence(mask, seconds) => self.silences.push((mask, now, now + seconds)),
            Op::Trigger(n) => self.raise(n, true, Some(now + 300)),
            Op::Wait(seconds) => {
                // What is due now goes before the time passes.
                for _ in 0..=seconds {
                    for at in 0..self.groups.len() {
                        if self.groups[at].open && self.groups[at].next == self.second {
                            self.flush(at);
                        }
                    }
                    self.second += 1;
                }
                self.second = now + seconds;
            }
        }
    }

    fn fires(&self, n: usize) -> bool {
        let alert = &self.alerts[n];
        alert.exists && alert.ends.is_none_or(|ends| ends > self.second)
    }

    fn raise(&mut self, n: usize, event: bool, ends: Option<u64>) {
        let (now, fired) = (self.second, self.fires(n));
        let old = self.alerts[n].clone();
        let mut new = Alert {
            event,
            starts: now,
            ends,
            exists: true,
        };
        let held = |group: &Group| group.members.iter().any(|(other, _)| *other == n);
        if self.groups.iter().any(held) {
            new.event &= old.event;
        }
        if fired {
            let never = u64::MAX;
            let (old_end, new_end) = (old.ends.unwrap_or(never), new.ends.unwrap_or(never));
            let inside = |at: u64| at > old.starts && at < old_end;
            if inside(now) || inside(new_end) {
                new.starts = new.starts.min(old.starts);
                if old_end > new_end {
                    new.ends = old.ends;
                }
            }
        }
        let event = new.event;
        self.alerts[n] = new;
        if fired {
            return;
        }
        for group in self.groups.iter_mut().filter(|group| group.of.contains(&n)) {
            if !group.open {
                if group.forgets <= now {
                    group.told = None;
                }
                group.open = true;
                group.next = now + WAIT;
            }
            let after_event = old.event && group.members.iter().any(|(other, _)| *other == n);
            group.members.retain(|(other, _)| *other != n);
            group.members.push((n, false));
            let anew = !self.strict && (event || after_event);
            if let Some(told) = group.told.as_mut().filter(|_| anew) {
                let was_told = told.firing.remove(&n);
                if group.receiver != "pager" {
                    told.muted.remove(&n);
                } else if was_told {
                    told.muted.insert(n);
                }
            }
        }
    }

    fn is_muted(&self, n: usize, receiver: &str) -> bool {
        let now = self.second;
        let early = receiver == "mail" && (600..1_200).contains(&(now % 86_400));
        let silenced = self
            .silences
            .iter()
            .any(|(mask, from, to)| is_masked(*mask, n) && *from <= now && now < *to);
        early || silenced || self.inhibits && self.is_inhibited(n)
    }

    fn is_inhibited(&self, n: usize) -> bool {
        let firing: Vec<_> = (0..ALERTS).filter(|n| self.fires(*n)).collect();
        let by_zone = matches!(n, 2 | 3)
            && firing
                .iter()
                .any(|&by| matches!(by, 0 | 1) && by % 2 == n % 2);
        // A3 is on both sides of the second rule.
        let by_any = match n {
            3 => firing.contains(&4),
            5 => firing.iter().any(|by| matches!(by, 3 | 4)),
            _ => false,
        };
        by_zone || by_any
    }

    fn flush(&mut self, at: usize) {
        let now = self.second;
        let group = &self.groups[at];
        let (receiver, members) = (group.receiver, group.members.clone());
        let old = group.told.clone();
        let open = |n: usize| {
            let open = |told: &Told| told.firing.contains(&n) || told.muted.contains(&n);
            old.as_ref().is_some_and(open)
        };
        let (mut firing, mut muted) = (Set::new(), Set::new());
        let (mut resolved, mut tellable) = (Set::new(), Set::new());
        let (mut closing, mut closing_told) = (Set::new(), Set::new());
        for &(n, seen) in &members {
            let event = self.alerts[n].event;
            let over = !self.fires(n) && (self.strict || seen || !event);
            let quiet = self.is_muted(n, receiver);
            let tells = self.strict || !event || receiver == "pager";
            match (over, quiet) {
                (false, false) => drop(firing.insert(n)),
                (false, true) if open(n) => drop(muted.insert(n)),
                (false, true) => {}
                (true, quiet) => {
                    if !quiet {
                        resolved.insert(n);
                    }
                    let told = old.as_ref().is_some_and(|told| told.firing.contains(&n));
                    if !quiet && tells {
                        tellable.insert(n);
                    }
                    if open(n) && !self.strict && (quiet || !tells || !told) {
                        closing.insert(n);
                        if tells {
                            closing_told.insert(n);
                        }
                    }
                }
            }
        }
        let reached = !firing.is_empty() || !resolved.is_empty();
        let due = match &old {
            None => !firing.is_empty(),
            Some(told) if !firing.is_subset(&told.firing) => true,
            Some(told) if firing.is_empty() => !told.firing.is_empty(),
            Some(told) if !tellable.is_subset(&told.resolved) => true,
            Some(told) if self.strict => told.at + REPEAT < now,
            Some(told) => told.at + REPEAT <= now,
        };
        let told = self.groups[at].told.get_or_insert_default();
        if reached && due {
            self.notices
                .extend(line(now, receiver, &firing, &tellable, &closing_told));
            let message = !(firing.is_empty() && tellable.is_empty() && closing_told.is_empty());
            let all: Set = resolved.union(&closing).copied().collect();
            if message {
                *told = Told {
                    firing,
                    resolved: all,
                    muted,
                    at: now,
                };
            } else if self.strict {
                told.firing.clear();
            } else {
                told.firing.retain(|n| !all.contains(n));
                told.muted.retain(|n| !all.contains(n));
            }
        } else if !closing.is_empty() {
            if !closing_told.is_empty() {
                self.notices
                    .extend(line(now, receiver, &firing, &tellable, &closing_told));
                told.resolved = resolved.union(&closing).copied().collect();
                if !firing.is_empty() {
                    told.at = now;
                }
            }
            told.firing.retain(|n| !closing.contains(n));
            told.muted.retain(|n| !closing.contains(n));
        }
        let group = &mut self.groups[at];
        group.next = now + INTERVAL;
        let alerts = &self.alerts;
        group.members.retain_mut(|(n, seen)| {
            let alert = &alerts[*n];
            let fires = alert.ends.is_none_or(|ends| ends > now);
            let keep = fires || alert.event && !*seen && !self.strict;
            *seen = true;
            keep
        });
        group.open = !group.members.is_empty();
        group.forgets = now + 2 * REPEAT;
        let closed = |told: &Told| told.firing.is_empty() && told.muted.is_empty();
        if !group.open && group.told.as_ref().is_some_and(closed) {
            group.told = None;
        }
    }
}

fn line(now: u64, receiver: &str, firing: &Set, tellable: &Set, closing: &Set) -> Option<String> {
    let all: Set = [firing, tellable, closing]
        .into_iter()
        .flatten()
        .copied()
        .collect();
    if all.is_empty() {
        return None;
    }
    let mut text = format!("{now} {receiver}");
    for n in &all {
        let sign = if firing.contains(n) { '+' } else { '-' };
        text += &format!(" {sign}A{n}");
    }
    Some(text)
}
