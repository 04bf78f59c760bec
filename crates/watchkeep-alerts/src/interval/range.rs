//! The ranges of a time interval, and how they are written.

use super::IntervalError;

const WEEKDAYS: [&str; 7] = [
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// From one number to another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Range {
    pub(super) begin: i64,
    pub(super) end: i64,
}

impl Range {
    pub(super) fn has(self, value: i64) -> bool {
        self.begin <= value && value <= self.end
    }

    /// Says whether a day of a month of so many days is in the range; what lies outside of the month is cut off.
    pub(super) fn has_day(self, day: i64, days: i64) -> bool {
        let from_start = |day: i64| if day < 0 { days + day + 1 } else { day };
        let (begin, end) = (from_start(self.begin), from_start(self.end));
        begin <= day && day <= end
    }

    /// Prints numbers: days of the month, months, years.
    pub(super) fn print(&self) -> String {
        match self.begin == self.end {
            true => self.begin.to_string(),
            false => format!("{}:{}", self.begin, self.end),
        }
    }

    pub(super) fn print_weekdays(&self) -> String {
        let name = |day: i64| usize::try_from(day).ok().and_then(|at| WEEKDAYS.get(at));
        match (name(self.begin), name(self.end)) {
            (Some(begin), Some(end)) if begin == end => (*begin).to_owned(),
            (Some(begin), Some(end)) => format!("{begin}:{end}"),
            // Days come from these names, so there is no other.
            _ => self.print(),
        }
    }

    pub(super) fn print_times(&self) -> (String, String) {
        let print = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        (print(self.begin), print(self.end))
    }
}

/// Reads `HH:MM` twice, as minutes of the day.
pub(super) fn time_of_day(start: &str, end: &str) -> Result<Range, IntervalError> {
    let (begin, end) = (minute(start)?, minute(end)?);
    if begin >= end {
        return Err(IntervalError::new(
            "the end time is not after the start time",
        ));
    }
    Ok(Range { begin, end })
}

fn minute(text: &str) -> Result<i64, IntervalError> {
    let read = || {
        let &[h1, h2, b':', m1, m2] = text.as_bytes() else {
            return None;
        };
        let digit = |byte: u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
        let (hour, minute) = (digit(h1)? * 10 + digit(h2)?, digit(m1)? * 10 + digit(m2)?);
        let is_time = hour < 24 && minute < 60 || (hour, minute) == (24, 0);
        is_time.then_some(hour * 60 + minute)
    };
    read().ok_or_else(|| IntervalError::new("a time is not HH:MM, up to 24:00"))
}

pub(super) fn weekday(text: &str) -> Result<Range, IntervalError> {
    let day = |text: &str| position(&WEEKDAYS, text);
    range(text, day, "a day of the week is not sunday to saturday")
}

pub(super) fn month(text: &str) -> Result<Range, IntervalError> {
    let month = |text: &str| {
        let number = position(&MONTHS, text).map(|at| at + 1);
        number.or_else(|| integer(text).filter(|number| (1..=12).contains(number)))
    };
    range(
        text,
        month,
        "a month is not january to december, or 1 to 12",
    )
}

pub(super) fn year(text: &str) -> Result<Range, IntervalError> {
    range(text, integer, "a year is not a number")
}

pub(super) fn day_of_month(text: &str) -> Result<Range, IntervalError> {
    let day = |text: &str| integer(text).filter(|day| *day != 0 && (-31..=31).contains(day));
    let (begin, end) = ends(text, day, "a day of the month is not 1 to 31, or -31 to -1")?;
    if begin < 0 && end > 0 {
        return Err(IntervalError::new(
            "a range of days of the month begins from its end, and ends from its beginning",
        ));
    }
    // Alertmanager compares the two as in a short February, and so refuses `28:-1` too.
    let from_start = |day: i64| if day < 0 { 28 + day } else { day };
    ordered(begin, end, from_start(begin) <= from_start(end))
}

fn range(
    text: &str,
    member: impl Fn(&str) -> Option<i64>,
    wrong: &'static str,
) -> Result<Range, IntervalError> {
    let (begin, end) = ends(text, member, wrong)?;
    ordered(begin, end, begin <= end)
}

fn ordered(begin: i64, end: i64, right: bool) -> Result<Range, IntervalError> {
    match right {
        true => Ok(Range { begin, end }),
        false => Err(IntervalError::new("a range ends before it begins")),
    }
}

/// Reads `a` or `a:b`, in any case of letters.
fn ends(
    text: &str,
    member: impl Fn(&str) -> Option<i64>,
    wrong: &'static str,
) -> Result<(i64, i64), IntervalError> {
    let text = text.to_lowercase();
    let (begin, end) = text.split_once(':').unwrap_or((&text, &text));
    match (member(begin), member(end)) {
        (Some(begin), Some(end)) => Ok((begin, end)),
        _ => Err(IntervalError::new(wrong)),
    }
}

fn position(names: &[&str], name: &str) -> Option<i64> {
    let at = names.iter().position(|known| *known == name)?;
    i64::try_from(at).ok()
}

/// Reads a number as Go's `strconv.Atoi` does, which takes a plus sign too.
fn integer(text: &str) -> Option<i64> {
    text.parse().ok()
}
