//! The SQLite journal on real files: what it keeps, and what it refuses to open.

use std::fs;

use tempfile::TempDir;

use super::*;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn put(key: &str, value: &str) -> Change {
    Change {
        table: Table::Alerts,
        key: key.to_owned(),
        value: Some(value.to_owned()),
    }
}

fn delete(key: &str) -> Change {
    Change {
        table: Table::Alerts,
        key: key.to_owned(),
        value: None,
    }
}

fn keys(journal: &mut Sqlite) -> Vec<(String, String)> {
    let rows = journal.load().unwrap();
    rows.into_iter().map(|row| (row.key, row.value)).collect()
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

#[test]
fn rows_outlive_the_journal_and_the_last_change_of_a_row_counts() {
    let folder = folder();
    let mut journal = Sqlite::open(folder.path()).unwrap();
    assert_eq!(journal.durability(), Durability::Disk);
    journal
        .commit(&[put("a", "1"), put("b", "2"), put("a", "3")])
        .unwrap();
    journal.commit(&[delete("b"), delete("nowhere")]).unwrap();
    drop(journal);
    let mut journal = Sqlite::open(folder.path()).unwrap();
    assert_eq!(keys(&mut journal), [pair("a", "3")]);
}

#[test]
fn every_table_keeps_its_own_rows() {
    let folder = folder();
    let mut journal = Sqlite::open(folder.path()).unwrap();
    let change = |table: Table| Change {
        table,
        key: "key".to_owned(),
        value: Some(table.name().to_owned()),
    };
    journal.commit(&Table::ALL.map(change)).unwrap();
    for row in journal.load().unwrap() {
        assert_eq!(row.value, row.table.name());
    }
    assert_eq!(journal.load().unwrap().len(), Table::ALL.len());
    let gone = |table: Table| Change {
        value: None,
        ..change(table)
    };
    journal.commit(&Table::ALL.map(gone)).unwrap();
    assert_eq!(journal.load().unwrap(), []);
}

#[test]
fn it_writes_ahead_and_syncs_every_commit() {
    let folder = folder();
    let journal = Sqlite::open(folder.path()).unwrap();
    let ask = |pragma: &str| -> String {
        let text = |row: &rusqlite::Row<'_>| row.get::<_, rusqlite::types::Value>(0);
        let value = journal.connection.query_row(pragma, (), text).unwrap();
        format!("{value:?}")
    };
    assert_eq!(ask("PRAGMA journal_mode"), "Text(\"wal\")");
    assert_eq!(ask("PRAGMA synchronous"), "Integer(2)");
}

#[test]
fn a_second_journal_on_the_same_folder_is_refused_and_named() {
    let folder = folder();
    let first = Sqlite::open(folder.path()).unwrap();
    let error = Sqlite::open(folder.path()).unwrap_err();
    assert!(error.is_locked(), "{error:?}");
    let text = format!(
        "the alert journal `{}` is in use by another process",
        folder.path().display()
    );
    assert_eq!(error.to_string(), text);
    drop(first);
    Sqlite::open(folder.path()).unwrap();
}

#[test]
fn a_newer_schema_is_refused() {
    let folder = folder();
    let journal = Sqlite::open(folder.path()).unwrap();
    journal
        .connection
        .pragma_update(None, "user_version", SCHEMA + 1)
        .unwrap();
    drop(journal);
    let error = Sqlite::open(folder.path()).unwrap_err();
    assert!(error.is_newer(), "{error:?}");
    assert!(error.to_string().contains("schema 2; this one knows 1"));
}

#[test]
fn another_programs_database_is_refused_and_left_alone() {
    let folder = folder();
    let path = folder.path().join(FILE);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE mine (x)").unwrap();
    drop(other);
    let error = Sqlite::open(folder.path()).unwrap_err();
    assert!(error.is_corrupt(), "{error:?}");
    let other = Connection::open(&path).unwrap();
    let tables: i64 = other
        .query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))
        .unwrap();
    assert_eq!(tables, 1);
}

