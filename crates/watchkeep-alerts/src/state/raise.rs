//! How alerts come in, go on and end.

use std::time::Duration;

use crate::alert::{Alert, Labels};
use crate::clock::Now;
use crate::fingerprint::Fingerprint;
use crate::incoming::Incoming;
use crate::level::Level;
use crate::state::Begun;
use crate::state::State;
use crate::state::effect::{Decision, Effect, Refusal, Why};
use crate::state::event::Ends;
use crate::state::moment::Moment;
use crate::state::packed::Packed;
use crate::state::place::Beginning;
use crate::state::silences::Matched;
use crate::state::stored::{Said, Stored};
use crate::timestamp::Timestamp;
use crate::view::{AlertKind, Status};

impl State {
    /// Takes an alert, a word more on one, or word that one is over.
    pub(super) fn raise(
        &mut self,
        now: Now,
        mut alert: Alert,
        kind: AlertKind,
        (starts_at, ends): (Option<Timestamp>, Ends),
        effects: &mut Vec<Effect>,
    ) {
        let given = alert.fingerprint();
        let alias = alert.adopt(&self.settings.service).then_some(given);
        let level = alert.level();
        let packed = Packed::of(&alert);
        let said = self.said(now, packed, kind, starts_at, ends);
        self.take(now, level, said, alias, effects);
    }

    /// Takes an alert from outside, with its labels as they are.
    pub(super) fn receive(&mut self, now: Now, incoming: Incoming, effects: &mut Vec<Effect>) {
        let (alert, starts_at, ends) = incoming.into_parts();
        let level = alert.level();
        let said = self.said(now, alert, AlertKind::State, starts_at, ends);
        self.take(now, level, said, None, effects);
    }

    fn take(
        &mut self,
        now: Now,
        level: Level,
        said: Option<Said>,
        alias: Option<Fingerprint>,
        effects: &mut Vec<Effect>,
    ) {
        let Some(said) = said else {
            effects.push(refused(level, Refusal::EndsBeforeStart, false));
            return;
        };
        match self.put(now, said, alias, true, effects) {
            Ok(()) => {}
            Err(Refusal::Full(limit)) => self.refuse(now, level, limit, effects),
            Err(refusal) => effects.push(refused(level, refusal, false)),
        }
    }

    /// Ends an alert now, if it fires.
    pub(super) fn resolve(&mut self, now: Now, key: Fingerprint, effects: &mut Vec<Effect>) {
        let Some(fingerprint) = self.alerts.find(key) else {
            return;
        };
        let Some(stored) = self.alerts.get(fingerprint) else {
            return;
        };
        if !stored.firing {
            return;
        }
        let Some(mut stored) = self.alerts.remove(fingerprint) else {
            return;
        };
        stored.said.ends = Some(Moment::of(now));
        stored.said.updated_at = now.wall;
        self.alerts.put(fingerprint, stored);
        effects.push(Effect::Resolved);
        self.end(now, fingerprint, effects);
    }

    /// Says that an alert is over, whose end has come.
    pub(super) fn end(&mut self, now: Now, fingerprint: Fingerprint, effects: &mut Vec<Effect>) {
        let Some(mut stored) = self.alerts.remove(fingerprint) else {
            return;
        };
        stored.firing = false;
        let alert = &stored.said.alert;
        self.inhibitor.is_over(fingerprint, alert, &stored.roles);
        let view = stored.view(fingerprint, Status::Resolved, now);
        effects.push(Effect::Ended(Box::new(view)));
        self.alerts.put(fingerprint, stored);
        self.persist_alert(now, fingerprint, effects);
    }

    /// Returns what is said, with its times filled in; none if it ends before it begins.
    pub(super) fn said(
        &self,
        now: Now,
        alert: Packed,
        kind: AlertKind,
        starts_at: Option<Timestamp>,
        ends: Ends,
    ) -> Option<Said> {
        let given = matches!(ends, Ends::At(_));
        let (ends, timeout) = match ends {
            Ends::At(at) => (Some(Moment::at(now, at)), false),
            Ends::Timeout => {
                let after = self.config.resolve_timeout;
                (Some(Moment::of(now).after(after)), true)
            }
            Ends::Unsaid => match kind {
                AlertKind::Event => {
                    let after = self.settings.event_ends_after;
                    (Some(Moment::of(now).after(after)), false)
                }
                AlertKind::State => (None, false),
            },
        };
        let over = ends.map_or(now.wall, |end| end.wall);
        // Alertmanager lets an alert with an end and no beginning begin at its end.
        let unsaid = if self.settings.strict && given {
            over
        } else {
            now.wall.min(over)
        };
        let starts_at = starts_at.unwrap_or(unsaid);
        (starts_at <= over || ends.is_none()).then_some(Said {
            alert,
            kind,
            starts_at,
            updated_at: now.wall,
            ends,
            timeout,
        })
    }

