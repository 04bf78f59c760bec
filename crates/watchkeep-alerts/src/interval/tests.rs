//! Which times lie in an interval, and which ranges are refused.

use super::*;

fn at(text: &str) -> Timestamp {
    let time: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_millis(time.as_millisecond())
}

#[track_caller]
fn check(interval: Result<TimeInterval, IntervalError>, inside: &[&str], outside: &[&str]) {
    let interval = interval.unwrap();
    for time in inside {
        assert!(interval.contains(at(time)), "{time} is in {interval:?}");
    }
    for time in outside {
        assert!(
            !interval.contains(at(time)),
            "{time} is not in {interval:?}"
        );
    }
}

#[test]
fn without_fields_it_is_always() {
    check(Ok(TimeInterval::new()), &["2026-01-01T00:00:00Z"], &[]);
}

#[test]
fn the_end_of_a_time_is_not_in_it() {
    check(
        TimeInterval::new().with_times("09:00", "17:00"),
        &["2026-01-01T09:00:00Z", "2026-01-01T16:59:59.999Z"],
        &[
            "2026-01-01T08:59:59Z",
            "2026-01-01T17:00:00Z",
            "2026-01-01T17:30:00Z",
        ],
    );
    check(
        TimeInterval::new()
            .with_times("23:00", "24:00")
            .and_then(|i| i.with_times("00:00", "01:00")),
        &["2026-01-01T23:59:59Z", "2026-01-01T00:00:00Z"],
        &["2026-01-01T22:59:00Z", "2026-01-01T01:00:00Z"],
    );
}

#[test]
fn weeks_begin_on_sunday() {
    // 15 November 2026 is a Sunday.
    check(
        TimeInterval::new().with_weekdays("Monday:FRIDAY"),
        &["2026-11-16T12:00:00Z", "2026-11-20T23:59:59Z"],
        &["2026-11-15T12:00:00Z", "2026-11-21T00:00:00Z"],
    );
    check(
        TimeInterval::new().with_weekdays("sunday"),
        &["2026-11-15T00:00:00Z"],
        &["2026-11-16T00:00:00Z"],
    );
}

#[test]
fn days_count_from_both_ends_of_the_month() {
    check(
        TimeInterval::new().with_days_of_month("-3:-1"),
        &[
            "2026-11-28T00:00:00Z",
            "2026-11-30T23:00:00Z",
            "2026-02-26T00:00:00Z",
            "2024-02-29T00:00:00Z",
        ],
        &[
            "2026-11-27T23:59:00Z",
            "2026-02-25T00:00:00Z",
            "2024-02-26T00:00:00Z",
            "2026-11-01T00:00:00Z",
        ],
    );
    check(
        TimeInterval::new().with_days_of_month("29:31"),
        &[
            "2026-01-31T00:00:00Z",
            "2024-02-29T00:00:00Z",
            "2026-04-30T00:00:00Z",
        ],
        &["2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z"],
    );
    check(
        TimeInterval::new().with_days_of_month("5:-5"),
        &["2026-02-05T00:00:00Z", "2026-02-24T00:00:00Z"],
        &["2026-02-04T00:00:00Z", "2026-02-25T00:00:00Z"],
    );
    check(
        TimeInterval::new().with_days_of_month("-31:-29"),
        &["2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z"],
        &["2026-02-01T00:00:00Z", "2026-01-04T00:00:00Z"],
    );
}

#[test]
fn months_have_names_and_numbers() {
    check(
        TimeInterval::new()
            .with_months("january:March")
            .and_then(|i| i.with_months("12")),
        &[
            "2026-01-01T00:00:00Z",
            "2026-03-31T23:59:59Z",
            "2026-12-01T00:00:00Z",
        ],
        &["2026-04-01T00:00:00Z", "2026-11-30T00:00:00Z"],
    );
    check(
        TimeInterval::new().with_years("2026:2027"),
        &["2026-01-01T00:00:00Z", "2027-12-31T23:59:59Z"],
        &["2025-12-31T23:59:59Z", "2028-01-01T00:00:00Z"],
    );
}

#[test]
fn every_field_must_hold() {
    check(
        TimeInterval::new()
            .with_times("09:00", "17:00")
            .and_then(|i| i.with_weekdays("monday")),
        &["2026-11-16T09:00:00Z"],
        &["2026-11-16T08:00:00Z", "2026-11-17T09:00:00Z"],
    );
}

