//! Files by hand: each is as valid for us as for amtool, but for what a list names.

use watchkeep_alerts::config::Config;

use super::amtool::Amtool;

/// Where a file and its verdict may differ from those of amtool 0.25, and why.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    /// Both take it, or both refuse it.
    Same,
    /// A field that came after 0.25: we take it.
    Newer,
    /// What Alertmanager has and we have not: refused in so many words.
    Unsupported,
    /// What Alertmanager takes, though it cannot be meant: refused.
    Stricter,
}

use Verdict::{Newer, Same, Stricter, Unsupported};

/// What goes around most files.
const ROUTE: &str = "route: {receiver: a}\n";
const RECEIVER: &str = "receivers: [{name: a}]\n";

/// Whole files.
const FILES: &[(Verdict, &str)] = &[
    (Same, ""),
    (Same, "# nothing\n"),
    (Same, "~"),
    (Same, "[]"),
    (Same, "text"),
    (Same, "{}"),
    (Same, "route: {receiver: a}\n"),
    (Same, "receivers: [{name: a}]\n"),
    (Same, "route: {}\nreceivers: [{name: a}]\n"),
    (Same, "route: ~\nreceivers: [{name: a}]\n"),
    (Same, "route: {receiver: b}\nreceivers: [{name: a}]\n"),
    (
        Same,
        "route: {receiver: a}\nreceivers: [{name: a}, {name: a}]\n",
    ),
    (
        Same,
        "route: {receiver: a}\nreceivers: [{name: a}, {name: b}]\n",
    ),
    (
        Same,
        "route: {receiver: a}\nreceivers: [{name: a}, {name: ''}]\n",
    ),
    (Same, "route: {receiver: a}\nreceivers: [{name: a}, {}]\n"),
    (Same, "route: {receiver: a}\nreceivers: {name: a}\n"),
    (
        Same,
        "route: {receiver: a}\nreceivers: [{name: a, foo: b}]\n",
    ),
    (Same, "route: {receiver: 1}\nreceivers: [{name: 1}]\n"),
    (Same, "route: {receiver: 1e3}\nreceivers: [{name: '1e3'}]\n"),
    (
        Same,
        "route: {receiver: true}\nreceivers: [{name: 'true'}]\n",
    ),
    (Same, "route: {receiver: [a]}\nreceivers: [{name: a}]\n"),
    (
        Same,
        "route: {receiver: a}\nreceivers: [{name: a}]\nfoo: bar\n",
    ),
    (
        Same,
        "route: {receiver: a}\nroute: {receiver: a}\nreceivers: [{name: a}]\n",
    ),
    (
        Same,
        "route: {receiver: a, receiver: a}\nreceivers: [{name: a}]\n",
    ),
    (Same, "route: {receiver: a\nreceivers: [{name: a}]\n"),
    (Same, "\troute: {receiver: a}\nreceivers: [{name: a}]\n"),
    (
        Same,
        "---\nroute: {receiver: a}\nreceivers: [{name: a}]\n...\n",
    ),
    (
        Same,
        "route: &r {receiver: a}\nreceivers: [{name: a}]\ninhibit_rules: [*x]\n",
    ),
    (
        Same,
        "route:\n  receiver: &n a\n  routes:\n  - {receiver: *n, matchers: &m [a=b]}\n  - {matchers: *m}\nreceivers: [{name: *n}]\n",
    ),
    (
        Same,
        "route:\n  receiver: a\n  routes:\n  - &x {receiver: a, continue: true}\n  - {<<: *x, matchers: [a=b]}\nreceivers: [{name: a}]\n",
    ),
    (
        Same,
        "route: !!map {receiver: !!str a}\nreceivers: !!seq [{name: a}]\n",
    ),
    (
        Stricter,
        "route: {receiver: a}\nreceivers: [{name: a}]\n---\nroute: x\n",
    ),
    (
        Newer,
        "x-team: web\nroute: {receiver: a, x-name: root}\nreceivers: [{name: a, x-on-call: [b]}]\n",
    ),
    (
        Newer,
        "x-defaults: &d {group_wait: 1s}\nroute: {<<: *d, receiver: a}\nreceivers: [{name: a}]\n",
    ),
];

