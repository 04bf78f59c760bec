//! Which ends the channels of a file are told.

use super::*;

#[track_caller]
fn check(receiver: &str, strict: bool, state: bool, event: bool) {
    let yaml = format!("route: {{receiver: r}}\nreceivers:\n- name: r\n{receiver}");
    let config = Config::from_yaml(&yaml).unwrap();
    let lanes = Lanes::new(&config, &Settings::new("oracle", 1));
    let [lane] = lanes.of("r") else {
        panic!("one lane");
    };
    assert_eq!(lane.tells_end(AlertKind::State, strict), state);
    assert_eq!(lane.tells_end(AlertKind::Event, strict), event);
}

#[test]
fn pagers_are_told_the_end_of_events_and_chats_are_not() {
    let pager = "  pagerduty_configs: [{routing_key: k}]\n";
    let webhook = "  webhook_configs: [{url: 'http://localhost/'}]\n";
    check(pager, false, true, true);
    check(webhook, false, true, false);
    check("", false, true, false);
    // To Alertmanager, events are as other alerts.
    check(webhook, true, true, true);
}

#[test]
fn the_file_may_say_otherwise() {
    check(
        "  pagerduty_configs: [{routing_key: k, x-event-ends: false}]\n",
        false,
        true,
        false,
    );
    let webhook = "  webhook_configs: [{url: 'http://localhost/', x-event-ends: true}]\n";
    check(webhook, false, true, true);
    check("  x-event-ends: true\n", false, true, true);
    let both = "  x-event-ends: true\n  webhook_configs: [{url: 'http://localhost/', x-event-ends: false}]\n";
    check(both, false, true, false);
    let silent = "  webhook_configs: [{url: 'http://localhost/', x-event-ends: true, send_resolved: false}]\n";
    check(silent, false, false, false);
}

#[test]
fn a_program_says_what_its_receivers_are_told() {
    let config = Config::from_yaml("route: {receiver: r}\nreceivers: [{name: r}]\n").unwrap();
    let mut settings = Settings::new("oracle", 1);
    let telling = Telling {
        resolved: false,
        event_ends: true,
    };
    settings.bound.insert("r".to_owned(), telling);
    assert_eq!(Lanes::new(&config, &settings).of("r"), [telling]);
    assert_eq!(Lanes::new(&config, &settings).of("other"), []);
}
