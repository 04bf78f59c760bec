//! The `watchkeep` command line.

fn main() {}