/// Fields of the root route.
const ROOTS: &[(Verdict, &str)] = &[
    (Same, "continue: true"),
    (Same, "continue: false"),
    (Same, "continue: yes"),
    (Same, "continue: 'false'"),
    (Same, "continue: 1"),
    (Same, "continue: ~"),
    (Same, "matchers: [a=b]"),
    (Same, "matchers: []"),
    (Same, "match: {a: b}"),
    (Same, "match: {}"),
    (Same, "match_re: {a: b}"),
    (Same, "mute_time_intervals: [n]"),
    (Same, "active_time_intervals: [n]"),
    (Same, "mute_time_intervals: []"),
    (Same, "group_by: []"),
    (Same, "group_by: [a, b]"),
    (Same, "group_by: [a, a]"),
    (Same, "group_by: ['...']"),
    (Same, "group_by: ['...', '...']"),
    (Same, "group_by: ['...', a]"),
    (Same, "group_by: [a, '...']"),
    (Same, "group_by: a"),
    (Same, "group_by: ['']"),
    (Same, "group_by: [~]"),
    (Same, "group_by: {a: b}"),
    (Newer, "group_by: [a-b]"),
    (Newer, "group_by: [é]"),
    (Same, "group_wait: 0"),
    (Same, "group_wait: 0s"),
    (Same, "group_wait: 30s"),
    (Same, "group_wait: 30"),
    (Same, "group_wait: 1h30m"),
    (Same, "group_wait: 1y2w3d4h5m6s7ms"),
    (Same, "group_wait: 30m1h"),
    (Same, "group_wait: 1.5m"),
    (Same, "group_wait: -1m"),
    (Same, "group_wait: ''"),
    (Same, "group_wait: ~"),
    (Same, "group_wait: 1 m"),
    (Same, "group_wait: 293y"),
    (Same, "group_wait: 292y"),
    (Same, "group_wait: 9223372036854ms"),
    (Same, "group_wait: 9223372036855ms"),
    (Same, "group_wait: 99999999999999999999s"),
    (Same, "group_wait: [1s]"),
    (Same, "group_interval: 0s"),
    (Same, "group_interval: 1ms"),
    (Same, "repeat_interval: 0"),
    (Same, "repeat_interval: 0m"),
    (Same, "repeat_interval: 1s"),
    (Same, "routes: []"),
    (Same, "routes: {}"),
    (Same, "routes: [{}]"),
    (Same, "routes: [{receiver: b}]"),
    (Same, "routes: [{receiver: ''}]"),
    (Same, "routes: [{matchers: [a=b], foo: c}]"),
    (Same, "routes: [{matchers: a=b}]"),
    (Same, "routes: [{matchers: ['a=~(']}]"),
    (Same, "routes: [{matchers: ['']}]"),
    (Same, "routes: [{matchers: ['{a=b,c=d}', e=f]}]"),
    (Newer, "routes: [{matchers: [1=2]}]"),
    (Newer, "routes: [{matchers: ['é=b']}]"),
    (Newer, "routes: [{matchers: ['{\"a b\"=c}']}]"),
    (Same, "routes: [{match: {a-b: c}}]"),
    (Same, "routes: [{match: {a: 1, b: true, c: '', d: 1.50}}]"),
    (Same, "routes: [{match: [a]}]"),
    (Same, "routes: [{match_re: {a: '(', b: c}}]"),
    (Same, "routes: [{match_re: {a: 'b)|(c'}}]"),
    (Same, "routes: [{match_re: {0a: b}}]"),
    (Same, "routes: [{mute_time_intervals: [n]}]"),
    (Same, "routes: [{active_time_intervals: [n, n]}]"),
    (Same, "routes: [{mute_time_intervals: [m]}]"),
    (Same, "routes: [{mute_time_intervals: n}]"),
    (
        Same,
        "routes: [{continue: true, routes: [{continue: true, group_by: ['...']}]}]",
    ),
    (Same, "routes: [{group_by: ['...', a]}]"),
    (Same, "routes: [{group_interval: 0s}]"),
    (Same, "routes: [{mute_time_intervals: [~]}]"),
];

