//! What differs from a real Alertmanager where the engine is not strict: just this, and what stands in the document.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use tokio::time::{Duration, Instant, sleep_until};
use watchkeep_alerts::config::Config;
use watchkeep_alerts::journal::Sqlite;
use watchkeep_alerts::notifiers::Log;
use watchkeep_alerts::{Alert, Alerting, Level};
use watchkeep_tests::client::client;
use watchkeep_tests::programs;
use watchkeep_tests::servers::alertmanager_with;
use watchkeep_tests::sink::Reply;

use super::script::Step::{self, Fire, Resolve, Silence};
use super::script::{Heard, Notices, play};
use super::{Asked, Ours, url_of};

/// Flushes 1 s after the first alert and then each 3 s.
fn config(url: &str) -> String {
    format!(
        r#"
route:
  receiver: hook
  group_by: [scenario, role]
  group_wait: 1s
  group_interval: 3s
  repeat_interval: 7500ms
  routes:
    - {{matchers: [scenario = part_end], receiver: no_ends}}
    - {{matchers: [scenario = twins], receiver: hook, continue: true}}
    - {{matchers: [scenario = twins], receiver: hook, group_wait: 1800ms}}
    - {{matchers: [scenario = slow], receiver: slow, repeat_interval: 6s}}
    - {{matchers: [scenario = late], receiver: late}}
receivers:
  - {{name: hook, webhook_configs: [{{url: '{url}/hook'}}]}}
  - {{name: no_ends, webhook_configs: [{{url: '{url}/no_ends', send_resolved: false}}]}}
  - {{name: slow, webhook_configs: [{{url: '{url}/slow'}}]}}
  - {{name: late, webhook_configs: [{{url: '{url}/late'}}]}}
inhibit_rules: [{{source_matchers: [role = source], target_matchers: [role = target], equal: [scenario]}}]
"#
    )
}

/// What is done when, in tenths of a second.
const STEPS: &[(u64, Step)] = &[
    // Nothing differs in these, D9 neither: 0.25 remembers all sources.
    (0, Fire("same", "n=1")),
    (25, Fire("same", "n=2")),
    (55, Resolve("same", "n=1")),
    (0, Fire("inhibited", "role=source,n=1")),
    (1, Fire("inhibited", "role=source,n=2")),
    (2, Fire("inhibited", "role=target,n=3")),
    (25, Resolve("inhibited", "role=source,n=1")),
    (85, Resolve("inhibited", "role=source,n=2")),
    // D1: one of two ends on a channel that is not told so, and begins again.
    (0, Fire("part_end", "n=1")),
    (0, Fire("part_end", "n=2")),
    (25, Resolve("part_end", "n=1")),
    (55, Fire("part_end", "n=1")),
    // D1 and D3: it ends in a silence, and begins again after it.
    (0, Fire("silenced_end", "n=1")),
    (20, Silence("silenced_end", 34)),
    (25, Resolve("silenced_end", "n=1")),
    (58, Fire("silenced_end", "n=1")),
    // D3: it ends in a silence, for good.
    (0, Fire("silenced_later", "n=1")),
    (25, Silence("silenced_later", 600)),
    (55, Resolve("silenced_later", "n=1")),
    // D4: two routes of the same matchers and receiver.
    (0, Fire("twins", "n=1")),
    // D6: the receiver takes its time, and the repeat is a multiple of the interval.
    (0, Fire("slow", "n=1")),
    // D12: the receiver is out of order until all of Alertmanager's tries are over, and the alert too.
    (0, Fire("late", "n=1")),
    (25, Resolve("late", "n=1")),
];

/// How long an event lasts.
const EVENT: Duration = Duration::from_millis(500);

/// What stands for an event at Alertmanager.
const OVER: &[(u64, Step)] = &[
    (0, Fire("event", "n=1")),
    (5, Resolve("event", "n=1")),
    (0, Fire("event_again", "n=1")),
    (20, Resolve("event_again", "n=1")),
    (25, Fire("event_again", "n=1")),
];

/// When the event that comes twice does so again: after the flush that told it, and before the next one.
const AGAIN: Duration = Duration::from_millis(2_500);

/// When the receiver `late` is in order again.
const LATE: Duration = Duration::from_secs(12);

const END: Duration = Duration::from_millis(21_500);

/// How far from its flush a notice may come.
const TOLERANCE: Duration = Duration::from_millis(1_400);

/// When which notice is to come.
type Wanted = &'static [(u64, &'static str)];

