//! What a file becomes, what it is told when it is wrong, and what is never told.

use std::io::Write as _;

use proptest::prelude::*;

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
fn no_secret_is_printed() {
    let printed = format!("{:?}", full());
    assert!(!printed.contains("hunter2"), "{printed}");
    assert!(
        printed.contains("/run/slack") && printed.contains("x-extra"),
        "{printed}"
    );
    let reader = format!(
        "{:?}",
        Config::builder().receiver(full().receivers[0].clone())
    );
    assert!(!reader.contains("hunter2"), "{reader}");
}

#[test]
fn no_secret_is_in_an_error() {
    for channel in [
        "webhook_configs: [{url: hunter2}]",
        "webhook_configs: [{url: 'http://:x@hunter2:y'}]",
        "webhook_configs: [{url: 'http://a', url_file: b, x-signing-secret: hunter2, x-signing-secret-file: c}]",
        "slack_configs: [{api_url: [hunter2]}]",
        "slack_configs: [{api_url: 'http://hunter2', api_url_file: b}]",
        "pagerduty_configs: [{routing_key: {hunter2: a}}]",
        "pagerduty_configs: [{service_key: hunter2}]",
        "telegram_configs: [{bot_token: hunter2, chat_id: hunter2}]",
        "telegram_configs: [{bot_token: hunter2}]",
        "email_configs: [{to: a, from: b, smarthost: 'c:1', auth_password: hunter2, auth_password_file: d}]",
        "email_configs: [{to: a, from: b, smarthost: hunter2, auth_password: hunter2}]",
        "email_configs: [{to: a, auth_secret: hunter2}]",
        "discord_configs: [{webhook_url: 'hunter2://a'}]",
        "msteamsv2_configs: [{webhook_url: hunter2}]",
        "webhook_configs: [{url: 'http://a', http_config: {basic_auth: {password: hunter2}}}]",
        "webhook_configs: [{url: \"http://hunter2\\q\"}]",
        "webhook_configs: [{url: @hunter2}]",
        "webhook_configs: [{url: *hunter2}]",
        "webhook_configs: [{url: %hunter2}]",
    ] {
        let text = format!("route: {{receiver: a}}\nreceivers: [{{name: a, {channel}}}]\n");
        let error = Config::from_yaml(&text).unwrap_err();
        // The name of an alias is no value.
        let is_alias = channel.contains("*hunter2");
        assert!(
            is_alias || !format!("{error} {error:?}").contains("hunter2"),
            "{error}"
        );
    }
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

#[test]
fn a_file_and_its_parts_are_bounded() {
    let base = "route: {receiver: a}\nreceivers: [{name: a}]\n#";
    let padded = |bytes: usize| format!("{base}{}", "x".repeat(bytes - base.len()));
    assert!(Config::from_yaml(&padded(1 << 20)).is_ok());
    refusal(&padded((1 << 20) + 1), "the file has more than 1 MiB");

    let named = |bytes: usize| {
        let name = "n".repeat(bytes);
        format!("route: {{receiver: {name}}}\nreceivers: [{{name: {name}}}]")
    };
    assert!(Config::from_yaml(&named(128)).is_ok());
    refusal(
        &named(129),
        "line 2, column 20: the name of a receiver has more than 128 bytes",
    );

    let hooks = |count: usize| {
        let hooks = vec!["{url: 'http://a'}"; count].join(",");
        format!("route: {{receiver: a}}\nreceivers: [{{name: a, webhook_configs: [{hooks}]}}]")
    };
    assert!(Config::from_yaml(&hooks(256)).is_ok());
    refusal(
        &hooks(257),
        "line 2, column 13: a receiver has more than 256 channels",
    );

    let equal = |count: usize| {
        let labels = vec!["a"; count].join(",");
        format!(
            "route: {{receiver: a}}\nreceivers: [{{name: a}}]\ninhibit_rules: [{{equal: [{labels}]}}]"
        )
    };
    assert!(Config::from_yaml(&equal(256)).is_ok());
    refusal(
        &equal(257),
        "line 3, column 17: an inhibition rule has more than 256 labels in `equal`",
    );

    let sides = |count: usize| {
        let matchers = vec!["a=b"; count].join(",");
        format!(
            "route: {{receiver: a}}\nreceivers: [{{name: a}}]\ninhibit_rules: [{{source_matchers: [{matchers}]}}]"
        )
    };
    assert!(Config::from_yaml(&sides(256)).is_ok());
    refusal(
        &sides(257),
        "line 3, column 17: an inhibition rule has more than 256 matchers",
    );

    let rules = |count: usize| {
        let mut builder = Config::builder().route(crate::route::RouteBuilder::to("a"));
        builder.receivers = vec![ReceiverConfig::new("a")];
        builder.inhibit_rules =
            vec![InhibitRule::new(Matchers::default(), Matchers::default()); count];
        builder.build().map_err(|error| error.to_string())
    };
    assert!(rules(10_000).is_ok());
    assert_eq!(
        rules(10_001).unwrap_err(),
        "there are more than 10000 inhibition rules"
    );

    let receivers = |count: usize| {
        let mut builder = Config::builder().route(crate::route::RouteBuilder::to("0"));
        builder.receivers = (0..count)
            .map(|index| ReceiverConfig::new(index.to_string()))
            .collect();
        builder.build().map_err(|error| error.to_string())
    };
    assert!(receivers(10_000).is_ok());
    assert_eq!(
        receivers(10_001).unwrap_err(),
        "there are more than 10000 receivers"
    );
}

#[test]
fn a_secret_in_a_file_is_read_each_time() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let secret = Secret::from_file(file.path());
    assert_eq!(secret.reveal().unwrap(), "");
    file.write_all(b" one \n").unwrap();
    assert_eq!(secret.reveal().unwrap(), "one");
    file.write_all(&vec![b'x'; 64 * 1_024 - 6]).unwrap();
    assert!(secret.reveal().is_ok());
    file.write_all(b"x").unwrap();
    assert!(secret.reveal().is_err());
    file.as_file().set_len(0).unwrap();
    std::fs::write(file.path(), b"hunter2\xff").unwrap();
    let error = secret.reveal().unwrap_err();
    assert!(
        !format!("{error} {error:?}").contains("hunter2"),
        "{error:?}"
    );
    drop(file);
    let error = secret.reveal().unwrap_err().to_string();
    assert!(
        error.starts_with("the secret in ") && error.ends_with(" cannot be read"),
        "{error}"
    );
    assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(…)");
}

/// Pieces that break YAML and its meaning.
const PIECES: [&str; 28] = [
    "", " ", "\n", "\t", ":", "-", "{", "}", "[", "]", "\"", "'", "*x", "&x ", "<<: ", "? ", "| ",
    "> ", "!!int ", "~", "%", "@", "#", "...", "\n---\n", "é", "\u{0}", "\u{feff}",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_file_makes_it_panic(cuts in prop::collection::vec((0..FULL.len(), 0..12usize, 0..PIECES.len()), 1..6)) {
        let mut text = FULL.to_owned();
        for (at, length, piece) in cuts {
            let at = (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            let end = (at + length).min(text.len());
            let end = (end..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
            text.replace_range(at..end, PIECES[piece]);
        }
        if let Err(error) = Config::from_yaml(&text) {
            prop_assert!(!error.to_string().contains('\n'));
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[a-z:{}\\[\\]&*!|>'\"%@#,\n -]{0,80}|.{0,80}") {
        let _ = Config::from_yaml(&text);
    }
}
