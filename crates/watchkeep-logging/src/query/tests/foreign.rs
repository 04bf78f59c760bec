//! What stands beside the files and is none of them, and folders without them.

use super::*;

#[test]
fn files_of_other_names_and_kinds_are_counted_and_not_read() {
    let logs = Logs::of_eight();
    let names = [
        "api.json.bak",
        "api.json.",
        "api.json.1",
        "api.json.20260822T101530.123Z",
        "api.json.20260822T101530.123Z-001",
        "api.json.20260822T101530.123Z-00001",
        "api.json.20260822T101530.123Z-+001",
        "api.json.20260822T101530.123Z_0001",
        "api.json.20260822T101530Z-0001",
        "api.json.20260822t101530.123z-0001",
        "api.json.20261322T101530.123Z-0001",
        "api.json.20260822T101560.123Z-0001",
        "api.json.２0260822T101530.123-0001",
        "api.json.20260822T101530.123Z-0001.tmp",
        "api.json.20260822T101550.123Z-0001.gz",
        "api.json.20260822T101550.123Z-0001.gz.gz",
    ];
    for name in names {
        logs.write(name, line(9));
    }
    // None of these begins with the name and a dot.
    for name in [
        "api.jsonl",
        "api.json-1",
        "xapi.json.1",
        "other.json",
        "api",
    ] {
        logs.write(name, line(9));
    }
    fs::create_dir(logs.path().join("api.json.20260822T101531.123Z-0001")).unwrap();
    let (found, left_out) = read(&mut logs.query().records().unwrap());
    assert_eq!(found, ["8", "7", "6", "5", "4", "3", "2", "1"]);
    assert_eq!(left_out, skipped(names.len() as u64 + 1, 0, 0));
}

#[cfg(unix)]
#[test]
fn links_sockets_and_names_that_are_no_text_are_not_read() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    let logs = Logs::of_eight();
    logs.write("elsewhere", line(9));
    let in_folder = |name: &str| logs.path().join(name);
    let names = ["0003", "0004"].map(|n| format!("api.json.20260822T101540.123Z-{n}"));
    symlink(in_folder("elsewhere"), in_folder(&names[0])).unwrap();
    symlink(in_folder("nowhere"), in_folder(&names[1])).unwrap();
    let _socket = UnixListener::bind(in_folder("api.json.20260822T101540.123Z-0005")).unwrap();
    let no_text = OsStr::from_bytes(b"api.json.\xff0260822T101530.123Z-0001");
    fs::write(logs.path().join(no_text), line(9)).unwrap();
    let (found, left_out) = read(&mut logs.query().records().unwrap());
    assert_eq!(found.len(), 8);
    assert_eq!(left_out, skipped(4, 0, 0));
}

#[cfg(unix)]
#[test]
fn active_file_may_be_a_link_and_its_name_no_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let logs = Logs::new();
    let path = logs.path().join(OsStr::from_bytes(b"\xff.json"));
    logs.write("target", line(2));
    symlink(logs.path().join("target"), &path).unwrap();
    let rotated = OsStr::from_bytes(b"\xff.json.20260822T101530.123Z-0001");
    fs::write(logs.path().join(rotated), line(1)).unwrap();
    assert_eq!(messages(&Query::new(path)), ["2", "1"]);
}

#[test]
fn rotated_file_is_left_closed_when_all_of_it_is_older() {
    let logs = Logs::new();
    // What it holds is younger than its name, so that it shows whether it was opened.
    logs.write(ROTATED[0], line(59));
    let packed = format!("{}.gz", ROTATED[0]);
    logs.write(&packed, "");
    let named = second(30) + Duration::from_millis(123);
    let since = |time| read(&mut logs.query().with_since(time).records().unwrap());
    let next_millisecond = named + Duration::from_millis(1);
    let opened = (vec!["59".to_owned()], skipped(1, 0, 0));
    assert_eq!(since(named), opened);
    assert_eq!(since(next_millisecond - Duration::from_nanos(1)), opened);
    assert_eq!(since(next_millisecond), (vec![], skipped(0, 0, 0)));
}

#[test]
fn missing_files_are_empty_and_a_missing_folder_is_an_error() {
    let logs = Logs::new();
    assert!(messages(&logs.query()).is_empty());
    assert_eq!(logs.query().count_by("x").unwrap(), Counts::default());
    logs.write(ACTIVE, "");
    assert!(messages(&logs.query()).is_empty());
    fs::remove_file(logs.path().join(ACTIVE)).unwrap();
    logs.write(ROTATED[0], line(1));
    assert_eq!(messages(&logs.query()), ["1"]);

    let folder = logs.path().join("none");
    let error = Query::new(folder.join(ACTIVE)).records().unwrap_err();
    assert_eq!(error.path(), folder);
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert_eq!(
        error.to_string(),
        format!("cannot read `{}`", folder.display())
    );
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.downcast_ref::<io::Error>().is_some());
}

#[test]
fn path_that_is_no_file_is_an_error() {
    let logs = Logs::new();
    let folder = logs.path().join("folder");
    fs::create_dir(&folder).unwrap();
    for path in [folder.clone(), folder.join("..")] {
        let error = Query::new(&path).records().unwrap_err();
        assert_eq!(error.path(), path);
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
    // Nothing is there, but no rotated files can be beside it either.
    let path = logs.path().join("none").join("..");
    let error = Query::new(&path).records().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn path_without_a_folder_is_in_the_current_one() {
    let (found, left_out) = read(&mut Query::new("Cargo.toml").records().unwrap());
    assert!(found.is_empty() && left_out.lines > 0);
}
