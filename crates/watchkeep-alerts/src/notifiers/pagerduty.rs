//! PagerDuty, through the Events API v2.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::HeaderMap;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Kind};
use crate::level::Level;
use crate::notification::Notification;
use crate::notifier::{Limits, Notifier, NotifyError};
use crate::notifiers::headline::{headline, worst};
use crate::notifiers::http::Endpoint;
use crate::text::bounded;
use crate::view::Status;

/// PagerDuty's own address; `/v2/enqueue` is appended.
const ADDRESS: &str = "https://events.pagerduty.com";
/// The longest summary, in characters of PagerDuty; we count bytes, which are never fewer.
const SUMMARY_BYTES: usize = 1_024;
/// The largest event.
const EVENT_BYTES: usize = 512_000;

/// Opens an incident for each group of alerts, and resolves it once all of them are resolved.
///
/// The `dedup_key` is the SHA-256 of the group's key: a notice that arrives twice is the same incident.
/// An event over 512,000 bytes loses its details, and says so.
#[derive(Clone)]
pub struct PagerDuty {
    endpoint: Endpoint,
    routing_key: String,
}

impl PagerDuty {
    /// Takes the routing key of a service's integration: 32 letters and digits, a secret.
    ///
    /// # Errors
    /// When the key is not of that form; the error does not quote it.
    pub fn new(routing_key: impl AsRef<str>) -> Result<Self, Error> {
        Self::with_address(routing_key, ADDRESS)
    }

    /// The same towards another address, to which `/v2/enqueue` is appended, unless it ends so.
    ///
    /// # Errors
    /// When the key or the address is not usable; the error quotes neither.
    pub fn with_address(
        routing_key: impl AsRef<str>,
        address: impl AsRef<str>,
    ) -> Result<Self, Error> {
        let routing_key = routing_key.as_ref().trim().to_owned();
        let is_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if routing_key.is_empty() || routing_key.len() > 64 || !routing_key.bytes().all(is_key) {
            return Err(Kind::RoutingKey.into());
        }
        let address = address.as_ref().trim();
        let base = address.strip_suffix("/v2/enqueue").unwrap_or(address);
        let endpoint = Endpoint::new("pagerduty", base)?.join("pagerduty", "v2/enqueue")?;
        Ok(Self {
            endpoint,
            routing_key,
        })
    }

    fn event(&self, notification: &Notification, with_details: bool) -> serde_json::Value {
        let action = match notification.status() {
            Status::Firing => "trigger",
            Status::Resolved => "resolve",
        };
        let mut event = serde_json::json!({
            "routing_key": self.routing_key,
            "event_action": action,
            "dedup_key": dedup_key(&notification.group_key()),
        });
        if notification.status() == Status::Firing {
            event["payload"] = payload(notification, with_details);
        }
        event
    }
}

impl fmt::Debug for PagerDuty {
    /// The key is a secret, and left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PagerDuty")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Notifier for PagerDuty {
    fn kind(&self) -> &'static str {
        "pagerduty"
    }

    /// Some hundred events a minute are let through for each key; two a second stay below that.
    fn limits(&self) -> Limits {
        Limits::of_rate(20, Duration::from_millis(500))
            .idempotent()
            .paging()
    }

    /// Ends alone, while something muted of the group still fires, say nothing: the incident stays open.
    async fn notify(&self, notification: &Notification) -> Result<(), NotifyError> {
        if notification.status() == Status::Resolved && !notification.closes() {
            return Ok(());
        }
        let mut body = self.event(notification, true).to_string();
        if body.len() > EVENT_BYTES {
            body = self.event(notification, false).to_string();
        }
        let answer = self
            .endpoint
            .post(HeaderMap::new(), body.into_bytes())
            .await?;
        answer.check()
    }
}

fn payload(notification: &Notification, with_details: bool) -> serde_json::Value {
    let first = notification.alerts().first();
    let source = first
        .and_then(|alert| {
            alert
                .labels
                .get("instance")
                .or_else(|| alert.labels.get("service"))
        })
        .map_or("watchkeep", String::as_str);
    let details = match with_details {
        true => serde_json::json!({
            "firing": alerts(notification, Status::Firing),
            "resolved": alerts(notification, Status::Resolved),
            "truncated": notification.truncated(),
        }),
        false => serde_json::json!({ "error": "the details were longer than PagerDuty takes" }),
    };
    serde_json::json!({
        "summary": bounded(summary(notification), SUMMARY_BYTES),
        "source": source,
        "severity": severity(worst(notification)),
        "timestamp": first.map(|alert| alert.starts_at.to_string()),
        "component": first.and_then(|alert| alert.labels.get("service")),
        "class": first.and_then(|alert| alert.labels.get("alertname")),
        "custom_details": details,
    })
}

/// A summary must say something.
fn summary(notification: &Notification) -> String {
    match headline(notification) {
        empty if empty.is_empty() => "alert".to_owned(),
        headline => headline,
    }
}

fn alerts(notification: &Notification, state: Status) -> Vec<serde_json::Value> {
    let alerts = notification.alerts().iter().filter(|it| it.state == state);
    alerts
        .map(
            |alert| serde_json::json!({ "labels": alert.labels, "annotations": alert.annotations }),
        )
        .collect()
}

const fn severity(level: Level) -> &'static str {
    match level {
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
        Level::Critical => "critical",
    }
}

/// Returns what PagerDuty knows a group by: 64 digits, whatever the labels are.
fn dedup_key(group_key: &str) -> String {
    let hash = Sha256::digest(group_key.as_bytes());
    hash.iter()
        .fold(String::with_capacity(64), |mut key, byte| {
            for half in [byte >> 4, byte & 0xf] {
                key.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
            }
            key
        })
}

#[cfg(test)]
mod tests;
