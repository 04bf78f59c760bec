//! Which rotated files go, and which never do.

use super::*;

#[test]
fn only_the_newest_backups_are_kept_also_over_a_restart() {
    let bench = Bench::new();
    for run in 0..3 {
        let mut file = bench
            .builder()
            .with_max_bytes(2)
            .with_backups(2)
            .open()
            .unwrap();
        for line in 0..4 {
            file.write_all(format!("{run}{line}\n").as_bytes()).unwrap();
            bench.pass(Duration::from_secs(1));
        }
    }
    bench.check(&["21\n", "22\n", "23\n"]);
    bench.builder().with_backups(1).open().unwrap();
    bench.check(&["22\n", "23\n"]);
}

#[test]
fn no_backups_means_none() {
    let bench = Bench::new();
    let mut file = bench
        .builder()
        .with_max_bytes(2)
        .with_backups(0)
        .open()
        .unwrap();
    file.write_all(b"a\nb\nc\n").unwrap();
    bench.check(&["c\n"]);
}

#[test]
fn retention_goes_by_the_time_in_the_name() {
    let bench = Bench::new();
    let mut file = bench
        .builder()
        .with_max_bytes(2)
        .with_retention(DAY * 3)
        .open()
        .unwrap();
    for line in ["a\n", "b\n", "c\n"] {
        file.write_all(line.as_bytes()).unwrap();
        bench.pass(DAY);
    }
    // `a` was rotated at day 1; all of them look new to the file system.
    bench.check(&["a\n", "b\n", "c\n"]);
    bench.pass(DAY + Duration::from_secs(1));
    Output::tend(&mut file);
    let kept = bench.contents();
    assert!(!kept.contains(&"a\n".to_owned()), "{kept:?}");
    assert!(kept.contains(&"b\n".to_owned()), "{kept:?}");
}

#[test]
fn foreign_files_are_never_touched() {
    let bench = Bench::new();
    let foreign = [
        "app-notes.log",
        "app.log.keep",
        "app.log.20000101T000000.000Z-0001.bz2",
        "app.log.20000101T000000.000Z-0001.gz.bak",
        "app-2026.log.bak",
        "app-error-20000101T000000.000Z-0001.log",
        "app.log.20000101T000000.000Z-1",
        "app.log.20001301T000000.000Z-0001",
        "app_errors.log",
        "app_errors.log.20000101T000000.000Z-0001",
        "xapp.log.20000101T000000.000Z-0001",
    ];
    for name in foreign {
        bench.touch(name);
    }
    let folder = bench.path("app.log.20000101T000000.000Z-0007");
    fs::create_dir(&folder).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(
        bench.path("app-notes.log"),
        bench.path("app.log.20000101T000000.000Z-0008"),
    )
    .unwrap();
    bench.touch("app.log.20000101T000000.000Z-0001");
    bench.touch("app.log.20000101T000000.000Z-0002.gz");
    let mut file = bench
        .builder()
        .with_max_bytes(2)
        .with_backups(1)
        .open()
        .unwrap();
    file.write_all(b"a\nb\nc\n").unwrap();
    let files = bench.files();
    for name in foreign {
        assert_eq!(
            files.get(name).map(String::as_str),
            Some("mine\n"),
            "{name}"
        );
    }
    assert!(folder.is_dir());
    #[cfg(unix)]
    assert!(bench.path("app.log.20000101T000000.000Z-0008").is_symlink());
    assert!(!files.contains_key("app.log.20000101T000000.000Z-0001"));
    assert!(!files.contains_key("app.log.20000101T000000.000Z-0002.gz"));
    assert_eq!(files.len(), foreign.len() + 2);
}

#[test]
fn taken_name_is_never_overwritten() {
    let bench = Bench::new();
    let mut file = bench.builder().with_max_bytes(2).open().unwrap();
    file.write_all(b"a\n").unwrap();
    let now = Timestamp::from_millisecond(bench.millis.load(Ordering::Relaxed)).unwrap();
    let name = format!("app.log.{}-0001", now.strftime("%Y%m%dT%H%M%S.%3fZ"));
    // A folder is no rotated file, so only the attempt shows that the name is taken.
    fs::create_dir(bench.path(&name)).unwrap();
    file.write_all(b"b\n").unwrap();
    bench.check(&["a\n", "b\n"]);
    assert!(bench.path(&name).is_dir());
}

#[test]
fn files_together_stay_within_their_bound() {
    let bench = Bench::new();
    let mut file = bench
        .builder()
        .with_max_bytes(10)
        .with_total_bytes(Some(34))
        .open()
        .unwrap();
    for index in 0..20 {
        file.write_all(format!("{index:04}\n").as_bytes()).unwrap();
        let sizes = bench.contents().iter().map(String::len).sum::<usize>();
        assert!(sizes <= 34, "{sizes}");
    }
    bench.check(&["0014\n0015\n", "0016\n0017\n", "0018\n0019\n"]);
    drop(file);
    // The same over a restart with a smaller bound; the newest stay, without a gap.
    fs::write(bench.path("app.log.20000101T000000.000Z-0001"), "1\n").unwrap();
    let builder = bench.builder().with_max_bytes(10);
    builder.clone().with_total_bytes(Some(20)).open().unwrap();
    bench.check(&["0016\n0017\n", "0018\n0019\n"]);
    let error = builder.with_total_bytes(Some(9)).open().unwrap_err();
    assert!(error.to_string().contains('9'), "{error}");
}

#[test]
fn restart_keeps_exactly_as_many_as_before() {
    let bench = Bench::new();
    let builder = || bench.builder().with_max_bytes(2).with_backups(3);
    let mut file = builder().open().unwrap();
    file.write_all(b"a\nb\nc\nd\ne\n").unwrap();
    drop(file);
    for _ in 0..3 {
        drop(builder().open().unwrap());
        bench.check(&["b\n", "c\n", "d\n", "e\n"]);
    }
}

#[test]
fn ten_thousand_files_are_pruned_by_their_names_alone() {
    let bench = Bench::new();
    for number in 1..=9999 {
        // The file system says they are new.
        bench.touch(&format!("app.log.20000101T000000.000Z-{number:04}"));
    }
    bench.touch("app.log.20000101T000000.001Z-0001");
    let forever = Duration::MAX;
    bench
        .builder()
        .with_backups(9_000)
        .with_retention(forever)
        .open()
        .unwrap();
    assert_eq!(bench.contents().len(), 9_001);
    let mut file = bench
        .builder()
        .with_max_bytes(2)
        .with_retention(forever)
        .open()
        .unwrap();
    assert_eq!(bench.contents().len(), 11);
    file.write_all(b"a\n").unwrap();
    drop(file);
    bench.builder().open().unwrap();
    assert_eq!(bench.files().len(), 1, "all of them were too old");
}
