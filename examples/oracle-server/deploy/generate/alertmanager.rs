//! Alertmanager's file: the server's own routes, and receivers whose secrets lie in files.

use watchkeep::alerts::config::Config;

use crate::File;

/// The routing that the server brings along.
const ROUTING: &str = include_str!("../../config/alerts.yml");

/// What stands behind a receiver once the server does not deliver any more, in the same format.
const CHANNELS: [(&str, &str); 4] = [
    (
        "pagerduty",
        "pagerduty_configs: [{routing_key_file: /run/secrets/pagerduty_routing_key}]",
    ),
    (
        "email",
        "email_configs: [{to: on-call@example.org, from: oracle@example.org, smarthost: 'smtp.example.org:587', auth_username: oracle, auth_password_file: /run/secrets/smtp_password}]",
    ),
    (
        "telegram",
        "telegram_configs: [{bot_token_file: /run/secrets/telegram_bot_token, chat_id: -1001234567890}]",
    ),
    (
        "slack",
        "slack_configs: [{api_url_file: /run/secrets/slack_webhook_url, send_resolved: true}]",
    ),
];

/// Receivers that exist for the server alone.
const OF_THE_SERVER: [&str; 2] = ["alertmanager", "webhook"];

/// The export is for Alertmanager 0.25, which reads no token from a file; the one that is deployed does, since 0.26.
const TOKEN: (&str, &str) = (
    "bot_token: <secret>",
    "bot_token_file: /run/secrets/telegram_bot_token",
);

pub(crate) fn file() -> Result<File, String> {
    let config = Config::from_yaml(&with_channels()).map_err(|error| error.to_string())?;
    let yaml = config.to_alertmanager().yaml().to_owned();
    let quoted = TOKEN.0.replace("<secret>", "\"<secret>\"");
    let text = yaml.replace(&quoted, TOKEN.1).replace(TOKEN.0, TOKEN.1);
    Ok(File {
        path: "alertmanager/alertmanager.yml",
        text: format!(
            "# Made by `cargo xtask deploy` from the server's own routes (config/alerts.yml).\n\
             # Your own addresses, mail server and chat go into generate/alertmanager.rs, or the next run loses them; secrets are in files.\n\
             # `log` tells nobody: a warning is seen in Alertmanager, on the dashboard and in the server's log.\n\
             {text}"
        ),
    })
}

/// Gives the receivers of the server's file their channels.
fn with_channels() -> String {
    let mut text = String::new();
    for line in ROUTING.lines() {
        let receiver = line.trim_start().strip_prefix("- name: ");
        if receiver.is_some_and(|name| OF_THE_SERVER.contains(&name)) {
            continue;
        }
        text.push_str(line);
        text.push('\n');
        let channel = CHANNELS.iter().find(|(name, _)| Some(*name) == receiver);
        if let Some((_, settings)) = channel {
            text.push_str("    ");
            text.push_str(settings);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_receiver_of_a_route_tells_somebody_or_is_the_log() {
        let config = Config::from_yaml(&with_channels()).expect("it is valid");
        let receivers: Vec<&str> = config
            .routes()
            .iter()
            .map(|(_, route)| route.receiver())
            .collect();
        for receiver in &receivers {
            let told = CHANNELS.iter().any(|(name, _)| name == receiver);
            assert!(told || *receiver == "log", "{receiver}");
        }
        for (name, _) in CHANNELS {
            assert!(receivers.contains(&name), "{name} has no route");
        }
    }

    #[test]
    fn no_secret_is_left_to_fill_in() {
        let file = file().expect("it is valid");
        assert!(!file.text.contains("<secret>"), "{}", file.text);
        assert_eq!(file.text.matches("/run/secrets/").count(), CHANNELS.len());
    }
}
