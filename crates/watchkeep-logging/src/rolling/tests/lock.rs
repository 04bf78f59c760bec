//! A second writer on the same files.

use super::*;

#[test]
fn second_writer_is_refused_until_the_first_is_gone() {
    let bench = Bench::new();
    let file = bench.builder().open().unwrap();
    let error = bench.builder().open().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
    let process = format!("process {}", std::process::id());
    assert!(error.to_string().contains(&process), "{error}");
    drop(file);
    bench.builder().open().unwrap();
}

#[test]
fn refused_writer_leaves_the_unfinished_line_of_the_first_alone() {
    let bench = Bench::new();
    let mut file = bench.builder().open().unwrap();
    file.write_all(b"beg").unwrap();
    bench.builder().open().unwrap_err();
    file.write_all(b"un\n").unwrap();
    bench.check(&["begun\n"]);
}

#[test]
fn lock_of_a_process_that_was_killed_is_free() {
    let bench = Bench::new();
    fs::write(bench.path(".app.log.lock"), "4294967295").unwrap();
    bench.builder().open().unwrap();
}

#[test]
fn files_of_other_names_have_locks_of_their_own() {
    let bench = Bench::new();
    let _first = bench.builder().open().unwrap();
    RollingFile::builder(bench.path("app.log.json"))
        .open()
        .unwrap();
}

#[cfg(unix)]
#[test]
fn writer_whose_file_became_a_device_holds_no_lock() {
    let bench = Bench::new();
    let mut file = bench.builder().open().unwrap();
    fs::remove_file(bench.path("app.log")).unwrap();
    std::os::unix::fs::symlink("/dev/null", bench.path("app.log")).unwrap();
    file.write_all(b"a\n").unwrap();
    fs::remove_file(bench.path("app.log")).unwrap();
    bench.builder().open().unwrap();
}
