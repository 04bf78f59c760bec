//! Tests of days over changes of clocks, in the zone and in the machine.

use super::*;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn instant(text: &str) -> Timestamp {
    let at: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_millis(at.as_millisecond())
}

fn plus(at: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(at.as_millis() + millis)
}

#[test]
fn the_count_begins_anew_at_midnight() {
    let daily = Daily::utc();
    let midnight = instant("2026-03-10T00:00:00Z");
    daily.add(2, plus(midnight, -DAY));
    daily.add(3, plus(midnight, -1));
    assert_eq!(daily.get(plus(midnight, -1)), 5);
    assert_eq!(daily.get(midnight), 0);
    daily.add(1, midnight);
    assert_eq!(daily.get(plus(midnight, DAY - 1)), 1);
    assert_eq!(daily.get(plus(midnight, 3 * DAY)), 0);
}

#[test]
fn days_are_those_of_the_zone() {
    let daily = Daily::in_zone("America/New_York").unwrap();
    daily.add(1, instant("2026-01-10T03:00:00Z"));
    assert_eq!(daily.get(instant("2026-01-10T04:59:59Z")), 1);
    assert_eq!(daily.get(instant("2026-01-10T05:00:00Z")), 0);
}

#[test]
fn a_day_of_23_hours_ends_in_time() {
    let daily = Daily::in_zone("Europe/Berlin").unwrap();
    let midnight = instant("2026-03-28T23:00:00Z");
    daily.add(1, midnight);
    assert_eq!(daily.get(plus(midnight, 23 * HOUR - 1)), 1);
    assert_eq!(daily.get(plus(midnight, 23 * HOUR)), 0);
}

#[test]
fn a_day_of_25_hours_is_one_day() {
    let daily = Daily::in_zone("Europe/Berlin").unwrap();
    let midnight = instant("2026-10-24T22:00:00Z");
    daily.add(1, midnight);
    assert_eq!(daily.get(plus(midnight, 25 * HOUR - 1)), 1);
    assert_eq!(daily.get(plus(midnight, 25 * HOUR)), 0);
}

#[test]
fn a_midnight_that_is_skipped_still_begins_a_day() {
    // Lebanon's clocks went from 23:59:59 on 25 March 2028 to 01:00:00.
    let daily = Daily::in_zone("Asia/Beirut").unwrap();
    let change = instant("2028-03-25T22:00:00Z");
    daily.add(1, plus(change, -1));
    assert_eq!(daily.get(plus(change, -1)), 1);
    assert_eq!(daily.get(change), 0);
}

#[test]
fn a_midnight_that_comes_twice_begins_one_day() {
    // Cuba's clocks go from 00:59:59 back to 00:00:00 on 1 November 2026.
    let daily = Daily::in_zone("America/Havana").unwrap();
    let midnight = instant("2026-11-01T04:00:00Z");
    daily.add(1, midnight);
    assert_eq!(daily.get(plus(midnight, HOUR)), 1, "the second midnight");
    assert_eq!(daily.get(plus(midnight, 25 * HOUR - 1)), 1);
    assert_eq!(daily.get(plus(midnight, 25 * HOUR)), 0);
}

#[test]
fn a_small_step_back_over_midnight_resets_nothing() {
    let daily = Daily::utc();
    let midnight = instant("2026-03-10T00:00:00Z");
    daily.add(9, plus(midnight, -HOUR));
    daily.add(1, plus(midnight, 1));
    daily.add(1, plus(midnight, -500));
    daily.add(1, plus(midnight, 700));
    assert_eq!(daily.get(plus(midnight, 800)), 3);
}

#[test]
fn a_large_step_back_keeps_the_count_and_the_next_midnight_resets_it() {
    let daily = Daily::utc();
    let midnight = instant("2026-03-10T00:00:00Z");
    daily.add(4, plus(midnight, 10 * DAY));
    daily.add(1, plus(midnight, -2 * HOUR));
    assert_eq!(daily.get(plus(midnight, -1)), 5);
    assert_eq!(daily.get(midnight), 0);
}

#[test]
fn times_beyond_the_calendar_do_no_harm() {
    let daily = Daily::utc();
    daily.add(1, Timestamp::from_millis(i64::MAX));
    assert_eq!(daily.get(Timestamp::from_millis(i64::MAX)), 1);
    daily.add(1, Timestamp::from_millis(i64::MIN));
    daily.add(u64::MAX, Timestamp::from_millis(0));
    assert_eq!(daily.get(Timestamp::from_millis(0)), u64::MAX);
}

#[test]
fn an_unknown_zone_is_an_error_that_says_so() {
    let error = Daily::in_zone("Mars/Olympus").unwrap_err();
    assert!(error.is_unknown_time_zone());
    assert!(error.to_string().contains("`Mars/Olympus`"));
    assert!(std::error::Error::source(&error).is_some());
}
