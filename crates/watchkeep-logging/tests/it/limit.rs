//! Places that log without end are held back, and what was held back is told.

use std::time::Duration;

use tracing::{error, info, warn};
use tracing_subscriber::layer::SubscriberExt;
use watchkeep_logging::LogConfig;

use crate::support::{logged_with, pause};

fn limited(per: Duration) -> impl Fn(LogConfig) -> LogConfig {
    move |config| config.with_rate_limit(3, per)
}

#[test]
fn place_beyond_its_rate_is_counted_and_told_at_a_flush() {
    let bench = logged_with(limited(Duration::from_secs(3600)), |bench| {
        for number in 0..10 {
            warn!(number, "storm");
        }
        info!("of another place");
        assert_eq!(bench.guard.handle().suppressed_events(), 7);
    });
    assert_eq!(
        bench.text(),
        [
            " WARN it::limit storm number=0",
            " WARN it::limit storm number=1",
            " WARN it::limit storm number=2",
            " INFO it::limit of another place",
            " WARN it::limit events of one place were suppressed suppressed=7",
        ]
    );
}

#[test]
fn end_of_the_time_is_told_by_the_next_event_of_any_place() {
    let bench = logged_with(limited(Duration::from_millis(50)), |_| {
        let storm = || {
            for _ in 0..5 {
                error!("storm");
            }
        };
        storm();
        pause(Duration::from_millis(100));
        info!("calm");
        storm();
    });
    let text = bench.text();
    assert_eq!(
        text[3..5],
        [
            "ERROR it::limit events of one place were suppressed suppressed=2",
            " INFO it::limit calm",
        ]
    );
    assert_eq!(text.len(), 3 + 2 + 3 + 1);
}

#[test]
fn rate_that_means_nothing_is_refused() {
    for (burst, per) in [(0, Duration::from_secs(1)), (1, Duration::ZERO)] {
        let config = LogConfig::new("app").with_dir(None);
        let error = config.with_rate_limit(burst, per).build().unwrap_err();
        assert!(error.is_config(), "{error}");
    }
}

#[test]
fn last_word_comes_also_without_a_flush() {
    let folder = tempfile::tempdir().unwrap();
    let (layer, guard) = LogConfig::new("app")
        .with_console(watchkeep_logging::Console::Off)
        .with_dir(Some(folder.path().to_owned()))
        .with_rate_limit(1, Duration::from_secs(3600))
        .build()
        .unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        drop(guard);
        for _ in 0..3 {
            info!("late");
        }
    });
    let text = std::fs::read_to_string(folder.path().join("app.log")).unwrap();
    assert!(text.ends_with("suppressed suppressed=2\n"), "{text}");
}