#[test]
fn a_zone_moves_times_and_dates_also_over_summer_time() {
    check(
        TimeInterval::new()
            .with_times("00:00", "01:00")
            .and_then(|i| i.with_location("America/New_York")),
        &["2026-01-15T05:30:00Z", "2026-07-15T04:30:00Z"],
        &[
            "2026-01-15T04:30:00Z",
            "2026-07-15T05:30:00Z",
            "2026-01-15T00:30:00Z",
        ],
    );
    check(
        TimeInterval::new()
            .with_years("2027")
            .and_then(|i| i.with_location("Asia/Tokyo")),
        &["2026-12-31T15:00:00Z"],
        &["2026-12-31T14:59:59Z"],
    );
    // The night of 25 October 2026 in Berlin has 02:30 twice; that of 29 March has it never.
    let night = || {
        TimeInterval::new()
            .with_times("02:00", "03:00")
            .and_then(|i| i.with_location("Europe/Berlin"))
    };
    check(
        night(),
        &[
            "2026-10-25T00:30:00Z",
            "2026-10-25T01:30:00Z",
            "2026-03-28T01:30:00Z",
        ],
        &[
            "2026-10-25T02:00:00Z",
            "2026-03-29T00:59:59Z",
            "2026-03-29T01:00:00Z",
        ],
    );
}

#[test]
fn an_empty_list_is_never() {
    for field in [
        Field::DaysOfMonth,
        Field::Months,
        Field::Weekdays,
        Field::Years,
    ] {
        let mut interval = TimeInterval::new();
        interval.begin(field);
        check(Ok(interval), &[], &["2026-01-01T00:00:00Z"]);
    }
    let mut interval = TimeInterval::new();
    interval.begin_times();
    check(Ok(interval), &[], &["2026-01-01T00:00:00Z"]);
}

#[test]
fn times_beyond_the_calendar_are_in_none() {
    assert!(!TimeInterval::new().contains(Timestamp::from_millis(i64::MAX)));
    assert!(!TimeInterval::new().contains(Timestamp::from_millis(i64::MIN)));
}

#[test]
fn bad_ranges_are_refused() {
    let new = TimeInterval::new;
    for (start, end) in [
        ("9:00", "17:00"),
        ("09:00", "24:01"),
        ("24:00", "24:00"),
        ("17:00", "09:00"),
        ("09:00", "09:00"),
        ("09:60", "10:00"),
        ("25:00", "26:00"),
        ("", "10:00"),
        ("+9:00", "10:00"),
        ("09-00", "10:00"),
        ("ä9:0", "10:00"),
    ] {
        assert!(new().with_times(start, end).is_err(), "{start} to {end}");
    }
    for days in [
        "",
        "mon",
        "friday:monday",
        "monday:",
        ":",
        "monday:tuesday:friday",
        "1",
        "monday friday",
        " monday",
    ] {
        assert!(new().with_weekdays(days).is_err(), "{days}");
    }
    for days in [
        "0", "32", "-32", "1:0", "5:1", "-1:1", "-1:-2", "31:-31", "28:-1", "1:-28", "a", "1:2:3",
        "", "1 ",
    ] {
        assert!(new().with_days_of_month(days).is_err(), "{days}");
    }
    for months in [
        "0",
        "13",
        "jan",
        "march:january",
        "3:1",
        "",
        "january:",
        "-1",
    ] {
        assert!(new().with_months(months).is_err(), "{months}");
    }
    for years in ["", "x", "2027:2026", "2026:", "99999999999999999999"] {
        assert!(new().with_years(years).is_err(), "{years}");
    }
    for zone in [
        "Mars/Olympus",
        "europe/berlin",
        "local",
        "utc",
        "../etc/passwd",
        "/etc/localtime",
    ] {
        assert!(new().with_location(zone).is_err(), "{zone}");
    }
    for zone in ["", "UTC", "Local", "Europe/Berlin"] {
        assert!(new().with_location(zone).is_ok(), "{zone}");
    }
}

#[test]
fn the_ranges_of_a_field_are_bounded() {
    let mut interval = TimeInterval::new();
    for _ in 0..MOST {
        interval.add(Field::Years, "2026").unwrap();
    }
    assert!(interval.add(Field::Years, "2026").is_err());
}
