//! An Alertmanager, or a cluster of them: the way out when one machine is not enough.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Url;
use reqwest::header::HeaderMap;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::alert::Labels;
use crate::clock;
use crate::error::{Error, Kind};
use crate::notification::Notification;
use crate::notifier::{Limits, Notifier, NotifyError};
use crate::notifiers::http::Endpoint;
use crate::timestamp::Timestamp;
use crate::view::{AlertKind, AlertView, Status};

/// The most peers.
const PEERS: usize = 16;

/// Hands alerts to an Alertmanager, as Prometheus does: to every peer of the cluster, which sees to it that people are told once.
///
/// It is enough that one peer takes them.
/// An alert that fires is a lease: it ends by itself when it is not said again, so the route to this receiver needs a `repeat_interval` well below the [lease](Self::with_lease).
#[derive(Clone, Debug)]
pub struct Alertmanager {
    peers: Vec<Endpoint>,
    lease: Duration,
}

impl Alertmanager {
    /// Takes the addresses of the peers, to each of which `/api/v2/alerts` is appended.
    ///
    /// # Errors
    /// When there is none, or more than 16, or one is not usable; the error says why and does not quote it.
    pub fn new<T: AsRef<str>>(peers: impl IntoIterator<Item = T>) -> Result<Self, Error> {
        let peer = |address: T| {
            Endpoint::new("alertmanager", address.as_ref())?.join("alertmanager", "api/v2/alerts")
        };
        let peers: Vec<_> = peers
            .into_iter()
            .take(PEERS + 1)
            .map(peer)
            .collect::<Result<_, _>>()?;
        if peers.is_empty() || peers.len() > PEERS {
            return Err(Kind::Peers.into());
        }
        Ok(Self {
            peers,
            lease: Duration::from_secs(8 * 3_600),
        })
    }

    /// Sets how long an alert fires there when it is not said again. Default: 8 hours, twice the default `repeat_interval`.
    #[must_use]
    pub const fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }
}

#[async_trait]
impl Notifier for Alertmanager {
    fn kind(&self) -> &'static str {
        "alertmanager"
    }

    /// The same alert twice is one alert; and the end of an event is for the cluster to know.
    fn limits(&self) -> Limits {
        Limits::default().idempotent().paging()
    }

    async fn notify(&self, notification: &Notification) -> Result<(), NotifyError> {
        let lease_end = clock::wall().after(self.lease);
        let post = |alert| PostableAlert::new(alert, lease_end);
        let alerts: Vec<_> = notification.alerts().iter().map(post).collect();
        let body = serde_json::to_vec(&alerts)
            .map_err(|_| NotifyError::permanent("the notice could not be written as JSON"))?;
        let mut tries = JoinSet::new();
        for peer in self.peers.clone() {
            let body = body.clone();
            tries.spawn(async move { peer.post(HeaderMap::new(), body).await?.check() });
        }
        let mut worth_it = None;
        let mut refused = None;
        let mut taken = false;
        // Every peer is waited for: those that were told do not depend on gossip.
        while let Some(ended) = tries.join_next().await {
            match ended {
                Ok(Ok(())) => taken = true,
                Ok(Err(error)) if error.is_permanent() => refused = Some(error),
                Ok(Err(error)) => worth_it = Some(error),
                Err(_) => worth_it = Some(NotifyError::transient("the request was given up")),
            }
        }
        match worth_it.or(refused) {
            Some(error) if !taken => Err(error),
            _ => Ok(()),
        }
    }
}

/// An alert as `POST /api/v2/alerts` takes it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PostableAlert<'a> {
    labels: &'a Labels,
    annotations: &'a Labels,
    starts_at: Timestamp,
    ends_at: Timestamp,
    #[serde(rename = "generatorURL", skip_serializing_if = "str::is_empty")]
    generator_url: &'a str,
}

impl<'a> PostableAlert<'a> {
    fn new(alert: &'a AlertView, lease_end: Timestamp) -> Self {
        let ends_at = match (alert.state, alert.kind) {
            (Status::Resolved, _) => alert.ends_at.unwrap_or(alert.updated_at),
            // It ends by itself.
            (Status::Firing, AlertKind::Event) => alert.ends_at.unwrap_or(lease_end),
            (Status::Firing, AlertKind::State) => lease_end,
        };
        Self {
            labels: &alert.labels,
            annotations: &alert.annotations,
            starts_at: alert.starts_at,
            ends_at: ends_at.max(alert.starts_at),
            generator_url: address(&alert.generator_url).unwrap_or_default(),
        }
    }
}

/// Returns a text that is a web address; because of one that is none a peer would refuse all alerts of the notice.
fn address(text: &str) -> Option<&str> {
    let is_escape = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    let is_escaped = text.split('%').skip(1).all(is_escape);
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    let is_address = Url::parse(text).is_ok_and(|url| url.has_host());
    (is_escaped && is_plain && is_address).then_some(text)
}

#[cfg(test)]
mod tests;
