//! Time intervals: recurring times of the day, week, month and year, in a time zone.

use std::borrow::Cow;

use jiff::tz::TimeZone;

use crate::timestamp::Timestamp;

mod range;

use range::{Range, day_of_month, month, time_of_day, weekday, year};

/// The most ranges of one field.
pub(crate) const MOST: usize = 1_024;

/// A recurring time: every field that is set must hold, and within a field one of its ranges.
///
/// The fields are Alertmanager's, and so are the forms of their ranges.
/// Without a location, times are in UTC; without any field, it is always.
///
/// ```
/// use watchkeep_alerts::Timestamp;
/// use watchkeep_alerts::interval::TimeInterval;
///
/// let office_hours = TimeInterval::new()
///     .with_times("09:00", "17:00")?
///     .with_weekdays("monday:friday")?
///     .with_location("Europe/Berlin")?;
/// // Wednesday, 15 July 2026, 08:30 UTC: half past ten in Berlin.
/// assert!(office_hours.contains(Timestamp::from_millis(1_784_104_200_000)));
/// # Ok::<(), watchkeep_alerts::interval::IntervalError>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TimeInterval {
    /// Minutes of the day; the last is not in it.
    times: Option<Vec<Range>>,
    /// Sunday is 0.
    weekdays: Option<Vec<Range>>,
    /// Negative days count from the end of the month.
    days_of_month: Option<Vec<Range>>,
    months: Option<Vec<Range>>,
    years: Option<Vec<Range>>,
    location: Option<TimeZone>,
}

/// Why a text is no range of a time interval.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct IntervalError(Cow<'static, str>);

/// A field of an interval that holds ranges.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Field {
    DaysOfMonth,
    Months,
    Weekdays,
    Years,
}

impl TimeInterval {
    /// Makes an interval without any field, which is always.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a time of the day, from `HH:MM` until just before `HH:MM`; `24:00` is the end of the day.
    ///
    /// A range over midnight is two ranges.
    ///
    /// # Errors
    /// When one is no such time, or the end is not after the start.
    pub fn with_times(mut self, start: &str, end: &str) -> Result<Self, IntervalError> {
        self.add_times(start, end)?;
        Ok(self)
    }

    /// Adds days of the week, such as `saturday` or `monday:friday`; the week begins on Sunday.
    ///
    /// # Errors
    /// When the text is no range of days, or ends before it begins.
    pub fn with_weekdays(self, range: &str) -> Result<Self, IntervalError> {
        self.with(Field::Weekdays, range)
    }

    /// Adds days of the month, such as `1:7` or `-1`; negative ones count from its end.
    ///
    /// # Errors
    /// When a day is 0 or farther than 31 from it, or the range always ends before it begins.
    pub fn with_days_of_month(self, range: &str) -> Result<Self, IntervalError> {
        self.with(Field::DaysOfMonth, range)
    }

    /// Adds months, such as `december`, `1:3` or `may:august`.
    ///
    /// # Errors
    /// When the text is no range of months, or ends before it begins.
    pub fn with_months(self, range: &str) -> Result<Self, IntervalError> {
        self.with(Field::Months, range)
    }

    /// Adds years, such as `2026` or `2026:2028`.
    ///
    /// # Errors
    /// When the text is no range of years, or ends before it begins.
    pub fn with_years(self, range: &str) -> Result<Self, IntervalError> {
        self.with(Field::Years, range)
    }

    /// Sets the time zone by its name in the IANA database; `Local` is that of the machine. Default: UTC.
    ///
    /// # Errors
    /// When the machine knows no zone of that name.
    pub fn with_location(mut self, name: &str) -> Result<Self, IntervalError> {
        self.set_location(name)?;
        Ok(self)
    }

