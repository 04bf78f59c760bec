//! Environments, good and bad.

use super::*;

fn read(environment: &[(&str, &str)]) -> Result<Config, Problems> {
    Config::from_lookup(|name| {
        environment
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    })
}

/// The environment is refused, with as many lines as names, each beginning with its name.
#[track_caller]
fn check(environment: &[(&str, &str)]) {
    let problems = read(environment).expect_err("it is refused");
    let lines: Vec<&str> = problems.iter().collect();
    for (name, _) in environment {
        assert!(
            lines
                .iter()
                .any(|line| line.starts_with(&format!("{name}: "))),
            "no line for {name}: {lines:?}"
        );
    }
    assert_eq!(lines.len(), environment.len(), "{lines:?}");
    assert!(lines.iter().all(|line| !line.contains('\n')), "{lines:?}");
}

#[test]
fn nothing_set_is_valid() {
    let config = read(&[]).expect("the defaults are valid");
    assert_eq!(config.address.to_string(), "127.0.0.1:8000");
    assert_eq!(config.ai_timeout, Duration::from_secs(10));
    assert_eq!(config.drain, Duration::from_secs(10));
    assert_eq!(config.rules.source, rule_file::Source::BuiltIn);
    assert!(config.monitor_interval.is_none());
}

#[test]
fn every_problem_is_named_at_once() {
    check(&[
        ("ORACLE_ADDR", "nowhere:99999"),
        ("DATABASE_URL", "mongodb://x"),
        ("AI_TIMEOUT_SECONDS", "soon"),
        ("LOG_LEVEL", "inof"),
        ("OPS_TOKEN", ""),
        ("ELASTICSEARCH_URL", "localhost:9200"),
    ]);
}

#[test]
fn operators_have_an_address_of_their_own_or_none() {
    assert_eq!(read(&[("OPS_ADDR", "")]).expect("none").operators, None);
    for text in ["127.0.0.1:0", "127.0.0.2:8000", "[::1]:9100"] {
        let config = read(&[("OPS_ADDR", text)]).expect(text);
        assert_eq!(config.operators, text.parse().ok());
    }
}

#[test]
fn numbers_out_of_range_are_refused() {
    for (name, value) in [
        ("AI_TIMEOUT_SECONDS", "0"),
        ("AI_TIMEOUT_SECONDS", "-1"),
        ("AI_TIMEOUT_SECONDS", "NaN"),
        ("AI_TIMEOUT_SECONDS", "inf"),
        ("AI_TIMEOUT_SECONDS", ""),
        ("MONITOR_INTERVAL_SECONDS", "0"),
        ("MONITOR_INTERVAL_SECONDS", "1e9"),
        ("ORACLE_DRAIN_SECONDS", "-0.1"),
        ("ORACLE_PRICE_PER_1K_TOKENS", "-1"),
        ("ORACLE_PRICE_PER_1K_TOKENS", "cheap"),
        ("ORACLE_ADDR", ""),
        ("OPS_ADDR", "nowhere:1"),
        ("OPS_ADDR", "127.0.0.1:8000"),
        ("OPS_ADDR", "0.0.0.0:8000"),
        ("DATA_DIR", ""),
        ("REDIS_URL", "http://x"),
        ("AI_ENGINE_URL", "ftp://x"),
        ("AI_ENGINE_URL", "nonsense"),
        ("SLACK_WEBHOOK_URL", "nonsense"),
        ("TZ", "Atlantis/Capital"),
        ("TZ", "x\ny"),
        ("RULES_CONFIG", "/no/such/rules.yml"),
        ("RULES_CONFIG", "/dev/null/x"),
        ("DATA_DIR", "/dev/null/x"),
        ("LOG_DIR", "/dev/null/x"),
        ("OPS_TOKEN", " "),
        ("OPS_TOKEN", "with blank"),
        ("ORACLE_PRICE_PER_1K_TOKENS", "a\nb\u{202e}"),
    ] {
        check(&[(name, value)]);
    }
}

