//! How far each alert that fires was told, for those who look.

use std::collections::BTreeMap;

use crate::clock::Now;
use crate::driver::packed::Packed;
use crate::driver::trail::{Entry, Trail};
use crate::fingerprint::Fingerprint;
use crate::outbox::{Outbox, Progress, Step};
use crate::state::Lane;
use crate::timestamp::Timestamp;
use crate::view::{AlertView, DeliveryOutcome, DeliveryView, Status};

/// The most alerts of which deliveries are kept; beyond, the oldest are forgotten.
const ALERTS: usize = 20_000;

/// The last delivery to each lane, by alert.
#[derive(Debug, Default)]
pub(crate) struct Receipts {
    alerts: BTreeMap<Fingerprint, (u64, BTreeMap<Lane, DeliveryView>)>,
    by_age: BTreeMap<u64, Fingerprint>,
    serial: u64,
}

impl Receipts {
    /// Puts together what an earlier process knew of the alerts that fire: from its decisions, its dead letters, and what waits.
    pub(super) fn recall(
        &mut self,
        now: Now,
        firing: &[AlertView],
        trail: &Trail,
        outbox: &Outbox,
    ) {
        let since: BTreeMap<_, _> = firing
            .iter()
            .map(|it| (it.fingerprint, it.starts_at))
            .collect();
        // What was said before an alert began was about an earlier one.
        let is_of =
            |it: Fingerprint, at: Timestamp| since.get(&it).is_some_and(|start| *start <= at);
        let mut told: BTreeMap<&str, (Timestamp, &[Packed])> = BTreeMap::new();
        let entries: Vec<_> = trail.iter(now.wall).collect();
        for entry in entries.into_iter().rev() {
            let Some(notice) = entry.notice.as_deref() else {
                continue;
            };
            if !entry.alerts.is_empty() {
                told.insert(notice, (entry.at, &entry.alerts));
            }
            let Some((at, alerts)) = told.get(notice).filter(|_| entry.reason == "delivered")
            else {
                continue;
            };
            for fingerprint in alerts.iter().map(|it| Fingerprint::of(&it.labels())) {
                if is_of(fingerprint, *at) {
                    let (lane, view) = delivered(entry);
                    self.lanes(fingerprint).insert(lane, view);
                }
            }
        }
        for letter in outbox.dead_letters() {
            let lane = letter.lane();
            let view = DeliveryView {
                receiver: lane.receiver.clone(),
                integration: lane.integration,
                outcome: DeliveryOutcome::Failed,
                tries: letter.attempts(),
                last_try: Some(letter.at),
                next_try: None,
                error: letter.last_error().map(str::to_owned),
            };
            for alert in letter.notification().alerts() {
                let lanes = self.alerts.get(&alert.fingerprint);
                let known = lanes.and_then(|(_, lanes)| lanes.get(lane)?.last_try);
                let is_last = known.is_none_or(|at| at <= letter.at);
                if is_last && is_of(alert.fingerprint, letter.created_at()) {
                    self.lanes(alert.fingerprint)
                        .insert(lane.clone(), view.clone());
                }
            }
        }
        for progress in outbox.waiting(now) {
            self.enter(&progress, None, |it| since.contains_key(&it));
        }
    }

    /// Takes note of how far a notice is, for those of its alerts that fire: what comes after an alert has ended, nothing would ever forget.
    pub(super) fn note(
        &mut self,
        now: Now,
        progress: &Progress,
        fires: impl Fn(Fingerprint) -> bool,
    ) {
        let last_try = (progress.attempts > 0).then_some(now.wall);
        self.enter(progress, last_try, fires);
    }

