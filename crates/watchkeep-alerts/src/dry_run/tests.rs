//! What would be sent, when, and why not; and the bounds.

use super::*;

const CONFIG: &str = r#"
route:
  receiver: chat
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 1h
  routes:
    - {matchers: [severity=critical], receiver: pager, group_wait: 0s, mute_time_intervals: [lunch]}
receivers: [{name: chat}, {name: pager, pagerduty_configs: [{routing_key: k}]}]
inhibit_rules: [{source_matchers: [alertname=Down], target_matchers: [alertname=Slow]}]
time_intervals: [{name: lunch, time_intervals: [{times: [{start_time: "12:00", end_time: "13:00"}]}]}]
"#;

fn config() -> Config {
    Config::from_yaml(CONFIG).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn labels(name: &str, severity: &str) -> Labels {
    [("alertname", name), ("severity", severity)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// Checks the lines of a run of this file.
#[track_caller]
fn check(events: &str, expected: &str) {
    let script = Script::parse(&format!("from: 2026-11-27T10:00:00Z\nevents:\n{events}")).unwrap();
    let run = config().dry_run(&script).unwrap();
    assert_eq!(run.to_string(), expected);
    assert_eq!(
        config().dry_run(&script).unwrap(),
        run,
        "it is the same again"
    );
}

#[test]
fn notices_come_when_the_configuration_says() {
    check(
        "- {at: +2h, resolve: {alertname: Down, severity: warning}}\n- {at: +0s, fire: {alertname: Down, severity: warning}}\n",
        "From 2026-11-27T10:00:00.000Z to 2026-11-27T13:00:00.000Z:\n\
         2026-11-27T10:00:30.000Z  chat (bound)  trigger  firing {alertname=\"Down\", service=\"dry-run\", severity=\"warning\"}  (a notice is handed out: nothing of it was told before)\n\
         2026-11-27T11:00:30.000Z  chat (bound)  update  firing {alertname=\"Down\", service=\"dry-run\", severity=\"warning\"}  (another notice is handed out: the repeat interval is over)\n\
         2026-11-27T12:00:30.000Z  chat (bound)  resolve  resolved {alertname=\"Down\", service=\"dry-run\", severity=\"warning\"}  (the end is handed out: nothing fires any more)\n",
    );
}

#[test]
fn what_is_held_back_is_said_with_its_reason() {
    check(
        "- {at: +0s, fire: {alertname: Slow, severity: warning}}\n\
         - {at: +1m, fire: {alertname: Down, severity: critical}}\n\
         - {at: +2m, silence: [alertname=Other], for: 1d}\n\
         - {at: +3m, trigger: {alertname: Other}}\n\
         - {at: '2026-11-27T12:30:00Z', fire: {alertname: More, severity: critical}}\n\
         - {at: +151m, silence: ['a=~.*']}\n",
        "From 2026-11-27T10:00:00.000Z to 2026-11-27T13:31:00.000Z:\n\
         2026-11-27T10:00:30.000Z  chat (bound)  trigger  firing {alertname=\"Slow\", service=\"dry-run\", severity=\"warning\"}  (a notice is handed out: nothing of it was told before)\n\
         2026-11-27T10:01:00.000Z  pager (pagerduty)  trigger  firing {alertname=\"Down\", service=\"dry-run\", severity=\"critical\"}  (a notice is handed out: nothing of it was told before)\n\
         2026-11-27T11:01:00.000Z  pager (pagerduty)  update  firing {alertname=\"Down\", service=\"dry-run\", severity=\"critical\"}  (another notice is handed out: the repeat interval is over)\n\
         2026-11-27T13:00:00.000Z  pager (pagerduty)  trigger  firing {alertname=\"More\", service=\"dry-run\", severity=\"critical\"}  (a notice is handed out: nothing of it was told before)\n\
         2026-11-27T13:01:00.000Z  pager (pagerduty)  update  firing {alertname=\"Down\", service=\"dry-run\", severity=\"critical\"}  (another notice is handed out: the repeat interval is over)\n\
         Not told:\n\
         2026-11-27T10:03:30.000Z  chat  {alertname=\"Other\", service=\"dry-run\"}: silenced by 00000000-0000-4000-8100-000000000003\n\
         2026-11-27T10:05:30.000Z  chat  {alertname=\"Slow\", service=\"dry-run\", severity=\"warning\"}: inhibited by ad561fcb5384322c\n\
         2026-11-27T12:01:00.000Z  pager  {alertname=\"Down\", service=\"dry-run\", severity=\"critical\"}: muted by lunch\n\
         2026-11-27T12:30:00.000Z  pager  {alertname=\"More\", service=\"dry-run\", severity=\"critical\"}: muted by lunch\n\
         2026-11-27T12:31:00.000Z  a silence is refused: at least one matcher must not match the empty string\n",
    );
}

#[test]
fn what_happens_before_counts_and_is_not_reported() {
    let script = Script::new()
        .from(at("2026-11-27T10:30:00Z"))
        .until(at("2026-11-27T11:10:00Z"))
        .fire(at("2026-11-27T10:00:00Z"), labels("Down", "warning"))
        .resolve(at("2027-01-01T00:00:00Z"), labels("Down", "warning"));
    let run = config().dry_run(&script).unwrap();
    let times: Vec<_> = run.notices.iter().map(|it| it.at.to_string()).collect();
    assert_eq!(times, ["2026-11-27T11:00:30.000Z"]);
    let json = serde_json::to_value(&run).unwrap();
    assert_eq!(json["notices"][0]["kind"], "update");
    assert_eq!(
        json["notices"][0]["alerts"][0]["labels"]["alertname"],
        "Down"
    );
    assert_eq!(json.get("cutAt"), None);
}

#[test]
fn json_is_read_too_and_what_is_wrong_has_its_place() {
    let json = r#"{"events": [{"at": "2026-11-27T10:00:00+01:00", "fire": {"alertname": "A", "empty": ""}, "annotations": {"summary": "s"}}]}"#;
    let script = Script::parse(json).unwrap();
    let run = config().dry_run(&script).unwrap();
    assert_eq!(run.from, at("2026-11-27T09:00:00Z"));
    assert_eq!(
        run.notices[0].alerts[0].labels.len(),
        2,
        "an empty label is none"
    );
    for (text, problem) in [
        ("", "the file is empty"),
        (
            "[]",
            "line 1, column 1: a dry run is not written as fields with values",
        ),
        ("{foo: 1}", "line 1, column 2: a dry run has no field `foo`"),
        (
            "{from: monday}",
            "line 1, column 8: a time is not like 2026-08-22T10:15:30Z, of the years -9999 to 9999",
        ),
        (
            "{from: '10000-01-01T00:00:00Z'}",
            "line 1, column 8: a time is not like 2026-08-22T10:15:30Z, of the years -9999 to 9999",
        ),
        (
            "events: [{fire: {a: b}}]",
            "line 1, column 10: an event has no time in `at`",
        ),
        (
            "events: [{at: +5m, fire: {a: b}}]",
            "line 1, column 15: a time after the start needs a start in `from`",
        ),
        (
            "{from: '2026-01-01T00:00:00Z', events: [{at: +-5m, fire: {a: b}}]}",
            "line 1, column 46: a duration is not like 1h30m, of whole numbers and y, w, d, h, m, s, ms",
        ),
        (
            "events: [{at: '2026-01-01T00:00:00Z'}]",
            "line 1, column 10: an event has not exactly one of `fire`, `trigger`, `resolve` and `silence`",
        ),
        (
            "events: [{at: '2026-01-01T00:00:00Z', fire: {a: b}, resolve: {a: b}}]",
            "line 1, column 10: an event has not exactly one of `fire`, `trigger`, `resolve` and `silence`",
        ),
        (
            "events: [{at: '2026-01-01T00:00:00Z', fire: {a: ''}}]",
            "line 1, column 10: an alert has no labels",
        ),
        (
            "events: [{at: '2026-01-01T00:00:00Z', silence: []}]",
            "line 1, column 10: a silence has no matchers",
        ),
    ] {
        let error = Script::parse(text).unwrap_err();
        assert_eq!(error.to_string(), problem, "{text}");
    }
}

#[test]
fn a_run_has_bounds() {
    let now = at("2026-11-27T10:00:00Z");
    let check = |script: &Script, problem: &str| {
        let error = config().dry_run(script).unwrap_err();
        assert_eq!(error.to_string(), format!("a dry run {problem}"));
    };
    check(&Script::new(), "has no events");
    let one = Script::new().fire(now, labels("A", "error"));
    check(
        &one.clone().from(now).until(at("2026-11-27T09:00:00Z")),
        "ends before it begins",
    );
    check(
        &one.clone().until(at("9999-12-30T00:00:00Z")),
        "lasts longer than 366 days",
    );
    check(
        &one.clone().from(at("-009999-01-03T00:00:00Z")),
        "lasts longer than 366 days",
    );
    check(
        &one.from(Timestamp::from_millis(i64::MIN)),
        "lasts longer than 366 days",
    );
    let many = |count| (0..count).fold(Script::new(), |it, _| it.fire(now, labels("A", "error")));
    check(&many(EVENTS + 1), "has more than 10,000 events");
    assert_eq!(config().dry_run(&many(EVENTS)).unwrap().notices.len(), 1);
    // The last moments that there are.
    let last = at("9999-12-30T22:00:00Z");
    let run = config()
        .dry_run(&Script::new().fire(last, labels("A", "error")))
        .unwrap();
    assert_eq!(run.notices.len(), 1);
}

#[test]
fn too_much_ends_early_and_says_when() {
    let config = Config::from_yaml(
        "route: {receiver: a, group_by: ['...'], group_wait: 0s, group_interval: 1ms, repeat_interval: 1ms}\nreceivers: [{name: a}]\n",
    )
    .unwrap();
    let now = at("2026-11-27T10:00:00Z");
    let script = Script::new().fire(now, labels("A", "error"));
    let run = config.dry_run(&script).unwrap();
    assert_eq!(run.notices.len(), 10_000);
    assert_eq!(run.cut_at, Some(at("2026-11-27T10:00:09.999Z")));
    // Ten thousand groups that are looked at for a year, and never told again.
    let config = Config::from_yaml(
        "route: {receiver: a, group_by: ['...'], group_interval: 5m, repeat_interval: 2y, routes: [{matchers: [x=y], mute_time_intervals: [always]}]}\nreceivers: [{name: a}]\ntime_intervals: [{name: always, time_intervals: [{}]}]\n",
    )
    .unwrap();
    let script = (0..5_000).fold(Script::new(), |script, n| {
        let mut labels = labels(&format!("A{n}"), "error");
        labels.insert("x".to_owned(), "y".to_owned());
        script.fire(now, labels)
    });
    let run = config
        .dry_run(&script.until(at("2027-11-27T10:00:00Z")))
        .unwrap();
    assert_eq!((run.notices.len(), run.held_back.len()), (0, 5_000));
    assert_eq!(run.cut_at, Some(at("2026-11-27T12:00:30Z")));
}

#[test]
fn nothing_hidden_is_printed() {
    let mut odd = labels("A\n\u{1b}[31m\u{202e}", "error");
    odd.insert("b".to_owned(), "\0".to_owned());
    let now = at("2026-11-27T10:00:00Z");
    let text = config()
        .dry_run(&Script::new().fire(now, odd))
        .unwrap()
        .to_string();
    assert_eq!(text.lines().count(), 2);
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\0']), "{text:?}");
}
