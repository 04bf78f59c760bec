//! Writes time intervals.

use super::Writer;
use super::yaml::Value;
use crate::config::shown;
use crate::interval::{Field, TimeInterval};

const FIELDS: [(&str, Field); 4] = [
    ("weekdays", Field::Weekdays),
    ("days_of_month", Field::DaysOfMonth),
    ("months", Field::Months),
    ("years", Field::Years),
];

impl Writer {
    pub(super) fn interval(&mut self, name: &str, parts: &[TimeInterval]) -> Value {
        let parts = parts.iter().map(|part| self.part(name, part)).collect();
        Value::Map(vec![
            ("name", Value::text(name)),
            ("time_intervals", Value::List(parts)),
        ])
    }

    fn part(&mut self, name: &str, part: &TimeInterval) -> Value {
        let mut fields = Vec::new();
        if let Some(times) = part.print_times() {
            let times = times.into_iter().map(|(start, end)| {
                Value::Map(vec![
                    ("start_time", Value::text(start)),
                    ("end_time", Value::text(end)),
                ])
            });
            fields.push(("times", Value::List(times.collect())));
        }
        for (name, field) in FIELDS {
            if let Some(ranges) = part.print(field) {
                let ranges = ranges.into_iter().map(Value::text);
                fields.push((name, Value::List(ranges.collect())));
            }
        }
        match part.print_location() {
            Some(Ok(location)) => fields.push(("location", Value::text(location))),
            Some(Err(())) => {
                fields.push(("location", Value::text("Local")));
                let place = format!("time interval `{}`", shown(name));
                self.lose(
                    place,
                    "the zone of this machine has no name: it is that of Alertmanager's",
                );
            }
            None => {}
        }
        Value::Map(fields)
    }
}
