//! The channels that a configuration file describes.

use std::sync::Arc;

use crate::config::{IntegrationConfig, Secret, Settings};
use crate::error::{Error, Kind};
use crate::line::TARGET;
use crate::notifier::Notifier;
#[allow(unused_imports, reason = "without channels there are none to make")]
use crate::notifiers;

/// Makes the channel that a file describes.
///
/// What the file says and the channel has no use for is logged: the channel works without it.
///
/// # Errors
/// When its feature is not enabled, a secret cannot be read, or an address or a key is not usable.
pub(super) fn channel(
    receiver: &str,
    integration: &IntegrationConfig,
) -> Result<Arc<dyn Notifier>, Error> {
    let settings = integration.settings();
    warn_of_idle(receiver, settings);
    match settings {
        #[cfg(feature = "discord")]
        Settings::Discord(discord) => {
            let address = reveal(receiver, &discord.webhook_url)?;
            Ok(Arc::new(notifiers::Discord::new(address)?))
        }
        #[cfg(feature = "email")]
        Settings::Email(email) => {
            let address = mail_server(receiver, email)?;
            let email = notifiers::Email::new(address, &email.from, &email.to)?;
            Ok(Arc::new(email))
        }
        #[cfg(feature = "pagerduty")]
        Settings::PagerDuty(pager) => {
            let key = reveal(receiver, &pager.routing_key)?;
            let pager = notifiers::PagerDuty::with_address(key, &pager.url)?;
            Ok(Arc::new(pager))
        }
        #[cfg(feature = "slack")]
        Settings::Slack(slack) => {
            let address = reveal(receiver, &slack.api_url)?;
            Ok(Arc::new(notifiers::Slack::new(address)?))
        }
        #[cfg(feature = "teams")]
        Settings::Teams(teams) => {
            let address = reveal(receiver, &teams.webhook_url)?;
            Ok(Arc::new(notifiers::Teams::new(address)?))
        }
        #[cfg(feature = "telegram")]
        Settings::Telegram(telegram) => {
            let token = reveal(receiver, &telegram.bot_token)?;
            let (chat, address) = (telegram.chat_id, &telegram.api_url);
            let mut channel = notifiers::Telegram::with_address(token, chat, address)?;
            if let Some(thread) = telegram.message_thread_id {
                channel = channel.with_thread(thread);
            }
            if telegram.disable_notifications {
                channel = channel.silent();
            }
            Ok(Arc::new(channel))
        }
        #[cfg(feature = "webhook")]
        Settings::Webhook(webhook) => {
            let mut channel = notifiers::Webhook::new(reveal(receiver, &webhook.url)?)?;
            if let Some(secret) = &webhook.signing_secret {
                channel = channel.with_secret(reveal(receiver, secret)?)?;
            }
            let most = usize::try_from(webhook.max_alerts).unwrap_or(usize::MAX);
            if most > 0 {
                channel = channel.with_max_alerts(most);
            }
            Ok(Arc::new(channel))
        }
        #[allow(
            unreachable_patterns,
            reason = "with all features on every kind has its channel"
        )]
        other => Err(Kind::UnbuiltChannel {
            receiver: receiver.to_owned(),
            kind: other.kind(),
        }
        .into()),
    }
}

#[allow(dead_code, reason = "without channels there are no secrets")]
fn reveal(receiver: &str, secret: &Secret) -> Result<String, Error> {
    secret.reveal().map_err(|source| {
        Kind::ReceiverSecret {
            receiver: receiver.to_owned(),
            source,
        }
        .into()
    })
}

