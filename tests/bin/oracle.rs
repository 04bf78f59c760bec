//! The reference server's process, built here so that the tests beside it can start it.

use std::process::ExitCode;

fn main() -> ExitCode {
    oracle_server::run(std::env::args().skip(1))
}
