//! Watchkeep's own benches.
