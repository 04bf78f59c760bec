//! The report of what is in memory, for a program without JSON files.

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::Level;

use super::document::bounded;
use super::{ErrorQuery, ErrorReport};
use crate::RecentRecord;

impl ErrorQuery {
    /// Reports what [`LogHandle::recent`](crate::LogHandle::recent) has: the last few errors, which is all there is in memory.
    ///
    /// When the oldest record there is newer than the report goes back, older ones may be missing, and `partial` says so.
    #[must_use]
    pub fn of_recent(&self, records: &[RecentRecord]) -> ErrorReport {
        let mut report = self.report("ring");
        for record in records.iter().rev().filter(|record| self.wants(record)) {
            let by = self.by.strip_prefix("labels.").unwrap_or(&self.by);
            let value = match by {
                "log.logger" => Some(record.target.as_str()),
                key => record.field(key),
            };
            report.count(value, self.max_values);
            if report.recent.len() < self.recent {
                report.recent.push(document(record));
            }
        }
        let reaches_back = records
            .first()
            .is_some_and(|oldest| super::super::system_time(oldest.time) < Some(self.since));
        if !reaches_back {
            report.partial.push(
                "only the last records are kept in memory, and there are no JSON files".to_owned(),
            );
        }
        report
    }

    fn wants(&self, record: &RecentRecord) -> bool {
        record.level == Level::ERROR
            && super::super::system_time(record.time).is_some_and(|time| time >= self.since)
    }
}

fn document(record: &RecentRecord) -> Map<String, Value> {
    let mut document = Map::new();
    let mut bytes = 0;
    let fields = record
        .fields
        .iter()
        .map(|(key, value)| (*key, value.as_str()));
    let time = time(record.time);
    let own = [
        ("@timestamp", time.as_str()),
        ("log.level", record.level.as_str()),
        ("message", &record.message),
        ("log.logger", &record.target),
    ];
    // What the record itself says counts before a field of the same name.
    for (key, value) in fields.chain(own) {
        bytes += key.len() + value.len();
        document.insert(key.to_owned(), Value::String(value.to_owned()));
    }
    bounded(document, bytes)
}

fn time(time: Timestamp) -> String {
    format!("{time:.6}")
}
