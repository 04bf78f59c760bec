//! Silences, inhibition and time: what is held back, why, and what happens to ends meanwhile.

use super::support::*;
use crate::state::{Effect, Event, SilenceDraft, SilenceError, SilenceOp, SilenceState};

#[test]
fn what_is_silenced_is_not_told_until_the_silence_ends() {
    let mut bench = Bench::new(chat());
    let id = bench.silence("alertname=A", 600);
    bench.fire(error("A"));
    bench.fire(error("B"));
    bench.at(30);
    bench.expect(&[&format!("chat: silenced by {id}"), "30 chat trigger +B"]);
    bench.at(599).expect(&[]);
    bench.at(630).expect(&["630 chat update +A +B"]);
}

#[test]
fn a_silence_that_comes_before_the_flush_of_its_instant_counts() {
    let mut bench = Bench::new(chat());
    bench.fire(error("A"));
    bench.at(29);
    bench.millis = 30_000;
    bench.silence("alertname=A", 60);
    bench.at(30);
    assert!(bench.jobs.is_empty());
}

#[test]
fn a_silence_holds_from_its_start_to_just_before_its_end() {
    let mut bench = Bench::new(chat());
    bench.at(10).silence("alertname=A", 20);
    let silence = bench.state.silences().next().unwrap();
    assert_eq!(silence.state(bench.second(9)), SilenceState::Pending);
    assert_eq!(silence.state(bench.second(10)), SilenceState::Active);
    assert_eq!(silence.state(bench.wall(29_999)), SilenceState::Active);
    assert_eq!(silence.state(bench.second(30)), SilenceState::Expired);
}

fn draft(bench: &Bench, id: Option<&str>, matchers: &str, times: (u64, u64)) -> SilenceDraft {
    SilenceDraft {
        id: id.map(str::to_owned),
        matchers: matching(matchers),
        starts_at: bench.second(times.0),
        ends_at: bench.second(times.1),
        created_by: "ann".to_owned(),
        comment: String::new(),
    }
}

fn set(
    bench: &mut Bench,
    id: Option<&str>,
    matchers: &str,
    times: (u64, u64),
) -> Result<String, SilenceError> {
    let draft = draft(bench, id, matchers, times);
    match bench.step(Event::Silence(SilenceOp::Set(draft))).pop() {
        Some(Effect::SilenceSet { id }) => Ok(id),
        Some(Effect::SilenceRefused(error)) => Err(error),
        other => panic!("no answer: {other:?}"),
    }
}

fn times(bench: &Bench, id: &str) -> (i64, i64) {
    let silence = bench.state.find_silence(id).unwrap();
    let second = |at: crate::timestamp::Timestamp| (at.as_millis() - MIDNIGHT) / 1_000;
    (second(silence.starts_at), second(silence.ends_at))
}

#[test]
fn a_silence_is_changed_in_place_or_made_anew() {
    let mut bench = Bench::new(chat());
    bench.at(100);
    let id = set(&mut bench, None, "a=1", (50, 200)).unwrap();
    assert_eq!(
        times(&bench, &id),
        (100, 200),
        "a past start is moved to now"
    );
    bench.at(120);
    assert_eq!(set(&mut bench, Some(&id), "a=1", (100, 300)).unwrap(), id);
    assert_eq!(times(&bench, &id), (100, 300));
    // Another start, or other matchers: another silence, and the old one ends.
    let other = set(&mut bench, Some(&id), "a=1", (110, 300)).unwrap();
    assert_ne!(other, id);
    assert_eq!(
        (times(&bench, &id), times(&bench, &other)),
        ((100, 120), (120, 300))
    );
    let third = set(&mut bench, Some(&other), "a=2", (120, 300)).unwrap();
    assert_ne!(third, other);
    // What is over is not brought back.
    let fourth = set(&mut bench, Some(&id), "a=1", (100, 300)).unwrap();
    assert_ne!(fourth, id);
    assert_eq!(times(&bench, &id), (100, 120));
}

#[test]
fn a_pending_silence_may_be_moved_into_the_future_only() {
    let mut bench = Bench::new(chat());
    let id = set(&mut bench, None, "a=1", (100, 200)).unwrap();
    assert_eq!(set(&mut bench, Some(&id), "a=1", (150, 250)).unwrap(), id);
    assert_eq!(times(&bench, &id), (150, 250));
    bench.at(50);
    let other = set(&mut bench, Some(&id), "a=1", (40, 250)).unwrap();
    assert_ne!(other, id);
    assert_eq!(times(&bench, &other), (50, 250));
    assert_eq!(times(&bench, &id), (50, 50), "it never begins");
}

#[test]
fn silences_that_make_no_sense_are_refused() {
    let mut bench = Bench::new(chat());
    bench.at(100);
    let mut refused = |matchers: &str, times| set(&mut bench, None, matchers, times).unwrap_err();
    assert_eq!(refused("", (100, 200)), SilenceError::MatchesAll);
    assert_eq!(refused("a=~.*", (100, 200)), SilenceError::MatchesAll);
    assert_eq!(refused("a=", (100, 200)), SilenceError::MatchesAll);
    assert_eq!(refused("a=1", (200, 200)), SilenceError::Order);
    assert_eq!(refused("a=1", (50, 100)), SilenceError::Over);
    let long = "x".repeat(4_000);
    let long = format!("a={long},b={long},c={long}");
    let error = SilenceError::TooLong {
        bytes: 3 * 4_001 + 3,
        most: 8 * 1024,
    };
    assert_eq!(refused(&long, (100, 200)), error);
    assert!(set(&mut bench, Some("nobody"), "a=1", (100, 200)).is_err());
    assert!(set(&mut bench, None, "a=~.*,b=1", (100, 200)).is_ok());
    assert!(
        set(&mut bench, None, "a!=zzz", (100, 200)).is_ok(),
        "as in Alertmanager"
    );
}

