//! Who is told what and when: groups, timers, repeats, ends, and what becomes of a notice.

use super::support::*;
use crate::level::Level;
use crate::route::GroupBy;
use crate::state::{Ends, JobKind, Outcome, Why};
use crate::view::{AlertKind, Status};

#[test]
fn a_group_waits_then_tells_changes_at_its_interval() {
    let mut bench = Bench::new(chat());
    bench.fire(error("A"));
    bench.at(10).fire(error("B"));
    bench.at(29).expect(&[]);
    bench.at(30).expect(&["30 chat trigger +A +B"]);
    bench.at(40).fire(error("C"));
    bench.at(329).expect(&[]);
    bench.at(330).expect(&["330 chat update +A +B +C"]);
    bench.resolve(&error("B"));
    bench.at(630).expect(&["630 chat update +A -B +C"]);
    bench.resolve(&error("A"));
    bench.at(700).resolve(&error("C"));
    bench.at(930).expect(&["930 chat resolve -A -C"]);
    bench.at(5 * HOUR).expect(&[]);
    assert!(bench.rows.is_empty(), "{:?}", bench.rows);
    assert_eq!(bench.state.wake_at(), None);
}

#[test]
fn groups_are_those_of_group_by() {
    let mut config = config(route("chat", "", &["zone"]), Vec::new());
    let mut bench = Bench::new(config.clone());
    bench.fire(error("A").with_label("zone", "1"));
    bench.fire(error("B").with_label("zone", "2"));
    bench.fire(error("C").with_label("zone", "1"));
    bench.fire(error("D"));
    bench.at(30).expect(&[
        "30 chat trigger +A +C",
        "30 chat trigger +B",
        "30 chat trigger +D",
    ]);
    let key = bench.jobs[0].1.notification.group_key();
    assert_eq!(key, r#"{}/{}/chat:{zone="1"}"#);
    assert_eq!(bench.jobs[2].1.group_key, "{}/{}/chat:{}");

    config.routes.routes[0].group_by = GroupBy::All;
    let mut bench = Bench::new(config);
    bench.fire(error("A").with_label("zone", "1"));
    bench.fire(error("A").with_label("zone", "2"));
    bench
        .at(30)
        .expect(&["30 chat trigger +A", "30 chat trigger +A"]);
}

#[test]
fn what_goes_on_is_repeated_at_whole_intervals() {
    let mut bench = Bench::new(chat());
    bench.fire(error("A"));
    bench.at(30 + 12 * HOUR);
    bench.expect(&[
        "30 chat trigger +A",
        "14430 chat update +A",
        "28830 chat update +A",
        "43230 chat update +A",
    ]);
}

#[test]
fn an_old_alert_is_told_at_once_when_its_group_is_new() {
    let mut bench = Bench::new(chat_by_name());
    bench.at(100);
    let long_ago = Some(bench.second(10));
    bench.raise(error("Old"), AlertKind::State, long_ago, Ends::Unsaid);
    let just_now = Some(bench.second(70));
    bench.raise(error("Young"), AlertKind::State, just_now, Ends::Unsaid);
    bench.expect(&[]);
    bench.at(100).expect(&["100 chat trigger +Old"]);
    bench.at(130).expect(&["130 chat trigger +Young"]);
}

#[test]
fn a_state_that_ends_before_its_group_is_due_is_not_told() {
    let mut bench = Bench::new(chat());
    bench.fire(error("A"));
    bench.at(29).resolve(&error("A"));
    bench
        .at(30)
        .expect(&["chat: ended before its first notice"]);
    assert!(bench.rows.is_empty());
}

#[test]
fn a_resolved_alert_joins_the_next_notice_even_if_it_was_not_told() {
    let mut bench = Bench::new(chat());
    bench.fire(error("A"));
    bench.at(40).fire(error("B"));
    bench.resolve(&error("B"));
    bench.at(330);
    bench.expect(&["30 chat trigger +A", "330 chat update +A -B"]);
}

#[test]
fn a_receiver_that_wants_no_ends_is_told_of_none() {
    let mut config = chat();
    tell(&mut config, "chat", &[false, true]);
    let mut bench = Bench::new(config);
    bench.fire(error("A"));
    bench.fire(error("B"));
    bench.at(40).resolve(&error("B"));
    bench.at(400).resolve(&error("A"));
    bench.at(630).fire(error("A"));
    bench.at(660);
    bench.expect(&[
        "30 chat trigger +A +B",
        "30 chat/1 trigger +A +B",
        "330 chat/1 update +A -B",
        "630 chat/1 resolve -A",
        "660 chat trigger +A",
        "660 chat/1 trigger +A",
    ]);
}

#[test]
fn the_end_of_an_event_is_told_to_pagers_but_not_to_chat() {
    let mut root = route("pager", "", &[]);
    root.continues = false;
    let mut all = route("pager", "", &[]);
    all.continues = true;
    let config = config(root, vec![all, route("chat", "", &[])]);
    let mut settings = settings();
    settings.bound.insert("pager".to_owned(), PAGER);
    let mut bench = Bench::with(config, settings);
    bench.trigger(error("Event"));
    bench.at(200).trigger(error("Event"));
    bench.fire(error("State"));
    bench.at(640).resolve(&error("State"));
    bench.at(1_000);
    bench.expect(&[
        "30 pager trigger +Event",
        "30 chat trigger +Event",
        "330 pager update +Event +State",
        "330 chat update +Event +State",
        "630 pager update -Event +State",
        "930 pager resolve -State",
        "930 chat resolve -State",
    ]);
    let only_events: Vec<_> = bench.jobs.iter().map(|(_, job)| job.event_only).collect();
    assert_eq!(only_events, [true, true, false, false, false, false, false]);
    assert!(bench.rows.is_empty(), "{:?}", bench.rows);
}

#[test]
fn a_notice_says_how_bad_it_is_and_how_it_began() {
    let mut bench = Bench::new(chat());
    bench.fire(crate::alert::Alert::new("A", Level::Warning, "text"));
    bench
        .at(10)
        .fire(crate::alert::Alert::new("B", Level::Critical, "text"));
    bench.at(30);
    let job = &bench.jobs[0].1;
    assert_eq!(job.level, Level::Critical);
    assert_eq!(job.created_at, bench.second(30));
    assert!(job.untold && !job.event_only);
    let [a, b] = job.notification.alerts() else {
        panic!("two alerts");
    };
    assert_eq!(
        (a.starts_at, b.starts_at),
        (bench.second(0), bench.second(10))
    );
    assert_eq!((a.ends_at, a.state), (None, Status::Firing));
    bench.resolve(&crate::alert::Alert::new("B", Level::Critical, "text"));
    bench.at(330);
    let job = &bench.jobs[1].1;
    assert!(!job.untold);
    assert_eq!(job.notification.alerts()[1].ends_at, Some(bench.second(30)));
}

#[test]
fn alerts_are_listed_by_job_and_instance_and_the_rest_is_counted() {
    let mut settings = settings();
    settings.limits.alerts_per_notice = 2;
    let mut bench = Bench::with(chat(), settings);
    bench.fire(error("A").with_label("job", "z"));
    bench.fire(
        error("B")
            .with_label("job", "y")
            .with_label("instance", "2"),
    );
    bench.fire(
        error("C")
            .with_label("job", "y")
            .with_label("instance", "1"),
    );
    bench.at(30).expect(&["30 chat trigger +C +B"]);
    assert_eq!(bench.jobs[0].1.notification.truncated(), 1);
    bench.resolve(
        &error("C")
            .with_label("job", "y")
            .with_label("instance", "1"),
    );
    bench.at(330).expect(&["330 chat update +B +A"]);
}

#[test]
fn a_dead_notice_is_said_again_at_the_next_interval() {
    let mut bench = Bench::new(chat());
    bench.delivers = false;
    bench.fire(error("A"));
    bench.at(30).settle_first(Outcome::Dead);
    bench
        .at(330)
        .expect(&["30 chat trigger +A", "330 chat trigger +A"]);
    bench.settle_first(Outcome::Delivered);
    bench.at(3 * HOUR).expect(&[]);
}

#[test]
fn what_is_under_way_is_not_said_twice() {
    let mut bench = Bench::new(chat());
    bench.delivers = false;
    bench.fire(error("A"));
    bench.at(2 * HOUR).expect(&["30 chat trigger +A"]);
    bench.fire(error("B"));
    bench.at(2 * HOUR + 30).expect(&["7230 chat update +A +B"]);
    assert!(bench.jobs[1].1.untold, "nothing arrived yet");
    bench.settle_first(Outcome::Superseded);
    bench.settle_first(Outcome::Dead);
    // Neither was told: all of it is said again.
    bench.at(3 * HOUR).expect(&["7530 chat trigger +A +B"]);
}

#[test]
fn what_arrives_settles_what_was_before_it() {
    let mut bench = Bench::new(chat());
    bench.delivers = false;
    bench.fire(error("A"));
    bench.at(30).fire(error("B"));
    bench.at(330).said();
    let second = bench.pending[1].id.clone();
    bench.settle(&second, Outcome::Delivered);
    // No word on the first has come: it is not the one that counts any more.
    bench.at(640).expect(&[]);
    bench.settle_first(Outcome::Dead);
    bench.resolve(&error("B"));
    bench.at(1_000).expect(&["930 chat update +A -B"]);
    assert!(!bench.jobs[2].1.untold);
}

#[test]
fn an_end_closes_nothing_while_another_alert_is_only_silenced() {
    let mut bench = Bench::new(chat());
    bench.fire(error("A"));
    bench.fire(error("B"));
    bench.at(40).silence("alertname=B", 10_000);
    bench.at(50).resolve(&error("A"));
    bench.at(400).resolve(&error("B"));
    let mut said = bench.at(HOUR).said();
    said.retain(|line| !line.contains("silenced by"));
    assert_eq!(
        said,
        [
            "30 chat trigger +A +B",
            "330 chat update -A",
            "630 chat resolve -B",
        ]
    );
    let closes = |at: usize| bench.jobs[at].1.notification.closes();
    assert_eq!([closes(0), closes(1), closes(2)], [false, false, true]);
}

#[test]
fn a_dead_update_falls_back_to_what_was_delivered() {
    let mut bench = Bench::new(chat());
    bench.delivers = false;
    bench.fire(error("A"));
    bench.at(30).settle_first(Outcome::Delivered);
    bench.fire(error("B"));
    bench.at(330).settle_first(Outcome::Dead);
    bench.at(630);
    bench.expect(&[
        "30 chat trigger +A",
        "330 chat update +A +B",
        "630 chat update +A +B",
    ]);
    assert_eq!(bench.jobs[2].1.kind, JobKind::Update);
}

#[test]
fn the_log_of_a_dead_end_is_kept_and_then_forgotten() {
    let mut bench = Bench::new(chat());
    bench.delivers = false;
    bench.fire(error("A"));
    bench.at(30).settle_first(Outcome::Delivered);
    bench.resolve(&error("A"));
    bench.at(330).settle_first(Outcome::Dead);
    assert_eq!(bench.rows.len(), 1, "{:?}", bench.rows);
    // The receiver believes that it fires: the same is nothing new, and its end is.
    bench.at(400).fire(error("A"));
    bench.at(440).resolve(&error("A"));
    bench.at(730);
    bench.expect(&[
        "30 chat trigger +A",
        "330 chat resolve -A",
        "730 chat resolve -A",
    ]);
    bench.settle_first(Outcome::Dead);
    bench.at(730 + 8 * HOUR).fire(error("B"));
    assert_eq!(bench.rows.len(), 2, "alert and group: {:?}", bench.rows);
}

#[test]
fn each_integration_has_its_own_log() {
    let mut config = chat();
    tell(&mut config, "chat", &[true, true]);
    let mut bench = Bench::new(config);
    bench.delivers = false;
    bench.fire(error("A"));
    bench.at(30);
    bench.settle_first(Outcome::Dead);
    bench.settle_first(Outcome::Delivered);
    bench.at(400).expect(&[
        "30 chat trigger +A",
        "30 chat/1 trigger +A",
        "330 chat trigger +A",
    ]);
}

#[test]
fn what_is_said_of_an_unknown_notice_changes_nothing() {
    let mut bench = Bench::new(chat());
    bench.delivers = false;
    bench.fire(error("A"));
    bench.at(30);
    let before = bench.rows.clone();
    let mut settled = crate::state::Settled {
        id: "other".to_owned(),
        lane: bench.pending[0].lane.clone(),
        group_key: bench.pending[0].group_key.clone(),
        outcome: Outcome::Dead,
        at: bench.second(30),
    };
    bench.step(crate::state::Event::Settled(settled.clone()));
    settled.id.clone_from(&bench.pending[0].id);
    settled.group_key.push('x');
    bench.step(crate::state::Event::Settled(settled.clone()));
    settled.group_key.pop();
    settled.lane.integration = 7;
    bench.step(crate::state::Event::Settled(settled));
    assert_eq!(bench.rows, before);
    bench.at(400).expect(&["30 chat trigger +A"]);
}

#[test]
fn a_receiver_that_is_not_there_is_said() {
    let mut config = chat();
    config.receivers.clear();
    let mut bench = Bench::new(config);
    bench.fire(error("A"));
    bench.at(30);
    bench.expect(&["chat: its receiver is not configured any more"]);
}

#[test]
fn a_job_is_the_same_after_its_json() {
    let mut bench = Bench::new(chat());
    bench.fire(error("A").with_detail("n", "\u{1F600}\0\""));
    bench.trigger(error("B"));
    bench.at(31).resolve(&error("A"));
    bench.at(330);
    for (_, job) in &bench.jobs {
        let json = serde_json::to_string(job).unwrap();
        let again: crate::state::Job = serde_json::from_str(&json).unwrap();
        assert_eq!(*job, again);
    }
    assert_eq!(bench.jobs.len(), 2);
}

#[test]
fn ids_of_notices_are_fit_for_a_webhook() {
    let mut bench = Bench::new(chat_by_name());
    bench.fire(error("A"));
    bench.fire(error("B"));
    bench.at(30);
    for (_, job) in &bench.jobs {
        let fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        assert!(job.id.bytes().all(fit), "{}", job.id);
        assert_eq!(job.id, job.notification.id());
    }
}

#[test]
fn reasons_are_words() {
    let by = fingerprint(&error("A"));
    let names = || vec!["a".to_owned(), "b".to_owned()];
    for (why, word, text) in [
        (
            Why::EndedUntold,
            "ended_untold",
            "ended before its first notice".to_owned(),
        ),
        (
            Why::Inhibited(by),
            "inhibited",
            format!("inhibited by {by}"),
        ),
        (
            Why::Inactive(names()),
            "inactive",
            "outside of a, b".to_owned(),
        ),
        (Why::Muted(names()), "muted", "muted by a, b".to_owned()),
        (
            Why::NeverFired,
            "never_fired",
            "over when it was first heard of".to_owned(),
        ),
        (
            Why::ReceiverGone,
            "receiver_gone",
            "its receiver is not configured any more".to_owned(),
        ),
        (
            Why::Silenced(names()),
            "silenced",
            "silenced by a, b".to_owned(),
        ),
    ] {
        assert_eq!((why.word(), why.to_string()), (word, text));
    }
}
