//! Where we do otherwise than Alertmanager (D1 to D12), each with both sides.

use super::support::*;
use crate::config::Config;
use crate::state::Outcome;

mod events;

/// Runs the same on our side and on Alertmanager's.
#[track_caller]
fn both(config: fn() -> Config, run: fn(&mut Bench), ours: &[&str], strict: &[&str]) {
    let mut bench = Bench::new(config());
    run(&mut bench);
    assert_eq!(notices(&mut bench), ours, "ours");
    let mut bench = Bench::strict(config());
    run(&mut bench);
    assert_eq!(notices(&mut bench), strict, "Alertmanager's");
}

/// Returns what was said without the decisions.
fn notices(bench: &mut Bench) -> Vec<String> {
    let mut said = bench.said();
    said.retain(|line| line.starts_with(|first: char| first.is_ascii_digit()));
    said
}

fn without_ends() -> Config {
    let mut config = chat();
    tell(&mut config, "chat", &[false]);
    config
}

#[test]
fn d1_an_end_in_a_silence_clears_the_log() {
    both(
        without_ends,
        |bench| {
            bench.fire(error("A"));
            bench.at(40).silence("alertname=A", 1_000);
            bench.at(50).resolve(&error("A"));
            bench.at(1_100).fire(error("A"));
            bench.at(8 * HOUR);
        },
        &[
            "30 chat trigger +A",
            "1130 chat trigger +A",
            "15530 chat update +A",
        ],
        // The second time is swallowed until the repeat interval is over.
        &["30 chat trigger +A", "14630 chat update +A"],
    );
}

#[test]
fn d1_an_end_that_a_lane_is_not_told_clears_the_log() {
    both(
        without_ends,
        |bench| {
            bench.fire(error("A"));
            bench.fire(error("B"));
            bench.at(40).resolve(&error("A"));
            bench.at(400).fire(error("A"));
            bench.at(1_000);
        },
        &["30 chat trigger +A +B", "630 chat update +A +B"],
        &["30 chat trigger +A +B"],
    );
}

#[test]
fn d3_who_was_told_that_it_fires_is_told_its_end_in_spite_of_a_silence() {
    both(
        chat,
        |bench| {
            bench.fire(error("A"));
            bench.fire(error("B"));
            bench.at(40).silence("alertname=A", 10_000);
            bench.at(50).resolve(&error("A"));
            bench.at(700);
        },
        &["30 chat trigger +A +B", "330 chat update -A +B"],
        &["30 chat trigger +A +B"],
    );
}

#[test]
fn d3_also_when_all_of_the_group_is_inhibited_or_muted() {
    let config = || {
        let mut config = chat_by_name();
        config.inhibit_rules = vec![inhibit("alertname=Down", "alertname=A", &[])];
        config
    };
    both(
        config,
        |bench| {
            bench.fire(error("A"));
            bench.at(40).fire(error("Down"));
            bench.at(50).resolve(&error("A"));
            bench.at(700);
        },
        &[
            "30 chat trigger +A",
            "70 chat trigger +Down",
            "330 chat resolve -A",
        ],
        &["30 chat trigger +A", "70 chat trigger +Down"],
    );
    let config = || {
        let mut quiet = route("chat", "", &[]);
        quiet.mute = vec!["early".to_owned()];
        let mut config = config_of(vec![quiet]);
        config
            .intervals
            .insert("early".to_owned(), daily("00:01", "01:00"));
        config
    };
    both(
        config,
        |bench| {
            bench.fire(error("A"));
            bench.fire(error("B"));
            bench.at(70).resolve(&error("A"));
            // At the end of the mute time, B was told before: nothing new.
            bench.at(2 * HOUR);
        },
        &["30 chat trigger +A +B", "330 chat update -A"],
        &["30 chat trigger +A +B"],
    );
}

fn config_of(routes: Vec<crate::route::Route>) -> Config {
    config(route("root", "", &[]), routes)
}

#[test]
fn d3_nobody_is_told_the_end_of_what_he_was_not_told() {
    for strict in [false, true] {
        let mut settings = settings();
        settings.strict = strict;
        let mut bench = Bench::with(chat(), settings);
        bench.fire(error("B"));
        bench.silence("alertname=A", 10_000);
        bench.fire(error("A"));
        bench.at(40).resolve(&error("A"));
        bench.at(700);
        assert_eq!(notices(&mut bench), ["30 chat trigger +B"]);
    }
}

#[test]
fn d3_also_when_others_were_told_in_between() {
    both(
        chat,
        |bench| {
            bench.fire(error("A"));
            bench.at(40).fire(error("B"));
            let id = bench.silence("alertname=A", 600);
            bench.at(400).resolve(&error("B"));
            bench.at(640).expire(&id);
            bench.resolve(&error("A"));
            bench.at(1_000);
        },
        &[
            "30 chat trigger +A",
            "330 chat update +B",
            "630 chat update -B",
            "930 chat resolve -A",
        ],
        &[
            "30 chat trigger +A",
            "330 chat update +B",
            "630 chat resolve -B",
        ],
    );
}