#[test]
fn a_channel_in_part_is_refused_and_says_what_is_missing() {
    for (name, value, missing) in [
        ("ALERTS_CONFIG", "/nowhere/alerts.yml", "ALERTS_CONFIG"),
        ("TELEGRAM_BOT_TOKEN", "1:x", "TELEGRAM_CHAT_ID"),
        ("TELEGRAM_CHAT_ID", "1", "TELEGRAM_BOT_TOKEN"),
        ("TELEGRAM_API_URL", "http://a", "TELEGRAM_BOT_TOKEN"),
        ("SMTP_URL", "smtp://127.0.0.1", "ALERT_FROM"),
        ("SMTP_URL", "smtp://127.0.0.1", "ADMIN_EMAIL"),
        ("ADMIN_EMAIL", "a@b.example", "SMTP_URL"),
        ("ALERT_FROM", "a@b.example", "SMTP_URL"),
        (
            "PAGERDUTY_ROUTING_KEY",
            "hunter2 hunter2",
            "PAGERDUTY_ROUTING_KEY",
        ),
        ("PAGERDUTY_URL", "http://a", "PAGERDUTY_ROUTING_KEY"),
        ("ALERT_WEBHOOK_URL", "hunter2", "ALERT_WEBHOOK_URL"),
        ("ALERTMANAGER_URL", "http://a,hunter2", "ALERTMANAGER_URL"),
    ] {
        let problems = read(&[(name, value)]).unwrap_err().to_string();
        assert!(problems.contains(missing), "{name}: {problems}");
        assert!(!problems.contains("hunter2"), "{name}: {problems}");
        read(&[(name, "")]).unwrap_or_else(|problems| panic!("{name}: {problems}"));
    }
}

#[test]
fn whole_channels_are_taken() {
    let config = read(&[
        ("TELEGRAM_BOT_TOKEN", "1:x"),
        ("TELEGRAM_CHAT_ID", "-42"),
        ("SMTP_URL", "smtps://user:hunter2@mail.example"),
        ("ALERT_FROM", "a@b.example"),
        ("ADMIN_EMAIL", "c@d.example"),
        ("PAGERDUTY_ROUTING_KEY", "hunter2"),
        ("ALERT_WEBHOOK_URL", "http://a/hunter2"),
        ("ALERTMANAGER_URL", "http://a, http://b"),
    ]);
    let config = config.unwrap_or_else(|problems| panic!("{problems}"));
    for name in ["telegram", "email", "pagerduty", "webhook", "alertmanager"] {
        assert!(config.channels.has(name), "{name}");
    }
    assert!(!config.channels.has("slack"));
    let text = format!("{config:?} {}", config.summary());
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn optional_names_may_be_empty_and_rules_can_be_turned_off() {
    let config = read(&[
        ("REDIS_URL", ""),
        ("DATABASE_URL", ""),
        ("AI_ENGINE_URL", ""),
        ("SLACK_WEBHOOK_URL", ""),
        ("MONITOR_INTERVAL_SECONDS", ""),
        ("RULES_CONFIG", ""),
    ])
    .expect("all of them are valid");
    assert_eq!(config.rules.groups, []);
    assert!(config.redis.is_none() && config.engine.is_none());
}

#[test]
fn no_secret_is_shown() {
    let config = read(&[
        (
            "DATABASE_URL",
            "postgres://oracle:very-secret@127.0.0.1/oracle",
        ),
        ("REDIS_URL", "redis://:very-secret@127.0.0.1"),
        ("AI_ENGINE_URL", "http://user:very-secret@127.0.0.1:1"),
        (
            "SLACK_WEBHOOK_URL",
            "https://hooks.slack.com/services/very-secret",
        ),
        ("OPS_TOKEN", "very-secret"),
    ])
    .expect("all of them are valid");
    let shown = format!("{config:?}\n{}", config.summary());
    assert!(!shown.contains("very-secret"), "{shown}");
    let refused = read(&[
        (
            "DATABASE_URL",
            "postgres://oracle:very-secret@127.0.0.1:port/oracle",
        ),
        ("REDIS_URL", "http://:very-secret@127.0.0.1"),
        ("AI_ENGINE_URL", "ftp://user:very-secret@127.0.0.1"),
        ("SLACK_WEBHOOK_URL", "very-secret"),
    ])
    .expect_err("all of them are bad")
    .to_string();
    assert!(!refused.contains("very-secret"), "{refused}");
}

#[test]
fn the_summary_has_a_line_a_name_whatever_the_values() {
    let config = read(&[
        ("ENVIRONMENT", "a\nevil: b\u{1b}[31m"),
        ("LOG_RETENTION_DAYS", "garbage"),
    ]);
    let summary = config.expect("they are valid").summary();
    assert!(
        !summary.contains('\u{1b}') && !summary.contains("\nevil"),
        "{summary}"
    );
    for name in ["ORACLE_ADDR", "LOG_LEVEL", "TZ", "ORACLE_DRAIN_SECONDS"] {
        assert!(
            summary.lines().any(|line| line.starts_with(name)),
            "{name}: {summary}"
        );
    }
    assert!(
        summary
            .lines()
            .any(|line| line.starts_with("warning") && line.contains("LOG_RETENTION_DAYS")),
        "{summary}"
    );
}
