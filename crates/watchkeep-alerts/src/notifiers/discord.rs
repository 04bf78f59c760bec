//! Discord, through a webhook.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::HeaderMap;

use crate::error::Error;
use crate::level::Level;
use crate::notification::Notification;
use crate::notifier::{Limits, Notifier, NotifyError};
use crate::notifiers::chat::{self, Bound, Text, said_units};
use crate::notifiers::headline::{headline, worst};
use crate::notifiers::http::{Answer, Endpoint};
use crate::view::Status;

/// The longest title of an embed, in UTF-16 units.
const TITLE_UNITS: usize = 256;
/// The longest description of an embed.
const DESCRIPTION_UNITS: usize = 4_096;

/// Sends notices to a Discord webhook, one embed each.
///
/// The title is cut after 256 and the text after 4,096 characters; characters of Discord's markup get a backslash, and nobody can be pinged.
///
/// Discord has no idempotency key: after a lost answer the same notice may arrive twice.
#[derive(Clone, Debug)]
pub struct Discord {
    endpoint: Endpoint,
}

impl Discord {
    /// Takes the address of the webhook, `http://` or `https://`; all of it is a secret.
    ///
    /// # Errors
    /// When the address is not usable; the error says why and does not quote it.
    pub fn new(address: impl AsRef<str>) -> Result<Self, Error> {
        let endpoint = Endpoint::new("discord", address.as_ref())?;
        Ok(Self { endpoint })
    }
}

#[async_trait]
impl Notifier for Discord {
    fn kind(&self) -> &'static str {
        "discord"
    }

    /// A webhook takes 30 messages a minute; what is left is in each answer, and heeded.
    fn limits(&self) -> Limits {
        Limits::of_rate(5, Duration::from_secs(2))
    }

    async fn notify(&self, notification: &Notification) -> Result<(), NotifyError> {
        let body = message(notification).to_string().into_bytes();
        let answer = self.endpoint.post(HeaderMap::new(), body).await?;
        check(&answer)
    }
}

fn message(notification: &Notification) -> serde_json::Value {
    let mut title = Text::new(bound(TITLE_UNITS), escape);
    title.own(&format!("[{}] ", worst(notification)));
    if notification.status() == Status::Resolved {
        title.own("RESOLVED ");
    }
    title.theirs(&headline(notification));
    let mut text = Text::new(bound(DESCRIPTION_UNITS), escape);
    chat::write(&mut text, notification);
    serde_json::json!({
        "embeds": [{
            "title": title.finish(),
            "description": text.finish(),
            "color": color(notification),
        }],
        "allowed_mentions": { "parse": [] },
    })
}

/// Discord counts the backslashes, too.
const fn bound(most: usize) -> Bound {
    Bound {
        most,
        size: |_, written| said_units(written, ""),
    }
}

/// What Discord reads as markup, links and mentions.
const fn escape(c: char) -> Option<&'static str> {
    match c {
        '*' => Some("\\*"),
        '_' => Some("\\_"),
        '~' => Some("\\~"),
        '`' => Some("\\`"),
        '|' => Some("\\|"),
        '>' => Some("\\>"),
        '<' => Some("\\<"),
        '[' => Some("\\["),
        ']' => Some("\\]"),
        '#' => Some("\\#"),
        '@' => Some("\\@"),
        '\\' => Some("\\\\"),
        _ => None,
    }
}

fn color(notification: &Notification) -> u32 {
    match (notification.status(), worst(notification)) {
        (Status::Resolved, _) => 0x2e_a0_43,
        (Status::Firing, Level::Info) => 0x58_a6_ff,
        (Status::Firing, Level::Warning) => 0xd2_99_22,
        (Status::Firing, Level::Error) => 0xf8_51_49,
        (Status::Firing, Level::Critical) => 0xb6_23_24,
    }
}

/// Sorts an answer; how long to wait is in the body, too, in seconds.
fn check(answer: &Answer) -> Result<(), NotifyError> {
    answer.check().map_err(|error| {
        let in_body = answer
            .json()
            .and_then(|said| said.get("retry_after")?.as_f64())
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let wait = in_body.max(error.retry_after());
        match error.is_permanent() {
            true => error,
            false => error.with_retry_after(wait),
        }
    })
}

#[cfg(test)]
mod tests;
