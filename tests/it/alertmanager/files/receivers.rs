//! The receivers of a file.

use super::Verdict::{self, Newer, Same, Unsupported};

/// Fields of a receiver; the global section has what mail needs.
pub(super) const RECEIVERS: &[(Verdict, &str)] = &[
    (Same, "webhook_configs: []"),
    (Same, "webhook_configs: ~"),
    (Same, "webhook_configs: {}"),
    (Same, "webhook_configs: [{}]"),
    (Same, "webhook_configs: [{url: 'http://a'}]"),
    (
        Same,
        "webhook_configs: [{url: 'http://a', send_resolved: false, max_alerts: 5}, {url: 'http://b'}]",
    ),
    (Same, "webhook_configs: [{url: a}]"),
    (Same, "webhook_configs: [{url: 'file:///a'}]"),
    (Same, "webhook_configs: [{url: 'http://a:b/'}]"),
    (Same, "webhook_configs: [{url: 'http://a', max_alerts: -1}]"),
    (Same, "webhook_configs: [{url: 'http://a', max_alerts: x}]"),
    (
        Same,
        "webhook_configs: [{url: 'http://a', send_resolved: x}]",
    ),
    (Same, "webhook_configs: [{url: 'http://a', foo: b}]"),
    (
        Unsupported,
        "webhook_configs: [{url: 'http://a', http_config: {bearer_token: b}}]",
    ),
    (Newer, "webhook_configs: [{url_file: a}]"),
    (Newer, "webhook_configs: [{url: 'http://a', timeout: 5s}]"),
    (
        Newer,
        "webhook_configs: [{url: 'http://a', x-signing-secret: whsec_b}]",
    ),
    (Same, "slack_configs: [{}]"),
    (Same, "slack_configs: [{api_url: 'http://a'}]"),
    (Same, "slack_configs: [{api_url_file: a}]"),
    (
        Same,
        "slack_configs: [{api_url: 'http://a', api_url_file: b}]",
    ),
    (
        Same,
        "slack_configs: [{api_url: 'http://a', channel: '#c', username: d, icon_emoji: ':e:', icon_url: 'http://f'}]",
    ),
    (
        Unsupported,
        "slack_configs: [{api_url: 'http://a', channel: '{{ .GroupLabels.team }}'}]",
    ),
    (
        Unsupported,
        "slack_configs: [{api_url: 'http://a', text: b}]",
    ),
    (
        Unsupported,
        "slack_configs: [{api_url: 'http://a', actions: [{type: button, text: b, url: c}]}]",
    ),
    (
        Same,
        "slack_configs: [{api_url: 'http://a', fields: [{title: b}]}]",
    ),
    (Same, "slack_configs: [{api_url: 'http://a', foo: b}]"),
    (Same, "pagerduty_configs: [{}]"),
    (Same, "pagerduty_configs: [{routing_key: a}]"),
    (Same, "pagerduty_configs: [{routing_key: 0e1234}]"),
    (Same, "pagerduty_configs: [{routing_key_file: a}]"),
    (
        Same,
        "pagerduty_configs: [{routing_key: a, routing_key_file: b}]",
    ),
    (
        Same,
        "pagerduty_configs: [{routing_key: a, url: 'http://b', client: c, client_url: d, class: e, component: f, group: g}]",
    ),
    (Same, "pagerduty_configs: [{routing_key: a, url: b}]"),
    (Unsupported, "pagerduty_configs: [{service_key: a}]"),
    (
        Unsupported,
        "pagerduty_configs: [{routing_key: a, severity: error}]",
    ),
    (
        Unsupported,
        "pagerduty_configs: [{routing_key: a, details: {b: c}}]",
    ),
    (Same, "pagerduty_configs: [{routing_key: a, source: b}]"),
    (Same, "email_configs: [{}]"),
    (Same, "email_configs: [{to: a@b}]"),
    (Same, "email_configs: [{to: ''}]"),
    (
        Same,
        "email_configs: [{to: 'a@b, c@d', from: e, smarthost: 'f:1', hello: g, auth_username: h, auth_password: i, auth_identity: j, require_tls: true}]",
    ),
    (Same, "email_configs: [{to: a@b, smarthost: c}]"),
    (Same, "email_configs: [{to: a@b, auth_password_file: c}]"),
    (
        Unsupported,
        "email_configs: [{to: a@b, headers: {Subject: c}}]",
    ),
    (
        Unsupported,
        "email_configs: [{to: a@b, tls_config: {insecure_skip_verify: true}}]",
    ),
    (Unsupported, "email_configs: [{to: a@b, auth_secret: c}]"),
    (Same, "telegram_configs: [{}]"),
    (Same, "telegram_configs: [{bot_token: a, chat_id: 1}]"),
    (Same, "telegram_configs: [{bot_token: a}]"),
    (Same, "telegram_configs: [{bot_token: a, chat_id: 0}]"),
    (Same, "telegram_configs: [{chat_id: 1}]"),
    (
        Same,
        "telegram_configs: [{bot_token: a, chat_id: -1001234567890, api_url: 'http://b', disable_notifications: true, parse_mode: HTML}]",
    ),
    (Same, "telegram_configs: [{bot_token: a, chat_id: x}]"),
    (
        Same,
        "telegram_configs: [{bot_token: a, chat_id: 1, parse_mode: html}]",
    ),
    (
        Unsupported,
        "telegram_configs: [{bot_token: a, chat_id: 1, parse_mode: MarkdownV2}]",
    ),
    (
        Unsupported,
        "telegram_configs: [{bot_token: a, chat_id: 1, message: b}]",
    ),
    (Newer, "telegram_configs: [{bot_token_file: a, chat_id: 1}]"),
    (
        Newer,
        "telegram_configs: [{bot_token: a, chat_id: 1, message_thread_id: 2}]",
    ),
    (Same, "discord_configs: [{}]"),
    (Same, "discord_configs: [{webhook_url: 'http://a'}]"),
    (Same, "discord_configs: [{webhook_url: a}]"),
    (
        Unsupported,
        "discord_configs: [{webhook_url: 'http://a', title: b}]",
    ),
    (Newer, "discord_configs: [{webhook_url_file: a}]"),
    (
        Newer,
        "discord_configs: [{webhook_url: 'http://a', username: b, avatar_url: 'http://c'}]",
    ),
    (Newer, "msteamsv2_configs: [{webhook_url: 'http://a'}]"),
    (Newer, "msteamsv2_configs: [{webhook_url_file: a}]"),
    (Unsupported, "opsgenie_configs: [{api_key: a}]"),
    (
        Unsupported,
        "victorops_configs: [{api_key: a, routing_key: b}]",
    ),
    (Unsupported, "pushover_configs: [{user_key: a, token: b}]"),
    (Unsupported, "sns_configs: [{topic_arn: a, sigv4: {}}]"),
    (
        Unsupported,
        "webex_configs: [{room_id: a, http_config: {authorization: {credentials: b}}}]",
    ),
    (Unsupported, "wechat_configs: [{corp_id: a, api_secret: b}]"),
    (Same, "opsgenie_configs: []"),
    (Same, "foo_configs: []"),
];
