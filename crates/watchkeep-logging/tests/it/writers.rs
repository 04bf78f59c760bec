//! The files under the writers of others, and the writers of others as sinks.

use std::fs;
use std::io::Write;

use tracing::{Level, error, info, warn};
use tracing_subscriber::layer::SubscriberExt;
use watchkeep_logging::{Losses, QueueConfig, RollingFile};

use crate::support::LONG;

#[test]
fn file_is_a_writer_for_the_usual_layer() {
    let folder = tempfile::tempdir().unwrap();
    let file = RollingFile::builder(folder.path().join("app.log"))
        .with_max_bytes(200)
        .open()
        .unwrap();
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(file);
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || {
        for number in 0..10 {
            info!(number, "through the usual layer");
        }
    });
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("app.log"))
        .collect();
    assert!(names.len() > 2, "{names:?}");
    names.sort();
    names.rotate_left(1);
    let read = |name| fs::read_to_string(folder.path().join(name)).unwrap();
    let text: String = names.iter().map(read).collect();
    let numbers = text.lines().map(|line| line.rsplit_once('=').unwrap().1);
    assert!(numbers.eq((0..10).map(|n| n.to_string())), "{text}");
}

#[test]
fn lines_behind_a_queue_have_the_level_of_their_event() {
    let folder = tempfile::tempdir().unwrap();
    let file = RollingFile::builder(folder.path().join("app.log"))
        .open()
        .unwrap();
    let (mut writer, guard) = QueueConfig::new("app").start(file).unwrap();
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(writer.clone());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        info!("one");
        warn!("two");
        error!("three");
    });
    writer.write_all(b"in ").unwrap();
    writer.write_all(b"pieces\nand ").unwrap();
    drop(writer);
    assert!(guard.flush(LONG).is_complete());
    let stats = guard.stats();
    assert_eq!(stats.name, "app");
    let written = |level| stats.lines(level).written;
    assert_eq!(
        (
            written(Level::INFO),
            written(Level::WARN),
            written(Level::ERROR)
        ),
        (3, 1, 1)
    );
    let text = fs::read_to_string(folder.path().join("app.log")).unwrap();
    assert!(text.ends_with("three\nin pieces\nand \n"), "{text}");
}

#[test]
fn line_without_an_end_is_ended_before_it_takes_all_memory() {
    let folder = tempfile::tempdir().unwrap();
    let file = RollingFile::builder(folder.path().join("app.log"))
        .open()
        .unwrap();
    let (mut writer, guard) = QueueConfig::new("app").start(file).unwrap();
    for _ in 0..300 {
        writer.write_all(&[b'x'; 10_000]).unwrap();
    }
    drop(writer);
    assert!(guard.flush(LONG).is_complete());
    let text = fs::read_to_string(folder.path().join("app.log")).unwrap();
    let longest = text.lines().map(str::len).max().unwrap();
    assert!(longest <= 1024 * 1024 + 10_000, "{longest}");
    assert_eq!(text.matches('x').count(), 3_000_000);
}

/// With a queue that is smaller than a line, every line is lost, and the file says so in words of the program's own.
#[test]
fn file_tells_of_lost_lines_in_its_own_form() {
    let folder = tempfile::tempdir().unwrap();
    for own in [false, true] {
        let path = folder.path().join(format!("{own}.log"));
        let file = RollingFile::builder(&path).open().unwrap();
        let mut config = QueueConfig::new("small").with_bytes(16 * 1024);
        if own {
            config = config.with_loss_notice(|losses: Losses| format!("lost={}", losses.dropped));
        }
        let (mut writer, guard) = config.start(file).unwrap();
        writeln!(writer, "{:20000}", "too long").unwrap();
        writeln!(writer, "short").unwrap();
        assert!(guard.flush(LONG).is_complete());
        drop(guard);
        let text = fs::read_to_string(&path).unwrap();
        let expected = if own {
            "\nlost=1\n"
        } else {
            "  WARN watchkeep_logging log lines were lost dropped=1 failed=0\n"
        };
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn queue_of_no_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for bytes in [0, 16 * 1024 - 1, 1024 * 1024 * 1024 + 1] {
        let file = RollingFile::builder(folder.path().join("app.log"))
            .open()
            .unwrap();
        let error = QueueConfig::new("app")
            .with_bytes(bytes)
            .start(file)
            .unwrap_err();
        assert!(error.is_config());
        assert!(error.to_string().contains(&bytes.to_string()), "{error}");
    }
}

#[test]
fn file_is_a_writer_under_the_usual_queue() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    let file = RollingFile::builder(&path)
        .with_max_bytes(1000)
        .open()
        .unwrap();
    let (writer, worker) = tracing_appender::non_blocking(file);
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(writer);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        for number in 0..10 {
            info!(number, "through the usual queue");
        }
    });
    drop(worker);
    let rotated = fs::read_dir(folder.path()).unwrap().count();
    assert!(rotated >= 2);
    assert!(fs::read_to_string(&path).unwrap().ends_with("number=9\n"));
}
