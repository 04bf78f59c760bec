//! The smallest service that Watchkeep watches.

fn main() {}
