//! What the handle shows: alerts, groups, silences, dead letters, decisions.

use tokio::sync::oneshot;

use crate::alerting::Alerting;
use crate::clock::Now;
use crate::driver::{Command, Machine};
use crate::fingerprint::Fingerprint;
use crate::state::AlertDetail;
use crate::view::{AlertReport, AlertView, DeadLetterView, DecisionView, GroupView, SilenceView};

/// How many alerts are copied before the engine goes on with its work: a millisecond or so.
const PART: usize = 100;

impl Alerting {
    /// Returns what fires, with its deliveries, in the order of the fingerprints; nothing when the engine's runtime has ended.
    ///
    /// The engine goes on with its work after each hundred: an alert that comes or goes meanwhile may be in it or not.
    pub async fn active(&self) -> Vec<AlertView> {
        self.in_parts(|machine, detail| machine.receipts.fill(detail.alert))
            .await
    }

    /// Returns what fires, and why nobody is told of it, if so; else as [`active`](Self::active).
    pub async fn alerts(&self) -> Vec<AlertReport> {
        self.in_parts(Machine::report).await
    }

    /// Returns those of these alerts that fire, in the given order, and why nobody is told of one, if so.
    pub async fn alerts_of(&self, fingerprints: &[Fingerprint]) -> Vec<AlertReport> {
        let mut all = Vec::with_capacity(fingerprints.len());
        for part in fingerprints.chunks(PART) {
            let part = part.to_vec();
            let reports = self.look(move |machine, now| {
                let details = part.iter().filter_map(|key| machine.state.alert(now, *key));
                details.map(|detail| machine.report(detail)).collect()
            });
            let reports: Vec<AlertReport> = reports.await;
            all.extend(reports);
        }
        all
    }

    /// Returns the groups, the oldest first.
    pub async fn groups(&self) -> Vec<GroupView> {
        self.look(|machine, _| {
            let groups = machine.state.groups();
            groups.into_iter().map(GroupView::from).collect()
        })
        .await
    }

    /// Returns the silences, the oldest first.
    pub async fn silences(&self) -> Vec<SilenceView> {
        self.look(|machine, now| {
            let silences = machine.state.silences();
            silences
                .map(|silence| SilenceView::new(silence, now.wall))
                .collect()
        })
        .await
    }

    /// Returns the dead letters, the oldest first.
    pub async fn dead_letters(&self) -> Vec<DeadLetterView> {
        self.look(|machine, _| {
            let letters = machine.outbox.dead_letters();
            letters.map(DeadLetterView::from).collect()
        })
        .await
    }

    /// Returns how many dead letters there are.
    pub async fn dead_letter_count(&self) -> usize {
        self.look(|machine, _| machine.outbox.dead_letters().len())
            .await
    }

    /// Returns what somebody was told, or why not, the newest first, at most so many.
    ///
    /// 10,000 are kept, with 16 MiB in all, for 120 hours; in a journal on disk they outlive the process.
    pub async fn decisions(&self, most: usize) -> Vec<DecisionView> {
        self.look(move |machine, now| {
            let entries = machine.trail.iter(now.wall).take(most);
            entries.map(DecisionView::from).collect()
        })
        .await
    }

    /// Goes through what fires, a part at a time.
    async fn in_parts<T: Send + 'static>(&self, show: fn(&Machine, AlertDetail) -> T) -> Vec<T> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let part = self.try_look(move |machine, now| {
                let (details, last) = machine.state.alerts_after(now, after, PART);
                let shown = details.into_iter().map(|detail| show(machine, detail));
                (shown.collect::<Vec<_>>(), last)
            });
            let Some((part, last)) = part.await else {
                return Vec::new();
            };
            all.extend(part);
            if last.is_none() {
                return all;
            }
            after = last;
        }
    }

    async fn look<T: Default + Send + 'static>(
        &self,
        look: impl FnOnce(&Machine, Now) -> T + Send + 'static,
    ) -> T {
        self.try_look(look).await.unwrap_or_default()
    }

    pub(super) async fn try_look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Machine, Now) -> T + Send + 'static,
    ) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        let look = Box::new(move |machine: &Machine, now| {
            // Whoever asked may have gone.
            drop(reply.send(look(machine, now)));
        });
        self.inner.commands.send(Command::Look(look)).await.ok()?;
        answer.await.ok()
    }
}
