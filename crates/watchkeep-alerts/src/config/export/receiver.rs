//! Writes receivers and their channels.

use super::yaml::Value;
use super::{Secrets, Writer};
use crate::config::secret::Secret;
use crate::config::settings::{
    DiscordSettings, EmailSettings, PagerDutySettings, SlackSettings, TeamsSettings,
    TelegramSettings, WebhookSettings,
};
use crate::config::{IntegrationConfig, ReceiverConfig, Settings, shown};

/// What Alertmanager shows in the place of a secret, and takes.
const SECRET: &str = "<secret>";
/// Where it takes nothing but an address; the name resolves nowhere (RFC 2606).
const ADDRESS: &str = "https://secret.invalid/";

type Fields = Vec<(&'static str, Value)>;

/// A secret's field: its name, that of the file if 0.25 knows one, and what stands there instead.
struct Field {
    name: &'static str,
    file: Option<&'static str>,
    place_holder: &'static str,
}

impl Writer {
    pub(super) fn receiver(&mut self, receiver: &ReceiverConfig) -> Value {
        let place = format!("receiver `{}`", shown(&receiver.name));
        let mut fields = vec![("name", Value::text(&receiver.name))];
        if receiver.integrations.is_empty() {
            self.lose(
                &place,
                "its channel is bound by the program; in the file it tells nobody",
            );
        }
        for name in receiver.extensions.keys() {
            self.lose(&place, format!("`{name}` is an extension"));
        }
        for integration in &receiver.integrations {
            let kind = integration.settings.kind();
            let place = format!("{place}, {kind}");
            for name in integration.extensions.keys() {
                self.lose(&place, format!("`{name}` is an extension"));
            }
            let Some((key, channel)) = self.channel(&place, integration) else {
                continue;
            };
            match fields.last_mut() {
                Some((last, Value::List(channels))) if *last == key => channels.push(channel),
                _ => fields.push((key, Value::List(vec![channel]))),
            }
        }
        Value::Map(fields)
    }

    fn channel(
        &mut self,
        place: &str,
        integration: &IntegrationConfig,
    ) -> Option<(&'static str, Value)> {
        let (key, mut fields) = match &integration.settings {
            Settings::Discord(it) => ("discord_configs", self.discord(place, it)),
            Settings::Email(it) => ("email_configs", self.email(place, it)),
            Settings::PagerDuty(it) => ("pagerduty_configs", self.pagerduty(place, it)),
            Settings::Slack(it) => ("slack_configs", self.slack(place, it)),
            Settings::Teams(it) => return self.teams(place, it),
            Settings::Telegram(it) => ("telegram_configs", self.telegram(place, it)),
            Settings::Webhook(it) => ("webhook_configs", self.webhook(place, it)),
        };
        fields.push(("send_resolved", Value::bare(integration.send_resolved)));
        Some((key, Value::Map(fields)))
    }

    fn webhook(&mut self, place: &str, it: &WebhookSettings) -> Fields {
        let url = Field {
            name: "url",
            file: None,
            place_holder: ADDRESS,
        };
        let mut fields = vec![self.secret(place, &url, &it.url)];
        if it.max_alerts > 0 {
            fields.push(("max_alerts", Value::bare(it.max_alerts)));
        }
        if it.timeout.is_some() {
            self.lose(place, "Alertmanager 0.25 knows no `timeout`");
        }
        if it.signing_secret.is_some() {
            self.lose(place, "Alertmanager does not sign its messages");
        }
        fields
    }

    fn email(&mut self, place: &str, it: &EmailSettings) -> Fields {
        let host = if it.host.contains(':') {
            format!("[{}]:{}", it.host, it.port)
        } else {
            format!("{}:{}", it.host, it.port)
        };
        let mut fields = vec![
            ("to", Value::text(&it.to)),
            ("from", Value::text(&it.from)),
            ("smarthost", Value::text(host)),
            ("hello", Value::text(&it.hello)),
        ];
        text(&mut fields, "auth_username", it.username.as_ref());
        text(&mut fields, "auth_identity", it.identity.as_ref());
        if let Some(password) = &it.password {
            let field = Field {
                name: "auth_password",
                file: Some("auth_password_file"),
                place_holder: SECRET,
            };
            fields.push(self.secret(place, &field, password));
        }
        fields.push(("require_tls", Value::bare(it.require_tls)));
        fields
    }

    fn pagerduty(&mut self, place: &str, it: &PagerDutySettings) -> Fields {
        let key = Field {
            name: "routing_key",
            file: Some("routing_key_file"),
            place_holder: SECRET,
        };
        let mut fields = vec![
            self.secret(place, &key, &it.routing_key),
            ("url", self.address(&it.url)),
        ];
        text(&mut fields, "client", it.client.as_ref());
        if let Some(url) = &it.client_url {
            fields.push(("client_url", self.address(url)));
        }
        text(&mut fields, "source", it.source.as_ref());
        text(&mut fields, "class", it.class.as_ref());
        text(&mut fields, "component", it.component.as_ref());
        text(&mut fields, "group", it.group.as_ref());
        fields
    }

    fn slack(&mut self, place: &str, it: &SlackSettings) -> Fields {
        let url = Field {
            name: "api_url",
            file: Some("api_url_file"),
            place_holder: SECRET,
        };
        let mut fields = vec![self.secret(place, &url, &it.api_url)];
        text(&mut fields, "channel", it.channel.as_ref());
        text(&mut fields, "username", it.username.as_ref());
        text(&mut fields, "icon_emoji", it.icon_emoji.as_ref());
        if let Some(url) = &it.icon_url {
            fields.push(("icon_url", self.address(url)));
        }
        fields
    }

    fn telegram(&mut self, place: &str, it: &TelegramSettings) -> Fields {
        let token = Field {
            name: "bot_token",
            file: None,
            place_holder: SECRET,
        };
        let fields = vec![
            self.secret(place, &token, &it.bot_token),
            ("chat_id", Value::bare(it.chat_id)),
            ("api_url", self.address(&it.api_url)),
            (
                "disable_notifications",
                Value::bare(it.disable_notifications),
            ),
            ("parse_mode", Value::text("HTML")),
        ];
        if it.message_thread_id.is_some() {
            self.lose(
                place,
                "Alertmanager 0.25 knows no `message_thread_id`: messages go to the chat itself",
            );
        }
        fields
    }

    fn discord(&mut self, place: &str, it: &DiscordSettings) -> Fields {
        let url = Field {
            name: "webhook_url",
            file: None,
            place_holder: SECRET,
        };
        for (name, value) in [("username", &it.username), ("avatar_url", &it.avatar_url)] {
            if value.is_some() {
                self.lose(place, format!("Alertmanager 0.25 knows no `{name}`"));
            }
        }
        vec![self.secret(place, &url, &it.webhook_url)]
    }

    /// Workflows came with 0.28, so there is nothing to write.
    fn teams(&mut self, place: &str, _: &TeamsSettings) -> Option<(&'static str, Value)> {
        self.lose(place, "Alertmanager 0.25 knows no workflows of Microsoft Teams: it is left out; write `msteamsv2_configs` for 0.28 and later");
        None
    }

    /// Writes a secret, or what stands for it.
    fn secret(&mut self, place: &str, field: &Field, secret: &Secret) -> (&'static str, Value) {
        if let (Some(path), Some(file)) = (secret.path(), field.file) {
            return (file, Value::text(path.to_string_lossy()));
        }
        if let Some(path) = secret.path() {
            let reason = format!(
                "Alertmanager 0.25 cannot read `{}` from a file; here it is in {}",
                field.name,
                path.display()
            );
            self.lose(place, reason);
        }
        let value = match self.secrets {
            Secrets::Masked => field.place_holder.to_owned(),
            Secrets::Revealed => secret.reveal().unwrap_or_else(|error| {
                self.failed.get_or_insert(error);
                field.place_holder.to_owned()
            }),
        };
        (field.name, Value::text(value))
    }

    /// Writes an address that is no secret, but for a user and a password in it.
    fn address(&self, address: &str) -> Value {
        let parts = address.split_once("://");
        let Some((scheme, rest)) = parts.filter(|_| self.secrets == Secrets::Masked) else {
            return Value::text(address);
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        match rest[..end].rfind('@') {
            Some(at) => Value::text(format!("{scheme}://xxxxx{}", &rest[at..])),
            None => Value::text(address),
        }
    }
}

fn text(fields: &mut Fields, name: &'static str, value: Option<&String>) {
    if let Some(value) = value {
        fields.push((name, Value::text(value)));
    }
}
