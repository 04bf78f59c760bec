//! The ORACLE server's process.

fn main() {}
