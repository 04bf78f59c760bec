//! Receivers, and the channels behind them.

use std::fmt;

use super::Extensions;
use super::error::Position;
use super::settings::{
    DiscordSettings, EmailSettings, PagerDutySettings, SlackSettings, TeamsSettings,
    TelegramSettings, WebhookSettings,
};

/// A receiver: a name that routes use, and the channels behind it.
///
/// One without channels is bound by its name to a notifier of the program.
#[derive(Clone)]
pub struct ReceiverConfig {
    pub(crate) name: String,
    pub(crate) integrations: Vec<IntegrationConfig>,
    pub(crate) extensions: Extensions,
    pub(crate) at: Option<Position>,
}

/// A channel of a receiver.
#[derive(Clone)]
pub struct IntegrationConfig {
    pub(crate) send_resolved: bool,
    pub(crate) settings: Settings,
    pub(crate) extensions: Extensions,
}

/// What a channel is told, by its kind.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Settings {
    /// Discord's webhooks.
    Discord(DiscordSettings),
    /// E-mail.
    Email(EmailSettings),
    /// PagerDuty's Events API v2.
    PagerDuty(PagerDutySettings),
    /// Slack's incoming webhooks.
    Slack(SlackSettings),
    /// Workflows of Microsoft Teams.
    Teams(TeamsSettings),
    /// Telegram.
    Telegram(TelegramSettings),
    /// A webhook.
    Webhook(WebhookSettings),
}

impl Settings {
    /// Returns the kind, as Alertmanager names it: `discord`, `email`, `msteamsv2`, `pagerduty`, `slack`, `telegram` or `webhook`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Discord(_) => "discord",
            Self::Email(_) => "email",
            Self::PagerDuty(_) => "pagerduty",
            Self::Slack(_) => "slack",
            Self::Teams(_) => "msteamsv2",
            Self::Telegram(_) => "telegram",
            Self::Webhook(_) => "webhook",
        }
    }

    /// Says whether the end of an alert is told when nothing else is said; not by mail and in Slack, as in Alertmanager.
    pub(crate) const fn sends_resolved(&self) -> bool {
        !matches!(self, Self::Email(_) | Self::Slack(_))
    }
}

// === impl ReceiverConfig ===

impl ReceiverConfig {
    /// Makes a receiver that is bound by its name to a notifier of the program.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            integrations: Vec::new(),
            extensions: Extensions::new(),
            at: None,
        }
    }

    /// Adds a channel.
    #[must_use]
    pub fn with(mut self, integration: IntegrationConfig) -> Self {
        self.integrations.push(integration);
        self
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the channels, in the order of their kinds and then of the file.
    pub fn integrations(&self) -> &[IntegrationConfig] {
        &self.integrations
    }

    /// Returns the extensions.
    pub const fn extensions(&self) -> &Extensions {
        &self.extensions
    }
}

impl fmt::Debug for ReceiverConfig {
    /// Shows the names of extensions only: a value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceiverConfig")
            .field("name", &self.name)
            .field("integrations", &self.integrations)
            .field("extensions", &self.extensions.keys())
            .finish()
    }
}

// === impl IntegrationConfig ===

impl IntegrationConfig {
    /// Makes a channel; the end of an alert is told as Alertmanager does by default: not by mail and in Slack, but everywhere else.
    pub const fn new(settings: Settings) -> Self {
        Self {
            send_resolved: settings.sends_resolved(),
            settings,
            extensions: Extensions::new(),
        }
    }

    /// Sets whether the end of an alert is told.
    #[must_use]
    pub const fn with_send_resolved(mut self, send_resolved: bool) -> Self {
        self.send_resolved = send_resolved;
        self
    }

    /// Says whether the end of an alert is told.
    pub const fn send_resolved(&self) -> bool {
        self.send_resolved
    }

    /// Returns what the channel is told.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the extensions.
    pub const fn extensions(&self) -> &Extensions {
        &self.extensions
    }
}

impl fmt::Debug for IntegrationConfig {
    /// Shows the names of extensions only: a value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntegrationConfig")
            .field("send_resolved", &self.send_resolved)
            .field("settings", &self.settings)
            .field("extensions", &self.extensions.keys())
            .finish()
    }
}
