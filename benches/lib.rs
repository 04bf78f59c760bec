//! Watchkeep's own benches; each file beside this one is a bench of its own.
