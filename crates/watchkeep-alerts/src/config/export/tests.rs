//! What is written, what is lost, and that nothing secret is in it.

use super::*;
use crate::alert::Labels;

/// A bit of everything; `SECRET` is in every secret.
const FULL: &str = r##"
global: {resolve_timeout: 90s, smtp_from: a@b, smtp_smarthost: '[::1]:25', smtp_auth_password: SECRET}
x-top: SECRET
route:
  receiver: plain
  group_by: [alertname, 'a b']
  routes:
    - receiver: all
      x-name: the first
      matchers: ['team =~ "web|api"', "x!=\"y,\\\"z\\n\""]
      group_by: []
      continue: true
      mute_time_intervals: [nights]
      routes: [{group_by: ['...'], group_wait: 0s, x-own: SECRET}]
    - {receiver: all, matchers: ['"é b"=c'], routes: [{matchers: [gone=1]}]}
receivers:
  - name: plain
  - name: all
    x-event-ends: true
    webhook_configs:
      - {url: 'https://h/SECRET', max_alerts: 3, timeout: 5s, x-signing-secret: whsec_SECRET}
      - {url_file: /keys/hook, send_resolved: false}
    email_configs: [{to: x@y, require_tls: false}]
    pagerduty_configs: [{routing_key: SECRET, url: 'https://me:SECRET@pd/enqueue', source: s}]
    slack_configs: [{api_url_file: /keys/slack, channel: '#c'}]
    telegram_configs: [{bot_token_file: /keys/bot, chat_id: -5, message_thread_id: 6}]
    discord_configs: [{webhook_url: 'https://d/SECRET', username: n}]
    msteamsv2_configs: [{webhook_url: 'https://t/SECRET'}]
inhibit_rules:
  - {source_matchers: [severity=critical], target_matchers: [severity!=critical], equal: [service]}
  - {source_matchers: [a=b], target_matchers: ['x=~"(?<n>a)"'], equal: [service]}
  - {source_matchers: [a=b], target_matchers: [c=d], equal: [a-b]}
time_intervals:
  - name: nights
    time_intervals:
      - times: [{start_time: "22:05", end_time: "24:00"}]
        weekdays: ['sunday', 'monday:friday']
        days_of_month: ['1:5', '-3:-1']
        months: ['december', '1:3']
        years: ['2020:2030']
        location: Europe/Berlin
      - {weekdays: []}
"##;

const WRITTEN: &str = r##"global:
  resolve_timeout: 1m30s
route:
  receiver: plain
  group_by:
    - alertname
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 4h
  routes:
    - receiver: all
      group_by:
        - watchkeep_one_group
      matchers:
        - "team=~\"web|api\""
        - "x!=\"y,\\\"z\\n\""
      continue: true
      mute_time_intervals:
        - nights
      routes:
        - receiver: all
          group_by:
            - "..."
          group_wait: 0s
receivers:
  - name: plain
  - name: all
    webhook_configs:
      - url: "https://secret.invalid/"
        max_alerts: 3
        send_resolved: true
      - url: "https://secret.invalid/"
        send_resolved: false
    email_configs:
      - to: "x@y"
        from: "a@b"
        smarthost: "[::1]:25"
        hello: localhost
        auth_password: "<secret>"
        require_tls: false
        send_resolved: false
    pagerduty_configs:
      - routing_key: "<secret>"
        url: "https://xxxxx@pd/enqueue"
        source: s
        send_resolved: true
    slack_configs:
      - api_url_file: /keys/slack
        channel: "#c"
        send_resolved: false
    telegram_configs:
      - bot_token: "<secret>"
        chat_id: -5
        api_url: "https://api.telegram.org"
        disable_notifications: false
        parse_mode: HTML
        send_resolved: true
    discord_configs:
      - webhook_url: "<secret>"
        send_resolved: true
inhibit_rules:
  - source_matchers:
      - "severity=\"critical\""
    target_matchers:
      - "severity!=\"critical\""
    equal:
      - service
time_intervals:
  - name: nights
    time_intervals:
      - times:
          - start_time: "22:05"
            end_time: "24:00"
        weekdays:
          - sunday
          - "monday:friday"
        days_of_month:
          - "1:5"
          - "-3:-1"
        months:
          - "12"
          - "1:3"
        years:
          - "2020:2030"
        location: Europe/Berlin
      - weekdays: []
