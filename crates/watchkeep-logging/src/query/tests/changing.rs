//! Files that are rotated, deleted or replaced between the steps of a query.

use std::fs::OpenOptions;
use std::io::Write;

use super::*;

const NEXT: [&str; 2] = [
    "api.json.20260822T101550.123Z-0001",
    "api.json.20260822T101555.123Z-0001",
];

impl Logs {
    fn append(&self, name: &str, n: u64) {
        let path = self.path().join(name);
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(line(n).as_bytes()).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path().join(from), self.path().join(to)).unwrap();
    }
}

const ORDERS: [Order; 2] = [Order::NewestFirst, Order::OldestFirst];

/// Returns what is found, the oldest first, whatever the order.
fn found(order: Order, records: &mut Records) -> (Vec<String>, Skipped) {
    let (mut found, skipped) = read(records);
    if order == Order::NewestFirst {
        found.reverse();
    }
    (found, skipped)
}

fn numbers(range: std::ops::RangeInclusive<u64>) -> (Vec<String>, Skipped) {
    (range.map(|n| n.to_string()).collect(), skipped(0, 0, 0))
}

#[test]
fn what_is_written_after_the_beginning_is_not_read() {
    for order in ORDERS {
        let logs = Logs::of_eight();
        let mut records = logs.query().with_order(order).records().unwrap();
        logs.append(ACTIVE, 9);
        assert_eq!(found(order, &mut records), numbers(1..=8));
    }
}

#[cfg(unix)]
#[test]
fn file_rotated_between_opening_and_listing_is_read_once_and_whole() {
    for order in ORDERS {
        let logs = Logs::of_eight();
        let query = logs.query().with_order(order);
        let active = Active::open(&query.path).unwrap();
        logs.append(ACTIVE, 9);
        logs.rename(ACTIVE, NEXT[0]);
        logs.write(NEXT[1], line(10));
        logs.write(ACTIVE, line(11));
        let mut records = query.records_beside(active).unwrap();
        assert_eq!(found(order, &mut records), numbers(1..=10));
    }
}

#[test]
fn folder_is_listed_again_while_files_are_rotated_and_not_for_ever() {
    let listed = |rotations: u64| {
        let (mut calls, mut lists) = (0, 0);
        let active = || {
            calls += 1;
            Some((0, rotations.min(calls / 2)))
        };
        let list = || {
            lists += 1;
            Ok(())
        };
        files::settled(active, list).unwrap();
        lists
    };
    assert_eq!([0, 1, 2, 3, 100].map(listed), [1, 2, 3, 3, 3]);
}

#[test]
fn file_that_one_of_two_lists_has_missed_is_in_both_together() {
    let logs = Logs::of_eight();
    let list = || Files::list(&logs.query().path, None, None).unwrap();
    let first = list();
    let names = |files: &Files| -> Vec<PathBuf> {
        let sources = files.oldest_first.iter();
        sources.map(|source| source.path.clone()).collect()
    };
    let all = names(&first);
    assert!(all.len() > 1);
    for missed in 0..all.len() {
        let mut second = list();
        second.oldest_first.remove(missed);
        second.unite(list());
        assert_eq!(names(&second), all);
    }
}

#[cfg(unix)]
#[test]
fn file_rotated_after_listing_is_read_once() {
    for order in ORDERS {
        let logs = Logs::of_eight();
        // A rotation takes the name first, and renames then.
        logs.write(NEXT[0], "");
        let mut records = logs.query().with_order(order).records().unwrap();
        logs.rename(ACTIVE, NEXT[0]);
        logs.write(ACTIVE, line(9));
        assert_eq!(found(order, &mut records), numbers(1..=8));
    }
}

#[test]
fn query_in_the_middle_of_a_rotation_finds_the_file_under_its_new_name() {
    for order in ORDERS {
        let logs = Logs::of_eight();
        logs.rename(ACTIVE, NEXT[0]);
        let mut records = logs.query().with_order(order).records().unwrap();
        assert_eq!(found(order, &mut records), numbers(1..=8));
    }
}

#[test]
fn file_deleted_before_its_turn_is_passed_over() {
    for order in ORDERS {
        let logs = Logs::of_eight();
        let mut records = logs.query().with_order(order).records().unwrap();
        fs::remove_file(logs.path().join(ROTATED[1])).unwrap();
        let (found, left_out) = found(order, &mut records);
        assert_eq!(found, ["1", "2", "5", "6", "7", "8"]);
        assert_eq!(left_out, skipped(0, 0, 0));
    }
}

#[cfg(unix)]
#[test]
fn open_file_is_read_to_its_end_though_it_is_deleted() {
    let logs = Logs::of_eight();
    let mut records = logs.query().records().unwrap();
    fs::remove_file(logs.path().join(ACTIVE)).unwrap();
    assert_eq!(found(Order::NewestFirst, &mut records), numbers(1..=8));
}

#[test]
fn file_replaced_by_a_folder_is_counted() {
    let logs = Logs::of_eight();
    let mut records = logs.query().records().unwrap();
    let path = logs.path().join(ROTATED[1]);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let (found, left_out) = read(&mut records);
    assert_eq!(found, ["8", "7", "6", "5", "2", "1"]);
    assert_eq!(left_out, skipped(1, 0, 0));
}

#[test]
fn file_cut_meanwhile_ends_there() {
    for order in ORDERS {
        let logs = Logs::of_eight();
        let mut records = logs.query().with_order(order).records().unwrap();
        let active = OpenOptions::new()
            .write(true)
            .open(logs.path().join(ACTIVE))
            .unwrap();
        active.set_len(line(7).len() as u64 + 5).unwrap();
        let (found, left_out) = found(order, &mut records);
        assert_eq!(found, ["1", "2", "3", "4", "5", "6", "7"]);
        assert_eq!(left_out, skipped(0, 0, 1));
    }
}

#[test]
fn file_that_cannot_be_read_is_an_error_and_the_next_one_is_read() {
    let logs = Logs::of_eight();
    let query = logs.query();
    let mut active = Active::open(&query.path).unwrap().unwrap();
    active.file = OpenOptions::new().append(true).open(&query.path).unwrap();
    let mut records = query.records_beside(Some(active)).unwrap();
    let error = records.next().unwrap().unwrap_err();
    assert_eq!(error.path(), query.path);
    assert_eq!(read(&mut records).0, ["6", "5", "4", "3", "2", "1"]);
}