    fn enter(
        &mut self,
        progress: &Progress,
        last_try: Option<Timestamp>,
        fires: impl Fn(Fingerprint) -> bool,
    ) {
        let view = DeliveryView {
            receiver: progress.lane.receiver.clone(),
            integration: progress.lane.integration,
            outcome: match progress.step {
                Step::Accepted => DeliveryOutcome::Pending,
                Step::Dead => DeliveryOutcome::Failed,
                Step::Delivered => DeliveryOutcome::Delivered,
                Step::Retrying => DeliveryOutcome::Retrying,
            },
            tries: progress.attempts,
            last_try,
            next_try: progress.next_try,
            error: progress.error.clone(),
        };
        for alert in progress.notification.alerts() {
            if alert.state == Status::Firing && fires(alert.fingerprint) {
                self.lanes(alert.fingerprint)
                    .insert(progress.lane.clone(), view.clone());
            }
        }
    }

    pub(super) fn forget(&mut self, fingerprint: Fingerprint) {
        if let Some((serial, _)) = self.alerts.remove(&fingerprint) {
            self.by_age.remove(&serial);
        }
    }

    /// Adds the deliveries to an alert.
    pub(crate) fn fill(&self, mut alert: AlertView) -> AlertView {
        if let Some((_, lanes)) = self.alerts.get(&alert.fingerprint) {
            alert.deliveries = lanes.values().cloned().collect();
        }
        alert
    }

    fn lanes(&mut self, fingerprint: Fingerprint) -> &mut BTreeMap<Lane, DeliveryView> {
        if !self.alerts.contains_key(&fingerprint) {
            if self.alerts.len() >= ALERTS
                && let Some((_, oldest)) = self.by_age.pop_first()
            {
                self.alerts.remove(&oldest);
            }
            self.serial += 1;
            self.by_age.insert(self.serial, fingerprint);
        }
        let serial = self.serial;
        let (_, lanes) = self
            .alerts
            .entry(fingerprint)
            .or_insert_with(|| (serial, BTreeMap::new()));
        lanes
    }
}

fn delivered(entry: &Entry) -> (Lane, DeliveryView) {
    let lane = Lane {
        receiver: entry.receiver.clone(),
        integration: entry.integration,
    };
    let view = DeliveryView {
        receiver: entry.receiver.clone(),
        integration: entry.integration,
        outcome: DeliveryOutcome::Delivered,
        tries: entry.tries,
        last_try: Some(entry.at),
        next_try: None,
        error: None,
    };
    (lane, view)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::alert::Alert;
    use crate::level::Level;
    use crate::notification::Notification;
    use crate::timestamp::Timestamp;

    const NOW: Now = Now {
        elapsed: Duration::ZERO,
        wall: Timestamp::from_millis(0),
    };

    /// A notice about an alert of this name, and how far it is.
    fn told(name: String) -> (AlertView, Progress) {
        let mut notification = Notification::test("chat", "test");
        let mut view = notification.alerts()[0].clone();
        view.fingerprint = Alert::new(name, Level::Info, "text").fingerprint();
        notification.join_late(vec![view.clone()], 0, NOW.wall, 10);
        let progress = Progress {
            lane: Lane {
                receiver: "chat".to_owned(),
                integration: 0,
            },
            notification: Arc::new(notification),
            step: Step::Accepted,
            attempts: 0,
            next_try: None,
            error: None,
            reason: None,
        };
        (view, progress)
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_newest_stays() {
        let mut receipts = Receipts::default();
        let mut last = None;
        for n in 0..ALERTS + 5 {
            let (view, progress) = told(format!("A{n}"));
            receipts.note(NOW, &progress, |_| true);
            last = Some(view);
        }
        assert_eq!(receipts.alerts.len(), ALERTS);
        assert_eq!(receipts.by_age.len(), ALERTS);
        let last = receipts.fill(last.unwrap());
        assert_eq!(last.deliveries.len(), 1);
        receipts.forget(last.fingerprint);
        assert_eq!(receipts.by_age.len(), ALERTS - 1);
    }

    #[test]
    fn what_comes_after_the_end_of_an_alert_is_not_kept() {
        let mut receipts = Receipts::default();
        let (ended, progress) = told("Ended".to_owned());
        receipts.note(NOW, &progress, |it| it != ended.fingerprint);
        assert_eq!(receipts.fill(ended).deliveries.len(), 0);
    }
}