    /// Says whether this time lies in the interval.
    pub fn contains(&self, at: Timestamp) -> bool {
        let Ok(time) = jiff::Timestamp::from_millisecond(at.as_millis()) else {
            return false;
        };
        let zone = self.location.clone().unwrap_or(TimeZone::UTC);
        let time = zone.to_datetime(time);
        let date = time.date();
        let minute = i64::from(time.hour()) * 60 + i64::from(time.minute());
        let day = i64::from(date.day());
        let days = i64::from(date.days_in_month());
        holds(&self.times, |range| {
            range.begin <= minute && minute < range.end
        }) && holds(&self.days_of_month, |range| range.has_day(day, days))
            && holds(&self.months, |range| range.has(i64::from(date.month())))
            && holds(&self.weekdays, |range| {
                range.has(i64::from(date.weekday().to_sunday_zero_offset()))
            })
            && holds(&self.years, |range| range.has(i64::from(date.year())))
    }

    fn with(mut self, field: Field, range: &str) -> Result<Self, IntervalError> {
        self.add(field, range)?;
        Ok(self)
    }

    pub(crate) fn add(&mut self, field: Field, range: &str) -> Result<(), IntervalError> {
        let range = match field {
            Field::DaysOfMonth => day_of_month(range)?,
            Field::Months => month(range)?,
            Field::Weekdays => weekday(range)?,
            Field::Years => year(range)?,
        };
        push(self.ranges(field), range)
    }

    pub(crate) fn add_times(&mut self, start: &str, end: &str) -> Result<(), IntervalError> {
        push(&mut self.times, time_of_day(start, end)?)
    }

    pub(crate) fn set_location(&mut self, name: &str) -> Result<(), IntervalError> {
        let zone = match name {
            "" | "UTC" => Some(TimeZone::UTC),
            "Local" => Some(TimeZone::system()),
            // A lookup alone takes any case of letters, which Alertmanager does not.
            _ => jiff::tz::db()
                .available()
                .any(|known| known.as_str() == name)
                .then(|| TimeZone::get(name).ok())
                .flatten(),
        };
        let unknown = || IntervalError::new("there is no time zone of that name");
        self.location = Some(zone.ok_or_else(unknown)?);
        Ok(())
    }

    /// Makes a field hold never, until a range is added: what an empty list means.
    pub(crate) fn begin(&mut self, field: Field) {
        self.ranges(field).get_or_insert_default();
    }

    /// Makes the times of the day hold never, until one is added.
    pub(crate) fn begin_times(&mut self) {
        self.times.get_or_insert_default();
    }

    /// Returns the ranges of a field as they are written, when it is set.
    pub(crate) fn print(&self, field: Field) -> Option<Vec<String>> {
        let ranges = match field {
            Field::DaysOfMonth => &self.days_of_month,
            Field::Months => &self.months,
            Field::Weekdays => &self.weekdays,
            Field::Years => &self.years,
        };
        let print = |range: &Range| match field {
            Field::Weekdays => range.print_weekdays(),
            Field::DaysOfMonth | Field::Months | Field::Years => range.print(),
        };
        ranges
            .as_ref()
            .map(|ranges| ranges.iter().map(print).collect())
    }

    /// Returns the times of the day as they are written, when they are set.
    pub(crate) fn print_times(&self) -> Option<Vec<(String, String)>> {
        let times = self.times.as_ref()?;
        Some(times.iter().map(Range::print_times).collect())
    }

    /// Returns the name of the zone, when it is set; an error when it has none.
    pub(crate) fn print_location(&self) -> Option<Result<&str, ()>> {
        let zone = self.location.as_ref()?;
        Some(zone.iana_name().ok_or(()))
    }

    fn ranges(&mut self, field: Field) -> &mut Option<Vec<Range>> {
        match field {
            Field::DaysOfMonth => &mut self.days_of_month,
            Field::Months => &mut self.months,
            Field::Weekdays => &mut self.weekdays,
            Field::Years => &mut self.years,
        }
    }
}

impl IntervalError {
    fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(reason.into())
    }
}

fn push(ranges: &mut Option<Vec<Range>>, range: Range) -> Result<(), IntervalError> {
    let ranges = ranges.get_or_insert_default();
    if ranges.len() >= MOST {
        return Err(IntervalError::new(format!(
            "there are more than {MOST} ranges"
        )));
    }
    ranges.push(range);
    Ok(())
}

fn holds(field: &Option<Vec<Range>>, contains: impl Fn(&Range) -> bool) -> bool {
    field
        .as_ref()
        .is_none_or(|ranges| ranges.iter().any(contains))
}

#[cfg(test)]
mod tests;
