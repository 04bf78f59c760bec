//! The HTTP client that channels share: one address, no redirects, bounded answers, no secret in any text.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, StatusCode, Url};

use crate::clock;
use crate::error::{Error, Kind};
use crate::notifier::NotifyError;
use crate::timestamp::Timestamp;

/// How long one request may take, answer included.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The most of an answer that is read.
const ANSWER_BYTES: usize = 4_096;
/// The longest address.
const ADDRESS_BYTES: usize = 4_096;

/// An address to post to; the path may be a secret, so nothing but the scheme is ever shown.
#[derive(Clone)]
pub(crate) struct Endpoint {
    client: Client,
    url: Url,
}

/// What a receiver said.
#[cfg_attr(
    not(any(feature = "slack", feature = "teams", feature = "telegram")),
    allow(dead_code, reason = "only these say more in a body than in the status")
)]
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    /// The first bytes of the body.
    pub(crate) body: Vec<u8>,
    /// Whether the body ended before its end.
    pub(crate) broke_off: bool,
}

impl Endpoint {
    pub(crate) fn new(notifier: &'static str, address: &str) -> Result<Self, Error> {
        let url = parse(address).map_err(|problem| Kind::Address { notifier, problem })?;
        let client = client().map_err(Kind::Client)?;
        Ok(Self { client, url })
    }

    /// Returns the same with this path behind what the address has; what goes into it must not begin a query.
    ///
    /// # Errors
    /// When that is no address any more.
    #[cfg(any(feature = "alertmanager", feature = "pagerduty", feature = "telegram"))]
    pub(crate) fn join(&self, notifier: &'static str, path: &str) -> Result<Self, Error> {
        let mut url = self.url.clone();
        let problem = "its path cannot be extended";
        let mut segments = url
            .path_segments_mut()
            .map_err(|()| Kind::Address { notifier, problem })?;
        segments.pop_if_empty();
        segments.extend(path.split('/').filter(|segment| !segment.is_empty()));
        drop(segments);
        Ok(Self {
            client: self.client.clone(),
            url,
        })
    }

    /// Posts a JSON body, with these headers too.
    pub(crate) async fn post(
        &self,
        mut headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Answer, NotifyError> {
        headers.insert(
            reqwest::header::CONTENT_TYPE,
            reqwest::header::HeaderValue::from_static("application/json"),
        );
        let mut response = self
            .client
            .post(self.url.clone())
            .headers(headers)
            .body(body)
            .send()
            .await
            .map_err(failure)?;
        let status = response.status();
        let retry_after = retry_after(response.headers(), clock::wall());
        let mut body = Vec::new();
        let mut broke_off = false;
        while body.len() < ANSWER_BYTES {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    let room = ANSWER_BYTES - body.len();
                    body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                }
                Ok(None) => break,
                // The status came, and says all that most channels need.
                Err(_) => {
                    broke_off = true;
                    break;
                }
            }
        }
        Ok(Answer {
            status,
            retry_after,
            body,
            broke_off,
        })
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://…", self.url.scheme())
    }
}

impl Answer {
    /// Sorts the answer by its status: taken, worth another try, or refused for good.
    pub(crate) fn check(&self) -> Result<(), NotifyError> {
        if self.status.is_success() {
            return Ok(());
        }
        let message = format!("the receiver answered {}", self.status.as_u16());
        let transient = self.status.is_server_error()
            || matches!(
                self.status,
                StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
            );
        Err(if transient {
            NotifyError::transient(message).with_retry_after(self.retry_after)
        } else if self.status == StatusCode::GONE {
            NotifyError::gone(message)
        } else {
            NotifyError::permanent(message)
        })
    }

    /// Refuses to judge by a body that broke off, where a success may yet be a refusal in the body.
    #[cfg(any(feature = "slack", feature = "teams", feature = "telegram"))]
    pub(crate) fn check_whole(&self) -> Result<(), NotifyError> {
        match self.broke_off {
            true => Err(NotifyError::ambiguous("the receiver's answer broke off")),
            false => Ok(()),
        }
    }

    /// Returns the body as JSON, if it is that, and all of it was read.
    #[cfg(any(feature = "discord", feature = "telegram"))]
    pub(crate) fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Reads an address; what it names as a problem never quotes the address.
fn parse(address: &str) -> Result<Url, &'static str> {
    if address.len() > ADDRESS_BYTES {
        return Err("it is longer than 4,096 bytes");
    }
    let url = Url::parse(address.trim()).map_err(|_| "it is not an absolute URL")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("its scheme is neither http nor https");
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("it has no host");
    }
    Ok(url)
}

fn client() -> Result<Client, Box<dyn std::error::Error + Send + Sync>> {
    let roots: rustls::RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .timeout(TIMEOUT)
        .user_agent(concat!("watchkeep/", env!("CARGO_PKG_VERSION")))
        .build()?;
    Ok(client)
}

/// Says why there was no answer: the kind of failure and its root cause, never the address.
fn failure(error: reqwest::Error) -> NotifyError {
    let error = error.without_url();
    let what = if error.is_timeout() {
        "the receiver did not answer in time"
    } else if error.is_connect() {
        "the receiver could not be reached"
    } else {
        "the request failed"
    };
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if error.is_builder() {
        return NotifyError::permanent(what);
    }
    let message = format!("{what}: {cause}");
    if error.is_connect() {
        NotifyError::transient(message)
    } else {
        // The request may have arrived, and only the answer is missing.
        NotifyError::ambiguous(message)
    }
}

/// Returns how long the receiver asks to be left alone: `Retry-After`, or the reset of its bucket, of which the longer counts.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let asked = text(RETRY_AFTER.as_str()).and_then(|value| parse_retry_after(value, now));
    let is_empty = text("x-ratelimit-remaining") == Some("0");
    let reset = text("x-ratelimit-reset-after")
        .filter(|_| is_empty)
        .and_then(seconds);
    asked.max(reset)
}

/// Reads a number of seconds, which may have a fraction; what is no time is none.
pub(crate) fn seconds(text: &str) -> Option<Duration> {
    let text = text.trim();
    if !text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return None;
    }
    let seconds: f64 = text.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Reads `Retry-After`: seconds, some with a fraction, or an HTTP date.
fn parse_retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    if let Some(time) = seconds(value) {
        return Some(time);
    }
    let date = jiff::fmt::rfc2822::parse(value).ok()?;
    let millis = date
        .timestamp()
        .as_millisecond()
        .saturating_sub(now.as_millis());
    Some(Duration::from_millis(u64::try_from(millis).unwrap_or(0)))
}

#[cfg(test)]
mod tests;
