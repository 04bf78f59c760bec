//! What the page says of alerts: how many fire, and those that somebody may have to do something about first.

use std::cmp::Reverse;

use watchkeep_alerts::{
    AlertQuery, AlertReport, Alerting, Error, Fingerprint, Level, ListedAlert, SilenceView,
    Timestamp,
};

/// The most alerts that are shown.
pub(super) const MOST_ALERTS: usize = 100;

/// What the alert engine answered.
#[derive(Debug, Default)]
pub(super) struct Alerts {
    /// How many fire.
    pub(super) firing: usize,
    /// Those that are shown, the most urgent first.
    pub(super) shown: Vec<AlertReport>,
    /// Those that inhibit one that is shown.
    pub(super) inhibitors: Vec<AlertReport>,
    pub(super) silences: Vec<SilenceView>,
    pub(super) dead_letters: usize,
}

/// The place of an alert: first what nothing holds back, then what is worst, then what is newest.
type Rank = (bool, Reverse<Level>, Reverse<Timestamp>, Fingerprint);

impl Alerts {
    /// Asks the engine, which goes on with its work in between, and copies no more alerts than are shown.
    pub(super) async fn ask(alerting: &Alerting) -> Result<Self, Error> {
        let (firing, shown) = most_urgent(alerting).await?;
        let shown = alerting.alerts_of(&shown).await;
        let mut inhibitors: Vec<_> = shown.iter().filter_map(|it| it.inhibited_by).collect();
        inhibitors.sort_unstable();
        inhibitors.dedup();
        Ok(Self {
            firing,
            shown,
            inhibitors: alerting.alerts_of(&inhibitors).await,
            silences: alerting.silences().await,
            dead_letters: alerting.dead_letter_count().await,
        })
    }
}

/// Returns how many alerts fire, and which are shown.
async fn most_urgent(alerting: &Alerting) -> Result<(usize, Vec<Fingerprint>), Error> {
    let mut walk = alerting.walk(AlertQuery::new());
    let mut firing = 0;
    let mut first: Vec<Rank> = Vec::new();
    let note = |ranks: &mut Vec<Rank>, alert: &ListedAlert<'_>| ranks.push(rank(alert));
    while let Some(ranks) = walk.next(note).await? {
        firing += ranks.len();
        first.extend(ranks);
        first.sort_unstable();
        first.truncate(MOST_ALERTS);
    }
    let first = first.into_iter().map(|(.., fingerprint)| fingerprint);
    Ok((firing, first.collect()))
}

fn rank(alert: &ListedAlert<'_>) -> Rank {
    (
        alert.is_suppressed() || !alert.muted_by().is_empty(),
        Reverse(alert.level()),
        Reverse(alert.starts_at()),
        alert.fingerprint(),
    )
}

#[cfg(test)]
mod tests;
