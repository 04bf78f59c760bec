//! The channels that the environment configures, under the names that routes use.

use std::fmt;

use reqwest::Url;
use watchkeep::alerts::Notifier;
use watchkeep::alerts::notifiers::{Alertmanager, Email, PagerDuty, Slack, Telegram, Webhook};

use super::reader::Reader;
use super::secret::Secret;

/// The receivers that a routing file may name without settings, and the first of the names that configure them.
pub(crate) const NAMES: [(&str, &str); 6] = [
    ("pagerduty", "PAGERDUTY_ROUTING_KEY"),
    ("slack", "SLACK_WEBHOOK_URL"),
    ("telegram", "TELEGRAM_BOT_TOKEN"),
    ("email", "SMTP_URL"),
    ("webhook", "ALERT_WEBHOOK_URL"),
    ("alertmanager", "ALERTMANAGER_URL"),
];

/// What is configured, by receiver.
#[derive(Default)]
pub(crate) struct Channels(Vec<(&'static str, Box<dyn Notifier>)>);

/// The bot behind the channel `telegram`, whose health is a component.
#[derive(Debug)]
pub(crate) struct Bot {
    pub(crate) address: Url,
    pub(crate) token: Secret<String>,
}

impl Bot {
    /// Returns the bot, when there is one; what is wrong with its names is said by the channel.
    pub(crate) fn read(reader: &Reader<'_>) -> Option<Self> {
        let address = given(reader, "TELEGRAM_API_URL");
        let address = address.as_deref().unwrap_or("https://api.telegram.org");
        Some(Self {
            address: Url::parse(address).ok()?,
            token: Secret::new(given(reader, "TELEGRAM_BOT_TOKEN")?),
        })
    }
}

impl Channels {
    /// Reads all of them; a channel that is configured in part is a problem, and says what is missing.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let slack = reader.optional("SLACK_WEBHOOK_URL", |url| words(Slack::new(url)));
        let pagerduty = pagerduty(reader);
        let telegram = telegram(reader);
        let email = email(reader);
        let webhook = webhook(reader);
        let alertmanager = reader.optional("ALERTMANAGER_URL", |peers| {
            words(Alertmanager::new(peers.split(',').map(str::trim)))
        });
        let mut channels = Self::default();
        channels.add("pagerduty", pagerduty?);
        channels.add("slack", slack?);
        channels.add("telegram", telegram?);
        channels.add("email", email?);
        channels.add("webhook", webhook?);
        channels.add("alertmanager", alertmanager?);
        Some(channels)
    }

    fn add(&mut self, receiver: &'static str, notifier: Option<impl Notifier>) {
        if let Some(notifier) = notifier {
            self.0.push((receiver, Box::new(notifier)));
        }
    }

    /// Says whether a receiver has a channel of its own.
    pub(crate) fn has(&self, receiver: &str) -> bool {
        self.0.iter().any(|(name, _)| *name == receiver)
    }

    pub(crate) fn into_inner(self) -> Vec<(&'static str, Box<dyn Notifier>)> {
        self.0
    }
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

#[expect(
    clippy::option_option,
    reason = "outside: could it be read; inside: is there one"
)]
fn pagerduty(reader: &mut Reader<'_>) -> Option<Option<PagerDuty>> {
    let url = given(reader, "PAGERDUTY_URL");
    needs(
        reader,
        &[("PAGERDUTY_URL", url.is_some())],
        "PAGERDUTY_ROUTING_KEY",
    )?;
    reader.optional("PAGERDUTY_ROUTING_KEY", |key| {
        words(match &url {
            Some(url) => PagerDuty::with_address(key, url),
            None => PagerDuty::new(key),
        })
    })
}

#[expect(
    clippy::option_option,
    reason = "outside: could it be read; inside: is there one"
)]
fn telegram(reader: &mut Reader<'_>) -> Option<Option<Telegram>> {
    let url = given(reader, "TELEGRAM_API_URL");
    let chat = reader.optional("TELEGRAM_CHAT_ID", |id| {
        let id: Result<i64, _> = id.trim().parse();
        id.map_err(|_| "is no id of a chat: a whole number, which may be negative".to_owned())
    })?;
    let set = [
        ("TELEGRAM_CHAT_ID", chat.is_some()),
        ("TELEGRAM_API_URL", url.is_some()),
    ];
    needs(reader, &set, "TELEGRAM_BOT_TOKEN")?;
    let Some(chat) = chat else {
        if given(reader, "TELEGRAM_BOT_TOKEN").is_some() {
            reader.refuse(
                "TELEGRAM_CHAT_ID",
                "is not set, but TELEGRAM_BOT_TOKEN is: name the chat",
            );
            return None;
        }
        return Some(None);
    };
    reader.optional("TELEGRAM_BOT_TOKEN", |token| {
        words(match &url {
            Some(url) => Telegram::with_address(token, chat, url),
            None => Telegram::new(token, chat),
        })
    })
}

#[expect(
    clippy::option_option,
    reason = "outside: could it be read; inside: is there one"
)]
fn email(reader: &mut Reader<'_>) -> Option<Option<Email>> {
    let [from, to] = ["ALERT_FROM", "ADMIN_EMAIL"].map(|name| given(reader, name));
    let set = [
        ("ALERT_FROM", from.is_some()),
        ("ADMIN_EMAIL", to.is_some()),
    ];
    needs(reader, &set, "SMTP_URL")?;
    let (Some(from), Some(to)) = (&from, &to) else {
        if given(reader, "SMTP_URL").is_none() {
            return Some(None);
        }
        for (name, is_set) in set {
            if !is_set {
                reader.refuse(name, "is not set, but SMTP_URL is: name an e-mail address");
            }
        }
        return None;
    };
    reader.optional("SMTP_URL", |url| words(Email::new(url, from, to)))
}

#[expect(
    clippy::option_option,
    reason = "outside: could it be read; inside: is there one"
)]
fn webhook(reader: &mut Reader<'_>) -> Option<Option<Webhook>> {
    let secret = given(reader, "ALERT_WEBHOOK_SECRET");
    let webhook = reader.optional("ALERT_WEBHOOK_URL", |url| words(Webhook::new(url)))?;
    match (webhook, secret) {
        (Some(webhook), Some(secret)) => match webhook.with_secret(secret) {
            Ok(webhook) => Some(Some(webhook)),
            Err(error) => {
                reader.refuse("ALERT_WEBHOOK_SECRET", &error.to_string());
                None
            }
        },
        (webhook, _) => Some(webhook),
    }
}

/// Refuses those that are set, when what they belong to is not.
fn needs(reader: &mut Reader<'_>, set: &[(&str, bool)], owner: &str) -> Option<()> {
    if given(reader, owner).is_some() {
        return Some(());
    }
    let mut all = Some(());
    for (name, is_set) in set {
        if *is_set {
            reader.refuse(
                name,
                &format!("is set, but {owner} is not; set both or neither"),
            );
            all = None;
        }
    }
    all
}

/// A value that is set and not empty.
fn given(reader: &Reader<'_>, name: &str) -> Option<String> {
    reader.raw(name).filter(|value| !value.is_empty())
}

fn words<T>(made: Result<T, watchkeep::alerts::Error>) -> Result<T, String> {
    made.map_err(|error| error.to_string())
}
