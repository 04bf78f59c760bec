//! Clocks that jump, stand still, or are far off.

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn clock_that_jumps_by_an_hour_changes_neither_order_nor_content() {
    let bench = Bench::new();
    let mut file = bench.builder().with_max_bytes(3).open().unwrap();
    let hour = 3_600_000;
    for (index, jump) in [0, hour, -hour, -hour, 2 * hour, 0, -hour]
        .into_iter()
        .enumerate()
    {
        bench.millis.fetch_add(jump, Ordering::Relaxed);
        file.write_all(format!("{index}\n").as_bytes()).unwrap();
    }
    bench.check(&["0\n", "1\n", "2\n", "3\n", "4\n", "5\n", "6\n"]);
}

#[test]
fn two_rotations_in_one_millisecond_have_two_names() {
    let bench = Bench::new();
    bench.set(at("2026-08-22T10:15:30.123Z"));
    let mut file = bench.builder().with_max_bytes(2).open().unwrap();
    file.write_all(b"a\nb\nc\n").unwrap();
    let names: Vec<_> = bench.files().into_keys().collect();
    assert_eq!(
        names,
        [
            "app.log",
            "app.log.20260822T101530.123Z-0001",
            "app.log.20260822T101530.123Z-0002"
        ]
    );
}

#[test]
fn any_year_is_a_time_to_rotate() {
    for time in [
        "1969-07-20T20:17:40Z",
        "9999-12-30T22:00:00Z",
        "-009999-01-02T01:59:59Z",
    ] {
        let bench = Bench::new();
        bench.set(at(time));
        let open = || {
            bench
                .builder()
                .with_max_bytes(2)
                .with_backups(2)
                .open()
                .unwrap()
        };
        let mut file = open();
        file.write_all(b"a\nb\nc\nd\n").unwrap();
        Output::tend(&mut file);
        bench.check(&["b\n", "c\n", "d\n"]);
        drop(file);
        drop(open());
        bench.check(&["b\n", "c\n", "d\n"]);
    }
}

#[test]
fn file_born_in_the_future_ages_from_now_on() {
    let bench = Bench::new();
    let mut file = bench.builder().open().unwrap();
    bench.pass(DAY * 365);
    file.write_all(b"from the future\n").unwrap();
    bench
        .millis
        .fetch_sub(365 * 24 * 3_600_000, Ordering::Relaxed);
    Output::tend(&mut file);
    bench.check(&["from the future\n"]);
    bench.pass(DAY);
    Output::tend(&mut file);
    bench.check(&["from the future\n", ""]);
}

#[test]
fn summer_time_is_nothing_to_a_file() {
    // The hour that Central Europe has twice: 02:30 summer time, then 02:30 winter time.
    let bench = Bench::new();
    bench.set(at("2026-10-25T00:30:00Z"));
    let mut file = bench.builder().with_max_bytes(2).open().unwrap();
    file.write_all(b"a\nb\n").unwrap();
    bench.set(at("2026-10-25T01:30:00Z"));
    file.write_all(b"c\n").unwrap();
    let names: Vec<_> = bench.files().into_keys().skip(1).collect();
    assert_eq!(
        names,
        [
            "app.log.20261025T003000.000Z-0001",
            "app.log.20261025T013000.000Z-0001"
        ]
    );
}