/// Time intervals, between the ones that routes above use.
const INTERVALS: &[(Verdict, &str)] = &[
    (Same, "{name: x}"),
    (Same, "{name: n}"),
    (Same, "{}"),
    (Same, "{name: ''}"),
    (Same, "{name: x, foo: y}"),
    (Same, "{name: x, time_intervals: []}"),
    (Same, "{name: x, time_intervals: [{}]}"),
    (Same, "{name: x, time_intervals: [{foo: y}]}"),
    (Same, "{name: x, time_intervals: {}}"),
    (
        Same,
        "{name: x, time_intervals: [{times: [{start_time: 09:00, end_time: 17:00}]}]}",
    ),
    (
        Same,
        "{name: x, time_intervals: [{times: [{start_time: '09:00', end_time: '24:00'}]}]}",
    ),
    (
        Same,
        "{name: x, time_intervals: [{times: [{start_time: '17:00', end_time: '09:00'}]}]}",
    ),
    (
        Same,
        "{name: x, time_intervals: [{times: [{start_time: '9:00', end_time: '10:00'}]}]}",
    ),
    (
        Same,
        "{name: x, time_intervals: [{times: [{start_time: '09:00'}]}]}",
    ),
    (Same, "{name: x, time_intervals: [{times: [{}]}]}"),
    (Same, "{name: x, time_intervals: [{times: []}]}"),
    (
        Same,
        "{name: x, time_intervals: [{times: {start_time: '09:00', end_time: '10:00'}}]}",
    ),
    (
        Same,
        "{name: x, time_intervals: [{weekdays: ['monday:friday', Saturday]}]}",
    ),
    (
        Same,
        "{name: x, time_intervals: [{weekdays: ['friday:monday']}]}",
    ),
    (Same, "{name: x, time_intervals: [{weekdays: [mon]}]}"),
    (Same, "{name: x, time_intervals: [{weekdays: ['monday:']}]}"),
    (Same, "{name: x, time_intervals: [{weekdays: monday}]}"),
    (
        Same,
        "{name: x, time_intervals: [{days_of_month: ['1:5', '-3:-1', 7, '+7', '07']}]}",
    ),
    (Same, "{name: x, time_intervals: [{days_of_month: ['0']}]}"),
    (Same, "{name: x, time_intervals: [{days_of_month: ['32']}]}"),
    (
        Same,
        "{name: x, time_intervals: [{days_of_month: ['-1:1']}]}",
    ),
    (
        Same,
        "{name: x, time_intervals: [{days_of_month: ['28:-1']}]}",
    ),
    (
        Same,
        "{name: x, time_intervals: [{days_of_month: ['27:-1']}]}",
    ),
    (
        Same,
        "{name: x, time_intervals: [{days_of_month: ['1:-28']}]}",
    ),
    (
        Same,
        "{name: x, time_intervals: [{days_of_month: ['1:-27']}]}",
    ),
    (
        Same,
        "{name: x, time_intervals: [{days_of_month: ['1:2:3']}]}",
    ),
    (
        Same,
        "{name: x, time_intervals: [{months: ['january:3', 12, May]}]}",
    ),
    (
        Same,
        "{name: x, time_intervals: [{months: ['march:january']}]}",
    ),
    (Same, "{name: x, time_intervals: [{months: [jan]}]}"),
    (Stricter, "{name: x, time_intervals: [{months: ['13']}]}"),
    (Stricter, "{name: x, time_intervals: [{months: ['0']}]}"),
    (
        Same,
        "{name: x, time_intervals: [{years: ['2020:2022', 2030, '-5', '99999999999']}]}",
    ),
    (Same, "{name: x, time_intervals: [{years: ['2022:2020']}]}"),
    (Same, "{name: x, time_intervals: [{years: [x]}]}"),
    (
        Same,
        "{name: x, time_intervals: [{location: Europe/Berlin}]}",
    ),
    (
        Same,
        "{name: x, time_intervals: [{location: europe/berlin}]}",
    ),
    (Same, "{name: x, time_intervals: [{location: Mars}]}"),
    (
        Same,
        "{name: x, time_intervals: [{location: ''}, {location: UTC}, {location: Local}]}",
    ),
    (Same, "{name: x, time_intervals: [{location: utc}]}"),
    (
        Same,
        "{name: x, time_intervals: [{location: ../Europe/Berlin}]}",
    ),
    (Stricter, "{name: x, time_intervals: [{weekdays: [~]}]}"),
];