#[test]
fn d4_keys_of_twins_differ_and_what_was_told_along_a_removed_route_is_closed() {
    let two = || {
        let mut first = route("pager", "zone=1", &[]);
        first.continues = true;
        let second = route("chat", "zone=1", &[]);
        config_of(vec![first, second])
    };
    let run = |strict: bool| {
        let mut settings = settings();
        settings.strict = strict;
        let mut bench = Bench::with(two(), settings);
        bench.fire(error("A").with_label("zone", "1"));
        bench.at(40);
        let keys: Vec<_> = bench
            .jobs
            .iter()
            .map(|(_, job)| job.group_key.clone())
            .collect();
        let mut without = two();
        let routes = &mut without.routes.routes;
        routes.remove(1);
        routes[0].children.pop();
        bench.step(crate::state::Event::Reload(without.into()));
        bench.at(41);
        (keys[0] == keys[1], notices(&mut bench))
    };
    let (same, said) = run(false);
    assert!(!same);
    assert_eq!(said[2..], ["40 pager resolve -A"]);
    let (same, said) = run(true);
    assert!(same);
    // Alertmanager leaves the incident open, and begins all groups anew.
    assert_eq!(said[2..], [] as [&str; 0]);
}

#[test]
fn d5_a_reload_keeps_the_timers() {
    both(
        chat,
        |bench| {
            bench.fire(error("A"));
            bench.at(40).fire(error("B"));
            bench.at(100);
            bench.step(crate::state::Event::Reload(chat().into()));
            bench.at(1_000);
        },
        &["30 chat trigger +A", "330 chat update +A +B"],
        // There all groups are new, and old alerts are told at once.
        &["30 chat trigger +A", "100 chat update +A +B"],
    );
}

#[test]
fn d6_repeats_are_counted_from_the_scheduled_flush() {
    let config = || {
        let mut config = chat();
        config.routes.routes[0].repeat_interval = std::time::Duration::from_secs(300);
        config
    };
    both(
        config,
        |bench| {
            bench.delivers = false;
            bench.fire(error("A"));
            for second in [30, 330, 630, 930] {
                bench.at(second);
                if !bench.pending.is_empty() {
                    bench.at(second + 1).settle_first(Outcome::Delivered);
                }
            }
        },
        &[
            "30 chat trigger +A",
            "330 chat update +A",
            "630 chat update +A",
            "930 chat update +A",
        ],
        // There a notice that took a second to arrive misses every other repeat.
        &["30 chat trigger +A", "630 chat update +A"],
    );
}

#[test]
fn d6_a_late_flush_does_not_shift_the_next() {
    let run = |strict: bool| {
        let mut settings = settings();
        settings.strict = strict;
        let mut bench = Bench::with(chat(), settings);
        bench.fire(error("A"));
        bench.at(30).fire(error("B"));
        bench.millis = 340_000;
        bench.step(crate::state::Event::Tick);
        bench.fire(error("C"));
        bench.at(700);
        notices(&mut bench).pop()
    };
    assert_eq!(run(false).unwrap(), "630 chat update +A +B +C");
    assert_eq!(run(true).unwrap(), "640 chat update +A +B +C");
}

#[test]
fn d9_one_source_of_several_is_enough() {
    let config = || {
        let mut config = chat_by_name();
        config.inhibit_rules = vec![inhibit("alertname=Down", "alertname=Slow", &[])];
        config
    };
    both(
        config,
        |bench| {
            let down = |n: u64| error("Down").with_label("n", n.to_string());
            bench.fire(down(1));
            bench.fire(down(2));
            bench.at(10).resolve(&down(2));
            bench.fire(error("Slow"));
            bench.at(41);
        },
        &["30 chat trigger +Down -Down"],
        // Alertmanager remembers one source, which is over.
        &["30 chat trigger +Down -Down", "40 chat trigger +Slow"],
    );
}

#[test]
fn d10_a_silence_is_written_before_it_is_answered() {
    // Alertmanager answers from memory; here there is no such side: the driver commits the rows of a step before it answers.
    let mut bench = Bench::new(chat());
    let starts_at = bench.second(0);
    let draft = crate::state::SilenceDraft {
        id: None,
        matchers: matching("a=1"),
        starts_at,
        ends_at: bench.second(60),
        created_by: String::new(),
        comment: String::new(),
    };
    let now = bench.now();
    let op = crate::state::SilenceOp::Set(draft);
    let effects = bench.state.step(now, crate::state::Event::Silence(op));
    assert!(matches!(
        &effects[..],
        [crate::state::Effect::Persist(change), crate::state::Effect::SilenceSet { id }]
            if change.key == *id && change.value.is_some()
    ));
}

#[test]
fn d12_what_ends_before_its_first_notice_arrived_is_told_late() {
    both(
        chat,
        |bench| {
            bench.delivers = false;
            bench.fire(error("A"));
            bench.at(40).resolve(&error("A"));
            bench.at(1_000);
        },
        &["30 chat trigger +A", "330 chat resolve -A"],
        &["30 chat trigger +A"],
    );
    let mut bench = Bench::new(chat());
    bench.delivers = false;
    bench.fire(error("A"));
    bench.at(40).resolve(&error("A"));
    bench.at(1_000);
    assert!(bench.jobs[1].1.untold, "the outbox has to say both");

    let mut bench = Bench::strict(chat());
    bench.delivers = false;
    bench.fire(error("A"));
    bench.at(40).resolve(&error("A"));
    bench.at(1_000);
    bench.expect(&["30 chat trigger +A", "chat withdraw"]);
    assert!(bench.rows.is_empty(), "{:?}", bench.rows);
}

#[test]
fn strict_mode_takes_no_event_for_something_else() {
    both(
        chat,
        |bench| {
            bench.trigger(error("A"));
            bench.at(1_000);
        },
        &["30 chat trigger +A"],
        &["30 chat trigger +A", "330 chat resolve -A"],
    );
}
