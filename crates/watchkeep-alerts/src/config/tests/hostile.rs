//! Secrets that are never told, bounds, and files that are broken at random.

use std::io::Write as _;

use proptest::prelude::*;

use super::super::*;
use super::{FULL, full, refusal};

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
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
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