/// Inhibition rules.
const RULES: &[(Verdict, &str)] = &[
    (Same, "{}"),
    (
        Same,
        "{source_matchers: [a=b], target_matchers: [c=~d], equal: [e, f]}",
    ),
    (
        Same,
        "{source_match: {a: b}, target_match_re: {c: d}, equal: [e, e]}",
    ),
    (Same, "{source_matchers: ['a=~(']}"),
    (Same, "{source_matchers: a=b}"),
    (Same, "{source_match: {a-b: c}}"),
    (Same, "{target_match_re: {a: '['}}"),
    (Same, "{target_match_re: {a-b: c}}"),
    (Same, "{equal: a}"),
    (Newer, "{equal: [a-b]}"),
    (Same, "{equal: ['']}"),
    (Same, "{foo: b}"),
    (Same, "[]"),
];

/// The global section.
const GLOBALS: &[(Verdict, &str)] = &[
    (Same, "{}"),
    (Same, "~"),
    (Same, "[]"),
    (Same, "{foo: b}"),
    (Same, "{resolve_timeout: 10m}"),
    (Same, "{resolve_timeout: 10}"),
    (Same, "{resolve_timeout: 0}"),
    (
        Same,
        "{smtp_from: a@b, smtp_hello: c, smtp_smarthost: 'd:25', smtp_auth_username: e, smtp_auth_password: f, smtp_auth_identity: g, smtp_require_tls: false}",
    ),
    (Same, "{smtp_smarthost: d}"),
    (Same, "{smtp_smarthost: 'd:'}"),
    (Same, "{smtp_smarthost: ':25'}"),
    (Same, "{smtp_smarthost: '[::1]:25'}"),
    (Same, "{smtp_smarthost: '::1:25'}"),
    (Same, "{smtp_smarthost: ''}"),
    (Same, "{smtp_smarthost: 'd:smtp'}"),
    (Same, "{smtp_require_tls: maybe}"),
    (Same, "{smtp_auth_password: a, smtp_auth_password_file: b}"),
    (Same, "{slack_api_url: 'https://a/b'}"),
    (Same, "{slack_api_url: a}"),
    (Same, "{slack_api_url: 'ftp://a'}"),
    (Same, "{slack_api_url: 'https://'}"),
    (Same, "{slack_api_url: 'https://a', slack_api_url_file: b}"),
    (Same, "{slack_api_url_file: b}"),
    (Same, "{pagerduty_url: 'https://a'}"),
    (Same, "{pagerduty_url: a}"),
    (Same, "{telegram_api_url: 'https://a'}"),
    (Same, "{telegram_api_url: ':'}"),
    (Newer, "{telegram_bot_token_file: a}"),
    (Unsupported, "{opsgenie_api_key: a}"),
    (Unsupported, "{victorops_api_url: 'https://a'}"),
    (Unsupported, "{smtp_auth_secret: a}"),
    (Unsupported, "{http_config: {follow_redirects: false}}"),
    (Same, "{http_config: {}}"),
    (Stricter, "{slack_api_url: <secret>}"),
];

