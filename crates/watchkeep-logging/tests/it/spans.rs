//! Fields of the spans around an event.

use tracing::{error, info, info_span};
use tracing_subscriber::layer::SubscriberExt;
use watchkeep_logging::{Console, LogConfig};

use crate::support::{LONG, logged};

#[test]
fn event_carries_the_fields_of_its_spans_and_its_own_win() {
    let bench = logged(|| {
        let request = info_span!("request", trace.id = "t1", span.id = "s1", user = "outer");
        let _request = request.enter();
        let step = info_span!("step", user = "inner", step = 2);
        let _step = step.enter();
        info!(http.response.status_code = 200_u16, "done");
        info!(user = "own", "again");
    });
    assert_eq!(
        bench.text(),
        [
            " INFO it::spans done http.response.status_code=200 user=inner step=2 trace.id=t1 span.id=s1",
            " INFO it::spans again user=own step=2 trace.id=t1 span.id=s1",
        ]
    );
    let lines = bench.json();
    assert_eq!(lines[0]["trace.id"], "t1");
    assert_eq!(lines[0]["span.id"], "s1");
    assert_eq!(lines[0]["http.response.status_code"], 200);
    assert_eq!(lines[0]["labels"]["user"], "inner");
    assert_eq!(lines[1]["labels"]["user"], "own");
}

#[test]
fn recorded_field_shows_in_later_events_also_below_the_span() {
    let bench = logged(|| {
        let span = info_span!("request", user = tracing::field::Empty, tries = 1);
        let child = info_span!(parent: &span, "child");
        info!(parent: &child, "before");
        span.record("user", "u7");
        span.record("tries", 2);
        info!(parent: &child, "after");
    });
    assert_eq!(
        bench.text(),
        [
            " INFO it::spans before tries=1",
            " INFO it::spans after tries=2 user=u7",
        ]
    );
}

#[test]
fn explicit_parent_counts_and_not_the_current_span() {
    let bench = logged(|| {
        let current = info_span!("current", which = "current");
        let other = info_span!("other", which = "other");
        let _current = current.enter();
        info!(parent: &other, "of another");
        info!(parent: None, "of none");
        let id = other.id();
        drop(other);
        info!(parent: id, "of one that is gone");
    });
    assert_eq!(
        bench.text(),
        [
            " INFO it::spans of another which=other",
            " INFO it::spans of none",
            " INFO it::spans of one that is gone",
        ]
    );
}

#[test]
fn two_layers_in_one_registry_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let build = |name: &str, json| {
        LogConfig::new(name)
            .with_redacted(if name == "two" { "plan" } else { "card" })
            .with_console(Console::Off)
            .with_dir(Some(folder.path().to_owned()))
            .with_json(json)
            .build()
            .unwrap()
    };
    let (one, one_guard) = build("one", true);
    let (two, two_guard) = build("two", false);
    let subscriber = tracing_subscriber::registry().with(one).with(two);
    tracing::subscriber::with_default(subscriber, || {
        let span = info_span!("request", user = 7);
        span.record("user", 8);
        span.in_scope(|| info!(plan = 1, card = 2, "hello"));
    });
    for (guard, name, own) in [
        (&one_guard, "one.log", "plan=1 card=[redacted]"),
        (&two_guard, "two.log", "plan=[redacted] card=2"),
    ] {
        assert!(guard.flush(LONG).is_complete());
        let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(text.ends_with(&format!("hello {own} user=8\n")), "{text}");
    }
}

#[test]
fn span_that_the_filter_refuses_is_no_context() {
    let bench = logged(|| {
        let refused = tracing::debug_span!("refused", detail = 1);
        refused.record("detail", 2);
        refused.in_scope(|| info!("inside"));
    });
    assert_eq!(bench.text(), [" INFO it::spans inside"]);
}

#[test]
fn own_filter_does_not_take_events_from_other_layers() {
    let folder = tempfile::tempdir().unwrap();
    let (quiet, quiet_guard) = LogConfig::new("quiet")
        .with_console(Console::Off)
        .with_dir(Some(folder.path().to_owned()))
        .with_filter("error".parse().unwrap())
        .build()
        .unwrap();
    let (other, other_guard) = LogConfig::new("other")
        .with_console(Console::Off)
        .with_dir(Some(folder.path().to_owned()))
        .build()
        .unwrap();
    let subscriber = tracing_subscriber::registry().with(quiet).with(other);
    tracing::subscriber::with_default(subscriber, || {
        info!("an info");
        error!("an error");
    });
    assert!(quiet_guard.flush(LONG).is_complete());
    assert!(other_guard.flush(LONG).is_complete());
    let lines = |name: &str| {
        let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
        text.lines().count()
    };
    assert_eq!(lines("quiet.log"), 1);
    assert_eq!(lines("other.log"), 2);
}
