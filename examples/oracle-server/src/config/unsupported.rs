//! Names of the environment that have nothing behind them yet: set, they are refused and never ignored.

use super::reader::Reader;

const NAMES: &[(&str, &str)] = &[("ELASTICSEARCH_URL", "this version has no error report")];

/// Refuses every such name that is set; empty means none, as it does for those that work.
pub(crate) fn refuse(reader: &mut Reader<'_>) {
    for (name, reason) in NAMES {
        if reader.raw(name).is_some_and(|value| !value.is_empty()) {
            reader.refuse(name, &format!("is set, but {reason}; unset it"));
        }
    }
}
