//! Reads the global section: what receivers fall back to.

use std::time::Duration;

use super::address::{host_port, secret_url, url};
use super::fields::Fields;
use super::node::Node;
use crate::config::{ConfigError, Secret};

/// What the global section says.
#[derive(Default)]
pub(super) struct Global {
    pub(super) resolve_timeout: Option<Duration>,
    pub(super) slack_api_url: Option<Secret>,
    pub(super) pagerduty_url: Option<String>,
    pub(super) telegram_api_url: Option<String>,
    pub(super) telegram_bot_token: Option<Secret>,
    pub(super) smtp: Smtp,
}

/// What the global section says about mail.
#[derive(Default)]
pub(super) struct Smtp {
    pub(super) from: Option<String>,
    pub(super) hello: Option<String>,
    pub(super) smarthost: Option<(String, String)>,
    pub(super) username: Option<String>,
    pub(super) password: Option<Secret>,
    pub(super) identity: Option<String>,
    pub(super) require_tls: Option<bool>,
}

const CHANNEL: &str = "this channel is not supported; a program can bring its own notifier";

/// What belongs to channels that there are not, or is not configured here.
const REFUSED: [(&str, &str); 27] = [
    (
        "http_config",
        "settings of the http client are not supported",
    ),
    ("jira_api_url", CHANNEL),
    ("mattermost_webhook_url", CHANNEL),
    ("mattermost_webhook_url_file", CHANNEL),
    ("opsgenie_api_key", CHANNEL),
    ("opsgenie_api_key_file", CHANNEL),
    ("opsgenie_api_url", CHANNEL),
    ("rocketchat_api_url", CHANNEL),
    ("rocketchat_token", CHANNEL),
    ("rocketchat_token_file", CHANNEL),
    ("rocketchat_token_id", CHANNEL),
    ("rocketchat_token_id_file", CHANNEL),
    (
        "slack_app_token",
        "Slack apps are not supported; use an incoming webhook",
    ),
    (
        "slack_app_token_file",
        "Slack apps are not supported; use an incoming webhook",
    ),
    (
        "slack_app_url",
        "Slack apps are not supported; use an incoming webhook",
    ),
    (
        "smtp_auth_secret",
        "CRAM-MD5 is not supported; use smtp_auth_password",
    ),
    (
        "smtp_auth_secret_file",
        "CRAM-MD5 is not supported; use smtp_auth_password",
    ),
    (
        "smtp_force_implicit_tls",
        "it is not supported; port 465 has TLS from the start",
    ),
    ("smtp_tls_config", "settings of TLS are not supported"),
    ("victorops_api_key", CHANNEL),
    ("victorops_api_key_file", CHANNEL),
    ("victorops_api_url", CHANNEL),
    ("webex_api_url", CHANNEL),
    ("wechat_api_corp_id", CHANNEL),
    ("wechat_api_secret", CHANNEL),
    ("wechat_api_secret_file", CHANNEL),
    ("wechat_api_url", CHANNEL),
];

pub(super) fn read(node: Option<&Node>) -> Result<Global, ConfigError> {
    let Some(node) = node else {
        return Ok(Global::default());
    };
    let mut fields = node.fields("the global section")?;
    let slack_api_url = secret_url(&mut fields, "slack_api_url", "slack_api_url_file")?;
    let global = Global {
        resolve_timeout: fields
            .duration("resolve_timeout")?
            .map(|timeout| timeout.value),
        slack_api_url,
        pagerduty_url: url(&mut fields, "pagerduty_url")?,
        telegram_api_url: url(&mut fields, "telegram_api_url")?,
        telegram_bot_token: fields
            .secret("telegram_bot_token", "telegram_bot_token_file")?
            .map(|token| token.value),
        smtp: smtp(&mut fields)?,
    };
    fields.refuse_filled(&REFUSED)?;
    fields.leave_extensions();
    fields.finish()?;
    Ok(global)
}

fn smtp(fields: &mut Fields<'_>) -> Result<Smtp, ConfigError> {
    Ok(Smtp {
        from: fields.literal("smtp_from")?,
        hello: fields.literal("smtp_hello")?,
        smarthost: host_port(fields, "smtp_smarthost")?,
        username: fields.literal("smtp_auth_username")?,
        password: fields
            .secret("smtp_auth_password", "smtp_auth_password_file")?
            .map(|password| password.value),
        identity: fields.literal("smtp_auth_identity")?,
        require_tls: fields.truth("smtp_require_tls")?,
    })
}
