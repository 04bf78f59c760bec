//! How often each value of a key comes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Skipped;

/// A longer value is not told apart from others.
pub(super) const LONGEST_VALUE: usize = 1024;

/// How often each value of a key stands in the records of a query.
///
/// `total` is the sum of `by`, `without` and `other`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// The records that the query asks for.
    pub total: u64,
    /// How many of them have which value.
    pub by: BTreeMap<String, u64>,
    /// Those in which the key does not stand, or is no text, number or boolean.
    pub without: u64,
    /// Those whose value came after there were as many distinct ones as are kept, or is longer than 1024 bytes.
    pub other: u64,
    /// What was not read.
    pub skipped: Skipped,
}

// === impl Counts ===

impl Counts {
    pub(super) fn add(&mut self, value: Option<Cow<'_, str>>, max_values: usize) {
        self.total += 1;
        let Some(value) = value else {
            self.without += 1;
            return;
        };
        if let Some(count) = self.by.get_mut(value.as_ref()) {
            *count += 1;
        } else if self.by.len() < max_values && value.len() <= LONGEST_VALUE {
            self.by.insert(value.into_owned(), 1);
        } else {
            self.other += 1;
        }
    }
}
