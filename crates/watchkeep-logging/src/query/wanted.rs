//! Which records a query asks for.

use std::time::SystemTime;

use tracing::Level;

use super::Record;
use super::record::Head;

/// What a record must fulfill; nothing is asked at first.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) since: Option<SystemTime>,
    pub(super) until: Option<SystemTime>,
    pub(super) level: Option<Level>,
    pub(super) error_code: Option<String>,
}

/// What is to be done with a line.
#[derive(Debug)]
pub(super) enum Verdict {
    NoRecord,
    Refused,
    Wanted(Box<Record>),
}

// === impl Wanted ===

impl Wanted {
    pub(super) fn judge(&self, line: &[u8]) -> Verdict {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // Most lines are refused here, which costs a hundredth of reading them as JSON.
        if let Some(head) = Head::of(line)
            && (self.refuses_level(head.level) || self.refuses_head_time(head))
        {
            return Verdict::Refused;
        }
        let Some(record) = Record::parse(line) else {
            return Verdict::NoRecord;
        };
        if self.refuses_level(record.level())
            || self.refuses_time(record.time())
            || self.refuses_error_code(&record)
        {
            return Verdict::Refused;
        }
        Verdict::Wanted(Box::new(record))
    }

    fn refuses_level(&self, level: Level) -> bool {
        // The severest level is the least one.
        self.level.is_some_and(|least| level > least)
    }

    fn refuses_head_time(&self, head: Head<'_>) -> bool {
        (self.since.is_some() || self.until.is_some())
            && head.time().is_some_and(|time| self.refuses_time(time))
    }

    fn refuses_time(&self, time: SystemTime) -> bool {
        self.since.is_some_and(|since| time < since)
            || self.until.is_some_and(|until| time >= until)
    }

    fn refuses_error_code(&self, record: &Record) -> bool {
        self.error_code
            .as_deref()
            .is_some_and(|code| record.error_code().as_deref() != Some(code))
    }
}