/// The notices of each scenario: Alertmanager's, and the engine's.
const WANTED: &[(&str, Wanted, Wanted)] = &[
    ("same", SAME, SAME),
    ("inhibited", INHIBITED, INHIBITED),
    (
        "part_end",
        &[
            (1, "firing 1, firing 2"),
            (10, "firing 1, firing 2"),
            (19, "firing 1, firing 2"),
        ],
        &[
            (1, "firing 1, firing 2"),
            (7, "firing 1, firing 2"),
            (16, "firing 1, firing 2"),
        ],
    ),
    (
        "silenced_end",
        &[(1, "firing 1"), (10, "firing 1"), (19, "firing 1")],
        &[
            (1, "firing 1"),
            (4, "resolved 1"),
            (6, "firing 1"),
            (15, "firing 1"),
        ],
    ),
    (
        "silenced_later",
        &[(1, "firing 1")],
        &[(1, "firing 1"), (7, "resolved 1")],
    ),
    (
        "twins",
        &[(1, "firing 1"), (10, "firing 1"), (19, "firing 1")],
        &[
            (1, "firing 1"),
            (2, "firing 1"),
            (10, "firing 1"),
            (11, "firing 1"),
            (19, "firing 1"),
            (20, "firing 1"),
        ],
    ),
    (
        "slow",
        &[(1, "firing 1"), (10, "firing 1"), (19, "firing 1")],
        &[
            (1, "firing 1"),
            (7, "firing 1"),
            (13, "firing 1"),
            (19, "firing 1"),
        ],
    ),
    // D11: an event is over before its first flush; Alertmanager knows none, so an alert stands for it there. A hook is not told the end of one.
    ("event", &[], &[(1, "firing 1")]),
    // D11: it has ended and begins anew before the next flush; Alertmanager takes it for the one that it has told.
    (
        "event_again",
        &[(1, "firing 1"), (10, "firing 1"), (19, "firing 1")],
        &[(1, "firing 1"), (4, "firing 1")],
    ),
    ("late", &[], &[(12, "resolved 1")]),
];

const SAME: Wanted = &[
    (1, "firing 1"),
    (4, "firing 1, firing 2"),
    (7, "firing 2, resolved 1"),
    (16, "firing 2"),
];

const INHIBITED: Wanted = &[
    (1, "firing 1, firing 2"),
    (4, "firing 2, resolved 1"),
    (10, "firing 3"),
    (10, "resolved 2"),
    (19, "firing 3"),
];

#[tokio::test]
async fn outside_strict_mode_just_the_deviations_differ() {
    let is_well = Arc::new(AtomicBool::new(false));
    let heard = || {
        let is_well = Arc::clone(&is_well);
        Heard::start_with(move |notice| match notice["receiver"].as_str() {
            Some("slow") => Reply::Later(Duration::from_millis(700), String::new()),
            Some("late") if !is_well.load(Ordering::SeqCst) => Reply::Answer(503, String::new()),
            _ => Reply::ok(""),
        })
    };
    let sinks = [heard().await, heard().await];
    let Some(program) = programs::require("prometheus-alertmanager") else {
        return;
    };
    let theirs = alertmanager_with(&program, &config(sinks[0].sink.url())).await;
    let builder = Alerting::builder("twin")
        .event_ends_after(EVENT)
        .backoff(Duration::from_millis(100), Duration::from_secs(1))
        .config_yaml(&config(sinks[1].sink.url()));
    let ours = Ours::start(builder).await;
    let start = Instant::now();
    let (theirs, base) = (url_of(&theirs), ours.url());
    let event = |scenario| {
        let event = Alert::new("Timed", Level::Error, "once").with_label("n", "1");
        ours.alerting
            .trigger(event.with_label("scenario", scenario))
    };
    let events = async {
        let at_once = Duration::ZERO;
        let all = [
            ("event", at_once),
            ("event_again", at_once),
            ("event_again", AGAIN),
        ];
        for (scenario, at) in all {
            sleep_until(start + at).await;
            event(scenario).await.expect("the event is taken");
        }
    };
    let with_over = [STEPS, OVER].concat();
    tokio::join!(
        play(&theirs, start, &with_over),
        play(&base, start, STEPS),
        events
    );
    sleep_until(start + LATE).await;
    is_well.store(true, Ordering::SeqCst);
    sleep_until(start + END).await;
    let [theirs, ours] = sinks.map(|sink| sink.notices(start, in_short));
    for (scenario, wanted, _) in WANTED {
        assert_heard("Alertmanager", scenario, &theirs, wanted);
    }
    for (scenario, _, wanted) in WANTED {
        assert_heard("the engine", scenario, &ours, wanted);
    }
    let known = WANTED.iter().map(|(scenario, ..)| *scenario);
    let known: Vec<&str> = known.collect();
    let mut scenarios = theirs.keys().chain(ours.keys());
    assert!(scenarios.all(|scenario| known.contains(&scenario.as_str())));
}

