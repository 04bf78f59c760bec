//! Names of rotated files.

use super::*;

const NOW: i64 = 1_787_393_730_123;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap()
}

#[test]
fn name_is_read_only_when_it_is_exactly_ours() {
    let text = "20260822T101530.123Z-0001";
    let suffix = Suffix::parse(text).unwrap();
    assert_eq!((suffix.millis, suffix.number), (NOW, 1));
    assert_eq!(suffix.to_string(), text);
    for foreign in [
        "",
        "keep",
        "20260822T101530.123Z-001",
        "20260822T101530.123Z-00001",
        "20260822T101530.123Z-0001.gz",
        "20261322T101530.123Z-0001",
        "20260822T251530.123Z-0001",
        "20260230T101530.123Z-0001",
        "20260822t101530.123z-0001",
        "20260822T101530.123Z-+001",
        "２0260822T101530.123Z-01",
    ] {
        assert_eq!(Suffix::parse(foreign), None, "{foreign}");
    }
}

#[test]
fn next_name_sorts_behind_the_newest_whatever_the_clock_does() {
    let mut newest = None;
    let mut names = Vec::new();
    for millis in [NOW, NOW, NOW - 3_600_000, NOW + 1, NOW] {
        let next = Suffix::after(newest, at(millis));
        names.push(next.to_string());
        newest = Some(next);
    }
    assert!(names.is_sorted(), "{names:?}");
    assert_eq!(names[1], "20260822T101530.123Z-0002");
    let full = Suffix {
        millis: NOW,
        number: LAST_NUMBER,
    };
    let next = Suffix::after(Some(full), at(NOW));
    assert_eq!((next.millis, next.number), (NOW + 1, 1));
    assert!(next.to_string() > full.to_string());
}

#[test]
fn any_year_gives_a_name_that_is_read_again() {
    for time in [Timestamp::MIN, at(-1), at(0), at(NOW), Timestamp::MAX] {
        let suffix = Suffix::after(None, time);
        assert_eq!(Suffix::parse(&suffix.to_string()), Some(suffix), "{time}");
    }
    assert_eq!(
        Suffix::after(None, Timestamp::MIN).to_string(),
        "19700101T000000.000Z-0001"
    );
}
