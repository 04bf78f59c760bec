//! The ORACLE server's process: arguments and environment in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    oracle_server::run(std::env::args().skip(1))
}