"##;

const LOST: &str = "\
# lost: the file: `x-top` is an extension
# lost: route `{}`: Alertmanager 0.25 knows no label `a b`: its groups are larger without it
# lost: route `{}/{\"é b\"=\"c\"}`: Alertmanager 0.25 knows no label `é b`: it is left out with all below it, and its alerts go to the routes around it
# lost: route `@the first`: Alertmanager inherits `group_by` where it is empty, up to 0.30: it is a label that no alert has, `watchkeep_one_group`
# lost: route `@the first`: the groups of a route with `x-name` keep their identity when matchers are edited, and Alertmanager's do not
# lost: route `@the first/{}`: `x-own` is an extension
# lost: receiver `plain`: its channel is bound by the program; in the file it tells nobody
# lost: receiver `all`: `x-event-ends` is an extension
# lost: receiver `all`, webhook: Alertmanager 0.25 knows no `timeout`
# lost: receiver `all`, webhook: Alertmanager does not sign its messages
# lost: receiver `all`, webhook: Alertmanager 0.25 cannot read `url` from a file; here it is in /keys/hook
# lost: receiver `all`, telegram: Alertmanager 0.25 cannot read `bot_token` from a file; here it is in /keys/bot
# lost: receiver `all`, telegram: Alertmanager 0.25 knows no `message_thread_id`: messages go to the chat itself
# lost: receiver `all`, discord: Alertmanager 0.25 knows no `username`
# lost: receiver `all`, msteamsv2: Alertmanager 0.25 knows no workflows of Microsoft Teams: it is left out; write `msteamsv2_configs` for 0.28 and later
# lost: inhibition rule 2: Alertmanager 0.25 may not read the expression of `x`: the rule is left out
# lost: inhibition rule 3: Alertmanager 0.25 knows no label `a-b`: the rule is left out
";

fn full() -> Config {
    Config::from_yaml(FULL).unwrap()
}

#[test]
fn a_file_is_written_and_what_is_lost_is_said() {
    let export = full().to_alertmanager();
    assert_eq!(export.yaml(), WRITTEN);
    assert_eq!(export.to_string(), format!("{LOST}{WRITTEN}"));
    assert_eq!(export.lost().len(), LOST.lines().count());
}

#[test]
fn nothing_secret_is_in_it() {
    let text = full().to_alertmanager().to_string();
    assert!(!text.contains("SECRET"), "{text}");
}

#[test]
fn secrets_are_written_where_that_is_asked_and_their_files_can_be_read() {
    let error = full().to_alertmanager_with_secrets().unwrap_err();
    assert_eq!(error.to_string(), "the secret in /keys/hook cannot be read");
    let here = FULL
        .replace("url_file: /keys/hook", "url: 'https://h/2'")
        .replace("bot_token_file: /keys/bot", "bot_token: '5:a'");
    let config = Config::from_yaml(&here).unwrap();
    let export = config.to_alertmanager_with_secrets().unwrap();
    for written in [
        "url: \"https://h/SECRET\"",
        "auth_password: SECRET",
        "url: \"https://me:SECRET@pd/enqueue\"",
        "api_url_file: /keys/slack",
        "bot_token: \"5:a\"",
    ] {
        assert!(export.yaml().contains(written), "{written}");
    }
    let reread = Config::from_yaml(export.yaml()).unwrap();
    let again = reread.to_alertmanager_with_secrets().unwrap();
    assert_eq!(again.yaml(), export.yaml());
}

#[test]
fn what_is_written_reads_back_to_the_same_routes() {
    let config = full();
    // The place-holder for an address is refused here, so that it is not forgotten.
    let yaml = config.to_alertmanager().yaml().replace(
        "webhook_url: \"<secret>\"",
        "webhook_url: \"https://secret.invalid/\"",
    );
    let reread = Config::from_yaml(&yaml).unwrap();
    let labels = |team: &str| Labels::from([("team".to_owned(), team.to_owned())]);
    for team in ["web", "db"] {
        let labels = labels(team);
        let receivers = config.routes().receivers(&labels);
        assert_eq!(reread.routes().receivers(&labels), receivers);
    }
    assert_eq!(reread.intervals(), config.intervals());
    assert_eq!(reread.resolve_timeout(), config.resolve_timeout());
    assert_eq!(reread.inhibit_rules(), &config.inhibit_rules()[..1]);
}
