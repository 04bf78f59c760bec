//! Slack, through an incoming webhook.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::HeaderMap;

use crate::error::Error;
use crate::notification::Notification;
use crate::notifier::{Limits, Notifier, NotifyError};
use crate::notifiers::chat::{self, Bound, Text, written_chars};
use crate::notifiers::http::{Answer, Endpoint};

/// The longest text of a message, in characters.
const TEXT_CHARS: usize = 4_000;

/// Sends notices to a Slack incoming webhook, or to what speaks its language.
///
/// A message is one text with level, name, message, time and details, cut after 4,000 characters.
/// What others wrote can neither ping a channel nor hide behind a link: `&`, `<` and `>` are escaped, and control characters become visible.
///
/// Slack has no idempotency key: after a lost answer the same notice may arrive twice.
#[derive(Clone, Debug)]
pub struct Slack {
    endpoint: Endpoint,
}

impl Slack {
    /// Takes the address of the webhook, `http://` or `https://`; all of it is a secret.
    ///
    /// # Errors
    /// When the address is not usable; the error says why and does not quote it.
    pub fn new(address: impl AsRef<str>) -> Result<Self, Error> {
        let endpoint = Endpoint::new("slack", address.as_ref())?;
        Ok(Self { endpoint })
    }
}

#[async_trait]
impl Notifier for Slack {
    fn kind(&self) -> &'static str {
        "slack"
    }

    /// A message a second, and short bursts.
    fn limits(&self) -> Limits {
        Limits::of_rate(5, Duration::from_secs(1))
    }

    async fn notify(&self, notification: &Notification) -> Result<(), NotifyError> {
        let body = serde_json::json!({ "text": message(notification) });
        let answer = self
            .endpoint
            .post(HeaderMap::new(), body.to_string().into_bytes())
            .await?;
        check(&answer)
    }
}

/// Sorts an answer; Slack may refuse a message with status 200.
fn check(answer: &Answer) -> Result<(), NotifyError> {
    let text = String::from_utf8_lossy(&answer.body);
    let word = text.trim();
    answer.check().map_err(|error| {
        if !is_error_word(word) {
            return error;
        }
        NotifyError::new(error.kind(), &format!("{error}: {word}"))
            .with_retry_after(error.retry_after())
    })?;
    answer.check_whole()?;
    let json: Option<serde_json::Value> = serde_json::from_str(word).ok();
    let refused = json.is_some_and(|json| json.get("ok") == Some(&serde_json::Value::Bool(false)));
    if refused || (is_error_word(word) && word != "ok") {
        let why = if refused { "ok is false" } else { word };
        return Err(NotifyError::permanent(format!(
            "the receiver refused the message: {why}"
        )));
    }
    Ok(())
}

/// Says whether this is one of Slack's own words for an error, which are safe to show: `invalid_payload`.
fn is_error_word(word: &str) -> bool {
    (1..=64).contains(&word.len())
        && word
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn message(notification: &Notification) -> String {
    let bound = Bound {
        most: TEXT_CHARS,
        size: written_chars,
    };
    let mut text = Text::new(bound, escape);
    chat::write(&mut text, notification);
    text.finish()
}

/// What Slack reads as markup.
const fn escape(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