/// Fields of a receiver; the global section has what mail needs.
const RECEIVERS: &[(Verdict, &str)] = &[
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

/// The rest of the top level.
const TOPS: &[(Verdict, &str)] = &[
    (Same, "templates: []"),
    (Unsupported, "templates: [a.tmpl]"),
    (Same, "templates: a"),
    (Same, "inhibit_rules: ~"),
    (Same, "mute_time_intervals: [{name: m, time_intervals: []}]"),
    (
        Same,
        "mute_time_intervals: [{name: n, time_intervals: []}]\ntime_intervals: [{name: n}]",
    ),
    (Same, "time_intervals: [{name: m}, {name: m}]"),
];

fn all() -> Vec<(Verdict, String)> {
    let night = "time_intervals: [{name: n, time_intervals: [{years: [2020]}]}]\n";
    let mail = "global: {smtp_from: a@b, smtp_smarthost: 'c:25'}\n";
    let filled =
        |files: &[(Verdict, &str)], fill: &dyn Fn(&str) -> String| -> Vec<(Verdict, String)> {
            files
                .iter()
                .map(|(verdict, text)| (*verdict, fill(text)))
                .collect()
        };
    let mut files = filled(FILES, &str::to_owned);
    files.extend(filled(ROOTS, &|text| {
        format!("route: {{receiver: a, {text}}}\n{RECEIVER}{night}")
    }));
    files.extend(filled(INTERVALS, &|text| {
        format!("{ROUTE}{RECEIVER}time_intervals: [{{name: n}}, {text}]\n")
    }));
    files.extend(filled(RULES, &|text| {
        format!("{ROUTE}{RECEIVER}inhibit_rules: [{text}]\n")
    }));
    files.extend(filled(GLOBALS, &|text| {
        format!("{ROUTE}{RECEIVER}global: {text}\n")
    }));
    files.extend(filled(RECEIVERS, &|text| {
        format!("{ROUTE}{mail}receivers: [{{name: a, {text}}}]\n")
    }));
    files.extend(
        filled(RECEIVERS, &|text| {
            format!("{ROUTE}receivers: [{{name: a, {text}}}]\n")
        })
        .into_iter()
        .filter(|(verdict, text)| *verdict == Same && text.contains("email")),
    );
    files.extend(filled(TOPS, &|text| format!("{ROUTE}{RECEIVER}{text}\n")));
    files
}

#[test]
fn files_are_as_valid_as_amtool_says() {
    let Some(amtool) = Amtool::find() else {
        return;
    };
    let files = all();
    let texts: Vec<String> = files.iter().map(|(_, text)| text.clone()).collect();
    let mut wrong = Vec::new();
    for ((verdict, text), theirs) in files.iter().zip(amtool.verdicts(&texts)) {
        let ours = Config::from_yaml(text);
        let found = match (&ours, &theirs) {
            (Ok(_), Ok(())) | (Err(_), Err(_)) => Same,
            (Ok(_), Err(_)) => Newer,
            (Err(error), Ok(())) if error.is_unsupported() => Unsupported,
            (Err(_), Ok(())) => Stricter,
        };
        if found != *verdict {
            wrong.push(format!(
                "{text}is {found:?}, not {verdict:?}: amtool says {theirs:?}, we {:?}",
                ours.err()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_refusal_has_a_place_and_a_reason_on_one_line() {
    for (_, text) in all() {
        let Err(error) = Config::from_yaml(&text) else {
            continue;
        };
        assert!(
            !error.reason().is_empty() && !error.to_string().contains('\n'),
            "{error}"
        );
        let whole = ["the file is empty", "there is no route"].contains(&error.reason());
        assert!(
            whole || error.line().is_some() && error.column().is_some(),
            "{text}: {error}"
        );
        if let Some(line) = error.line() {
            assert!(line <= text.lines().count() + 1, "{text}: {error}");
        }
    }
}
