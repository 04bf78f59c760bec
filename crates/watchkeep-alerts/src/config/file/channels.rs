//! Reads what each kind of channel is told.

use super::address::{host_port, secret_url, url};
use super::fields::Fields;
use super::global::Global;
use super::node::Node;
use crate::config::{
    ConfigError, DiscordSettings, EmailSettings, PagerDutySettings, Settings, SlackSettings,
    TeamsSettings, TelegramSettings, WebhookSettings,
};

/// A kind of channel: how its fields are read, and which of Alertmanager's are refused.
pub(super) struct Channel {
    pub(super) key: &'static str,
    pub(super) what: &'static str,
    pub(super) read: fn(&mut Fields<'_>, &Node, &Global) -> Result<Settings, ConfigError>,
    pub(super) refused: &'static [(&'static str, &'static str)],
}

const TEXT: &str = "templates are not supported: the notifier writes its own text";
const HTTP: (&str, &str) = (
    "http_config",
    "settings of the http client are not supported",
);
const APP: &str = "Slack apps are not supported; use an incoming webhook";

/// The kinds, in the order in which a receiver has them.
pub(super) const ALL: &[Channel] = &[
    Channel {
        key: "webhook_configs",
        what: "a webhook",
        read: webhook,
        refused: &[HTTP, ("payload", TEXT)],
    },
    Channel {
        key: "email_configs",
        what: "a mail channel",
        read: email,
        refused: &[
            (
                "auth_secret",
                "CRAM-MD5 is not supported; use auth_password",
            ),
            (
                "auth_secret_file",
                "CRAM-MD5 is not supported; use auth_password",
            ),
            (
                "force_implicit_tls",
                "it is not supported; port 465 has TLS from the start",
            ),
            ("headers", TEXT),
            ("html", TEXT),
            ("text", TEXT),
            ("threading", "mails of one group are always one thread"),
            ("tls_config", "settings of TLS are not supported"),
        ],
    },
    Channel {
        key: "pagerduty_configs",
        what: "a pagerduty channel",
        read: pagerduty,
        refused: &[
            HTTP,
            ("description", TEXT),
            ("details", TEXT),
            ("images", TEXT),
            ("links", TEXT),
            (
                "service_key",
                "the Events API v1 is not supported; use routing_key",
            ),
            (
                "service_key_file",
                "the Events API v1 is not supported; use routing_key_file",
            ),
            ("severity", "the severity is that of the alerts"),
            (
                "timeout",
                "it is not supported; the engine has a limit for each try",
            ),
        ],
    },
    Channel {
        key: "slack_configs",
        what: "a slack channel",
        read: slack,
        refused: &[
            HTTP,
            ("actions", TEXT),
            ("app_token", APP),
            ("app_token_file", APP),
            ("app_url", APP),
            ("callback_id", TEXT),
            ("color", TEXT),
            ("fallback", TEXT),
            ("fields", TEXT),
            ("footer", TEXT),
            ("image_url", TEXT),
            ("link_names", TEXT),
            ("message_text", TEXT),
            ("mrkdwn_in", TEXT),
            ("pretext", TEXT),
            ("short_fields", TEXT),
            ("text", TEXT),
            ("thumb_url", TEXT),
            (
                "timeout",
                "it is not supported; the engine has a limit for each try",
            ),
            ("title", TEXT),
            ("title_link", TEXT),
            ("update_message", APP),
        ],
    },
    Channel {
        key: "telegram_configs",
        what: "a telegram channel",
        read: telegram,
        refused: &[
            HTTP,
            ("chat_id_file", "it is not supported; use chat_id"),
            ("message", TEXT),
        ],
    },
    Channel {
        key: "discord_configs",
        what: "a discord channel",
        read: discord,
        refused: &[HTTP, ("content", TEXT), ("message", TEXT), ("title", TEXT)],
    },
    Channel {
        key: "msteamsv2_configs",
        what: "a teams channel",
        read: teams,
        refused: &[HTTP, ("text", TEXT), ("title", TEXT)],
    },
];

fn webhook(fields: &mut Fields<'_>, node: &Node, _: &Global) -> Result<Settings, ConfigError> {
    let address = secret_url(fields, "url", "url_file")?;
    let address = address.ok_or_else(|| node.wrong("a webhook has no url"))?;
    let mut settings = WebhookSettings::new(address);
    if let Some(most) = fields.take("max_alerts") {
        settings.max_alerts = most.number()?;
    }
    settings.timeout = fields
        .duration("timeout")?
        .map(|timeout| timeout.value)
        .filter(|timeout| !timeout.is_zero());
    settings.signing_secret = fields
        .secret("x-signing-secret", "x-signing-secret-file")?
        .map(|secret| secret.value);
    Ok(Settings::Webhook(settings))
}

fn email(fields: &mut Fields<'_>, node: &Node, global: &Global) -> Result<Settings, ConfigError> {
    let smtp = &global.smtp;
    let to = fields.literal("to")?;
    let to = to.ok_or_else(|| node.wrong("a mail channel has no address in `to`"))?;
    let from = fields.literal("from")?.or_else(|| smtp.from.clone());
    let smarthost = host_port(fields, "smarthost")?.or_else(|| smtp.smarthost.clone());
    let (Some(from), Some((host, port))) = (from, smarthost) else {
        return Err(node.wrong(
            "a mail channel has no `from` or no `smarthost`, and the global section has none either",
        ));
    };
    let mut settings = EmailSettings::new(to, from, host, 0);
    settings.port = port;
    let hello = fields.literal("hello")?.or_else(|| smtp.hello.clone());
    settings.hello = hello.unwrap_or(settings.hello);
    settings.username = fields
        .literal("auth_username")?
        .or_else(|| smtp.username.clone());
    settings.password = fields
        .secret("auth_password", "auth_password_file")?
        .map(|password| password.value)
        .or_else(|| smtp.password.clone());
    settings.identity = fields
        .literal("auth_identity")?
        .or_else(|| smtp.identity.clone());
    settings.require_tls = fields
        .truth("require_tls")?
        .or(smtp.require_tls)
        .unwrap_or(true);
    Ok(Settings::Email(settings))
}

fn pagerduty(
    fields: &mut Fields<'_>,
    node: &Node,
    global: &Global,
) -> Result<Settings, ConfigError> {
    let key = fields.secret("routing_key", "routing_key_file")?;
    let key = key.ok_or_else(|| node.wrong("a pagerduty channel has no routing_key"))?;
    let mut settings = PagerDutySettings::new(key.value);
    let address = url(fields, "url")?.or_else(|| global.pagerduty_url.clone());
    settings.url = address.unwrap_or(settings.url);
    settings.client = fields.literal("client")?;
    settings.client_url = fields.literal("client_url")?;
    settings.source = fields.literal("source")?;
    settings.class = fields.literal("class")?;
    settings.component = fields.literal("component")?;
    settings.group = fields.literal("group")?;
    Ok(Settings::PagerDuty(settings))
}

fn slack(fields: &mut Fields<'_>, node: &Node, global: &Global) -> Result<Settings, ConfigError> {
    let address = secret_url(fields, "api_url", "api_url_file")?;
    let address = address
        .or_else(|| global.slack_api_url.clone())
        .ok_or_else(|| {
            node.wrong(
                "a slack channel has no api_url, and the global section has no slack_api_url",
            )
        })?;
    let mut settings = SlackSettings::new(address);
    settings.channel = fields.literal("channel")?;
    settings.username = fields.literal("username")?;
    settings.icon_emoji = fields.literal("icon_emoji")?;
    settings.icon_url = fields.literal("icon_url")?;
    Ok(Settings::Slack(settings))
}

fn telegram(
    fields: &mut Fields<'_>,
    node: &Node,
    global: &Global,
) -> Result<Settings, ConfigError> {
    let token = fields
        .secret("bot_token", "bot_token_file")?
        .map(|token| token.value);
    let token = token.or_else(|| global.telegram_bot_token.clone());
    let token = token.ok_or_else(|| node.wrong("a telegram channel has no bot_token"))?;
    let chat = match fields.take("chat_id") {
        Some(chat) => chat.number()?,
        None => 0,
    };
    if chat == 0 {
        return Err(node.wrong("a telegram channel has no chat_id"));
    }
    let mut settings = TelegramSettings::new(token, chat);
    let address = url(fields, "api_url")?.or_else(|| global.telegram_api_url.clone());
    settings.api_url = address.unwrap_or(settings.api_url);
    if let Some(thread) = fields.take("message_thread_id") {
        settings.message_thread_id = Some(thread.number()?);
    }
    settings.disable_notifications = fields.truth("disable_notifications")?.unwrap_or(false);
    if let Some(mode) = fields.take("parse_mode") {
        match mode.text()? {
            "HTML" => {}
            "" | "Markdown" | "MarkdownV2" => {
                let reason = "`parse_mode`: texts are always written in HTML";
                return Err(ConfigError::unsupported(mode.at, reason));
            }
            _ => return Err(mode.wrong("`parse_mode` is not HTML")),
        }
    }
    Ok(Settings::Telegram(settings))
}

fn discord(fields: &mut Fields<'_>, node: &Node, _: &Global) -> Result<Settings, ConfigError> {
    let address = secret_url(fields, "webhook_url", "webhook_url_file")?;
    let address = address.ok_or_else(|| node.wrong("a discord channel has no webhook_url"))?;
    let mut settings = DiscordSettings::new(address);
    settings.username = fields.literal("username")?;
    settings.avatar_url = fields.literal("avatar_url")?;
    Ok(Settings::Discord(settings))
}

fn teams(fields: &mut Fields<'_>, node: &Node, _: &Global) -> Result<Settings, ConfigError> {
    let address = secret_url(fields, "webhook_url", "webhook_url_file")?;
    let address = address.ok_or_else(|| node.wrong("a teams channel has no webhook_url"))?;
    Ok(Settings::Teams(TeamsSettings::new(address)))
}
