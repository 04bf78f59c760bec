//! Telegram, through the Bot API.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::error::{Error, Kind};
use crate::notification::Notification;
use crate::notifier::{Limits, Notifier, NotifyError};
use crate::notifiers::chat::{self, Bound, Text, said_units};
use crate::notifiers::http::{Answer, Endpoint};
use crate::text::{bounded, printable};

/// Telegram's own address; `/bot<token>/<method>` is appended.
const ADDRESS: &str = "https://api.telegram.org";
/// The longest text once entities are read, in characters.
const TEXT_UNITS: usize = 4_096;
/// The longest of Telegram's descriptions of an error that is shown.
const DESCRIPTION_BYTES: usize = 200;

/// Sends notices to a chat of Telegram, as HTML.
///
/// A text is cut after 4,096 characters, as Telegram counts them after it has read the entities, and never within one.
/// When Telegram cannot read the HTML for all that, the same is sent once more as plain text.
/// When a group becomes a supergroup its new id is used until the program ends; the log says which, for the configuration.
///
/// Telegram has no idempotency key: after a lost answer the same notice may arrive twice.
pub struct Telegram {
    endpoint: Endpoint,
    token: String,
    chat_id: AtomicI64,
    thread_id: Option<i64>,
    is_silent: bool,
}

impl Telegram {
    /// Takes the token of the bot, a secret, and the id of the chat.
    ///
    /// # Errors
    /// When the token is not of Telegram's form (`<digits>:<letters>`); the error does not quote it.
    pub fn new(token: impl AsRef<str>, chat_id: i64) -> Result<Self, Error> {
        Self::with_address(token, chat_id, ADDRESS)
    }

    /// The same towards another address, to which `/bot<token>/sendMessage` is appended.
    ///
    /// # Errors
    /// When the token or the address is not usable; the error quotes neither.
    pub fn with_address(
        token: impl AsRef<str>,
        chat_id: i64,
        address: impl AsRef<str>,
    ) -> Result<Self, Error> {
        let token = token.as_ref().trim().to_owned();
        if !is_token(&token) {
            return Err(Kind::BotToken.into());
        }
        let endpoint = Endpoint::new("telegram", address.as_ref())?
            .join("telegram", &format!("bot{token}/sendMessage"))?;
        Ok(Self {
            endpoint,
            token,
            chat_id: AtomicI64::new(chat_id),
            thread_id: None,
            is_silent: false,
        })
    }

    /// Sends into this topic of the chat.
    #[must_use]
    pub const fn with_thread(mut self, id: i64) -> Self {
        self.thread_id = Some(id);
        self
    }

    /// Sends without a sound. Default: with one.
    #[must_use]
    pub const fn silent(mut self) -> Self {
        self.is_silent = true;
        self
    }

    async fn send(&self, text: &str, is_html: bool) -> Result<Answer, NotifyError> {
        let mut body = serde_json::json!({
            "chat_id": self.chat_id.load(Ordering::Relaxed),
            "text": text,
            "link_preview_options": { "is_disabled": true },
        });
        if is_html {
            body["parse_mode"] = "HTML".into();
        }
        if let Some(id) = self.thread_id {
            body["message_thread_id"] = id.into();
        }
        if self.is_silent {
            body["disable_notification"] = true.into();
        }
        let body = body.to_string().into_bytes();
        self.endpoint.post(HeaderMap::new(), body).await
    }

    /// Sorts an answer; the status may be 200 although the message was refused, and what is worth knowing is in the body.
    fn check(&self, answer: &Answer) -> Result<(), NotifyError> {
        let said = answer.json();
        let refused = said.as_ref().and_then(|it| it.get("ok")) == Some(&Value::Bool(false));
        if answer.status.is_success() && !refused {
            return answer.check_whole();
        }
        let error = match answer.check() {
            Err(error) => error,
            Ok(()) => NotifyError::permanent("the receiver refused the message"),
        };
        let description = self.described(said.as_ref());
        let wait = said.as_ref().and_then(retry_after).max(error.retry_after());
        let kind = error.kind();
        Err(NotifyError::new(kind, &format!("{error}{description}")).with_retry_after(wait))
    }

    /// Returns Telegram's description of an error, in which the token must not stand.
    fn described(&self, said: Option<&Value>) -> String {
        let Some(description) = said.and_then(|it| it.get("description")?.as_str()) else {
            return String::new();
        };
        let description = description.replace(&self.token, "<token>");
        format!(": {}", bounded(printable(&description), DESCRIPTION_BYTES))
    }

    /// Takes over the new id of a chat that became a supergroup, and says whether it did.
    fn migrate(&self, answer: &Answer) -> bool {
        let said = answer.json();
        let Some(id) =
            said.and_then(|it| it.get("parameters")?.get("migrate_to_chat_id")?.as_i64())
        else {
            return false;
        };
        let old = self.chat_id.swap(id, Ordering::Relaxed);
        tracing::warn!(
            target: crate::line::TARGET,
            old,
            new = id,
            "a chat of Telegram has become a supergroup and has a new id: put it into the configuration"
        );
        old != id
    }
}

impl fmt::Debug for Telegram {
    /// The token is a secret, and left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telegram")
            .field("endpoint", &self.endpoint)
            .field("chat_id", &self.chat_id)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Notifier for Telegram {
    fn kind(&self) -> &'static str {
        "telegram"
    }

    /// A group takes 20 messages a minute.
    fn limits(&self) -> Limits {
        Limits::of_rate(5, Duration::from_secs(3))
    }

    async fn notify(&self, notification: &Notification) -> Result<(), NotifyError> {
        let html = text(notification, escape_html);
        let mut answer = self.send(&html, true).await?;
        if self.migrate(&answer) {
            answer = self.send(&html, true).await?;
        }
        let error = match self.check(&answer) {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        if !error.to_string().contains("can't parse entities") {
            return Err(error);
        }
        let answer = self.send(&text(notification, |_| None), false).await?;
        self.check(&answer)
    }
}

fn text(notification: &Notification, escape: chat::Escape) -> String {
    let bound = Bound {
        most: TEXT_UNITS,
        size: said_units,
    };
    let mut text = Text::new(bound, escape);
    chat::write(&mut text, notification);
    text.finish()
}

const fn escape_html(c: char) -> Option<&'static str> {
    match c {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        _ => None,
    }
}

fn retry_after(said: &Value) -> Option<Duration> {
    let seconds = said.get("parameters")?.get("retry_after")?.as_f64()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// `123456:ABC-DEF…`, which is safe in a path.
fn is_token(token: &str) -> bool {
    let Some((id, secret)) = token.split_once(':') else {
        return false;
    };
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    token.len() <= 256
        && !id.is_empty()
        && !secret.is_empty()
        && id.bytes().all(|byte| byte.is_ascii_digit())
        && secret.bytes().all(is_safe)
}

#[cfg(test)]
mod tests;