/// Says which settings have no effect.
fn warn_of_idle(receiver: &str, settings: &Settings) {
    let idle: &[(&'static str, bool)] = match settings {
        Settings::Discord(it) => &[
            ("username", it.username.is_some()),
            ("avatar_url", it.avatar_url.is_some()),
        ],
        Settings::Email(it) => &[
            ("hello", it.hello != "localhost"),
            ("auth_identity", it.identity.is_some()),
        ],
        Settings::PagerDuty(it) => &[
            ("client", it.client.is_some()),
            ("client_url", it.client_url.is_some()),
            ("source", it.source.is_some()),
            ("class", it.class.is_some()),
            ("component", it.component.is_some()),
            ("group", it.group.is_some()),
        ],
        Settings::Slack(it) => &[
            ("channel", it.channel.is_some()),
            ("username", it.username.is_some()),
            ("icon_emoji", it.icon_emoji.is_some()),
            ("icon_url", it.icon_url.is_some()),
        ],
        Settings::Teams(_) | Settings::Telegram(_) => &[],
        Settings::Webhook(it) => &[("timeout", it.timeout.is_some())],
    };
    for (setting, _) in idle.iter().filter(|(_, is_set)| *is_set) {
        let kind = settings.kind();
        tracing::warn!(target: TARGET, receiver, kind, setting, "a setting of a channel has no effect");
    }
}

/// Returns the address of a mail server, as the channel takes it.
#[cfg(feature = "email")]
fn mail_server(receiver: &str, email: &crate::config::EmailSettings) -> Result<String, Error> {
    let (scheme, query) = match (email.port.as_str(), email.require_tls) {
        ("465" | "smtps" | "submissions", _) => ("smtps", ""),
        (_, true) => ("smtp+starttls", ""),
        (_, false) => ("smtp", "?tls=none"),
    };
    let port = match email.port.as_str() {
        "smtp" => "25",
        "smtps" | "submissions" => "465",
        "submission" => "587",
        port => port,
    };
    let mut user = String::new();
    if let Some(name) = &email.username {
        user = percent(name);
        if let Some(password) = &email.password {
            user.push(':');
            user.push_str(&percent(&reveal(receiver, password)?));
        }
        user.push('@');
    }
    Ok(format!("{scheme}://{user}{}:{port}{query}", email.host))
}

/// Percent-encodes all but letters and digits.
#[cfg(feature = "email")]
fn percent(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::driver::Channels;

    #[allow(dead_code, reason = "each test needs a feature, or to be without one")]
    fn kinds(yaml: &str) -> Result<Vec<&'static str>, Error> {
        let config = Config::from_yaml(yaml).expect("the file is valid");
        let channels = Channels::new(&config, &std::collections::BTreeMap::new())?;
        Ok(channels.names().map(|(_, kind)| kind).collect())
    }

    #[cfg(all(feature = "slack", feature = "webhook"))]
    #[test]
    fn channels_of_a_file_are_made_in_its_order() {
        let yaml = "
route: {receiver: team}
receivers:
  - name: team
    slack_configs: [{api_url: 'https://hooks.slack.test/x', channel: '#a'}]
    webhook_configs: [{url: 'http://127.0.0.1:1/', max_alerts: 3}]
";
        let mut found = kinds(yaml).unwrap();
        found.sort_unstable();
        assert_eq!(found, ["slack", "webhook"]);
    }

    #[cfg(feature = "webhook")]
    #[test]
    fn a_secret_that_cannot_be_read_is_named_without_its_content() {
        let yaml = "
route: {receiver: team}
receivers:
  - name: team
    webhook_configs: [{url_file: /nowhere/at/all}]
";
        let error = kinds(yaml).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a secret of the receiver `team` cannot be read"
        );
        assert!(error.is_config());
    }

    #[cfg(not(feature = "telegram"))]
    #[test]
    fn a_channel_that_is_not_built_in_is_refused_by_name() {
        let yaml = "
route: {receiver: team}
receivers:
  - name: team
    telegram_configs: [{bot_token: '1:a', chat_id: 7}]
";
        assert_eq!(
            kinds(yaml).unwrap_err().to_string(),
            "the receiver `team` needs a channel of the kind `telegram`, which is not built in"
        );
    }

    #[cfg(feature = "email")]
    #[test]
    fn a_mail_server_needs_tls_unless_the_file_says_otherwise() {
        let mut email = crate::config::EmailSettings::new("a@b.test", "c@d.test", "mail.test", 587);
        let address = |email: &_| mail_server("team", email).unwrap();
        assert_eq!(address(&email), "smtp+starttls://mail.test:587");
        email.username = Some("me@d.test".to_owned());
        email.password = Some(Secret::new("p:/w"));
        email.port = "465".to_owned();
        assert_eq!(
            address(&email),
            "smtps://me%40d%2Etest:p%3A%2Fw@mail.test:465"
        );
        email.port = "smtp".to_owned();
        email.require_tls = false;
        email.username = None;
        assert_eq!(address(&email), "smtp://mail.test:25?tls=none");
    }
}
