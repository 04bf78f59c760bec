//! Microsoft Teams, through a workflow.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::HeaderMap;

use crate::error::Error;
use crate::level::Level;
use crate::notification::Notification;
use crate::notifier::{Limits, Notifier, NotifyError};
use crate::notifiers::chat::{self, Bound, Text, written_chars};
use crate::notifiers::headline::{headline, worst};
use crate::notifiers::http::{Answer, Endpoint};
use crate::view::Status;

/// A message may have 28 KB, and each character up to six bytes in JSON, with what is around it.
const TEXT_CHARS: usize = 4_000;
/// The longest title.
const TITLE_CHARS: usize = 256;

/// Sends notices to a workflow of Microsoft Teams ("When a Teams webhook request is received"), as an adaptive card.
///
/// The text is cut after 4,000 characters, so that a card stays below 28 KB; characters of the card's markup get a backslash.
///
/// A workflow answers 202 before it has done anything: that it fails later is not seen here.
/// It knows no idempotency key: after a lost answer the same notice may arrive twice.
#[derive(Clone, Debug)]
pub struct Teams {
    endpoint: Endpoint,
}

impl Teams {
    /// Takes the address of the workflow, `http://` or `https://`; all of it is a secret.
    ///
    /// # Errors
    /// When the address is not usable; the error says why and does not quote it.
    pub fn new(address: impl AsRef<str>) -> Result<Self, Error> {
        let endpoint = Endpoint::new("msteamsv2", address.as_ref())?;
        Ok(Self { endpoint })
    }
}

#[async_trait]
impl Notifier for Teams {
    fn kind(&self) -> &'static str {
        "msteamsv2"
    }

    /// Connectors took 60 messages in 30 seconds, and 100 an hour.
    fn limits(&self) -> Limits {
        Limits::of_rate(30, Duration::from_secs(36))
    }

    async fn notify(&self, notification: &Notification) -> Result<(), NotifyError> {
        let body = message(notification).to_string().into_bytes();
        let answer = self.endpoint.post(HeaderMap::new(), body).await?;
        check(&answer)
    }
}

fn message(notification: &Notification) -> serde_json::Value {
    let mut title = Text::new(bound(TITLE_CHARS), escape);
    title.own(&format!("[{}] ", worst(notification)));
    if notification.status() == Status::Resolved {
        title.own("RESOLVED ");
    }
    title.theirs(&headline(notification));
    let mut text = Text::new(bound(TEXT_CHARS), escape);
    chat::write(&mut text, notification);
    // A single line end is a blank in a card.
    let text = text.finish().replace('\n', "\n\n");
    serde_json::json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.2",
                "body": [
                    {
                        "type": "TextBlock",
                        "text": title.finish(),
                        "weight": "Bolder",
                        "size": "Medium",
                        "wrap": true,
                        "color": color(notification),
                    },
                    { "type": "TextBlock", "text": text, "wrap": true },
                ],
                "msteams": { "width": "full" },
            },
        }],
    })
}

const fn bound(most: usize) -> Bound {
    Bound {
        most,
        size: written_chars,
    }
}

/// What a card reads as markup.
const fn escape(c: char) -> Option<&'static str> {
    match c {
        '*' => Some("\\*"),
        '_' => Some("\\_"),
        '[' => Some("\\["),
        ']' => Some("\\]"),
        '`' => Some("\\`"),
        '#' => Some("\\#"),
        '\\' => Some("\\\\"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '&' => Some("&amp;"),
        _ => None,
    }
}

fn color(notification: &Notification) -> &'static str {
    match (notification.status(), worst(notification)) {
        (Status::Resolved, _) => "Good",
        (Status::Firing, Level::Info) => "Accent",
        (Status::Firing, Level::Warning) => "Warning",
        (Status::Firing, Level::Error | Level::Critical) => "Attention",
    }
}

/// Sorts an answer; the older connectors say 200 and put the error of what is behind them into the body.
fn check(answer: &Answer) -> Result<(), NotifyError> {
    answer.check()?;
    answer.check_whole()?;
    let said = String::from_utf8_lossy(&answer.body);
    let Some((_, rest)) = said.split_once("HTTP error ") else {
        return Ok(());
    };
    let digits: String = rest
        .chars()
        .take_while(char::is_ascii_digit)
        .take(3)
        .collect();
    let message = format!("the receiver answered 200 with HTTP error {digits}");
    match digits.parse::<u16>() {
        Ok(429 | 408 | 500..=599) => Err(NotifyError::transient(message)),
        _ => Err(NotifyError::permanent(message)),
    }
}

#[cfg(test)]
mod tests;