#[track_caller]
fn assert_heard(who: &str, scenario: &str, notices: &Notices, wanted: Wanted) {
    let mut heard = notices.get(scenario).cloned().unwrap_or_default();
    // Two groups of one flush come in any order.
    let flush = |at: Duration| {
        wanted
            .iter()
            .position(|(wanted, _)| at.abs_diff(Duration::from_secs(*wanted)) < TOLERANCE)
    };
    heard.sort_by_key(|(at, text)| (flush(*at), text.clone()));
    let fits = |((at, text), (wanted, words)): (&(Duration, String), &(u64, &str))| {
        text == words && at.abs_diff(Duration::from_secs(*wanted)) < TOLERANCE
    };
    assert!(
        heard.len() == wanted.len() && heard.iter().zip(wanted).all(fits),
        "{who}, {scenario}: wanted {wanted:?}, heard {heard:?}"
    );
}

/// A notice as its alerts by number, those that fire first.
fn in_short(notice: &Value) -> String {
    let alerts = notice["alerts"].as_array().into_iter().flatten();
    let alerts = alerts.map(|alert| {
        let status = alert["status"].as_str().unwrap_or("?");
        format!("{status} {}", alert["labels"]["n"].as_str().unwrap_or("?"))
    });
    let mut alerts: Vec<_> = alerts.collect();
    alerts.sort();
    alerts.join(", ")
}

/// D5: an alert that waits for its group's next flush, when the configuration is loaded again.
#[tokio::test]
async fn a_reload_keeps_the_timers_of_groups() {
    let sinks = [Heard::start().await, Heard::start().await];
    let Some(program) = programs::require("prometheus-alertmanager") else {
        return;
    };
    let texts = [config(sinks[0].sink.url()), config(sinks[1].sink.url())];
    let theirs = alertmanager_with(&program, &texts[0]).await;
    let ours = Ours::start(Alerting::builder("twin").config_yaml(&texts[1])).await;
    let steps = [(0, Fire("reloaded", "n=1")), (15, Fire("reloaded", "n=2"))];
    let start = Instant::now();
    let (base, own) = (url_of(&theirs), ours.url());
    tokio::join!(play(&base, start, &steps), play(&own, start, &steps));
    sleep_until(start + Duration::from_secs(2)).await;
    let reload = Asked::post("/-/reload", "").ask(&client(), &base).await;
    assert_eq!(reload.expect("it answers").status, 200);
    let config = Config::from_yaml(&texts[1]).expect("it is valid");
    ours.alerting.reload(config).await.expect("it is taken");
    sleep_until(start + Duration::from_millis(6_500)).await;
    let [theirs, ours] = sinks.map(|sink| sink.notices(start, in_short));
    // At once, or at the flush.
    let [theirs, ours] = [theirs, ours].map(|heard| heard["reloaded"].clone());
    let both = "firing 1, firing 2";
    assert!(theirs.len() > 1 && ours.len() == 2, "{theirs:?} {ours:?}");
    assert!(
        theirs[1].1 == both && theirs[1].0 < Duration::from_millis(3_800),
        "{theirs:?}"
    );
    assert!(
        ours[1].1 == both && ours[1].0 > Duration::from_millis(3_900),
        "{ours:?}"
    );
}

/// D10: what is left of a silence of a moment ago when the power goes.
#[tokio::test]
async fn a_silence_outlives_a_kill() {
    let Some(program) = programs::require("prometheus-alertmanager") else {
        return;
    };
    let text = "{route: {receiver: nobody}, receivers: [{name: nobody}]}";
    let mut theirs = alertmanager_with(&program, text).await;
    let folder = tempfile::tempdir().expect("a folder");
    let engine = |folder: &Path| {
        let journal = Sqlite::open(folder).expect("a journal");
        let builder = Alerting::builder("twin").config_yaml(text).journal(journal);
        Ours::start(builder.notifier("nobody", Log::new()))
    };
    let ours = engine(folder.path()).await;
    let steps = [(0, Silence("kept", 6_000))];
    let start = Instant::now();
    let (base, own) = (url_of(&theirs), ours.url());
    tokio::join!(play(&base, start, &steps), play(&own, start, &steps));
    // The disk as it is at the answer.
    let copy = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(folder.path()).expect("it is there") {
        let entry = entry.expect("an entry");
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).expect("a copy");
    }
    theirs.kill().await;
    theirs.restart().await;
    let again = engine(copy.path()).await;
    let silences = async |base: String| {
        let answer = Asked::get("/api/v2/silences").ask(&client(), &base).await;
        answer.expect("it answers").body.as_array().map(Vec::len)
    };
    assert_eq!(silences(base).await, Some(0), "Alertmanager's");
    assert_eq!(silences(again.url()).await, Some(1), "the engine's");
}
