//! What the handle shows: alerts, groups, silences, dead letters, decisions.

use tokio::sync::oneshot;

use crate::alerting::Alerting;
use crate::clock::Now;
use crate::driver::{Command, Machine};
use crate::state::{AlertDetail, Filter};
use crate::view::{AlertReport, AlertView, DeadLetterView, DecisionView, GroupView, SilenceView};

impl Alerting {
    /// Returns what fires, with its deliveries, in the order of the fingerprints; nothing when the engine's runtime has ended.
    pub async fn active(&self) -> Vec<AlertView> {
        self.look(|machine, now| machine.firing(now)).await
    }

    /// Returns what fires, and why nobody is told of it, if so.
    pub async fn alerts(&self) -> Vec<AlertReport> {
        self.look(|machine, now| {
            let details = machine.state.alerts(now, &Filter::default());
            let report = |mut detail: AlertDetail| {
                let alert = machine.receipts.fill(detail.alert.clone());
                detail.alert = alert.clone();
                AlertReport::new(detail, alert)
            };
            details.into_iter().map(report).collect()
        })
        .await
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
