//! Levels that change while the program runs.

use std::thread;
use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing::{Level, debug, error, info, warn};
use watchkeep_logging::Filter;

use crate::support::{logged, logged_with, pause};

fn filter(text: &str) -> Filter {
    text.parse().unwrap_or_default()
}

#[test]
fn filter_for_a_time_gives_way_to_the_one_before() {
    let bench = logged_with(
        |config| config,
        |bench| {
            let handle = bench.guard.handle();
            debug!("too early");
            handle
                .set_level(Level::DEBUG, Some(Duration::from_millis(1000)))
                .unwrap();
            debug!("in time");
            let state = handle.filter_state();
            assert_eq!(state.current, filter("debug"));
            assert_eq!(state.base, filter("info"));
            assert!(state.remaining.unwrap() <= Duration::from_millis(1000));
            while handle.filter_state().remaining.is_some() {
                thread::yield_now();
            }
            assert_eq!(handle.filter(), filter("info"));
            debug!("too late");
        },
    );
    let change =
        " INFO watchkeep_logging log filter is changed for a time filter=debug seconds=1.0";
    assert_eq!(bench.text(), [change, "DEBUG it::levels in time"]);
}

#[test]
fn later_change_replaces_an_earlier_one_with_its_time() {
    logged_with(
        |config| config,
        |bench| {
            let handle = bench.guard.handle();
            let soon = Some(Duration::from_millis(50));
            handle.set_level(filter("trace"), soon).unwrap();
            handle.set_level(filter("warn"), None).unwrap();
            pause(Duration::from_millis(150));
            assert_eq!(handle.filter(), filter("warn"));
            // The end of the first is not the end of the second.
            handle.set_level(filter("trace"), soon).unwrap();
            let long = Some(Duration::from_secs(3600));
            handle.set_level(filter("debug,hyper=off"), long).unwrap();
            pause(Duration::from_millis(150));
            let state = handle.filter_state();
            assert_eq!(state.current, filter("debug,hyper=off"));
            assert_eq!(state.base, filter("warn"));
            // A time that no clock can tell has no end.
            handle
                .set_level(filter("error"), Some(Duration::MAX))
                .unwrap();
            assert_eq!(handle.filter(), filter("error"));
        },
    );
}

#[test]
fn sink_has_a_level_of_its_own_within_the_filter() {
    let bench = logged_with(
        |config| config,
        |bench| {
            let handle = bench.guard.handle();
            handle.set_sink_level("file", Level::WARN).unwrap();
            handle.set_sink_level("errors", Level::INFO).unwrap();
            handle.set_sink_level("json", LevelFilter::OFF).unwrap();
            info!("an info");
            warn!("a warning");
            debug!("not through the filter");
            let error = handle.set_sink_level("fiel\n", Level::WARN).unwrap_err();
            let words = "no log sink is named `fiel\\n`; there are: json, file, errors";
            assert_eq!(error.to_string(), words);
        },
    );
    assert_eq!(bench.text(), [" WARN it::levels a warning"]);
    assert_eq!(bench.read("app_errors.log").lines().count(), 2);
    assert_eq!(bench.read("app_json.log"), "");
}

#[test]
fn sink_can_take_more_than_any_sink_did_at_the_start() {
    let bench = logged_with(
        |config| config.with_text(false).with_json(false).with_recent(0),
        |bench| {
            info!("too early");
            let handle = bench.guard.handle();
            handle.set_sink_level("errors", Level::INFO).unwrap();
            info!("taken");
        },
    );
    assert!(bench.read("app_errors.log").ends_with(" taken\n"));
    assert_eq!(bench.read("app_errors.log").lines().count(), 1);
}

#[test]
fn only_the_sinks_that_are_wanted_have_files() {
    let bench = logged_with(
        |config| config.with_text(false).with_errors(false),
        |_| error!("an error"),
    );
    assert_eq!(bench.only()["message"], "an error");
    let stats = bench.guard.handle().stats();
    let names: Vec<&str> = stats.iter().map(|sink| &*sink.name).collect();
    assert_eq!(names, ["json"]);
}

#[test]
fn origin_is_told_where_it_is_wanted() {
    let bench = logged_with(|config| config.with_origin(true), |_| info!("here"));
    let line = line!() - 1;
    let origin = &bench.only()["log.origin"];
    assert_eq!(origin["file"]["line"], line);
    assert_eq!(origin["file"]["name"], file!());
    assert!(
        !logged(|| info!("nowhere"))
            .only()
            .contains_key("log.origin")
    );
}

#[test]
fn secrets_of_the_program_are_left_out_too() {
    let bench = logged_with(
        |config| config.with_redacted("card_number"),
        |_| {
            let _span = tracing::info_span!("pay", user.cardNumber = "4111").entered();
            info!(password = "hunter2", api_key = %"k", tokens_used = 3, "paid");
        },
    );
    let text = bench.read("app.log") + &bench.read("app_json.log");
    for secret in ["4111", "hunter2", "=k"] {
        assert!(!text.contains(secret), "{text}");
    }
    let labels = &bench.only()["labels"];
    assert_eq!(labels["user_cardNumber"], "[redacted]");
    assert_eq!(labels["tokens_used"], "3");
}