#[test]
fn a_damaged_file_is_refused_and_left_alone() {
    let folder = folder();
    let mut journal = Sqlite::open(folder.path()).unwrap();
    let long = "x".repeat(2_000);
    let many: Vec<_> = (0..200).map(|n| put(&format!("{n:03}"), &long)).collect();
    journal.commit(&many).unwrap();
    drop(journal);
    let path = folder.path().join(FILE);
    let whole = fs::read(&path).unwrap();
    // Every page but the first in turn, and the head: each is found when the file is opened or read.
    let pages = whole.len() / usize::try_from(PAGE_BYTES).unwrap();
    for page in 0..pages {
        let mut bytes = whole.clone();
        let start = page * usize::try_from(PAGE_BYTES).unwrap();
        bytes[start..start + 64].fill(0xa5);
        fs::write(&path, &bytes).unwrap();
        let outcome = Sqlite::open(folder.path()).and_then(|mut journal| journal.load());
        let error = outcome.expect_err("the damage is seen");
        assert!(error.is_corrupt(), "page {page}: {error:?}");
        assert!(fs::read(&path).unwrap() == bytes, "page {page} was changed");
    }
    fs::write(&path, b"this is no database, only a text that is long enough to be one, with more than a hundred bytes in all, surely").unwrap();
    let error = Sqlite::open(folder.path()).unwrap_err();
    assert!(error.is_corrupt(), "{error:?}");
}

#[test]
fn a_torn_log_gives_whole_commits_only() {
    let folder = folder();
    let mut journal = Sqlite::open(folder.path()).unwrap();
    for n in 0..6 {
        let changes = [put("left", &n.to_string()), put("right", &n.to_string())];
        journal.commit(&changes).unwrap();
    }
    let log = fs::read(folder.path().join("alerts.db-wal")).unwrap();
    let base = fs::read(folder.path().join(FILE)).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for cut in (0..=log.len()).rev().step_by(509) {
        let copy = tempfile::tempdir().unwrap();
        fs::write(copy.path().join(FILE), &base).unwrap();
        fs::write(copy.path().join("alerts.db-wal"), &log[..cut]).unwrap();
        let mut journal = Sqlite::open(copy.path()).unwrap();
        let rows = keys(&mut journal);
        match rows.as_slice() {
            [] => {}
            [(_, left), (_, right)] => {
                assert_eq!(left, right, "cut at {cut}");
                seen.insert(left.clone());
            }
            other => panic!("half a commit at {cut}: {other:?}"),
        }
    }
    assert!(seen.len() >= 5, "the cuts fell between commits: {seen:?}");
}

#[test]
fn a_folder_that_cannot_be_written_is_refused() {
    // A place where even root makes no folder, and a file where the folder should be.
    let error = Sqlite::open("/proc/watchkeep-journal").unwrap_err();
    assert!(
        error.to_string().contains("/proc/watchkeep-journal"),
        "{error}"
    );
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Sqlite::open(&file).unwrap_err();
    assert!(
        error.to_string().starts_with("the alert journal `"),
        "{error}"
    );
}

#[test]
fn a_full_journal_refuses_and_keeps_what_it_has() {
    let folder = folder();
    let mut journal = Sqlite::options().max_bytes(0).open(folder.path()).unwrap();
    journal.commit(&[put("kept", "1")]).unwrap();
    let long = "x".repeat(10_000);
    let full = (0..1_000)
        .map(|n| journal.commit(&[put(&format!("{n}"), &long)]))
        .find_map(Result::err)
        .expect("a bound of 1 MiB is reached");
    assert!(full.is_full(), "{full:?}");
    let rows = keys(&mut journal);
    assert!(rows.contains(&pair("kept", "1")));
    assert!(rows.len() > 50, "the bound is not reached at once");
    journal
        .commit(&[delete("0"), delete("1"), put("new", "2")])
        .unwrap();
    assert!(keys(&mut journal).contains(&pair("new", "2")));
}

#[cfg(unix)]
#[test]
fn others_cannot_read_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = folder();
    let inside = folder.path().join("alerts");
    let mut journal = Sqlite::open(&inside).unwrap();
    journal.commit(&[put("a", "1")]).unwrap();
    assert_eq!(
        fs::metadata(&inside).unwrap().permissions().mode() & 0o77,
        0
    );
    let mut files = 0;
    for file in fs::read_dir(&inside).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o77, 0, "{:?}", file.path());
        files += 1;
    }
    assert!(files >= 3, "database, log and lock");
}
