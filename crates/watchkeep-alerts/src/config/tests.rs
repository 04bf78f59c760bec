//! What a file becomes, and what it is told when it is wrong.

mod hostile;

use super::*;
use crate::timestamp::Timestamp;

const FULL: &str = r##"
x-owner: {team: web, "pager": 5}
global:
  resolve_timeout: 10m
  smtp_from: alerts@example.com
  smtp_smarthost: mail.example.com:587
  smtp_auth_username: user
  smtp_auth_password: hunter2-mail
  smtp_require_tls: false
  slack_api_url: https://hooks.example.com/hunter2-slack
  pagerduty_url: https://pager.example.com/
  telegram_api_url: https://telegram.example.com
route:
  receiver: all
  group_by: [alertname]
  x-name: root
  x-color: red
  routes:
    - matchers: [severity=critical]
      receiver: pager
      mute_time_intervals: [nights]
receivers:
  - name: all
    x-fallback: log
    webhook_configs:
      - url: https://user:hunter2-hook@hook.example.com/x
        max_alerts: 7
        timeout: 5s
        x-signing-secret: whsec_hunter2
        x-extra: hunter2-extra
    email_configs:
      - to: a@example.com, b@example.com
        require_tls: yes
      - {to: c@example.com, from: d@example.com, smarthost: "[::1]:465", auth_password_file: /tmp/mail, send_resolved: true, hello: me, auth_identity: id}
    slack_configs:
      - channel: "#ops"
      - {api_url_file: /run/slack, username: bot, icon_emoji: ":x:", icon_url: https://icon, send_resolved: true}
  - name: pager
    pagerduty_configs:
      - routing_key: 0e1234hunter2
        client: c
        client_url: https://c
        class: cl
        component: co
        group: gr
        source: so
    telegram_configs:
      - {bot_token: 5:hunter2, chat_id: -1001234567890, message_thread_id: 3, disable_notifications: on, parse_mode: HTML}
    discord_configs:
      - {webhook_url: https://discord.example.com/hunter2, username: u, avatar_url: https://a}
    msteamsv2_configs:
      - {webhook_url_file: /run/teams, send_resolved: false}
  - name: log
inhibit_rules:
  - source_matchers: [severity=critical]
    target_matchers: ['severity=~"error|info"']
    equal: [service]
time_intervals:
  - name: nights
    time_intervals:
      - times: [{start_time: 22:00, end_time: 24:00}]
      - times: [{start_time: 00:00, end_time: 06:00}]
"##;

fn full() -> Config {
    Config::from_yaml(FULL).unwrap()
}

#[track_caller]
fn refusal(text: &str, expected: &str) {
    let error = Config::from_yaml(text).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

fn secret(text: &str) -> Secret {
    Secret::new(text)
}

#[test]
fn every_setting_of_a_file_arrives() {
    let config = full();
    assert_eq!(config.resolve_timeout(), Duration::from_secs(600));
    assert_eq!(
        config.extensions()["x-owner"],
        serde_json::json!({"team": "web", "pager": 5})
    );
    assert_eq!(config.routes().root().key(), "@root");
    assert_eq!(config.routes().root().extensions()["x-color"], "red");
    let [all, pager, log] = config.receivers() else {
        panic!("there are three receivers");
    };
    assert_eq!(
        (all.name(), pager.name(), log.name()),
        ("all", "pager", "log")
    );
    assert_eq!(all.extensions()["x-fallback"], "log");
    assert!(log.integrations().is_empty());
    let told: Vec<(&str, bool)> = all
        .integrations()
        .iter()
        .chain(pager.integrations())
        .map(|channel| (channel.settings().kind(), channel.send_resolved()))
        .collect();
    assert_eq!(
        told,
        [
            ("webhook", true),
            ("email", false),
            ("email", true),
            ("slack", false),
            ("slack", true),
            ("pagerduty", true),
            ("telegram", true),
            ("discord", true),
            ("msteamsv2", false),
        ]
    );
    assert_eq!(
        all.integrations()[0]
            .extensions()
            .keys()
            .collect::<Vec<_>>(),
        ["x-extra"]
    );

    let settings: Vec<&Settings> = all
        .integrations()
        .iter()
        .chain(pager.integrations())
        .map(IntegrationConfig::settings)
        .collect();
    let mut webhook = WebhookSettings::new(secret("https://user:hunter2-hook@hook.example.com/x"));
    webhook.max_alerts = 7;
    webhook.timeout = Some(Duration::from_secs(5));
    webhook.signing_secret = Some(secret("whsec_hunter2"));
    assert_eq!(settings[0], &Settings::Webhook(webhook));

    let mut mail = EmailSettings::new(
        "a@example.com, b@example.com",
        "alerts@example.com",
        "mail.example.com",
        587,
    );
    mail.username = Some("user".to_owned());
    mail.password = Some(secret("hunter2-mail"));
    assert_eq!(settings[1], &Settings::Email(mail));
    let mut mail = EmailSettings::new("c@example.com", "d@example.com", "::1", 465);
    mail.username = Some("user".to_owned());
    mail.password = Some(Secret::from_file("/tmp/mail"));
    mail.identity = Some("id".to_owned());
    mail.hello = "me".to_owned();
    mail.require_tls = false;
    assert_eq!(settings[2], &Settings::Email(mail));

    let mut slack = SlackSettings::new(secret("https://hooks.example.com/hunter2-slack"));
    slack.channel = Some("#ops".to_owned());
    assert_eq!(settings[3], &Settings::Slack(slack));
    let mut slack = SlackSettings::new(Secret::from_file("/run/slack"));
    slack.username = Some("bot".to_owned());
    slack.icon_emoji = Some(":x:".to_owned());
    slack.icon_url = Some("https://icon".to_owned());
    assert_eq!(settings[4], &Settings::Slack(slack));

    let mut pagerduty = PagerDutySettings::new(secret("0e1234hunter2"));
    pagerduty.url = "https://pager.example.com/".to_owned();
    pagerduty.client = Some("c".to_owned());
    pagerduty.client_url = Some("https://c".to_owned());
    pagerduty.class = Some("cl".to_owned());
    pagerduty.component = Some("co".to_owned());
    pagerduty.group = Some("gr".to_owned());
    pagerduty.source = Some("so".to_owned());
    assert_eq!(settings[5], &Settings::PagerDuty(pagerduty));

    let mut telegram = TelegramSettings::new(secret("5:hunter2"), -1_001_234_567_890);
    telegram.message_thread_id = Some(3);
    telegram.api_url = "https://telegram.example.com".to_owned();
    telegram.disable_notifications = true;
    assert_eq!(settings[6], &Settings::Telegram(telegram));

    let mut discord = DiscordSettings::new(secret("https://discord.example.com/hunter2"));
    discord.username = Some("u".to_owned());
    discord.avatar_url = Some("https://a".to_owned());
    assert_eq!(settings[7], &Settings::Discord(discord));
    assert_eq!(
        settings[8],
        &Settings::Teams(TeamsSettings::new(Secret::from_file("/run/teams")))
    );

    let [rule] = config.inhibit_rules() else {
        panic!("there is one rule");
    };
    assert_eq!(rule.source().to_string(), r#"{severity="critical"}"#);
    assert_eq!(rule.target().to_string(), r#"{severity=~"error|info"}"#);
    assert_eq!(rule.equal(), ["service"]);
    let at = |hour: i64| Timestamp::from_millis(hour * 3_600_000);
    let nights = &config.intervals()["nights"];
    let covered: Vec<i64> = (0..24)
        .filter(|&hour| nights.iter().any(|part| part.contains(at(hour))))
        .collect();
    assert_eq!(covered, [0, 1, 2, 3, 4, 5, 22, 23]);
    assert!(config.warnings().is_empty());
}

#[test]
fn defaults_are_those_of_alertmanager() {
    let config = Config::from_yaml(
        "route: {receiver: a}\nreceivers: [{name: a, email_configs: [{to: b, from: c, smarthost: 'd:25'}], pagerduty_configs: [{routing_key: e}], telegram_configs: [{bot_token: f, chat_id: 1}]}]",
    )
    .unwrap();
    assert_eq!(config.resolve_timeout(), Duration::from_secs(300));
    let settings: Vec<_> = config.receivers()[0]
        .integrations()
        .iter()
        .map(IntegrationConfig::settings)
        .collect();
    assert_eq!(
        settings[0],
        &Settings::Email(EmailSettings::new("b", "c", "d", 25))
    );
    assert_eq!(
        settings[1],
        &Settings::PagerDuty(PagerDutySettings::new(secret("e")))
    );
    assert_eq!(
        settings[2],
        &Settings::Telegram(TelegramSettings::new(secret("f"), 1))
    );
}

#[test]
fn a_null_is_as_if_it_were_not_there() {
    let config = Config::from_yaml(
        "global: ~\nroute: {receiver: a, group_wait: ~, group_by: ~, continue: ~, routes: ~}\nreceivers: [{name: a, webhook_configs: ~, opsgenie_configs: ~}]\ninhibit_rules: ~\n",
    )
    .unwrap();
    assert_eq!(config.routes().root().group_wait(), Duration::from_secs(30));
    refusal("route: ~\n", "there is no route");
}

#[test]
fn errors_say_where_and_why() {
    refusal("", "the file is empty");
    refusal(
        "route:\n  receiver: a\nreceivers:\n  - name: b\n",
        "line 2, column 13: there is no receiver `a`",
    );
    refusal(
        "receivers: []\nroute:\n  reciever: a\n",
        "line 3, column 3: a route has no field `reciever`",
    );
    refusal(
        "route:\n  group_wait: 5\n",
        "line 2, column 15: a duration is not like 1h30m, of whole numbers and y, w, d, h, m, s, ms",
    );
    refusal(
        "receivers:\n  - name: a\n  - name: a\n",
        "line 3, column 11: two receivers are named `a`",
    );
    refusal(
        "receivers:\n  - {}\n",
        "line 2, column 5: a receiver has no name",
    );
    refusal(
        "receivers:\n  - name: a\n    opsgenie_configs: [{}]\n",
        "line 3, column 5: `opsgenie_configs`: this channel is not supported; a program can bring its own notifier",
    );
    refusal(
        "templates: [a]\n",
        "line 1, column 1: `templates`: templates are not supported: the notifiers write their own texts",
    );
    refusal(
        "route:\n  routes:\n    - matchers: [a=b, 'c']\n",
        "line 3, column 23: a label name is not followed by =, !=, =~ or !~ (at byte 1)",
    );
    refusal(
        "time_intervals:\n  - name: a\n    time_intervals: [{location: X}]\n",
        "line 3, column 33: there is no time zone of that name",
    );
    refusal(
        "global: {slack_api_url: x}\n",
        "line 1, column 25: an address does not begin with http:// or https://",
    );
    refusal(
        "a: [\n",
        "line 1, column 4: this is not YAML: unclosed bracket '['",
    );
    let error = Config::from_yaml(
        "receivers: [{name: a, slack_configs: [{api_url: 'http://a', channel: '{{ x }}'}]}]",
    )
    .unwrap_err();
    assert!(error.is_unsupported());
    assert_eq!(
        error.to_string(),
        "line 1, column 70: a template in `channel` is not supported: it must be a plain text"
    );
    assert_eq!((error.line(), error.column()), (Some(1), Some(70)));
}

#[test]
fn what_is_deprecated_is_warned_of() {
    let config = Config::from_yaml(
        "route:\n  receiver: a\n  routes:\n    - match: {b: c}\n      match_re: {d: e}\nreceivers: [{name: a}]\nmute_time_intervals: []\ninhibit_rules:\n  - source_match: {f: g}\n",
    )
    .unwrap();
    let warnings: Vec<String> = config.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "line 4, column 7: `match` is deprecated: use `matchers`",
            "line 5, column 7: `match_re` is deprecated: use `matchers`",
            "line 9, column 5: `source_match` is deprecated: use `source_matchers`",
            "line 7, column 1: `mute_time_intervals` is deprecated: use `time_intervals`",
        ]
    );
    let (_, route) = config.routes().iter().nth(1).unwrap();
    assert_eq!(route.matchers().to_string(), r#"{b="c",d=~"^(?:e)$"}"#);
}

#[test]
fn the_grammar_is_a_choice() {
    let text = |matcher: &str| {
        format!(
            "route: {{receiver: a, routes: [{{matchers: ['{matcher}']}}]}}\nreceivers: [{{name: a}}]"
        )
    };
    let reads = |grammar, matcher: &str| Config::from_yaml_in(grammar, &text(matcher)).is_ok();
    assert!(
        reads(Grammar::Classic, "a==b")
            && reads(Grammar::Fallback, "a==b")
            && !reads(Grammar::Utf8, "a==b")
    );
    assert!(
        !reads(Grammar::Classic, "é=b")
            && reads(Grammar::Fallback, "é=b")
            && reads(Grammar::Utf8, "é=b")
    );
}