    /// Joins what is said with what is held; `bounded` unless it is the engine's own alert.
    pub(super) fn put(
        &mut self,
        now: Now,
        said: Said,
        alias: Option<Fingerprint>,
        bounded: bool,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let fingerprint = Fingerprint::of_texts(&said.alert.labels());
        let resolved = said.is_resolved(now.elapsed);
        let old = self.alerts.get(fingerprint);
        if old.is_some_and(|old| !old.said.alert.has_labels_of(&said.alert)) {
            return Err(Refusal::Collision);
        }
        let was_firing = old.is_some_and(|old| old.firing);
        if old.is_none() && resolved {
            effects.push(Effect::Accepted {
                fingerprint,
                new: false,
            });
            effects.push(Effect::Audit(never_fired(
                now,
                fingerprint,
                said.alert.labels().unpacked(),
            )));
            return Ok(());
        }
        let begins = !was_firing && !resolved;
        let places = if begins {
            self.places(&said.alert.labels())
        } else {
            Vec::new()
        };
        if bounded && begins {
            self.check_room(&said, old.is_none(), &places)?;
        }
        let beginning = Beginning {
            starts_at: said.starts_at,
            after_event: old.is_some_and(|old| old.said.kind == AlertKind::Event),
        };
        self.hold(now, fingerprint, said, alias);
        for place in places {
            self.join(now, fingerprint, place, beginning, effects);
        }
        self.announce(now, fingerprint, was_firing, effects);
        Ok(())
    }

    /// Takes what is said into the alert that is held, or holds a new one.
    fn hold(&mut self, now: Now, fingerprint: Fingerprint, said: Said, alias: Option<Fingerprint>) {
        let old = self.alerts.remove(fingerprint);
        let goes_on = old.as_ref().is_some_and(|old| old.firing);
        let mut said = said;
        if let Some(old) = &old {
            // Who was told of a state is told its end, also if events with the same labels go on.
            if old.said.kind == AlertKind::State {
                said.kind = AlertKind::State;
            }
            said = said.merge(&old.said, now.elapsed);
        }
        let roles = match &old {
            Some(old) => old.roles.clone(),
            None => self.inhibitor.roles(&said.alert.labels()),
        };
        let firing = !said.is_resolved(now.elapsed);
        if firing {
            let until = said.ends.map_or(Duration::MAX, |end| end.elapsed);
            self.inhibitor
                .fires(fingerprint, &said.alert, &roles, until);
        }
        let row = match &old {
            Some(old) => old.row,
            None => self.next_row(),
        };
        let (mut matched, mut groups, mut occurrences) = (Matched::default(), Vec::new(), 0);
        let mut known = alias;
        if let Some(old) = old {
            matched = old.matched;
            groups = old.groups;
            occurrences = if firing && !goes_on {
                0
            } else {
                old.occurrences
            };
            known = alias.or(old.alias);
        }
        let stored = Stored {
            said,
            row,
            occurrences: occurrences + u64::from(firing),
            alias: known,
            firing: firing || goes_on,
            groups,
            roles,
            matched,
        };
        self.alerts.put(fingerprint, stored);
    }

    /// Says what became of an alert that was put.
    fn announce(
        &mut self,
        now: Now,
        fingerprint: Fingerprint,
        was_firing: bool,
        effects: &mut Vec<Effect>,
    ) {
        let Some(stored) = self.alerts.get(fingerprint) else {
            return;
        };
        let over = stored.said.is_resolved(now.elapsed);
        if !was_firing && !over {
            let alert = stored.said.alert.clone();
            effects.push(Effect::Began(Box::new(Begun { fingerprint, alert })));
        }
        if was_firing && over {
            self.end(now, fingerprint, effects);
        } else {
            self.persist_alert(now, fingerprint, effects);
        }
        effects.push(Effect::Accepted {
            fingerprint,
            new: !was_firing && !over,
        });
    }
}

pub(super) fn refused(level: Level, refusal: Refusal, first: bool) -> Effect {
    Effect::Refused {
        level,
        refusal,
        first,
    }
}

fn never_fired(now: Now, fingerprint: Fingerprint, labels: Labels) -> Decision {
    Decision {
        at: now.wall,
        group_key: String::new(),
        receiver: String::new(),
        fingerprint: Some(fingerprint),
        alerts: vec![labels],
        integration: 0,
        notice: None,
        why: Why::NeverFired,
    }
}