#[test]
fn silences_have_a_bound_and_are_kept_for_five_days() {
    let mut settings = settings();
    settings.limits.silences = 3;
    let mut bench = Bench::with(chat(), settings);
    for at in 0..3 {
        set(&mut bench, None, &format!("a={at}"), (0, 100)).unwrap();
    }
    assert_eq!(
        set(&mut bench, None, "a=9", (0, 100)),
        Err(SilenceError::Full(3))
    );
    bench.at(100 + 120 * HOUR - 1);
    assert_eq!(
        set(&mut bench, None, "a=9", (0, 10_000_000)),
        Err(SilenceError::Full(3))
    );
    bench.at(100 + 120 * HOUR);
    set(&mut bench, None, "a=9", (0, 10_000_000)).unwrap();
    assert_eq!(bench.state.silences().count(), 1);
    assert_eq!(bench.rows.len(), 1);
}

#[test]
fn expiring_is_idempotent_and_an_unknown_silence_is_an_error() {
    let mut bench = Bench::new(chat());
    let id = bench.silence("a=1", 1_000);
    bench.at(10).expire(&id);
    bench.at(20);
    let again = bench.step(Event::Silence(SilenceOp::Expire(id.clone())));
    assert!(matches!(again[..], [Effect::SilenceSet { .. }]));
    assert_eq!(times(&bench, &id), (0, 10));
    let unknown = bench.step(Event::Silence(SilenceOp::Expire("x".to_owned())));
    assert!(matches!(
        unknown[..],
        [Effect::SilenceRefused(SilenceError::Unknown)]
    ));
}

#[test]
fn ids_of_silences_look_like_random_uuids() {
    let mut bench = Bench::new(chat());
    let ids: Vec<_> = (0..3).map(|_| bench.silence("a=1", 60)).collect();
    for id in &ids {
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(&id[14..15], "4");
        assert_eq!(&id[19..20], "8");
    }
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn an_inhibited_alert_is_told_when_its_source_is_over() {
    let mut config = chat_by_name();
    config.inhibit_rules = vec![inhibit("alertname=Down", "alertname=Slow", &["zone"])];
    let mut bench = Bench::new(config);
    let down = || error("Down").with_label("zone", "1");
    bench.fire(error("Slow").with_label("zone", "1"));
    bench.at(29).fire(down());
    bench.at(60);
    let by = fingerprint(&down());
    bench.expect(&[&format!("chat: inhibited by {by}"), "59 chat trigger +Down"]);
    bench.at(100).resolve(&down());
    bench.at(400);
    bench.expect(&["330 chat trigger +Slow", "359 chat resolve -Down"]);
}

#[test]
fn a_silenced_source_inhibits_and_a_source_that_ends_at_the_flush_does_not() {
    let mut config = chat();
    config.inhibit_rules = vec![inhibit("alertname=Down", "alertname=Slow", &[])];
    let mut bench = Bench::new(config.clone());
    bench.silence("alertname=Down", 10_000);
    bench.fire(error("Down"));
    bench.fire(error("Slow"));
    bench.at(1_000);
    assert!(bench.jobs.is_empty());

    let mut bench = Bench::new(config);
    bench.fire(error("Down"));
    bench.fire(error("Slow"));
    bench.at(29);
    bench.millis = 30_000;
    bench.resolve(&error("Down"));
    bench.at(30).expect(&["30 chat trigger -Down +Slow"]);
}

#[test]
fn nothing_is_told_in_mute_times_and_outside_of_active_times() {
    let mut muted = route("muted", "", &[]);
    muted.mute = vec!["night".to_owned()];
    muted.continues = true;
    let mut active = route("active", "", &[]);
    active.active = vec!["night".to_owned(), "noon".to_owned()];
    let mut config = config(route("chat", "", &[]), vec![muted, active]);
    config
        .intervals
        .insert("night".to_owned(), daily("00:00", "01:00"));
    config
        .intervals
        .insert("noon".to_owned(), daily("12:00", "13:00"));
    let mut bench = Bench::new(config);
    bench.fire(error("A"));
    bench
        .at(40)
        .expect(&["muted: muted by night", "30 active trigger +A"]);
    bench.at(HOUR - 1).expect(&[]);
    // Once the night is over, the one tells what the other told before.
    bench
        .at(HOUR + 300)
        .expect(&["active: outside of night, noon", "3630 muted trigger +A"]);
    bench.at(HOUR + 600).fire(error("B"));
    bench
        .at(2 * HOUR)
        .expect(&["active: outside of night, noon", "4230 muted update +A +B"]);
    bench.at(12 * HOUR + 300);
    let said = bench.said();
    let last = said.last().unwrap();
    assert_eq!(last, "43230 active update +A +B");
}
