//! Which lines go to which file, and what happens to the files.

use std::fs;
use std::time::Duration;

use tracing::{debug, error, info, warn};
use watchkeep_logging::{Console, LogConfig};

use crate::support::{LONG, logged, logged_with};

#[test]
fn errors_file_holds_errors_only() {
    let bench = logged(|| {
        info!("one");
        warn!("two");
        error!("three");
        debug!("refused");
    });
    assert_eq!(
        bench.text(),
        [
            " INFO it::files one",
            " WARN it::files two",
            "ERROR it::files three"
        ]
    );
    let errors = bench.read("app_errors.log");
    assert!(errors.ends_with("ERROR it::files three\n"));
    assert_eq!(errors.lines().count(), 1);
    let levels: Vec<_> = bench
        .json()
        .iter()
        .map(|l| l["log.level"].clone())
        .collect();
    assert_eq!(levels, ["INFO", "WARN", "ERROR"]);
}

#[test]
fn json_file_is_on_in_production_only_unless_it_is_said() {
    let exists = |configure: fn(LogConfig) -> LogConfig| {
        let folder = tempfile::tempdir().unwrap();
        let config = LogConfig::new("app")
            .with_console(Console::Off)
            .with_dir(Some(folder.path().to_owned()));
        drop(configure(config).build().unwrap());
        folder.path().join("app_json.log").exists()
    };
    assert!(!exists(|config| config));
    assert!(exists(|config| config.with_environment("production")));
    assert!(exists(|config| config.with_json(true)));
    assert!(!exists(|c| c
        .with_environment("production")
        .with_json(false)));
}

#[test]
fn every_line_survives_many_rotations_whole_and_once() {
    let bench = logged_with(
        |config| config.with_max_bytes(20_000).with_backups(1000),
        |_| {
            let dispatch = tracing::dispatcher::get_default(Clone::clone);
            std::thread::scope(|scope| {
                for thread in 0..4 {
                    let dispatch = &dispatch;
                    scope.spawn(move || {
                        tracing::dispatcher::with_default(dispatch, || {
                            for line in 0..500 {
                                info!(thread, line, "a line");
                            }
                        });
                    });
                }
            });
        },
    );
    let mut names: Vec<String> = fs::read_dir(bench.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("app_json.log."))
        .collect();
    names.sort();
    assert!(names.len() > 10, "{names:?}");
    names.push("app_json.log".to_owned());
    let mut next = [0; 4];
    for name in &names {
        let text = bench.read(name);
        assert!(text.len() <= 20_000, "{name}");
        for line in text.lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let number = |key: &str| {
                line["labels"][key]
                    .as_str()
                    .unwrap()
                    .parse::<usize>()
                    .unwrap()
            };
            let thread = number("thread");
            assert_eq!(
                number("line"),
                next[thread],
                "sorted by name is in time order"
            );
            next[thread] += 1;
        }
    }
    assert_eq!(next, [500; 4]);
    let stats = bench.guard.handle().stats();
    let json = stats.iter().find(|s| s.name == "json").unwrap();
    let total = json.total();
    assert_eq!(
        (total.accepted, total.written, total.lost()),
        (2000, 2000, 0)
    );
    assert_eq!(json.lines(tracing::Level::INFO), total);
    assert_eq!(json.rotations as usize, names.len() - 1);
}

#[test]
fn renamed_files_are_left_alone_after_reopening() {
    let bench = logged_with(
        |config| config,
        |bench| {
            info!("before");
            assert!(bench.guard.flush(LONG).is_complete());
            for name in ["app.log", "app_json.log"] {
                let from = bench.folder.path().join(name);
                fs::rename(&from, from.with_extension("moved")).unwrap();
            }
            bench.guard.handle().reopen();
            info!("after");
        },
    );
    assert!(bench.read("app.moved").ends_with("before\n"));
    assert_eq!(bench.text(), [" INFO it::files after"]);
    assert_eq!(bench.only()["message"], "after");
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk_is_counted_and_lines_come_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    let (layer, guard) = LogConfig::new("app")
        .with_console(Console::Off)
        .with_dir(Some(folder.path().to_owned()))
        .build()
        .unwrap();
    let subscriber =
        tracing_subscriber::layer::SubscriberExt::with(tracing_subscriber::registry(), layer);
    tracing::subscriber::with_default(subscriber, || error!("kept"));
    let report = guard.flush(Duration::from_millis(300));
    assert_eq!(
        (report.is_complete(), report.pending(), report.lost()),
        (false, 1, 0)
    );
    let stats = guard.handle().stats();
    let file = stats.iter().find(|s| s.name == "file").unwrap();
    assert!(file.io_errors > 0);
    assert!(
        file.last_error
            .as_ref()
            .is_some_and(|e| e.contains("space")),
        "{file:?}"
    );
    let errors = fs::read_to_string(folder.path().join("app_errors.log")).unwrap();
    assert!(
        errors.ends_with("kept\n"),
        "one sink that fails does not stop the others"
    );

    fs::remove_file(&path).unwrap();
    assert!(guard.flush(LONG).is_complete());
    assert!(fs::read_to_string(&path).unwrap().ends_with("kept\n"));
}

#[test]
fn nothing_is_written_without_a_folder_and_a_console() {
    let (layer, guard) = LogConfig::new("app")
        .with_console(Console::Off)
        .with_dir(None)
        .build()
        .unwrap();
    drop(layer);
    assert!(guard.handle().stats().is_empty());
    assert!(guard.flush(Duration::ZERO).is_complete());
}
