//! Reads the time intervals of a file.

use super::node::Node;
use crate::config::{ConfigError, Located};
use crate::interval::{Field, TimeInterval};

const FIELDS: [(&str, Field); 4] = [
    ("weekdays", Field::Weekdays),
    ("days_of_month", Field::DaysOfMonth),
    ("months", Field::Months),
    ("years", Field::Years),
];

/// Reads a named interval and its parts.
pub(super) fn read(node: &Node) -> Result<(Located<String>, Vec<TimeInterval>), ConfigError> {
    let mut fields = node.fields("a time interval")?;
    let name = fields.located("name")?;
    let parts = fields
        .list("time_intervals")?
        .iter()
        .map(part)
        .collect::<Result<_, _>>()?;
    fields.leave_extensions();
    fields.finish()?;
    let unnamed = Located {
        value: String::new(),
        at: Some(node.at),
    };
    Ok((name.unwrap_or(unnamed), parts))
}

fn part(node: &Node) -> Result<TimeInterval, ConfigError> {
    let mut fields = node.fields("a part of a time interval")?;
    let mut interval = TimeInterval::new();
    if let Some(times) = fields.take("times") {
        interval.begin_times();
        for node in times.list()? {
            let mut range = node.fields("a range of times")?;
            let (start, end) = (range.text("start_time")?, range.text("end_time")?);
            range.finish()?;
            let (Some(start), Some(end)) = (start, end) else {
                return Err(node.wrong("a range of times has no start_time or no end_time"));
            };
            interval
                .add_times(start, end)
                .map_err(|error| node.wrong(error.to_string()))?;
        }
    }
    for (name, field) in FIELDS {
        let Some(ranges) = fields.take(name) else {
            continue;
        };
        interval.begin(field);
        for node in ranges.list()? {
            let range = node.text()?;
            interval
                .add(field, range)
                .map_err(|error| node.wrong(error.to_string()))?;
        }
    }
    if let Some(node) = fields.take("location") {
        interval
            .set_location(node.text()?)
            .map_err(|error| node.wrong(error.to_string()))?;
    }
    fields.leave_extensions();
    fields.finish()?;
    Ok(interval)
}
