//! A generic webhook: Alertmanager's version 4 body, signed as Standard Webhooks says.

use async_trait::async_trait;
use reqwest::header::{HeaderMap, HeaderValue};
use serde::Serialize;

use crate::alert::Labels;
use crate::clock;
use crate::error::Error;
use crate::fingerprint::Fingerprint;
use crate::notification::Notification;
use crate::notifier::{Limits, Notifier, NotifyError};
use crate::notifiers::http::Endpoint;
use crate::notifiers::signature::Secret;
use crate::view::{AlertView, Status};

/// What Alertmanager writes for a time that there is not.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// Posts notices to an address of yours, in the form of Alertmanager's webhooks (version 4).
///
/// Every request carries `webhook-id`, the same over all tries of a notice, by which the receiver knows a repetition, and `webhook-timestamp`.
/// With a [secret](Self::with_secret) it carries `webhook-signature` too.
/// Redirects are not followed.
#[derive(Clone, Debug)]
pub struct Webhook {
    endpoint: Endpoint,
    external_url: String,
    /// Several, so that one can be replaced without a gap.
    secrets: Vec<Secret>,
    most: usize,
}

impl Webhook {
    /// Takes the address to post to, `http://` or `https://`; it is treated as a secret.
    ///
    /// # Errors
    /// When the address is not usable; the error says why and does not quote it.
    pub fn new(address: impl AsRef<str>) -> Result<Self, Error> {
        let endpoint = Endpoint::new("webhook", address.as_ref())?;
        Ok(Self {
            endpoint,
            external_url: String::new(),
            secrets: Vec::new(),
            most: usize::MAX,
        })
    }

    /// Signs each request with this secret, too: `whsec_` and 24 to 64 bytes in Base64.
    ///
    /// With several of them a request carries as many signatures, so that a secret can be replaced without a gap.
    ///
    /// # Errors
    /// When the secret is not of that form; the error does not quote it.
    pub fn with_secret(mut self, secret: impl AsRef<str>) -> Result<Self, Error> {
        self.secrets.push(Secret::parse(secret.as_ref())?);
        Ok(self)
    }

    /// Sets the most alerts in one body; the rest is counted in `truncatedAlerts`. Default: all.
    #[must_use]
    pub const fn with_max_alerts(mut self, alerts: usize) -> Self {
        self.most = alerts;
        self
    }

    /// Sets what the body names as `externalURL`: where people find this service. Default: empty.
    #[must_use]
    pub fn with_external_url(mut self, url: impl Into<String>) -> Self {
        self.external_url = url.into();
        self
    }

    /// Makes the headers of one try.
    fn headers(&self, id: &str, body: &[u8]) -> HeaderMap {
        let seconds = clock::wall().as_millis() / 1_000;
        let mut headers = HeaderMap::new();
        let mut add = |name: &'static str, value: String| {
            // Ids, numbers and signatures are ASCII; nothing else comes here.
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        };
        add("webhook-id", id.to_owned());
        add("webhook-timestamp", seconds.to_string());
        if !self.secrets.is_empty() {
            let sign = |secret: &Secret| secret.sign(id, seconds, body);
            let signatures: Vec<_> = self.secrets.iter().map(sign).collect();
            add("webhook-signature", signatures.join(" "));
        }
        headers
    }
}

#[async_trait]
impl Notifier for Webhook {
    fn kind(&self) -> &'static str {
        "webhook"
    }

    /// The receiver knows a repetition by `webhook-id`.
    fn limits(&self) -> Limits {
        Limits::default().idempotent()
    }

    async fn notify(&self, notification: &Notification) -> Result<(), NotifyError> {
        let message = Message::new(notification, &self.external_url, self.most);
        let body = serde_json::to_vec(&message)
            .map_err(|_| NotifyError::permanent("the notice could not be written as JSON"))?;
        let headers = self.headers(notification.id(), &body);
        self.endpoint.post(headers, body).await?.check()
    }
}

/// The body, field by field as Alertmanager writes it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    receiver: &'a str,
    status: Status,
    alerts: Vec<MessageAlert<'a>>,
    group_labels: &'a Labels,
    common_labels: Labels,
    common_annotations: Labels,
    #[serde(rename = "externalURL")]
    external_url: &'a str,
    version: &'static str,
    group_key: String,
    truncated_alerts: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MessageAlert<'a> {
    status: Status,
    labels: &'a Labels,
    annotations: &'a Labels,
    starts_at: String,
    ends_at: String,
    #[serde(rename = "generatorURL")]
    generator_url: &'a str,
    fingerprint: Fingerprint,
}

impl<'a> Message<'a> {
    fn new(notification: &'a Notification, external_url: &'a str, most: usize) -> Self {
        let alerts = notification.alerts();
        let told = &alerts[..alerts.len().min(most)];
        let cut = alerts.len() - told.len();
        Self {
            receiver: notification.receiver(),
            status: notification.status(),
            alerts: told.iter().map(MessageAlert::new).collect(),
            group_labels: notification.group_labels(),
            common_labels: notification.common_labels(),
            common_annotations: notification.common_annotations(),
            external_url,
            version: "4",
            group_key: notification.group_key(),
            truncated_alerts: notification.truncated() + cut,
        }
    }
}

impl<'a> MessageAlert<'a> {
    fn new(alert: &'a AlertView) -> Self {
        // An alert that fires has no end yet, even if it will end by itself.
        let ends_at = match (alert.state, alert.ends_at) {
            (Status::Resolved, Some(ends_at)) => ends_at.to_string(),
            (Status::Resolved, None) | (Status::Firing, _) => NEVER.to_owned(),
        };
        Self {
            status: alert.state,
            labels: &alert.labels,
            annotations: &alert.annotations,
            starts_at: alert.starts_at.to_string(),
            ends_at,
            generator_url: &alert.generator_url,
            fingerprint: alert.fingerprint,
        }
    }
}

#[cfg(test)]
mod tests;
