//! What the channels that can be configured in a file are told.

use std::time::Duration;

use super::secret::Secret;

/// A webhook: `webhook_configs`.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WebhookSettings {
    /// Where to post (`url`, `url_file`).
    pub url: Secret,
    /// The most alerts in one message, or 0 for all (`max_alerts`). Default: 0.
    pub max_alerts: u64,
    /// How long one try may take, when it is not the engine's limit (`timeout`).
    pub timeout: Option<Duration>,
    /// The secret of Standard Webhooks signatures (`x-signing-secret`, `x-signing-secret-file`).
    pub signing_secret: Option<Secret>,
}

/// Slack's incoming webhooks: `slack_configs`.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SlackSettings {
    /// The address of the webhook (`api_url`, `api_url_file`, or those of the global section).
    pub api_url: Secret,
    /// The channel, when it is not the webhook's own.
    pub channel: Option<String>,
    /// The name of the sender, when it is not the webhook's own.
    pub username: Option<String>,
    /// The emoji of the sender.
    pub icon_emoji: Option<String>,
    /// The picture of the sender.
    pub icon_url: Option<String>,
}

/// PagerDuty's Events API v2: `pagerduty_configs`.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PagerDutySettings {
    /// The key of the service's integration (`routing_key`, `routing_key_file`).
    pub routing_key: Secret,
    /// Where to post (`url`, or `pagerduty_url` of the global section). Default: `https://events.pagerduty.com/v2/enqueue`.
    pub url: String,
    /// The name of what sends.
    pub client: Option<String>,
    /// Where people find what sends.
    pub client_url: Option<String>,
    /// What the events say of where they come from.
    pub source: Option<String>,
    /// The class of the events.
    pub class: Option<String>,
    /// The part of the system that the events are about.
    pub component: Option<String>,
    /// The group of parts that the events are about.
    pub group: Option<String>,
}

/// E-mail: `email_configs`.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EmailSettings {
    /// The addresses that it goes to, with commas between them.
    pub to: String,
    /// The address of the sender (`from`, or `smtp_from` of the global section).
    pub from: String,
    /// The name that is said to the server (`hello`, or `smtp_hello`). Default: `localhost`.
    pub hello: String,
    /// The host of the server (`smarthost`, or `smtp_smarthost`).
    pub host: String,
    /// The port of the server; Alertmanager takes TLS from the start on port 465.
    pub port: String,
    /// The name to log in with, when that is wanted (`auth_username`, or `smtp_auth_username`).
    pub username: Option<String>,
    /// The password to log in with (`auth_password`, `auth_password_file`, or those of the global section).
    pub password: Option<Secret>,
    /// The identity for PLAIN, when it is not the name (`auth_identity`, or `smtp_auth_identity`).
    pub identity: Option<String>,
    /// Whether nothing is sent without TLS (`require_tls`, or `smtp_require_tls`). Default: true.
    pub require_tls: bool,
}

/// Telegram: `telegram_configs`.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TelegramSettings {
    /// The token of the bot (`bot_token`, `bot_token_file`, or those of the global section).
    pub bot_token: Secret,
    /// The chat.
    pub chat_id: i64,
    /// The topic in the chat.
    pub message_thread_id: Option<i64>,
    /// Where to post (`api_url`, or `telegram_api_url` of the global section). Default: `https://api.telegram.org`.
    pub api_url: String,
    /// Whether messages come without a sound. Default: false.
    pub disable_notifications: bool,
}

/// Discord's webhooks: `discord_configs`.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DiscordSettings {
    /// The address of the webhook (`webhook_url`, `webhook_url_file`).
    pub webhook_url: Secret,
    /// The name of the sender, when it is not the webhook's own.
    pub username: Option<String>,
    /// The picture of the sender, when it is not the webhook's own.
    pub avatar_url: Option<String>,
}

/// Workflows of Microsoft Teams: `msteamsv2_configs`.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TeamsSettings {
    /// The address of the workflow (`webhook_url`, `webhook_url_file`).
    pub webhook_url: Secret,
}

impl WebhookSettings {
    /// Makes settings with every default.
    pub const fn new(url: Secret) -> Self {
        Self {
            url,
            max_alerts: 0,
            timeout: None,
            signing_secret: None,
        }
    }
}

impl SlackSettings {
    /// Makes settings with every default.
    pub const fn new(api_url: Secret) -> Self {
        Self {
            api_url,
            channel: None,
            username: None,
            icon_emoji: None,
            icon_url: None,
        }
    }
}

impl PagerDutySettings {
    /// Makes settings with every default.
    pub fn new(routing_key: Secret) -> Self {
        Self {
            routing_key,
            url: "https://events.pagerduty.com/v2/enqueue".to_owned(),
            client: None,
            client_url: None,
            source: None,
            class: None,
            component: None,
            group: None,
        }
    }
}

impl EmailSettings {
    /// Makes settings with every default, for a server at a host and port.
    pub fn new(
        to: impl Into<String>,
        from: impl Into<String>,
        host: impl Into<String>,
        port: u16,
    ) -> Self {
        Self {
            to: to.into(),
            from: from.into(),
            hello: "localhost".to_owned(),
            host: host.into(),
            port: port.to_string(),
            username: None,
            password: None,
            identity: None,
            require_tls: true,
        }
    }
}

impl TelegramSettings {
    /// Makes settings with every default.
    pub fn new(bot_token: Secret, chat_id: i64) -> Self {
        Self {
            bot_token,
            chat_id,
            message_thread_id: None,
            api_url: "https://api.telegram.org".to_owned(),
            disable_notifications: false,
        }
    }
}

impl DiscordSettings {
    /// Makes settings with every default.
    pub const fn new(webhook_url: Secret) -> Self {
        Self {
            webhook_url,
            username: None,
            avatar_url: None,
        }
    }
}

impl TeamsSettings {
    /// Makes settings with every default.
    pub const fn new(webhook_url: Secret) -> Self {
        Self { webhook_url }
    }
}
