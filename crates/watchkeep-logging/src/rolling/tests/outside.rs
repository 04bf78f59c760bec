//! Files that change under our feet.

use super::*;

#[cfg(unix)]
#[test]
fn writing_goes_on_in_a_new_file_after_a_rename_or_a_removal() {
    let bench = Bench::new();
    let mut file = bench.builder().open().unwrap();
    file.write_all(b"a\n").unwrap();
    fs::rename(bench.path("app.log"), bench.path("moved")).unwrap();
    file.write_all(b"b\n").unwrap();
    fs::remove_file(bench.path("app.log")).unwrap();
    file.write_all(b"c\n").unwrap();
    let files = bench.files();
    assert_eq!(files["moved"], "a\n");
    assert_eq!(files["app.log"], "c\n");
}

#[test]
fn reopening_makes_a_new_file() {
    let bench = Bench::new();
    let mut file = bench.builder().open().unwrap();
    file.write_all(b"a\n").unwrap();
    fs::rename(bench.path("app.log"), bench.path("moved")).unwrap();
    file.reopen();
    file.write_all(b"b\n").unwrap();
    assert_eq!(bench.files()["app.log"], "b\n");
}

#[cfg(unix)]
#[test]
fn truncation_from_outside_is_noticed() {
    let bench = Bench::new();
    let mut file = bench.builder().with_max_bytes(6).open().unwrap();
    file.write_all(b"aaaa\n").unwrap();
    fs::write(bench.path("app.log"), "").unwrap();
    file.write_all(b"bbbb\n").unwrap();
    bench.check(&["bbbb\n"]);
}

#[cfg(unix)]
#[test]
fn truncation_inside_a_line_leaves_no_torn_line() {
    let bench = Bench::new();
    let mut file = bench.builder().with_max_bytes(100).open().unwrap();
    file.write_all(b"aaaa\nbbbb\n").unwrap();
    let outside = fs::File::options().write(true).open(bench.path("app.log"));
    outside.unwrap().set_len(7).unwrap();
    file.write_all(b"cccc\n").unwrap();
    bench.check(&["aaaa\ncccc\n"]);
}

#[test]
fn folder_that_is_missing_is_made() {
    let bench = Bench::new();
    let path = bench.path("a/b/app.log");
    let mut file = RollingFile::builder(&path).open().unwrap();
    file.write_all(b"a\n").unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), "a\n");
    assert!(RollingFile::builder("/").open().is_err());
    assert!(RollingFile::builder(bench.path("a/b")).open().is_err());
}

#[cfg(unix)]
#[test]
fn device_is_not_rotated() {
    let bench = Bench::new();
    std::os::unix::fs::symlink("/dev/null", bench.path("app.log")).unwrap();
    let mut file = bench.builder().with_max_bytes(2).open().unwrap();
    file.write_all(b"a\nb\nc\n").unwrap();
    assert_eq!(file.rotations(), 0);
}

#[cfg(unix)]
#[test]
fn file_that_was_moved_or_removed_comes_back_without_a_line() {
    let bench = Bench::new();
    let mut file = bench.builder().open().unwrap();
    file.write_all(b"a\n").unwrap();
    fs::remove_file(bench.path("app.log")).unwrap();
    Output::tend(&mut file);
    bench.check(&[""]);
}

#[cfg(unix)]
#[test]
fn lines_wait_while_a_folder_stands_in_the_way() {
    let bench = Bench::new();
    let mut file = bench.builder().open().unwrap();
    file.write_all(b"a\n").unwrap();
    fs::remove_file(bench.path("app.log")).unwrap();
    fs::create_dir(bench.path("app.log")).unwrap();
    assert!(file.write_all(b"b\n").is_err());
    fs::remove_dir(bench.path("app.log")).unwrap();
    file.write_all(b"b\n").unwrap();
    bench.check(&["b\n"]);
}

#[cfg(unix)]
#[test]
fn link_in_its_place_is_followed_until_the_next_rotation() {
    let bench = Bench::new();
    let mut file = bench.builder().with_max_bytes(4).open().unwrap();
    file.write_all(b"a\n").unwrap();
    fs::rename(bench.path("app.log"), bench.path("moved")).unwrap();
    std::os::unix::fs::symlink(bench.path("target"), bench.path("app.log")).unwrap();
    file.write_all(b"b\nc\nd\n").unwrap();
    let files = bench.files();
    assert_eq!(
        (&*files["moved"], &*files["target"], &*files["app.log"]),
        ("a\n", "b\nc\n", "d\n")
    );
}

#[cfg(unix)]
#[test]
fn folder_that_was_removed_is_made_again_with_its_lock() {
    let bench = Bench::new();
    let path = bench.path("logs/app.log");
    let mut file = RollingFile::builder(&path).open().unwrap();
    file.write_all(b"a\n").unwrap();
    fs::remove_dir_all(bench.path("logs")).unwrap();
    file.write_all(b"b\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "b\n");
    let second = RollingFile::builder(&path).open().unwrap_err();
    assert_eq!(second.kind(), io::ErrorKind::ResourceBusy);
}

#[cfg(unix)]
#[test]
fn copying_and_truncating_loses_no_later_line() {
    let bench = Bench::new();
    let mut file = bench.builder().with_max_bytes(6).open().unwrap();
    for line in ["a\n", "b\n", "c\n"] {
        file.write_all(line.as_bytes()).unwrap();
        fs::copy(bench.path("app.log"), bench.path("copy")).unwrap();
        fs::File::options()
            .write(true)
            .open(bench.path("app.log"))
            .unwrap()
            .set_len(0)
            .unwrap();
    }
    file.write_all(b"d\n").unwrap();
    assert_eq!(file.rotations(), 0, "it was never full");
    assert_eq!(bench.files()["app.log"], "d\n", "and has no hole");
}

#[cfg(unix)]
#[test]
fn pipe_takes_lines_and_needs_no_lock() {
    use std::io::Read;
    use std::os::unix::fs::OpenOptionsExt;
    let bench = Bench::new();
    let made = std::process::Command::new("mkfifo")
        .arg(bench.path("app.log"))
        .status();
    assert!(made.unwrap().success());
    // Opened for both ends, so that opening it for one does not wait.
    let mut reader = fs::File::options()
        .read(true)
        .write(true)
        .custom_flags(0o4000)
        .open(bench.path("app.log"))
        .unwrap();
    let mut file = bench.builder().with_max_bytes(4).open().unwrap();
    file.write_all(b"a\nb\nc\n").unwrap();
    let mut read = [0; 64];
    assert_eq!(reader.read(&mut read).unwrap(), 6);
    assert!(!bench.path(".app.log.lock").exists());
}
