//! Why somebody was, or was not, told.

use std::sync::Arc;

use crate::alert::Labels;
use crate::alerting::{Alerting, lock};
use crate::clock::Now;
use crate::config::Config;
use crate::driver::{Entry, Machine, Packed};
use crate::explain::{
    AlertExplanation, ChannelNote, DeadLetterNote, Explanation, GroupNote, Inhibitor, Knowledge,
    RouteTarget, SilenceNote, Target,
};
use crate::fingerprint::Fingerprint;
use crate::state::{Lane, Placed, SilenceState};
use crate::timestamp::Timestamp;
use crate::view::{AlertView, DecisionView, Status};

/// The most alerts that are explained at once.
const ALERTS: usize = 10;
/// The most decisions of each.
const DECISIONS: usize = 50;
/// The most silences and dead letters of each.
const NOTES: usize = 20;

impl Alerting {
    /// Tells why somebody was, or was not, told of the alerts that have these labels, some or all of them, now or at another time.
    ///
    /// An alert that does not fire any more is known by the [decisions](Self::decisions) about it; without one, it is said what would happen if an alert with just these labels (and the engine's own `service`) fired.
    /// At most 10 alerts are explained at once, those that fire first.
    ///
    /// Routes and time intervals are those of the configuration that runs now, whatever the time; silences are known for 120 hours after their end.
    /// Nothing when the engine's runtime has ended.
    pub async fn explain(&self, labels: Labels, at: Option<Timestamp>) -> Option<Explanation> {
        let (config, kinds) = {
            let running = lock(&self.inner.running);
            (Arc::clone(&running.config), running.channels.kinds())
        };
        let service = self.inner.service.clone();
        self.try_look(move |machine, now| {
            let asker = Asker {
                machine,
                now,
                config: &config,
                kinds: &kinds,
                at: at.unwrap_or(now.wall),
                is_now: at.is_none(),
            };
            asker.explain(labels, &service)
        })
        .await
    }
}

/// What is asked, and whom.
struct Asker<'a> {
    machine: &'a Machine,
    now: Now,
    config: &'a Config,
    kinds: &'a [(Lane, &'static str)],
    at: Timestamp,
    is_now: bool,
}

