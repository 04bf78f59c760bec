//! Slack, through an incoming webhook.

use async_trait::async_trait;
use reqwest::header::HeaderMap;

use crate::error::Error;
use crate::notification::Notification;
use crate::notifier::{Notifier, NotifyError};
use crate::notifiers::http::{Answer, Endpoint};
use crate::text::is_hidden;
use crate::view::{AlertView, Status};

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
        let message = format!("{error}: {word}");
        if error.is_permanent() {
            NotifyError::permanent(message)
        } else {
            NotifyError::transient(message).with_retry_after(error.retry_after())
        }
    })?;
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
    let mut text = Text::default();
    for (at, alert) in notification.alerts().iter().enumerate() {
        if at > 0 {
            text.own("\n\n");
        }
        write(&mut text, alert);
    }
    text.out
}

fn write(text: &mut Text, alert: &AlertView) {
    let get = |map: &crate::Labels, key: &str| map.get(key).cloned().unwrap_or_default();
    text.own(match alert.state {
        Status::Firing => "",
        Status::Resolved => "RESOLVED ",
    });
    text.own(&format!("[{}] ", alert.level));
    text.theirs(&get(&alert.labels, "alertname"));
    text.own(": ");
    text.theirs(&get(&alert.annotations, "summary"));
    text.own(&format!("\ntime: {}", alert.starts_at));
    if let (Status::Resolved, Some(ends_at)) = (alert.state, alert.ends_at) {
        text.own(&format!("\nresolved: {ends_at}"));
    }
    let labels = alert
        .labels
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "alertname" | "severity"));
    let details = alert
        .annotations
        .iter()
        .filter(|(name, _)| *name != "summary");
    for (name, value) in labels.chain(details) {
        text.own("\n");
        text.theirs(name);
        text.own(": ");
        text.theirs(value);
    }
}

/// A text that never grows over its bound, nor ends within an escape.
#[derive(Debug, Default)]
struct Text {
    out: String,
    chars: usize,
    cut: bool,
}

impl Text {
    /// Adds text of our own.
    fn own(&mut self, text: &str) {
        let mut buffer = [0; 4];
        for c in text.chars() {
            self.piece(c.encode_utf8(&mut buffer));
        }
    }

    /// Adds text that others wrote.
    fn theirs(&mut self, text: &str) {
        let mut buffer = [0; 4];
        for c in text.chars() {
            match c {
                '&' => self.piece("&amp;"),
                '<' => self.piece("&lt;"),
                '>' => self.piece("&gt;"),
                c if is_hidden(c) => self.piece(&c.escape_default().to_string()),
                c => self.piece(c.encode_utf8(&mut buffer)),
            }
        }
    }

    /// Adds a piece as a whole, or ends the text.
    fn piece(&mut self, piece: &str) {
        if self.cut {
            return;
        }
        let chars = piece.chars().count();
        // One place is kept for the mark.
        if self.chars + chars >= TEXT_CHARS {
            self.cut = true;
            self.out.push('…');
            return;
        }
        self.out.push_str(piece);
        self.chars += chars;
    }
}

#[cfg(test)]
mod tests;