impl Asker<'_> {
    fn explain(&self, asked: Labels, service: &str) -> Explanation {
        let (held, mut more) = self.machine.state.having(self.now, &asked, ALERTS);
        let mut alerts: Vec<_> = held.into_iter().map(|it| self.of_held(it)).collect();
        for labels in self.past(&asked, &alerts) {
            if alerts.len() < ALERTS {
                alerts.push(self.alert(labels, Knowledge::Past, None));
            } else {
                more += 1;
            }
        }
        if alerts.is_empty() {
            let mut labels = asked.clone();
            let own = || service.to_owned();
            labels.entry("service".to_owned()).or_insert_with(own);
            alerts.push(self.alert(labels, Knowledge::Unknown, None));
        }
        Explanation {
            asked,
            at: self.at,
            is_now: self.is_now,
            alerts,
            more,
        }
    }

    /// Returns the alerts that only decisions tell of, those of the newest first.
    fn past(&self, asked: &Labels, known: &[AlertExplanation]) -> Vec<Labels> {
        let mut seen: std::collections::BTreeSet<_> =
            known.iter().map(|alert| alert.fingerprint).collect();
        let entries = self.entries().flat_map(|entry| &entry.alerts);
        let wanted = Packed::each(asked);
        entries
            .filter(|packed| packed.has(&wanted, asked))
            .map(Packed::labels)
            .filter(|labels| seen.insert(Fingerprint::of(labels)))
            .collect()
    }

    /// Returns the decisions until the time that is asked about, the newest first.
    fn entries(&self) -> impl Iterator<Item = &Entry> {
        let entries = self.machine.trail.iter(self.now.wall);
        entries.filter(|entry| entry.at <= self.at)
    }

    fn of_held(&self, alert: AlertView) -> AlertExplanation {
        let alert = self.machine.receipts.fill(alert);
        let state = match alert.state {
            Status::Firing => Knowledge::Firing,
            Status::Resolved => Knowledge::Resolved,
        };
        self.alert(alert.labels.clone(), state, Some(alert))
    }

    fn alert(
        &self,
        labels: Labels,
        state: Knowledge,
        alert: Option<AlertView>,
    ) -> AlertExplanation {
        let fingerprint = Fingerprint::of(&labels);
        let placed = self.machine.state.groups_of(fingerprint);
        let way = self.config.explain_routes(&labels, self.at);
        let targets = way.targets.into_iter();
        let targets = targets.map(|route| self.target(route, fingerprint, &placed, alert.as_ref()));
        let inhibitor = self.machine.state.inhibitor_of(&labels);
        let inhibited_by = inhibitor.filter(|_| self.is_now);
        let mut explanation = AlertExplanation {
            fingerprint,
            state,
            verdict: String::new(),
            routes: way.steps,
            targets: targets.collect(),
            silences: self.silences(&labels),
            inhibited_by: inhibited_by.map(|(fingerprint, labels)| Inhibitor {
                fingerprint,
                labels,
            }),
            decisions: self.decisions(fingerprint, &labels),
            dead_letters: self.dead_letters(fingerprint),
            labels,
            alert,
        };
        explanation.judge();
        explanation
    }

    fn target(
        &self,
        route: RouteTarget,
        of: Fingerprint,
        placed: &[Placed],
        alert: Option<&AlertView>,
    ) -> Target {
        let here = |it: &&Placed| it.place == (route.route.clone(), route.group_labels.clone());
        let group = placed.iter().find(here).filter(|_| self.is_now);
        let key = group.map_or(route.group_key.as_str(), |group| group.key.as_str());
        let repeat_interval = self
            .config
            .routes
            .iter()
            .find(|(_, it)| it.key == route.route);
        let repeat_interval = repeat_interval.map(|(_, it)| it.repeat_interval);
        let channel = |integration| {
            let lane = Lane {
                receiver: route.receiver.clone(),
                integration,
            };
            let kind = self.kinds.iter().find(|(known, _)| *known == lane);
            let told_at = self.machine.state.told_at(key, &lane, of);
            let deliveries = alert.map(|alert| alert.deliveries.as_slice());
            let of_receiver = deliveries.unwrap_or_default().iter();
            let mut of_channel = of_receiver
                .filter(|it| it.receiver == route.receiver && it.integration == integration);
            ChannelNote {
                kind: kind.map_or("unknown", |(_, kind)| *kind).to_owned(),
                told_at,
                next_repeat: told_at
                    .zip(repeat_interval)
                    .map(|(at, after)| at.after(after)),
                delivery: of_channel.next().cloned(),
            }
        };
        let channels = match self.is_now {
            true => (0..self.machine.state.channels_of(&route.receiver))
                .map(channel)
                .collect(),
            false => Vec::new(),
        };
        Target {
            group: group.map(|group| GroupNote {
                alerts: group.alerts,
                next_flush: group.next_flush,
                held_back: group.held_back.clone(),
            }),
            route,
            channels,
        }
    }

    /// Returns the silences that match, those that hold first.
    fn silences(&self, labels: &Labels) -> Vec<SilenceNote> {
        let ids = self.machine.state.matching_silences(labels);
        let silences = self.machine.state.silences();
        let matching = silences.filter(|silence| ids.contains(&silence.id));
        let mut notes: Vec<_> = matching
            .map(|silence| SilenceNote {
                id: silence.id.clone(),
                matchers: silence.matchers.to_string(),
                starts_at: silence.starts_at,
                ends_at: silence.ends_at,
                created_by: silence.created_by.clone(),
                comment: silence.comment.clone(),
                holds: silence.state(self.at) == SilenceState::Active,
            })
            .collect();
        notes.sort_by_key(|note| (!note.holds, std::cmp::Reverse(note.ends_at)));
        notes.truncate(NOTES);
        notes
    }

    /// Returns the decisions about an alert, and those about the notices that told of it.
    fn decisions(&self, of: Fingerprint, labels: &Labels) -> Vec<DecisionView> {
        let packed = Packed::of(labels);
        let about = |entry: &Entry| entry.fingerprint == Some(of) || entry.alerts.contains(&packed);
        let notices: std::collections::BTreeSet<_> = self
            .entries()
            .filter(|entry| about(entry))
            .filter_map(|entry| entry.notice.as_deref())
            .collect();
        let of_notice = |entry: &Entry| {
            let notice = entry.notice.as_deref();
            notice.is_some_and(|notice| notices.contains(notice))
        };
        let entries = self.entries().filter(|it| about(it) || of_notice(it));
        let view = |entry: &Entry| {
            let mut view = DecisionView::from(entry);
            // The alert itself is what was asked about.
            view.alerts.clear();
            view
        };
        entries.take(DECISIONS).map(view).collect()
    }

    fn dead_letters(&self, of: Fingerprint) -> Vec<DeadLetterNote> {
        let letters = self.machine.outbox.dead_letters();
        let about = letters.filter(|letter| {
            let mut alerts = letter.notification().alerts().iter();
            letter.at <= self.at && alerts.any(|alert| alert.fingerprint == of)
        });
        let note = |letter: &crate::outbox::DeadLetter| DeadLetterNote {
            id: letter.id().to_owned(),
            receiver: letter.lane().receiver.clone(),
            given_up_at: letter.at,
            tries: letter.attempts(),
            reason: letter.dead.to_string(),
        };
        about.take(NOTES).map(note).collect()
    }
}
